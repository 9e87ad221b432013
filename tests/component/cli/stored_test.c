/* The command, a real collector, and what agents stored in it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "tests/component/cli/run.h"
#include "tests/support/collector_talk.h"
#include "tests/support/test.h"

static struct run g_run;
static struct umig_collector_process g_collector;

static int start_collector(void **state)
{
    umig_collector_process_init(&g_collector);
    umig_collector_process_start(&g_collector);
    return make_runtime_dir(state);
}

static int stop_collector(void **state)
{
    umig_collector_process_fini(&g_collector);
    return remove_runtime_dir(state);
}

/* Stores a session that goes on; the first epoch begins at 2026-09-21 14:13:20, each a day later.
 */
static void store_session(uint64_t epoch, const char *session, const char *service)
{
    const struct umig_emitter_options options = {
        .epoch = epoch,
        .seed = (uint32_t)epoch,
        .session = session,
        .service = service,
        .build = "1.4.2",
        .samples_per_batch = 50,
        .stacks_per_batch = 10,
        .anchor_unix_ns = (1790000000 + (epoch - 1) * 86400) * UMIG_NS_PER_S,
    };
    struct umig_emitter *e = umig_emitter_create(&options);
    umig_emitter_make_batch(e);
    umig_deliver(e, &g_collector);
    umig_emitter_destroy(e);
}

/* Runs "umig WORDS --collector ADDRESS". */
static void ask_collector(const char *words)
{
    char line[512];
    snprintf(line, sizeof line, "%s --collector unix:%s", words, g_collector.address.path);
    run_umig(line, &g_run);
}

/* Runs "umig WORDS --data DIR". */
static void ask_folder(const char *words)
{
    char line[256];
    snprintf(line, sizeof line, "%s --data %s", words, g_collector.data);
    run_umig(line, &g_run);
}

static void assert_has(const char *text, const char *wanted)
{
    if (strstr(text, wanted) == NULL) {
        fail_msg("'%s' is not in:\n%s", wanted, text);
    }
}

static void test_newest_of_several_is_reported_and_said_to_be(void **state)
{
    (void)state;
    static const char note[] =
        "umig report: 3 sessions are called 'nightly'; this is the newest (#4, orders on host-a, "
        "started 2026-09-24 14:13:20 UTC). 'umig sessions' lists them; '#3' takes one of them\n";
    store_session(1, "nightly", "orders");
    store_session(2, "weekly", "orders");
    store_session(3, "nightly", "billing");
    store_session(4, "nightly", "orders");

    ask_collector("report nightly");
    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_run.err, note);
    assert_has(g_run.out, "orders \xC2\xB7 session nightly \xC2\xB7 2026-09-24 14:13:20 UTC");

    ask_collector("report night --json"); /* the beginning of one id */
    assert_string_equal(g_run.err, note);
    assert_int_equal(g_run.out[0], '{');

    ask_folder("report nightly");
    assert_string_equal(g_run.err, note);

    ask_collector("report nightly --format collapsed --kind alloc"); /* two notes, one line */
    assert_has(g_run.err, "takes one of them; session 'nightly' has no stacks of kind alloc");
}

static void test_session_that_is_meant_alone_is_reported_without_a_note(void **state)
{
    (void)state;
    static const char *const words[] = {"report", "report latest", "report #1", "report weekly"};
    store_session(1, "nightly", "orders");
    store_session(2, "weekly", "orders");
    store_session(3, "nightly", "orders");

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        ask_collector(words[i]);
        assert_int_equal(g_run.code, 0);
        assert_string_equal(g_run.err, "");
    }
}

static void test_stacks_of_a_kind_that_is_not_there_are_missed(void **state)
{
    (void)state;
    store_session(1, "nightly", "orders");

    ask_collector("report nightly --format collapsed");
    assert_string_equal(g_run.err, "");
    ask_collector("report nightly --format collapsed --kind alloc");
    assert_int_equal(g_run.code, 0); /* as for any session that is empty */
    assert_string_equal(g_run.out, "");
    assert_has(g_run.err, "umig report: session 'nightly' has no stacks of kind alloc, it has cpu");
    assert_has(g_run.err, "; --format collapsed --kind cpu writes its stacks\n");
    ask_folder("report nightly --format collapsed --kind alloc");
    assert_has(g_run.err, "umig report: session 'nightly' has no stacks of kind alloc, it has cpu");
}

