/* Waits for monitors against ThreadMXBean's blocked time, by class of the monitor. */
#include <math.h>
#include <string.h>

#include "tests/e2e/session/waits.h"
#include "tests/support/test.h"

#define WAIT_PERCENT  5.0
#define COUNT_PERCENT 8.0 /* of waits of which three in four are told: 1.7 % standard deviation */
#define ROUNDS        400
#define BRIEF_THREADS 2000 /* as in Contend.java */

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

static void check_class(const json_t *truth, const json_t *report, const char *class_name)
{
    const json_t *planted = json_object_get(truth, class_name);
    const json_t *row = waits_row(report, "classes", class_name);
    assert_non_null(row);
    const double blocked_ms = umig_json_number_at(planted, "blocked_ms");
    const double wait_ms = umig_json_number_at(row, "wait_ns") / 1e6;
    const double off = 100 * (wait_ms / blocked_ms - 1);
    print_message("  %-18s %10.0f ms %10.1f ms %+6.2f %%  %5.0f / %.0f waits\n", class_name,
                  blocked_ms, wait_ms, off, umig_json_number_at(row, "waits"),
                  umig_json_number_at(planted, "blocked"));
    assert_true(fabs(off) <= WAIT_PERCENT);
    /* The bean also counts who got it at once after all. */
    assert_true(umig_json_number_at(row, "waits") <=
                1.02 * umig_json_number_at(planted, "blocked"));
    assert_true(umig_json_number_at(row, "waits") > 0);
}

/* Threads that live for one short wait: of those one in so many is told. */
static void check_brief(const json_t *truth, const json_t *report)
{
    const json_t *planted = json_object_get(truth, "Contend$Note");
    const json_t *row = waits_row(report, "classes", "Contend$Note");
    const double least_ms = umig_json_number_at(planted, "least_ms");
    const double most_ms = umig_json_number_at(planted, "most_ms");
    assert_non_null(row);
    const double wait_ms = umig_json_number_at(row, "wait_ns") / 1e6;
    const double waits = umig_json_number_at(row, "waits");
    print_message("  %-18s %6.0f..%.0f ms %10.1f ms          %5.0f / %d waits\n", "Contend$Note",
                  least_ms, most_ms, wait_ms, waits, BRIEF_THREADS);
    assert_true(wait_ms >= least_ms * (1 - WAIT_PERCENT / 100));
    assert_true(wait_ms <= most_ms * (1 + WAIT_PERCENT / 100));
    assert_true(fabs(waits / BRIEF_THREADS - 1) <= COUNT_PERCENT / 100);
}

static void check_report(const json_t *truth, const json_t *report)
{
    print_message("  %-18s %13s %13s\n", "monitor", "ThreadMXBean", "reported");
    check_class(truth, report, "Contend$Ledger");
    check_class(truth, report, "Contend$Journal");
    check_brief(truth, report);
    assert_true(has_method(waits_row(report, "sites", "Contend$Ledger"), "post"));
    assert_true(has_method(waits_row(report, "sites", "Contend$Journal"), "append"));
    assert_true(is_holder_named(report, "ledger-"));
    assert_true(waits_is_held_in(report, "Contend$Ledger", "post"));
}

static void measure(struct umig_rig *rig)
{
    waits_measure(rig, "Contend", ROUNDS, check_report);
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
