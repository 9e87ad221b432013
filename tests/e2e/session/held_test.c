/* A monitor that is never given back: waits without an end are in every session they overlap. */
#include <math.h>
#include <string.h>

#include "tests/support/jvm.h"
#include "tests/support/test.h"

#define WAITERS      3
#define WAIT_PERCENT 5.0

static const char *text_or_empty(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text != NULL ? text : "";
}

static bool is_stored(const json_t *session)
{
    return session != NULL;
}

static json_t *report_of(struct umig_rig *rig, const char *id)
{
    json_t *report = NULL;
    assert_int_equal(umig_rig_command(rig, &report, "report %s --format json", id), 0);
    return report;
}

static double length_ns(struct umig_rig *rig, const char *id)
{
    json_t *session = umig_rig_await_session(rig, id, umig_rig_has_ended);
    const double length =
        umig_json_number_at(session, "end_unix_ns") - umig_json_number_at(session, "start_unix_ns");
    json_decref(session);
    return length;
}

/* All waiters, at one place, for one class, and who holds the monitor. */
static void check_still_waiting(const json_t *report)
{
    const json_t *rows = json_object_get(json_object_get(report, "contention"), "still_waiting");
    assert_int_equal(json_array_size(rows), 1);
    const json_t *row = json_array_get(rows, 0);
    assert_int_equal(umig_json_number_at(row, "waits"), WAITERS);
    assert_string_equal(text_or_empty(row, "monitor_class"), "Held$Vault");
    assert_string_equal(text_or_empty(row, "method"), "open");
    assert_string_equal(text_or_empty(row, "holder_pool"), "keeper");
}

static void check_whole(struct umig_rig *rig, const char *id)
{
    const double length = length_ns(rig, id);
    json_t *report = report_of(rig, id);
    const double waited = umig_json_number_at(report, "contention/wait_ns") / WAITERS;
    const double off = 100 * (waited / length - 1);
    print_message("  %-8s %8.1f ms long, each thread waited %8.1f ms %+6.2f %%\n", id, length / 1e6,
                  waited / 1e6, off);
    assert_true(fabs(off) <= WAIT_PERCENT);
    assert_int_equal(umig_json_number_at(report, "contention/waits"), WAITERS);
    check_still_waiting(report);
    json_decref(report);
}

static void start(struct umig_rig *rig, const char *words)
{
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --locks 1ms %s", rig->jvm.pid, words),
                     0);
}

static void measure(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "", "-cp @java Held 3");
    umig_rig_tell_jvm(rig, "go");
    json_decref(umig_rig_read_jvm(rig));

    /* Nobody listened when the waits began. */
    start(rig, "--name first --duration 2s");
    length_ns(rig, "first");
    start(rig, "--name outer");
    start(rig, "--name inner --duration 1500ms");
    length_ns(rig, "inner");
    json_t *running = report_of(rig, "outer");
    check_still_waiting(running);
    json_decref(running);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name outer", rig->jvm.pid), 0);
    start(rig, "--name last");
    json_decref(umig_rig_await_session(rig, "last", is_stored));
    umig_rig_tell_jvm(rig, "!");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);

    check_whole(rig, "first");
    check_whole(rig, "inner");
    check_whole(rig, "outer");
    check_whole(rig, "last"); /* ended with the JVM, which then may not be asked anything */
    umig_rig_stop_collector(rig);
}

static void test_waits_without_an_end_are_in_every_session_they_overlap(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_waits_without_an_end_are_in_every_session_they_overlap,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.held", tests, NULL, NULL);
}