/* Adds up the thread groups of a speedscope file. */
static uint64_t sum_of_speedscope(const char *text)
{
    static const char key[] = "\"endValue\":";
    uint64_t sum = 0;
    for (text = strstr(text, key); text != NULL; text = strstr(text + 1, key)) {
        sum += strtoull(text + sizeof key - 1, NULL, 10);
    }
    return sum;
}

static void test_waits_for_other_tools_are_all_that_was_sent(void **state)
{
    (void)state;
    const struct umig_emitter_options options = {.epoch = 1,
                                                 .seed = 1,
                                                 .session = "nightly",
                                                 .service = "orders",
                                                 .samples_per_batch = 10,
                                                 .stacks_per_batch = 10,
                                                 .anchor_unix_ns = 1790000000 * UMIG_NS_PER_S};
    struct umig_emitter *e = umig_emitter_create(&options);
    umig_emitter_make_batch(e);
    umig_deliver(e, &g_collector);
    assert_true(umig_emitter_ledger(e)->wait_ns > 0);

    ask_collector("report nightly --format speedscope --kind locks -o -");
    assert_string_equal(g_run.err, "");
    assert_true(sum_of_speedscope(g_run.out) == umig_emitter_ledger(e)->wait_ns);
    assert_has(g_run.out, "\"unit\":\"nanoseconds\"");
    ask_folder("report nightly --format speedscope --kind locks -o -");
    assert_true(sum_of_speedscope(g_run.out) == umig_emitter_ledger(e)->wait_ns);
    ask_collector("report nightly --format speedscope -o -");
    assert_true(sum_of_speedscope(g_run.out) == umig_emitter_ledger(e)->sent_value);
    umig_emitter_destroy(e);
}

/* The command that is named is for the same tool, and does what is said of it. */
static void test_files_without_stacks_name_a_command_that_has_them(void **state)
{
    (void)state;
    static const char *const formats[] = {"collapsed", "pprof", "speedscope", "otlp"};
    static const char *const kinds[] = {"alloc", "wall"};
    store_session(1, "nightly", "orders");
    for (size_t i = 0; i < 8; i++) {
        char words[128];
        char says[128];
        const char *format = formats[i / 2];
        snprintf(words, sizeof words, "report nightly --format %s --kind %s", format, kinds[i % 2]);
        ask_collector(words);
        assert_int_equal(g_run.code, 0);
        snprintf(says, sizeof says, "session 'nightly' has no stacks of kind %s", kinds[i % 2]);
        assert_has(g_run.err, says);
        snprintf(says, sizeof says, "; --format %s --kind cpu writes its stacks\n", format);
        assert_has(g_run.err, says);

        snprintf(words, sizeof words, "report nightly --format %s --kind cpu", format);
        ask_collector(words);
        assert_int_equal(g_run.code, 0);
        assert_string_equal(g_run.err, "");
    }
}

/* An agent that was without a collector for long brings sessions older than those that are there.
 */
static void test_list_is_in_the_order_of_numbers(void **state)
{
    (void)state;
    store_session(4, "first", "orders");
    store_session(2, "second", "orders");

    ask_collector("sessions");

    const char *first = strstr(g_run.out, "first");
    const char *second = strstr(g_run.out, "second");
    assert_non_null(first);
    assert_non_null(second);
    assert_true(first < second);
    ask_collector("sessions --json");
    assert_non_null(strstr(strstr(g_run.out, "\"number\":1"), "\"number\":2"));
}

static void test_list_for_programs_has_each_label_once(void **state)
{
    (void)state;
    store_session(1, "nightly", "orders");

    ask_collector("sessions --json");

    assert_int_equal(g_run.code, 0);
    assert_has(g_run.out, "\"labels\":[{\"key\":\"build\",\"value\":\"1.4.2\"}]");
}

