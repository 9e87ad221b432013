/* The command against a collector whose answers are chosen. */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/socket.h"
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

static void answer_unknown_and_full(const struct umig_frame_header *header,
                                    const uint8_t *payload,
                                    struct umig_buf *out)
{
    put_frame(out, UMIG_FRAME_QUERY_NOTE, 0,
              "\x0a\x0e"
              "2 batches wait",
              16);
    answer_unknown(header, payload, out);
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

/* The collector may be older: CPU has the name it always had, and so have the first two others. */
static void test_kind_is_a_part_of_the_format_that_is_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        const char *asked;
    } cases[] = {
        {"report --format collapsed --kind cpu", "2|latest|collapsed||0|0"},
        {"report --format collapsed --kind alloc", "2|latest|collapsed-alloc||0|0"},
        {"report --format collapsed --kind locks", "2|latest|collapsed-locks||0|0"},
        {"report --format pprof", "2|latest|pprof||0|0"},
        {"report --format pprof --kind alloc", "2|latest|pprof-alloc||0|0"},
        {"report --format speedscope --kind locks", "2|latest|speedscope-locks||0|0"},
        {"report --format otlp --kind wall --unfold", "2|latest|otlp-wall||1|0"},
        {"report --format text --kind cpu", "2|latest|text||0|0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_umig(cases[i].words, &g_run);
        assert_int_equal(g_run.code, 0);
        assert_string_equal(g_asked, cases[i].asked);
    }
}

static void test_terminal_gives_its_width_within_what_can_be_laid_out(void **state)
{
    (void)state;
    static const struct {
        unsigned short columns;
        const char *asked;
    } cases[] = {
        {120, "2|latest|text||0|120"},
        {45, "2|latest|text||0|60"},
        {500, "2|latest|text||0|400"},
        {0, "2|latest|text||0|100"}, /* it does not know */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_umig_on_terminal("report", cases[i].columns, &g_run);
        assert_int_equal(g_run.code, 0);
        assert_string_equal(g_asked, cases[i].asked);
        assert_string_equal(g_run.out, "the first and the last\n");
    }
}

static void test_width_of_the_environment_means_nothing_without_a_terminal(void **state)
{
    (void)state;
    assert_int_equal(setenv("COLUMNS", "60", 1), 0);
    run_umig("sessions", &g_run);
    assert_int_equal(unsetenv("COLUMNS"), 0);

    assert_string_equal(g_asked, "1||text||0|0");
}

