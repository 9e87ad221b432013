/*
 * The JVM's own counters over a session against -Xlog:safepoint and the JVM's beans. The session
 * begins before the work and ends after it: what little the JVM does around it is allowed for.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/jvm.h"
#include "tests/support/test.h"

#define AROUND_PERCENT    10.0
#define AROUND_SAFEPOINTS 12
#define AROUND_CLASSES    400 /* what printing the truth loads */
#define AROUND_MS         50.0

/* What the log says of the safepoints between two moments. */
struct logged {
    double count, at_ns, reach_ns;
};

static double figure_behind(const char *line, const char *what)
{
    const char *at = strstr(line, what);
    assert_non_null(at);
    return strtod(at + strlen(what), NULL);
}

/* [12345ns] Safepoint "X", Time since last: 1 ns, Reaching safepoint: 2 ns, ..., Total: 3 ns */
static struct logged read_log(const char *path, const json_t *truth)
{
    struct logged logged = {0};
    char line[1024];
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        const double time_ns = strtod(line + 1, NULL);
        if (strstr(line, "Reaching safepoint: ") == NULL ||
            time_ns < umig_json_number_at(truth, "begin_ns") ||
            time_ns > umig_json_number_at(truth, "end_ns")) {
            continue;
        }
        logged.count++;
        logged.at_ns += figure_behind(line, "At safepoint: ");
        logged.reach_ns += figure_behind(line, "Reaching safepoint: ");
    }
    fclose(file);
    return logged;
}

/* As much as was planted, and not much more. */
static void check(const json_t *jvm, const char *key, double planted, double around)
{
    const double told = umig_json_number_at(jvm, key);
    print_message("  %-20s %14.0f planted %14.0f told\n", key, planted, told);
    assert_true(planted > 0);
    assert_true(told >= planted * (1 - AROUND_PERCENT / 1000));
    assert_true(told <= planted * (1 + AROUND_PERCENT / 100) + around);
}

/* The report, once a figure of the JVM's is that large. Caller decrefs. */
static json_t *await_report(struct umig_rig *rig, const char *path, double least)
{
    for (;;) {
        json_t *report = NULL;
        if (umig_rig_command(rig, &report, "report counted --format json") == 0 &&
            umig_json_number_or_0(report, path) >= least) {
            return report;
        }
        json_decref(report);
    }
}

static bool is_there(const json_t *session)
{
    return session != NULL;
}

static void measure(struct umig_rig *rig)
{
    char words[512];
    char log[96];
    snprintf(log, sizeof log, "%s/safepoints", rig->dir);
    snprintf(
        words, sizeof words,
        "-Xmx64m -XX:+UseSerialGC -Xlog:safepoint=info:file=%s:timenanos:filecount=0 -cp @java "
        "Counted",
        log);
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "", words);
    assert_int_equal(
        umig_rig_command(rig, NULL, "start %d --heap 100ms --name counted", rig->jvm.pid), 0);
    json_decref(umig_rig_await_session(rig, "counted", is_there));
    json_decref(await_report(rig, "jvm/over_ns", 1));
    umig_rig_tell_jvm(rig, "go");
    json_t *truth = umig_rig_read_jvm(rig);
    /* Threads are started last: a reading that has them all has the rest. */
    json_t *report =
        await_report(rig, "jvm/threads_started", umig_json_number_at(truth, "started"));
    const json_t *jvm = json_object_get(report, "jvm");
    const struct logged logged = read_log(log, truth);
    check(jvm, "safepoints", logged.count, AROUND_SAFEPOINTS);
    check(jvm, "safepoint_ns", logged.at_ns, AROUND_MS * 1e6);
    check(jvm, "safepoint_reach_ns", logged.reach_ns, AROUND_MS * 1e6);
    check(jvm, "classes_loaded", umig_json_number_at(truth, "loaded"), AROUND_CLASSES);
    check(jvm, "threads_started", umig_json_number_at(truth, "started"), 5);
    const double virtual = umig_json_number_at(truth, "virtual");
    if (virtual > 0) {
        check(jvm, "threads_created", virtual + umig_json_number_at(truth, "started"), 10);
    } else {
        assert_null(json_object_get(jvm, "threads_created"));
    }
    print_message("  compilers %.1f ms, by the bean %.0f ms\n",
                  umig_json_number_at(jvm, "compile_ns") / 1e6,
                  umig_json_number_at(truth, "compile_ms"));
    json_decref(report);
    json_decref(truth);
    umig_rig_tell_jvm(rig, "!");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    umig_rig_stop_collector(rig);
}

static void test_counters_are_those_of_the_log_and_the_beans(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_counters_are_those_of_the_log_and_the_beans,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.counted", tests, NULL, NULL);
}
