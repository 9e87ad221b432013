/*
 * What a report says of safepoints and of the steps of collections, against the run's own -Xlog, to
 * the nanosecond; and of the thread that all others waited for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/jvm.h"
#include "tests/support/test.h"

/* Of what was waited for somebody; another thread may have been late once. */
#define NAMED_PERCENT 80.0

/* What the log says of one name between two moments. */
struct logged {
    double count, total_ns, reach_ns;
};

static double figure_behind(const char *line, const char *what)
{
    const char *at = strstr(line, what);
    assert_non_null(at);
    return strtod(at + strlen(what), NULL);
}

/* Lines that have all of this in them. */
static struct logged read_log(const char *path, double from_ns, const char *tags, const char *name)
{
    struct logged logged = {0};
    char line[1024];
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        const char *at = strstr(line, name);
        if (strstr(line, tags) == NULL || at == NULL || strtod(line + 1, NULL) < from_ns) {
            continue;
        }
        if (strstr(line, "Reaching safepoint: ") != NULL) {
            logged.total_ns += figure_behind(line, "Total: ");
            logged.reach_ns += figure_behind(line, "Reaching safepoint: ");
        } else {
            logged.total_ns += figure_behind(at, name) * 1e6; /* "NAME 1.234ms" */
        }
        logged.count++;
    }
    fclose(file);
    return logged;
}

/* The report of the session, which has ended: all of it is there. Caller decrefs. */
static json_t *stop_and_report(struct umig_rig *rig)
{
    json_t *report = NULL;
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name late", (int)rig->jvm.pid), 0);
    json_decref(umig_rig_await_session(rig, "late", umig_rig_has_ended));
    assert_int_equal(umig_rig_command(rig, &report, "report late --format json"), 0);
    return report;
}

/* The operation that collected, by how often. */
static const json_t *find_collections(const json_t *safepoints, double collections)
{
    size_t i;
    const json_t *row;
    json_array_foreach(json_object_get(safepoints, "rows"), i, row)
    {
        if (umig_json_number_at(row, "count") == collections) {
            return row;
        }
    }
    fail_msg("no operation was as often as there were collections");
    return NULL;
}

static void check_safepoints(const json_t *report, const char *log, const json_t *truth)
{
    const json_t *row = find_collections(json_object_get(report, "safepoints"),
                                         umig_json_number_at(truth, "collections"));
    const char *operation = umig_json_text_at(row, "operation");
    char name[128];
    snprintf(name, sizeof name, "Safepoint \"%s\"", operation);
    const struct logged logged =
        read_log(log, umig_json_number_at(truth, "begin_ns"), "[safepoint", name);
    print_message("  %s: %.0f, to reach %.3f ms, %.3f ms in all\n", operation, logged.count,
                  logged.reach_ns / 1e6, logged.total_ns / 1e6);
    assert_true(logged.count == umig_json_number_at(truth, "collections"));
    assert_true(umig_json_number_at(row, "reach_ns") == logged.reach_ns);
    assert_true(umig_json_number_at(row, "total_ns") == logged.total_ns);
}

/* Every step of the full collections, with the log's own figures. */
static void check_phases(const json_t *report, const char *log, const json_t *truth)
{
    const json_t *phases = json_object_get(json_object_get(report, "gc"), "phases");
    size_t i;
    const json_t *row;
    size_t steps = 0;
    json_array_foreach(phases, i, row)
    {
        char name[128];
        snprintf(name, sizeof name, ") %s ", umig_json_text_at(row, "name"));
        const struct logged logged =
            read_log(log, umig_json_number_at(truth, "begin_ns"), "[gc,phases", name);
        print_message("  %-34s %3.0f, %.3f ms\n", umig_json_text_at(row, "name"), logged.count,
                      logged.total_ns / 1e6);
        assert_string_equal(umig_json_text_at(row, "pause"), "Pause Full");
        assert_true(umig_json_number_at(row, "count") == umig_json_number_at(truth, "collections"));
        assert_true(logged.count == umig_json_number_at(row, "count"));
        assert_true(umig_json_number_at(row, "total_ns") > logged.total_ns - 1 &&
                    umig_json_number_at(row, "total_ns") < logged.total_ns + 1);
        steps++;
    }
    assert_true(steps >= 4);
    const json_t *longest =
        json_array_get(json_object_get(json_object_get(report, "gc"), "longest"), 0);
    assert_int_equal(json_array_size(json_object_get(longest, "steps")), steps);
    assert_string_equal(umig_json_text_at(longest, "cause"), "System.gc()");
}

/*
 * The thread in the loop, by its group and its method. Its last sample may be of what follows the
 * loop before it stands; where it had no processor it has none.
 */
static void check_late(const json_t *report)
{
    const json_t *safepoints = json_object_get(report, "safepoints");
    size_t i;
    const json_t *row;
    double named_ns = 0;
    double late_ns = 0;
    double spin_ns = 0;
    json_array_foreach(json_object_get(safepoints, "late"), i, row)
    {
        const json_t *frame = json_array_get(json_object_get(row, "stack"), 0);
        const char *pool = frame != NULL ? umig_json_text_at(row, "pool") : "nobody";
        const char *method = frame != NULL ? umig_json_text_at(frame, "method") : "not sampled";
        const double reach_ns = umig_json_number_at(row, "reach_ns");
        print_message("  %3.0f, %8.3f ms, %s in %s\n", umig_json_number_at(row, "count"),
                      reach_ns / 1e6, pool, method);
        named_ns += frame != NULL ? reach_ns : 0;
        late_ns += strcmp(pool, "late-*") == 0 ? reach_ns : 0;
        spin_ns += strcmp(method, "spin") == 0 ? reach_ns : 0;
    }
    assert_true(spin_ns > 0);
    assert_true(late_ns * 100 >= named_ns * NAMED_PERCENT);
}

static void check_text(struct umig_rig *rig)
{
    char *text = umig_rig_text(rig, "report late");
    assert_non_null(strstr(text, "Safepoints"));
    assert_non_null(strstr(text, "late-* in Late.spin"));
    assert_non_null(strstr(text, "of Pause Full"));
    free(text);
}

static void measure(struct umig_rig *rig)
{
    char words[512];
    char log[96];
    snprintf(log, sizeof log, "%s/log", rig->dir);
    snprintf(
        words, sizeof words,
        "-Xmx64m -XX:+UseSerialGC -XX:-UseCountedLoopSafepoints "
        "-Xlog:gc+phases=info,safepoint=info:file=%s:timenanos,tags:filecount=0 -cp @java Late",
        log);
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "", words);
    assert_int_equal(
        umig_rig_command(rig, NULL, "start %d --cpu 5ms --gc --name late", (int)rig->jvm.pid), 0);
    json_decref(umig_rig_await_session(rig, "late", umig_rig_has_samples));
    umig_rig_tell_jvm(rig, "go");
    json_t *truth = umig_rig_read_jvm(rig);
    json_t *report = stop_and_report(rig);
    check_safepoints(report, log, truth);
    check_phases(report, log, truth);
    check_late(report);
    check_text(rig);
    json_decref(report);
    json_decref(truth);
    umig_rig_tell_jvm(rig, "!");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    umig_rig_stop_collector(rig);
}

static void test_safepoints_and_steps_are_those_of_the_log(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_safepoints_and_steps_are_those_of_the_log,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.late", tests, NULL, NULL);
}