/* A shell takes '#' for a comment, and nobody reads a page's source on a terminal. */
static void test_page_on_a_terminal_gets_a_file_that_needs_no_quotes(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        const char *name;
    } cases[] = {
        {"report #4 --format html", "umig-report-4.html"},
        {"report load-7 --format html", "umig-report-load-7.html"},
        {"report --format html", "umig-report-latest.html"},
        {"report #4 --format pprof", "umig-report-4.pb.gz"},
        {"report #4 --format pprof --kind alloc", "umig-report-4-alloc.pb.gz"},
        {"report --format otlp --kind wall", "umig-report-latest-wall.otlp.pb"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[128];
        char wrote[128];
        run_umig_on_terminal(cases[i].words, 80, &g_run);
        snprintf(path, sizeof path, "%s/%s", g_runtime_dir, cases[i].name);
        snprintf(wrote, sizeof wrote, "Wrote %s (23 B).\n", cases[i].name);
        assert_int_equal(unlink(path), 0);
        assert_string_equal(g_run.err, wrote);
        assert_string_equal(g_run.out, "");
    }
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

static void answer_garbage(const struct umig_frame_header *header,
                           const uint8_t *payload,
                           struct umig_buf *out)
{
    (void)header;
    (void)payload;
    umig_buf_text(out, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
}

static void test_who_is_no_collector_is_named(void **state)
{
    (void)state;
    g_collector.answer = answer_garbage;

    run_umig("sessions", &g_run);

    assert_int_equal(g_run.code, 3);
    assert_string_equal(g_run.out, "");
    assert_non_null(strstr(g_run.err, "umig sessions: unix:"));
    assert_non_null(strstr(g_run.err, "/collector.sock does not answer like a collector: "));
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

/* Why it is unknown may stand beside it: its data waits for room. */
static void test_note_beside_a_refusal_is_told(void **state)
{
    (void)state;
    g_collector.answer = answer_unknown_and_full;

    run_umig("report x", &g_run);

    assert_int_equal(g_run.code, 3);
    assert_string_equal(g_run.err, "umig report: 2 batches wait\numig report: no session x\n");
}

/* Takes a connection and the head of its first frame. */
static int accept_frame(int listen_fd, uint8_t *out_type)
{
    uint8_t payload[UMIG_FRAME_MAX_SMALL_BYTES];
    uint8_t head[UMIG_FRAME_HEADER_BYTES];
    struct umig_frame_header header;
    struct pollfd ready = {.fd = listen_fd, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, 20000), 1); /* the listening socket does not block */
    const int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(umig_socket_recv_all(fd, head, sizeof head, 5000, NULL), UMIG_OK);
    assert_int_equal(umig_frame_decode(head, sizeof payload, &header, NULL), UMIG_OK);
    if (header.payload_bytes > 0) {
        assert_int_equal(umig_socket_recv_all(fd, payload, header.payload_bytes, 5000, NULL),
                         UMIG_OK);
    }
    *out_type = header.type;
    return fd;
}

static void send_frame(int fd, uint8_t type, uint16_t flags, const char *text)
{
    struct umig_buf out = UMIG_BUF_INIT(4096);
    put_frame(&out, type, flags, text, strlen(text));
    assert_int_equal(umig_socket_send_all(fd, out.bytes, out.len, 5000, NULL), UMIG_OK);
    umig_buf_fini(&out);
    close(fd);
}

/* Answers a question only after it was asked whether it lives. */
static void *answer_late(void *context)
{
    const int listen_fd = *(const int *)context;
    uint8_t types[2];
    const int query_fd = accept_frame(listen_fd, &types[0]);
    const int ping_fd = accept_frame(listen_fd, &types[1]);
    assert_int_equal(types[0], UMIG_FRAME_QUERY);
    assert_int_equal(types[1], UMIG_FRAME_PING);
    send_frame(ping_fd, UMIG_FRAME_PONG, 0, "");
    send_frame(query_fd, UMIG_FRAME_QUERY_DATA, UMIG_FRAME_LAST, "late\n");
    return NULL;
}

static void test_late_answer_of_a_living_collector_is_waited_for(void **state)
{
    (void)state;
    struct umig_address address = {.is_unix = true};
    pthread_t thread;
    int listen_fd = -1;
    snprintf(address.path, sizeof address.path, "%s/collector.sock", g_runtime_dir);
    assert_int_equal(umig_socket_listen(&address, 0600, &listen_fd, NULL), UMIG_OK);
    assert_int_equal(pthread_create(&thread, NULL, answer_late, &listen_fd), 0);

    run_umig("report latest", &g_run);

    pthread_join(thread, NULL);
    close(listen_fd);
    unlink(address.path);
    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_run.out, "late\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_collector, stop_collector)

int main(void)
{
    const struct CMUnitTest collector_test[] = {
        TEST(test_sessions_finds_the_collector_by_itself),
        TEST(test_report_asks_for_the_latest_as_text),
        TEST(test_kind_is_a_part_of_the_format_that_is_asked_for),
        TEST(test_terminal_gives_its_width_within_what_can_be_laid_out),
        TEST(test_width_of_the_environment_means_nothing_without_a_terminal),
        TEST(test_page_on_a_terminal_gets_a_file_that_needs_no_quotes),
        TEST(test_report_takes_an_address),
        TEST(test_page_is_written_whole),
        TEST(test_who_is_no_collector_is_named),
        TEST(test_half_an_answer_leaves_no_page),
        TEST(test_refusal_is_told),
        TEST(test_note_beside_a_refusal_is_told),
        cmocka_unit_test_setup_teardown(test_late_answer_of_a_living_collector_is_waited_for,
                                        make_runtime_dir, remove_runtime_dir),
    };
    return cmocka_run_group_tests(collector_test, NULL, NULL);
}
