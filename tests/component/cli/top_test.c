/* umig top on terminals that are none, and with a collector that answers what it likes. */
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/units.h"
#include "tests/component/cli/run.h"
#include "tests/support/test.h"
#include "tests/support/vt100.h"
#include "umig/v1/control.pb-c.h"

static struct vt100 g_terminal;
static struct fake_peer g_collector;
static char g_address[128];

/* What the collector answers, in a thread of its own. */
static const char *_Atomic g_document; /* NULL: nothing, for ever */
static atomic_bool g_refuses;

static void answer(const struct umig_frame_header *header,
                   const uint8_t *payload,
                   struct umig_buf *out)
{
    const char *text = g_document;
    if (header->type != UMIG_FRAME_QUERY || text == NULL) {
        return;
    }
    Umig__V1__Query *query = umig__v1__query__unpack(NULL, header->payload_bytes, payload);
    assert_non_null(query);
    if (g_refuses) {
        Umig__V1__Refuse refuse = UMIG__V1__REFUSE__INIT;
        uint8_t bytes[256];
        refuse.code = UMIG__V1__REFUSE_CODE__REFUSE_PROTOCOL;
        refuse.text = (char[]){"no session 'night'; 'umig sessions' lists all"};
        put_frame(out, UMIG_FRAME_REFUSE, 0, bytes, umig__v1__refuse__pack(&refuse, bytes));
    } else if (strcmp(query->format, "top") == 0) {
        assert_int_equal(query->last_ns, 5 * UMIG_NS_PER_S);
        put_frame(out, UMIG_FRAME_QUERY_DATA, UMIG_FRAME_LAST, text, strlen(text));
    } else {
        put_frame(out, UMIG_FRAME_QUERY_DATA, UMIG_FRAME_LAST, "<html>", 6);
    }
    umig__v1__query__free_unpacked(query, NULL);
}

static int set_up(void **state)
{
    const int rc = make_runtime_dir(state);
    g_refuses = false;
    g_document = NULL;
    snprintf(g_address, sizeof g_address, "unix:%s/c.sock", g_runtime_dir);
    g_collector.answer = answer;
    fake_peer_start(&g_collector, "c.sock");
    return rc;
}

static int tear_down(void **state)
{
    if (g_terminal.pid > 0) { /* of a test that failed */
        kill(g_terminal.pid, SIGKILL);
    }
    fake_peer_stop(&g_collector);
    return remove_runtime_dir(state);
}

static void start_top(const char *terminal)
{
    char *argv[] = {(char[]){UMIG_COMMAND}, (char[]){"top"},         (char[]){"--session"},
                    (char[]){"night"},      (char[]){"--collector"}, g_address,
                    (char[]){"--interval"}, (char[]){"500ms"},       NULL};
    const char *environment[] = {"TERM", terminal, "LC_ALL", "C", NULL};
    vt100_start(&g_terminal, 80, 24, argv, environment);
}

static int wait_for_end(void)
{
    const int code = vt100_wait(&g_terminal);
    g_terminal.pid = 0;
    vt100_hang_up(&g_terminal);
    return code;
}

#define DOCUMENT                                                            \
 "umig-top\t1\nfact\tsession\tnight\nfact\tservice\torders\nfact\tpid\t7\n" \
 "fact\tend\t%s\nfact\tbegan_unix_ns\t1000000000\n"                         \
 "fact\tfrom_unix_ns\t1000000000\nfact\tto_unix_ns\t9000000000\n"           \
 "panel\tmethods\tmethods\t0\ncolumn\tself\tSELF\tpart\t0\t0\t0\n"          \
 "column\tmethod\tMETHOD\tname\t0\t16\t1\nrow\t250000\tsvc.Orders.total\nend\n"

static const char *document(const char *end)
{
    static char text[1024];
    snprintf(text, sizeof text, DOCUMENT, end);
    return text;
}

static void test_terminals_that_cannot_be_drawn_on_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *terminal;
        const char *says;
    } cases[] = {
        {"no-such-thing", "the terminal 'no-such-thing' (TERM) is not known here"},
        {"", "TERM is not set"},
        {"dumb", "the terminal 'dumb' (TERM) cannot place its cursor"},
    };
    g_document = document("running");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start_top(cases[i].terminal);
        assert_int_equal(wait_for_end(), 3);
        assert_true(vt100_find(&g_terminal, cases[i].says) >= 0);
    }
}

