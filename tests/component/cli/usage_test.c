#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/component/cli/run.h"
#include "tests/support/test.h"

static struct run g_run; /* too large for a stack frame */

struct usage_case {
    const char *words;
    const char *says;
};

static void expect_usage_errors(const struct usage_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        run_umig(cases[i].words, &g_run);
        if (g_run.code != 2 || strstr(g_run.err, cases[i].says) == NULL) {
            fail_msg("'umig %s' exited %d and said: %s", cases[i].words, g_run.code, g_run.err);
        }
        assert_string_equal(g_run.out, "");
    }
}

static void test_usage_errors_exit_2_and_name_the_thing(void **state)
{
    (void)state;
    static const struct usage_case cases[] = {
        {"", "usage: umig VERB"},
        {"profile", "'profile' is no verb of umig"},
        {"--verbose", "'--verbose' is no option of umig"},
        {"help nothing", "'nothing' is no verb of umig"},
        {"--version extra", "'extra' is too much after '--version'"},
        {"--help start", "'start' is too much after '--help'"},
        {"help start stop", "'stop' is too much after 'start'"},
        {"jvms now", "'now' is too much: only options are taken"},
        {"jvms --jsn", "unknown option '--jsn'; did you mean --json?"},
        {"start", "PID|SERVICE is missing"},
        {"start a b", "'b' is too much after 'a'"},
        {"start x --cpu 10mm", "'10mm' is not a duration"},
        {"start x --cpu 10", "--cpu 10: the unit is missing; write --cpu 10ms or 10s"},
        {"start x --alloc 512", "--alloc 512: the unit is missing; write --alloc 512k or 512m"},
        {"start --heap 1 x", "--heap 1: the unit is missing; write --heap 1ms or 1s"},
        {"start x --cpu=10", "'10' is not a duration; write a whole number and a unit"},
        {"start x --cpu=fast", "'fast' is not a duration"},
        {"start x --cpu 10us", "the interval of cpu is 10us; it must be 1ms"},
        {"start x --heap 2m", "must be 100ms to 1m"},
        {"start x --locks=1ns", "must be 10us to 10s"},
        {"start x --gc=1s", "--gc takes no value ('1s'); write --gc alone"},
        {"start x --gc 5ms", "--gc takes no value ('5ms'); write --gc alone"},
        {"start --gc 5ms x", "--gc takes no value ('5ms'); write --gc alone"},
        {"start x --cpu --cpu", "cpu is given twice"},
        {"start x --duration 10ms", "the duration '10ms' must be 1s to 24h"},
        {"start x --duration", "--duration needs a value: --duration TIME"},
        {"start x --cpu --native all", "'all' is no choice of native frames: off, leaf or on"},
        {"start x --gc --native on", "--native on is about CPU samples, which are not asked for"},
        {"start x --cpu --mutexes", "--mutexes is about waits for locks, which are not asked for"},
        {"start x --name latest", "no session may be called 'latest'"},
        {"start x --name a/b", "'a/b' is no name of a session"},
        {"start x --label build", "'build' is no label; write KEY=VALUE"},
        {"start x --label =1", "'=1' is no label"},
        {"start x --label a=1 --label a=2", "--label a is given twice"},
        {"start x --label a=1\x1b[31m", "--label a: its value is not UTF-8 without control"},
        {"start x --label a=\xff", "--label a: its value is not UTF-8"},
        {"start 0", "'0' is no PID"},
        {"start 99999999", "'99999999' is no PID"},
        {"start -1", "'-1' is neither a PID (1 to 4194304) nor a service name"},
        {"attach -1", "'-1' is neither a PID (1 to 4194304) nor a service name"},
        {"heap histogram -1", "'-1' is neither a PID (1 to 4194304) nor a service name"},
        {"report -1", "'-1' is no name of a session"},
        {"jvms -1", "'-1' is too much: only options are taken"},
        {"start a/b", "'a/b' is neither a PID (1 to 4194304) nor a service name"},
        {"stop", "PID|SERVICE is missing"},
        {"stop x --name -y", "--name needs a value"},
        {"status a b", "'b' is too much after 'a'"},
        {"sessions --service a/b", "'a/b' is no service name"},
        {"sessions --collector here", "'here' is not an address; write unix:/PATH"},
        {"sessions --collector tcp:h:0", "nobody can be reached at port 0"},
        {"sessions --collector tcp:h:65536", "PORT 1 to 65535"},
        {"sessions --collector unix:x", "must begin with '/'"},
        {"sessions --collector tcp:h:1 --data /x", "--collector and --data exclude each other"},
        {"report --format pdf", "'pdf' is no format; write text, json, html"},
        {"report --json --format html", "--json and --format html exclude each other"},
        {"report a/b", "'a/b' is no name of a session"},
        {"report x -o", "--output needs a value: --output FILE"},
        {"collector --listen here", "'here' is not an address"},
        {"collector --listen tcp:h:65536", "PORT 1 to 65535, or 0 for a free one"},
        {"collector --retain-size lots", "'lots' is not a size"},
        {"collector --retain-age 5", "'5' is not a duration"},
        {"collector --retain-size 1m", "--retain-size 1m must be 16m or more"},
        {"collector --retain-age 1m", "--retain-age 1m must be 1h to 3650d"},
        {"report #x", "'#x' is no number of a session; write it like '#3'"},
        {"report #", "'#' is no number of a session"},
        {"collector now", "'now' is too much"},
    };
    expect_usage_errors(cases, sizeof cases / sizeof cases[0]);
}

