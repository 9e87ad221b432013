/*
 * Waits for the synchronizers of java.util.concurrent against ThreadMXBean's waited time and the
 * program's own watch, by class; who waits for work is left out, who waited before is found.
 */
#include <string.h>

#include "tests/e2e/session/waits.h"
#include "tests/support/test.h"

#define WAIT_PERCENT 5.0
#define ROUNDS       60

static const char *const g_classes[] = {
    "java.util.concurrent.locks.ReentrantLock$NonfairSync",
    "java.util.concurrent.locks.ReentrantReadWriteLock$FairSync",
    "java.util.concurrent.locks.StampedLock",
    "java.util.concurrent.Semaphore$FairSync",
};

static void check_class(const json_t *truth, const json_t *report, const char *class_name)
{
    const json_t *planted = json_object_get(truth, class_name);
    const json_t *row = waits_row(report, "classes", class_name);
    assert_non_null(row);
    const double bean_ms = umig_json_number_at(planted, "waited_ms");
    const double own_ms = umig_json_number_at(planted, "own_ms");
    const double wait_ms = umig_json_number_at(row, "wait_ns") / 1e6;
    const double off_bean = 100 * (wait_ms / bean_ms - 1);
    const double off_own = 100 * (wait_ms / own_ms - 1);
    print_message("  %-58s %8.0f %8.0f %10.1f %+6.2f %% %+6.2f %%\n", class_name, bean_ms, own_ms,
                  wait_ms, off_bean, off_own);
    /* The bean's watch runs within ours, ours within the program's: what a busy machine puts
     * between two of them is nobody's fault. On a quiet one all are equal. */
    assert_true(off_bean >= -WAIT_PERCENT);
    assert_true(off_own <= WAIT_PERCENT);
}

/* What is parked and does not contend: queues' conditions, futures, nothing at all. */
static void check_idle(const json_t *report)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(json_object_get(report, "contention"), "classes"), i, row)
    {
        const char *name = umig_json_text_at(row, "monitor_class");
        assert_null(strstr(name, "Condition"));
        assert_null(strstr(name, "Future"));
        assert_string_not_equal(name, "(unknown)");
    }
}

static void check_site(const json_t *report)
{
    const json_t *row = waits_row(report, "sites", g_classes[0]);
    assert_non_null(row);
    assert_string_equal(umig_json_text_at(row, "method"), "post");
}

static void check_report(const json_t *truth, const json_t *report)
{
    print_message("  %-58s %8s %8s %10s\n", "synchronizer", "bean", "own", "reported");
    for (size_t i = 0; i < sizeof g_classes / sizeof g_classes[0]; i++) {
        check_class(truth, report, g_classes[i]);
    }
    check_idle(report);
    check_site(report);
    assert_true(waits_is_held_in(report, g_classes[0], "work") ||
                waits_is_held_in(report, g_classes[1], "work"));
    /* It waited before anybody asked, and does still. */
    assert_non_null(waits_row(report, "still_waiting", "Parked$Gate"));
}

static void measure(struct umig_rig *rig)
{
    waits_measure(rig, "Parked", ROUNDS, check_report);
}

static void test_parks_are_reported_as_threadmxbean_measures(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_parks_are_reported_as_threadmxbean_measures,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.parks", tests, NULL, NULL);
}
