/* The command against a collector whose answers are chosen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/component/cli/run.h"
#include "tests/support/test.h"
#include "umig/v1/control.pb-c.h"

static struct run g_run;
static struct fake_peer g_collector;
static char g_asked[256]; /* the query; read after the command ended */

static void note_query(const struct umig_frame_header *header, const uint8_t *payload)
{
    Umig__V1__Query *query = umig__v1__query__unpack(NULL, header->payload_bytes, payload);
    snprintf(g_asked, sizeof g_asked, "%u|%s|%s|%s|%u|%u", query->verb, query->session,
             query->format, query->service, query->unfold, query->width);
    umig__v1__query__free_unpacked(query, NULL);
}

static void answer_whole(const struct umig_frame_header *header,
                         const uint8_t *payload,
                         struct umig_buf *out)
{
    note_query(header, payload);
    put_frame(out, UMIG_FRAME_QUERY_DATA, 0, "the first ", 10);
    put_frame(out, UMIG_FRAME_QUERY_DATA, UMIG_FRAME_LAST, "and the last\n", 13);
}

static void answer_half(const struct umig_frame_header *header,
                        const uint8_t *payload,
                        struct umig_buf *out)
{
    note_query(header, payload);
    put_frame(out, UMIG_FRAME_QUERY_DATA, 0, "half of ", 8);
}

static void answer_unknown(const struct umig_frame_header *header,
                           const uint8_t *payload,
                           struct umig_buf *out)
{
    note_query(header, payload);
    put_frame(out, UMIG_FRAME_REFUSE, 0, "\x08\x05\x12\x0cno session x", 16);
}

static int start_collector(void **state)
{
    g_collector.answer = answer_whole;
    if (make_runtime_dir(state) != 0) {
        return -1;
    }
    fake_peer_start(&g_collector, "collector.sock");
    return 0;
}

static int stop_collector(void **state)
{
    fake_peer_stop(&g_collector);
    return remove_runtime_dir(state);
}

/* Runs "umig report latest --format html -o RUNTIME_DIR/page.html". */
static void run_page(char path[128])
{
    char words[256];
    snprintf(path, 128, "%s/page.html", g_runtime_dir);
    snprintf(words, sizeof words, "report latest --format html -o %s", path);
    run_umig(words, &g_run);
}

static void test_sessions_finds_the_collector_by_itself(void **state)
{
    (void)state;
    run_umig("sessions --service orders --json", &g_run);

    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_run.out, "the first and the last\n");
    assert_string_equal(g_asked, "1||json|orders|0|0");
}

static void test_report_asks_for_the_latest_as_text(void **state)
{
    (void)state;
    run_umig("report", &g_run);
    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_asked, "2|latest|text||0|0");

    run_umig("report load-7 --format collapsed --unfold", &g_run);
    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_asked, "2|load-7|collapsed||1|0");
}

static void test_report_takes_an_address(void **state)
{
    (void)state;
    char words[256];
    snprintf(words, sizeof words, "report --collector unix:%s/collector.sock -o -", g_runtime_dir);

    run_umig(words, &g_run);

    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_run.out, "the first and the last\n");
}

static void test_page_is_written_whole(void **state)
{
    (void)state;
    char path[128];
    char text[64] = "";

    run_page(path);

    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_run.out, "");
    assert_non_null(strstr(g_run.err, "page.html (23 B)."));
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, sizeof text - 1, file), 23);
    fclose(file);
    assert_string_equal(text, "the first and the last\n");
}

static void test_half_an_answer_leaves_no_page(void **state)
{
    (void)state;
    char path[128];
    g_collector.answer = answer_half;

    run_page(path);

    assert_int_equal(g_run.code, 3);
    assert_non_null(strstr(g_run.err, "went away in the middle of its answer"));
    assert_int_equal(access(path, F_OK), -1);
}

static void test_refusal_is_told(void **state)
{
    (void)state;
    g_collector.answer = answer_unknown;

    run_umig("report x", &g_run);

    assert_int_equal(g_run.code, 3);
    assert_string_equal(g_run.out, "");
    assert_string_equal(g_run.err, "umig report: no session x\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_collector, stop_collector)

int main(void)
{
    const struct CMUnitTest collector_test[] = {
        TEST(test_sessions_finds_the_collector_by_itself),
        TEST(test_report_asks_for_the_latest_as_text),
        TEST(test_report_takes_an_address),
        TEST(test_page_is_written_whole),
        TEST(test_half_an_answer_leaves_no_page),
        TEST(test_refusal_is_told),
    };
    return cmocka_run_group_tests(collector_test, NULL, NULL);
}