/* The sessions of these tests run until the collector is stopped under them. */
static void test_folder_at_rest_says_what_is_known_of_an_end(void **state)
{
    (void)state;
    store_session(1, "nightly", "orders");
    ask_collector("report"); /* folds what the folder is then asked for */
    assert_has(g_run.out, "has not ended; cpu every 10 ms");
    ask_folder("report"); /* the collector runs */
    assert_has(g_run.out, "has not ended; cpu every 10 ms");
    assert_int_equal(umig_collector_process_stop(&g_collector), 0);

    ask_folder("report");
    assert_has(g_run.out,
               "still ran at its last data, 2026-09-21 14:13:20 UTC; no collector ran since");
    assert_has(g_run.out, "The collector stopped while the session ran: ");
    assert_null(strstr(g_run.out, "The session is running"));

    ask_folder("report --json");
    assert_has(g_run.out, "\"end\":\"unknown\"");
    ask_folder("sessions --json");
    assert_has(g_run.out, "\"end\":\"unknown\"");
    ask_folder("sessions");
    assert_has(g_run.out, " unknown\n");
}

static void test_service_that_is_not_stored_is_told_with_those_that_are(void **state)
{
    (void)state;
    store_session(1, "a", "orders");
    store_session(2, "b", "billing");
    store_session(3, "c", "orders");

    ask_collector("sessions --service nosuch");
    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_run.out, "No sessions.\n");
    assert_string_equal(
        g_run.err, "umig sessions: no session is of service 'nosuch'; there are orders, billing\n");

    ask_collector("sessions --service orders");
    assert_string_equal(g_run.err, "");
}

static void test_two_sessions_are_compared_from_collector_and_folder(void **state)
{
    (void)state;
    store_session(1, "before", "orders");
    store_session(2, "after", "orders");

    ask_collector("diff before after");
    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_run.err, "");
    assert_has(g_run.out, "before: session before of orders, ");
    assert_has(g_run.out, "after:  session after of orders, ");

    ask_collector("diff #1 #2 --json --per request=10,20 --level 0.05 --noise 0");
    assert_int_equal(g_run.code, 0);
    assert_has(g_run.out,
               "\"basis\":\"work\",\"unit_of_work\":\"request\",\"level\":0.05,\"noise\":0,");
    assert_has(g_run.out, "\"work\":20}");

    ask_folder("diff before after --per wall --format html -o -");
    assert_int_equal(g_run.code, 0);
    assert_has(g_run.out, "<title>before and after compared</title>");
}

/* Writes a file of the runtime folder and returns its path, which lasts until the next but one. */
static const char *write_bytes(const char *name, const char *text, size_t byte_count)
{
    static char paths[2][128];
    static int turn;
    char *path = paths[turn++ % 2];
    snprintf(path, sizeof paths[0], "%s/%s", g_runtime_dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, byte_count, file), byte_count);
    assert_int_equal(fclose(file), 0);
    return path;
}

static const char *write_file(const char *name, const char *text)
{
    return write_bytes(name, text, strlen(text));
}

/* A program in place of the JDK's jfr, and a recording that it needs not read. */
static const char *write_jfr(const char *script)
{
    const char *path = write_file("jfr", script);
    assert_int_equal(chmod(path, 0700), 0);
    return path;
}

static const char *write_recording(void)
{
    return write_bytes("load.jfr", "FLR\0\0\0\0\0", 8);
}

static void remove_files(void)
{
    static const char *const names[] = {"peer.collapsed", "load.collapsed", "bad", "jfr",
                                        "load.jfr"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", g_runtime_dir, names[i]);
        (void)unlink(path);
    }
}

/* Runs "umig import FILE WORDS --collector ADDRESS". */
static void import_file(const char *path, const char *words)
{
    char line[256];
    snprintf(line, sizeof line, "import %s %s", path, words);
    ask_collector(line);
}

