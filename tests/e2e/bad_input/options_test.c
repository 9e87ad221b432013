/*
 * Wrong options: the JVM says on one line which one, and how it is written; then it runs without
 * profiling, or, with strict, does not start.
 */
#include <stdio.h>
#include <string.h>

#include "tests/e2e/bad_input/outcome.h"
#include "tests/support/test.h"

static const struct {
    const char *options;
    const char *wrong; /* how the line names it */
    const char *right; /* how it is written */
} g_cases[] = {
    {"collector=here", "'collector=here'", "write collector=unix:PATH|tcp:HOST:PORT like "},
    {"collector=tcp:a:99999", "'collector=tcp:a:99999'",
     "write collector=unix:PATH|tcp:HOST:PORT like "},
    {"service=a/b", "'service=a/b'", "write service=NAME like "},
    {"instance=", "'instance='", "write instance=NAME like "},
    {"label.=x", "'label.=x'", "write label.X=VALUE like "},
    {"start=cpu:1us", "'start=cpu:1us'", "write start=KIND[:INTERVAL][,KIND...] like "},
    {"start=gc,heap:2ms", "'heap:2ms'", "write start=KIND[:INTERVAL][,KIND...] like "},
    {"start=disk", "'start=disk'", "write start=KIND[:INTERVAL][,KIND...] like "},
    {"start=cpu,duration=10ms", "'duration=10ms'", "write duration=TIME like "},
    {"duration=30s", "'duration'", "write start=cpu,duration=30s"},
    {"control=umig.sock", "'control=umig.sock'", "write control=PATH like "},
    {"memory=1k", "'memory=1k'", "write memory=SIZE like "},
    {"walker=best", "'walker=best'", "write walker=auto|vm|agct like "},
    {"log=here.log", "'log=here.log'", "write log=PATH[:LEVEL] like "},
    {"log=stderr:loud", "'log=stderr:loud'", "write log=PATH[:LEVEL] like "},
    {"strict=yes", "'strict=yes'", "write strict like "},
    {"service=a,service=b", "'service=b'", "it is given twice"},
    {"service", "'service'", "it has no value"},
    {"cpu:10ms", "'cpu:10ms'", "write start=cpu:10ms"},
    {"colector=unix:/x", "'colector'", "use collector, service, "},
    {"service=a,,start=cpu", "an option is empty", "write NAME=VALUE,NAME=VALUE"},
};

static void expect_named(const struct outcome *outcome, size_t i)
{
    if (strstr(outcome->err, g_cases[i].wrong) == NULL ||
        strstr(outcome->err, g_cases[i].right) == NULL) {
        fail_msg("%s is not named or not corrected: %s", g_cases[i].options, outcome->err);
    }
}

static void start_with_each(struct umig_rig *rig)
{
    static struct outcome outcome;
    for (size_t i = 0; i < sizeof g_cases / sizeof g_cases[0]; i++) {
        run_brief(rig, &outcome, g_cases[i].options, "%s", "");
        expect_unharmed(&outcome);
        expect_line(&outcome, "; this JVM is not profiled");
        expect_named(&outcome, i);
    }
}

static void test_jvm_runs_and_says_which_option_is_wrong(void **state)
{
    (void)state;
    umig_rig_each_jdk(start_with_each);
}

static void start_strictly(struct umig_rig *rig)
{
    static struct outcome outcome;
    char options[128];
    for (size_t i = 0; i < sizeof g_cases / sizeof g_cases[0]; i++) {
        snprintf(options, sizeof options, "%s,strict", g_cases[i].options);
        if (strncmp(g_cases[i].options, "strict", 6) == 0) {
            continue;
        }
        run_brief(rig, &outcome, options, "%s", "");
        assert_int_equal(outcome.code, 1);
        assert_null(strstr(outcome.out, "ran "));
        assert_int_equal(strncmp(outcome.err, "umig: ", 6), 0);
        expect_named(&outcome, i);
        assert_non_null(strstr(outcome.err, "; strict: this JVM does not start\n"));
    }
}

/* Options that are well written, but what they name cannot be opened. */
static void start_strictly_with_closed_paths(struct umig_rig *rig)
{
    static struct outcome outcome;
    static const char *const options[] = {"log=/no/such/folder/umig.log",
                                          "control=/no/such/folder/umig.sock"};
    char text[256];
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        run_brief(rig, &outcome, options[i], "%s", "");
        expect_unharmed(&outcome);

        snprintf(text, sizeof text, "strict,%s", options[i]);
        run_brief(rig, &outcome, text, "%s", "");
        assert_int_equal(outcome.code, 1);
        assert_null(strstr(outcome.out, "ran "));
        snprintf(text, sizeof text, "umig: option '%s': ", options[i]);
        if (strstr(outcome.err, text) != outcome.err) {
            fail_msg("not '%s' but %s", text, outcome.err);
        }
    }
    run_brief(rig, &outcome, "log=/no/such/folder/umig.log:error", "%s", "");
    expect_unharmed(&outcome);
    assert_string_equal(outcome.err, "umig: log=/no/such/folder/umig.log: cannot open it: No such "
                                     "file or directory; the log of level error goes to standard "
                                     "error\n");
    snprintf(text, sizeof text, "strict,control=%s/c.sock,log=%s/log", rig->dir, rig->dir);
    run_brief(rig, &outcome, text, "%s", "");
    expect_unharmed(&outcome);
    assert_string_equal(outcome.err, "");
}

static void test_strict_jvm_does_not_start_with_paths_that_cannot_be_opened(void **state)
{
    (void)state;
    umig_rig_each_jdk(start_strictly_with_closed_paths);
}

static void test_strict_jvm_does_not_start(void **state)
{
    (void)state;
    umig_rig_each_jdk(start_strictly);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_jvm_runs_and_says_which_option_is_wrong, umig_rig_teardown),
        cmocka_unit_test_teardown(test_strict_jvm_does_not_start, umig_rig_teardown),
        cmocka_unit_test_teardown(test_strict_jvm_does_not_start_with_paths_that_cannot_be_opened,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.bad_input.options", tests, compile_programs,
                                       remove_programs);
}
