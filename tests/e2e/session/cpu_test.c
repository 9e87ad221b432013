/*
 * Planted truth: blocks of known CPU time against the report. Ten threads, Java and Groovy, deep
 * and shallow, inlined and not, interpreted, intrinsics, stubs.
 */
#include <math.h>

#include "tests/e2e/session/planted.h"
#include "tests/support/test.h"

#define MIN_SAMPLES 10000

#define METHOD_POINTS 2.0 /* a method's share, in percentage points */
#define TOTAL_PERCENT 3.0 /* weights x interval against the threads' clocks */

/* Prints the table; the largest error of a method in percentage points. */
static double compare_methods(const json_t *truth, const json_t *report, double all_ns)
{
    const double threads_ns = umig_json_number_at(truth, "threads_ns");
    double worst = 0;
    const char *name;
    json_t *spent;
    print_message("  %-24s %9s %9s %8s\n", "method", "planted", "reported", "points");
    json_object_foreach(json_object_get(truth, "methods"), name, spent)
    {
        const double planted = 100 * json_number_value(spent) / threads_ns;
        const double reported = 100 * planted_method(report, name, "total_ns") / all_ns;
        print_message("  %-24s %7.2f %% %7.2f %% %+8.2f\n", name, planted, reported,
                      reported - planted);
        worst = fmax(worst, fabs(reported - planted));
    }
    return worst;
}

static void measure(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    planted_start(rig, 7);
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --cpu 1ms --name planted", rig->jvm.pid),
                     0);
    json_t *truth =
        planted_burn(rig, "planted", umig_rig_is_long() ? 5 * MIN_SAMPLES : MIN_SAMPLES);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name planted", rig->jvm.pid), 0);
    json_decref(umig_rig_await_session(rig, "planted", umig_rig_has_ended));
    json_t *report = planted_report(rig, "planted");

    const double all_ns = planted_threads(report, "value_ns");
    const double samples = planted_threads(report, "samples");
    const double clocks = umig_json_number_at(truth, "threads_ns");
    const double off = 100 * (all_ns / clocks - 1);
    const double worst = compare_methods(truth, report, all_ns);
    print_message("  %.0f samples; worst method %.2f points; weights x interval %.3f s, clocks "
                  "%.3f s: %+.2f %%; failed %.0f of %.0f\n",
                  samples, worst, all_ns / 1e9, clocks / 1e9, off,
                  umig_json_number_at(report, "quality/failed_samples"),
                  umig_json_number_at(report, "quality/java_samples"));
    assert_true(samples >= MIN_SAMPLES);
    assert_true(worst <= METHOD_POINTS);
    assert_true(fabs(off) <= TOTAL_PERCENT);

    json_decref(report);
    json_decref(truth);
    planted_end(rig);
    umig_rig_stop_collector(rig);
}

static void test_cpu_of_planted_blocks_is_reported_as_measured(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_cpu_of_planted_blocks_is_reported_as_measured,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.cpu", tests, NULL, NULL);
}