static void test_collapsed_stacks_are_imported_and_compared(void **state)
{
    (void)state;
    const char *path = write_file("peer.collapsed", "[main];shop.Main.run;shop.Orders.total 700\n"
                                                    "[main];shop.Main.run;shop.Orders.print 300\n");

    import_file(path, "--name before --interval 4ms --service orders");
    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_run.err, "");
    assert_has(g_run.out, "Imported 1000 samples of 4 ms as session before.\n");
    ask_collector("report before");
    assert_has(g_run.out, "imported from collapsed stacks");
    assert_has(g_run.out, "    70 %");
    assert_null(strstr(g_run.out, "not accounted for"));

    path = write_file("load.collapsed", "[main];shop.Main.run;shop.Orders.total 2000\n"
                                        "[main];shop.Main.run;shop.Orders.print 300\n");
    import_file(path, "");
    assert_has(g_run.out, "as session load.collapsed.\n");
    ask_collector("diff before load.collapsed");
    assert_has(g_run.out, "changed by");
    assert_has(g_run.out, "The two differ in more than the program: services (orders, imported)");
    remove_files();
}

/* What was folded when it was exported is dispatch still: no method of 2 % is the headline. */
static void test_dispatch_of_folded_stacks_is_known_again(void **state)
{
    (void)state;
    const char *path = write_file(
        "peer.collapsed",
        "[main];shop.Main.run;shop.Orders.all {closure 1};[groovy dispatch: metaclass] 500\n"
        "[main];shop.Main.run;shop.Orders.all;[groovy dispatch: call site];java.util.ArrayList.add 26\n"
        "[main];shop.Main.run;shop.Orders.all;[groovy dispatch: indy] 400\n"
        "[main];shop.Main.run;shop.Orders.all 20\n");

    import_file(path, "--name folded");
    ask_collector("report folded --json"); /* its sentences are one line each */

    assert_has(g_run.out, "Groovy dispatch takes 95 % of the CPU");
    assert_has(g_run.out, "Look first at Orders.all {closure 1}, the call site whose dispatch");
    assert_null(strstr(g_run.out, "hottest by itself"));
    remove_files();
}

/* Sixty call sites of 1.5 % each: none is what to look at first. */
static void test_dispatch_of_many_sites_names_what_they_are_in(void **state)
{
    (void)state;
    struct umig_buf text = UMIG_BUF_INIT(1 << 16);
    for (int i = 0; i < 60; i++) {
        umig_buf_printf(&text,
                        "[main];shop.Main.run;shop.Orders.all;shop.Rule%d.apply;"
                        "[groovy dispatch: metaclass] 15\n",
                        i);
    }
    umig_buf_text(&text, "[C2 CompilerThread0];[compilation];compiling shop.Orders.all 100\n");

    import_file(write_file("peer.collapsed", umig_buf_str(&text)), "--name spread");
    ask_collector("report spread --json");

    assert_has(g_run.out, "; 10 % of it is the JIT compiler");
    assert_has(g_run.out, "Look first at Orders.all and what it calls: dispatch is spread, no call "
                          "site takes more than 1.5 %; ");
    umig_buf_fini(&text);
    remove_files();
}

static void test_files_that_cannot_be_imported_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words, *wanted;
        int code;
    } cases[] = {
        {"a;b 1\nno stack\n", "", "line 2: 'no stack' is no collapsed stack", 2},
        {"# nothing\n", "", "has no CPU samples", 2},
        {"", "", "is empty", 2},
        {"a;b 1\n", "--name latest", "latest", 2},
        {"a;b 1\n", "--interval 1ns", "1us to 10s are possible", 2},
        {"FLR", "--jfr /nonexistent/jfr", "is no collapsed stack", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        import_file(write_file("bad", cases[i].text), cases[i].words);
        assert_has(g_run.err, cases[i].wanted);
        assert_int_equal(g_run.code, cases[i].code);
    }
    import_file("/nonexistent/file", "");
    assert_has(g_run.err, "cannot read /nonexistent/file: ");
    import_file("/", "");
    assert_has(g_run.err, "cannot read /: Is a directory");
    ask_collector("sessions");
    assert_string_equal(g_run.out, "No sessions.\n");
    remove_files();
}

