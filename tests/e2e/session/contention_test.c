/* Waits for monitors against ThreadMXBean's blocked time, by class of the monitor. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/jvm.h"
#include "tests/support/test.h"

#define WAIT_PERCENT 5.0
#define ROUNDS       400

/* A row of the report's waits by class. */
static const json_t *row_of_class(const json_t *report, const char *list, const char *class_name)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(json_object_get(report, "contention"), list), i, row)
    {
        if (strcmp(umig_json_text_at(row, "monitor_class"), class_name) == 0) {
            return row;
        }
    }
    fail_msg("%s has no row for %s", list, class_name);
    return NULL;
}

static bool has_method(const json_t *row, const char *method)
{
    const json_t *name = json_object_get(row, "method");
    return json_is_string(name) && strcmp(json_string_value(name), method) == 0;
}

static bool is_holder_named(const json_t *report, const char *pool)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(json_object_get(report, "contention"), "holders"), i, row)
    {
        const json_t *name = json_object_get(row, "holder_pool");
        if (json_is_string(name) && strncmp(json_string_value(name), pool, strlen(pool)) == 0) {
            return true;
        }
    }
    return false;
}

/* What a holder did when somebody began to wait: its stack goes through the method that locked. */
static bool is_held_in(const json_t *report, const char *class_name, const char *method)
{
    size_t i;
    size_t j;
    json_t *row;
    json_t *frame;
    json_array_foreach(json_object_get(json_object_get(report, "contention"), "holding"), i, row)
    {
        const char *name = json_string_value(json_object_get(row, "monitor_class"));
        json_array_foreach(json_object_get(row, "stack"), j, frame)
        {
            if (name != NULL && strcmp(name, class_name) == 0 &&
                strcmp(umig_json_text_at(frame, "method"), method) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void check_class(const json_t *truth, const json_t *report, const char *class_name)
{
    const json_t *planted = json_object_get(truth, class_name);
    const json_t *row = row_of_class(report, "classes", class_name);
    const double blocked_ms = umig_json_number_at(planted, "blocked_ms");
    const double wait_ms = umig_json_number_at(row, "wait_ns") / 1e6;
    const double off = 100 * (wait_ms / blocked_ms - 1);
    print_message("  %-18s %10.0f ms %10.1f ms %+6.2f %%  %5.0f / %.0f waits\n", class_name,
                  blocked_ms, wait_ms, off, umig_json_number_at(row, "waits"),
                  umig_json_number_at(planted, "blocked"));
    assert_true(fabs(off) <= WAIT_PERCENT);
    /* The bean also counts what was over before our threshold; nothing is counted twice. */
    assert_true(umig_json_number_at(row, "waits") <= umig_json_number_at(planted, "blocked"));
    assert_true(umig_json_number_at(row, "waits") > 0);
}

static void measure(struct umig_rig *rig)
{
    char words[64];
    umig_rig_start_collector(rig);
    snprintf(words, sizeof words, "-cp @java Contend %d", ROUNDS);
    umig_rig_start_jvm(rig, "", words);
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --locks 1ms --name waits", rig->jvm.pid),
                     0);
    umig_rig_tell_jvm(rig, "go");
    json_t *truth = umig_rig_read_jvm(rig);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name waits", rig->jvm.pid), 0);
    json_decref(umig_rig_await_session(rig, "waits", umig_rig_has_ended));
    json_t *report = NULL;
    assert_int_equal(umig_rig_command(rig, &report, "report waits --format json"), 0);

    print_message("  %-18s %13s %13s\n", "monitor", "ThreadMXBean", "reported");
    check_class(truth, report, "Contend$Ledger");
    check_class(truth, report, "Contend$Journal");
    assert_true(has_method(row_of_class(report, "sites", "Contend$Ledger"), "post"));
    assert_true(has_method(row_of_class(report, "sites", "Contend$Journal"), "append"));
    assert_true(is_holder_named(report, "ledger-"));
    assert_true(is_held_in(report, "Contend$Ledger", "post"));

    json_decref(report);
    json_decref(truth);
    umig_rig_tell_jvm(rig, "!");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    umig_rig_stop_collector(rig);
}

static void test_contention_is_reported_as_threadmxbean_measures(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_contention_is_reported_as_threadmxbean_measures,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.contention", tests, NULL, NULL);
}