static void test_kinds_that_a_file_cannot_have_are_named(void **state)
{
    (void)state;
    static const struct usage_case cases[] = {
        {"report x --kind heap",
         "'heap' is no kind that has stacks for other tools; write cpu, alloc, locks or wall"},
        {"report x --format pprof --kind gc", "'gc' is no kind that has stacks for other tools"},
        {"report x --kind locks",
         "--kind locks is for stacks, and text has all kinds; write --format collapsed, pprof, "
         "speedscope or otlp"},
        {"report x --json --kind wall", "--kind wall is for stacks, and json has all kinds"},
        {"report x --format pprof-alloc", "'pprof-alloc' is no format; write text, json, html"},
    };
    expect_usage_errors(cases, sizeof cases / sizeof cases[0]);
}

static void test_failures_exit_3_and_name_the_thing(void **state)
{
    (void)state;
    static const struct usage_case cases[] = {
        {"start 4194304", "there is no process 4194304"},
        {"start no-such-service", "no agent of this host has the service name"},
        {"stop no-such-service", "no agent of this host has the service name"},
        {"sessions", "no collector listens on "},
        {"report latest", "start one with 'umig collector'"},
        {"report --collector tcp:127.0.0.1:1", "cannot connect to tcp:127.0.0.1:1"},
        {"sessions --data /no/such/folder", "/no/such/folder"},
        {"report -o /no/such/page", "cannot write /no/such/page"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_umig(cases[i].words, &g_run);
        if (g_run.code != 3 || strstr(g_run.err, cases[i].says) == NULL) {
            fail_msg("'umig %s' exited %d and said: %s", cases[i].words, g_run.code, g_run.err);
        }
        assert_string_equal(g_run.out, "");
    }
}

static void test_status_of_what_is_not_there_exits_1(void **state)
{
    (void)state;
    char own[32];
    snprintf(own, sizeof own, "status %d", (int)getpid());
    const struct usage_case cases[] = {
        {"status 4194304", "there is no process 4194304"},
        {own, " is no JVM; 'umig jvms' lists those of this host"},
        {"status no-such-service", "no agent of this host has the service name"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_umig(cases[i].words, &g_run);
        /* An agent of another test that does not answer may be the one. */
        const bool is_owed = g_run.code == 3 && strstr(g_run.err, " did not answer (") != NULL;
        if ((g_run.code != 1 && !is_owed) || strstr(g_run.err, cases[i].says) == NULL) {
            fail_msg("'umig %s' exited %d and said: %s", cases[i].words, g_run.code, g_run.err);
        }
        assert_string_equal(g_run.out, "");
    }
}

static void test_process_that_is_no_jvm_is_told(void **state)
{
    (void)state;
    char words[64];
    char says[64];
    snprintf(words, sizeof words, "start %d", (int)getpid());
    snprintf(says, sizeof says, "process %d is no JVM", (int)getpid());

    run_umig(words, &g_run);

    assert_int_equal(g_run.code, 3);
    assert_non_null(strstr(g_run.err, says));
}

static void test_help_and_version_exit_0_on_standard_output(void **state)
{
    (void)state;
    static const struct usage_case cases[] = {
        {"--help", "exit codes:\n  0 "},
        {"help", "exit codes:\n  0 "},
        {"--help", "umig help [VERB]"},
        {"collector --help", "--listen unix:"},
        {"--version", "umig 0."},
        {"start --help", "usage: umig start"},
        {"help start", "usage: umig start"},
        {"report -h", "usage: umig report"},
        {"collector --help", "usage: umig collector"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_umig(cases[i].words, &g_run);
        assert_int_equal(g_run.code, 0);
        assert_non_null(strstr(g_run.out, cases[i].says));
        assert_string_equal(g_run.err, "");
        assert_null(strchr(g_run.out, '\x1b')); /* no colour in a file */
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_runtime_dir, remove_runtime_dir)

int main(void)
{
    const struct CMUnitTest usage_test[] = {
        TEST(test_usage_errors_exit_2_and_name_the_thing),
        TEST(test_kinds_that_a_file_cannot_have_are_named),
        TEST(test_failures_exit_3_and_name_the_thing),
        TEST(test_status_of_what_is_not_there_exits_1),
        TEST(test_process_that_is_no_jvm_is_told),
        TEST(test_help_and_version_exit_0_on_standard_output),
    };
    return cmocka_run_group_tests(usage_test, NULL, NULL);
}