static void test_recordings_are_read_with_the_jdks_jfr(void **state)
{
    (void)state;
    char words[192];
    snprintf(words, sizeof words, "--name before --jfr %s",
             write_jfr("#!/bin/sh\n"
                       "[ \"$1 $2 $4\" = 'print --events --stack-depth' ] || exit 9\n"
                       "for s in 1 2 3; do echo 'jdk.ExecutionSample {'\n"
                       "echo \"  startTime = 10:00:0$s.000\"\n"
                       "echo '  sampledThread = \"main\" (javaThreadId = 1)'\n"
                       "echo '  stackTrace = ['; echo '    shop.Orders.total() line: 3'\n"
                       "echo '  ]'; echo '}'; done\n"));

    import_file(write_recording(), words);
    assert_string_equal(g_run.err, "");
    assert_has(g_run.out, "Imported 3 samples of 20 ms as session before.\n");
    ask_collector("report before");
    assert_has(g_run.out, "imported from a JFR recording");
    assert_has(g_run.out, "2 s, stopped by a command; cpu every 20 ms");

    (void)write_jfr("#!/bin/sh\necho 'jfr print: could not read recording' >&2; exit 1\n");
    import_file(write_recording(), words);
    assert_int_equal(g_run.code, 3);
    assert_has(g_run.err, "cannot read the recording: jfr print: could not read recording");

    import_file(write_recording(), "--jfr /nonexistent/jfr");
    assert_int_equal(g_run.code, 3);
    assert_has(g_run.err, "cannot run /nonexistent/jfr, the JDK's reader of recordings: ");
    assert_has(g_run.err, "set JAVA_HOME, or give --jfr PATH");
    remove_files();
}

static void test_import_that_is_stopped_leaves_no_trace(void **state)
{
    (void)state;
    char words[256];
    char text[512];
    struct running running;
    const char *jfr = write_jfr("#!/bin/sh\nexec yes 'jdk.NativeMethodSample {'\n");
    snprintf(words, sizeof words, "import %s --jfr %s --collector unix:%s", write_recording(), jfr,
             g_collector.address.path);

    start_umig_noting_on_terminal(words, &running);
    read_until(running.out_fd, "Reading, 0 samples ... ", text, sizeof text);
    assert_int_equal(stop_umig(&running, SIGINT), -1);

    ask_collector("sessions");
    assert_string_equal(g_run.out, "No sessions.\n");
    remove_files();
}

static void test_comparisons_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        const char *wanted;
        int code;
    } cases[] = {
        {"diff", "BEFORE AFTER is missing", 2},
        {"diff before nosuch", "no session 'nosuch'; 'umig sessions' lists all", 3},
        {"diff before before --per requests", "'requests' is nothing to compare by", 2},
        {"diff before before --per request=10,0", "with numbers above 0", 2},
        {"diff before before --per request=10,1x", "with numbers above 0", 2},
        {"diff before before --level 2", "--level 2: write a part between 0.0001 and 0.2", 2},
        {"diff before before --noise x", "--noise x: write a part between 0 and 0.5", 2},
        {"diff before before --format collapsed", "is no format; write text, json or html", 2},
    };
    store_session(1, "before", "orders");

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ask_collector(cases[i].words);
        assert_has(g_run.err, cases[i].wanted);
        assert_int_equal(g_run.code, cases[i].code);
        assert_string_equal(g_run.out, "");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_collector, stop_collector)

int main(void)
{
    const struct CMUnitTest stored_test[] = {
        TEST(test_newest_of_several_is_reported_and_said_to_be),
        TEST(test_session_that_is_meant_alone_is_reported_without_a_note),
        TEST(test_stacks_of_a_kind_that_is_not_there_are_missed),
        TEST(test_waits_for_other_tools_are_all_that_was_sent),
        TEST(test_files_without_stacks_name_a_command_that_has_them),
        TEST(test_list_is_in_the_order_of_numbers),
        TEST(test_list_for_programs_has_each_label_once),
        TEST(test_folder_at_rest_says_what_is_known_of_an_end),
        TEST(test_service_that_is_not_stored_is_told_with_those_that_are),
        TEST(test_two_sessions_are_compared_from_collector_and_folder),
        TEST(test_collapsed_stacks_are_imported_and_compared),
        TEST(test_dispatch_of_folded_stacks_is_known_again),
        TEST(test_dispatch_of_many_sites_names_what_they_are_in),
        TEST(test_files_that_cannot_be_imported_are_refused),
        TEST(test_recordings_are_read_with_the_jdks_jfr),
        TEST(test_import_that_is_stopped_leaves_no_trace),
        TEST(test_comparisons_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(stored_test, NULL, NULL);
}