static void test_report_is_written_and_told(void **state)
{
    (void)state;
    struct stat found;
    char path[] = "umig-report-night.html";
    g_document = document("running");
    assert_int_equal(chdir(g_runtime_dir), 0);
    start_top("vt100");
    vt100_await(&g_terminal, "svc.Orders.total");
    vt100_type(&g_terminal, "o");
    vt100_await(&g_terminal, "Wrote umig-report-night.html (6 B).");
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_size, 6);
    assert_int_equal(unlink(path), 0);
    vt100_type(&g_terminal, "q");
    assert_int_equal(wait_for_end(), 0);
    assert_int_equal(chdir("/"), 0);
}

static void test_end_is_told_and_the_last_figures_stay(void **state)
{
    (void)state;
    g_document = document("lost");
    start_top("vt100");
    vt100_await(&g_terminal, "the JVM was killed or lost; these are its last figures. q leaves.");
    assert_true(vt100_find(&g_terminal, "svc.Orders.total") >= 0);
    vt100_type(&g_terminal, "q");
    assert_int_equal(wait_for_end(), 0);
}

static void test_refusals_and_nonsense_are_told_on_the_screen(void **state)
{
    (void)state;
    g_document = "umig-top\t1\nrow\tnonsense\nend\n";
    start_top("vt100");
    vt100_await(&g_terminal,
                "line 2 of what the collector answered cannot be read; is it another release");
    vt100_type(&g_terminal, "q");
    assert_int_equal(wait_for_end(), 0);

    g_refuses = true;
    start_top("vt100");
    vt100_await(&g_terminal, "no session 'night'; 'umig sessions' lists all");
    vt100_type(&g_terminal, "q");
    assert_int_equal(wait_for_end(), 0);
}

/* Nobody answers: keys do. */
static void test_silent_collector_keeps_nobody(void **state)
{
    (void)state;
    start_top("vt100");
    vt100_await(&g_terminal, "Waiting for data of session night.");
    vt100_type(&g_terminal, "?");
    vt100_await(&g_terminal, "another panel");
    vt100_type(&g_terminal, "q");
    assert_int_equal(wait_for_end(), 0);
}

static void test_once_says_what_the_collector_says(void **state)
{
    (void)state;
    static struct run run;
    char words[256];
    snprintf(words, sizeof words, "top --session night --once --collector %s", g_address);
    g_document = document("stopped");
    run_umig(words, &run);
    assert_int_equal(run.code, 0);
    assert_non_null(strstr(run.out, "\n 25.0% svc.Orders.total\n"));
    assert_string_equal(run.err, "");

    g_refuses = true;
    run_umig(words, &run);
    assert_int_equal(run.code, 3);
    assert_string_equal(run.out, "");
    assert_string_equal(run.err, "umig top: no session 'night'; 'umig sessions' lists all\n");
}

static void test_wrong_words_are_refused_before_anybody_is_asked(void **state)
{
    (void)state;
    static struct run run;
    static const struct {
        const char *words;
        const char *says;
    } cases[] = {
        {"top --interval 1ms", "--interval 1ms: it is between 500 ms and 60 s"},
        {"top --window 1h", "--window 1h: it is between 1 s and 10 min 0 s"},
        {"top --rows 0", "--rows 0: write a number from 1 to 10000"},
        {"top --session night --alloc", "--alloc starts a session and --session looks at one"},
        {"top --session a/b", "a/b"},
        {"top --cpu 10us", "1ms"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_umig(cases[i].words, &run);
        if (run.code != 2 || strstr(run.err, cases[i].says) == NULL) {
            fail_msg("%s: %d, %s", cases[i].words, run.code, run.err);
        }
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_terminals_that_cannot_be_drawn_on_are_refused),
        TEST(test_report_is_written_and_told),
        TEST(test_end_is_told_and_the_last_figures_stay),
        TEST(test_refusals_and_nonsense_are_told_on_the_screen),
        TEST(test_silent_collector_keeps_nobody),
        TEST(test_once_says_what_the_collector_says),
        TEST(test_wrong_words_are_refused_before_anybody_is_asked),
    };
#undef TEST
    return cmocka_run_group_tests_name("component.cli.top", tests, NULL, NULL);
}
