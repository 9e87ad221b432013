/*
 * Planted truth in native code: functions of C with frame pointers and of C++ without, deep and
 * shallow, called by Java, Java called by C, C++ below that, and a thread that never sees Java. The
 * share of each against what it measured of itself.
 */
#include <math.h>
#include <stdio.h>

#include "tests/e2e/session/planted.h"
#include "tests/support/test.h"

#define MIN_SAMPLES  10000
#define POINTS       2.0
#define ROUND_CPU_MS 11000

/* Prints the table; the largest error in percentage points. */
static double compare(const json_t *truth, const json_t *report, double all_ns)
{
    const double threads_ns = umig_json_number_at(truth, "threads_ns");
    double worst = 0;
    const char *name;
    json_t *spent;
    print_message("  %-32s %9s %9s %8s\n", "function", "planted", "reported", "points");
    json_object_foreach(json_object_get(truth, "methods"), name, spent)
    {
        const double planted = 100 * json_number_value(spent) / threads_ns;
        const double reported = 100 * planted_method(report, name, "total_ns") / all_ns;
        print_message("  %-32s %7.2f %% %7.2f %% %+8.2f\n", name, planted, reported,
                      reported - planted);
        worst = fmax(worst, fabs(reported - planted));
    }
    return worst;
}

static void measure(struct umig_rig *rig)
{
    char words[512];
    umig_rig_start_collector(rig);
    snprintf(words, sizeof words, "-cp @java Mixed %s %d 7", UMIG_E2E_MIXED, ROUND_CPU_MS);
    umig_rig_start_jvm(rig, "", words);
    assert_int_equal(
        umig_rig_command(rig, NULL, "start %d --cpu 1ms --native on --name mixed", rig->jvm.pid),
        0);
    json_t *truth = planted_burn(rig, "mixed", umig_rig_is_long() ? 5 * MIN_SAMPLES : MIN_SAMPLES);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name mixed", rig->jvm.pid), 0);
    json_decref(umig_rig_await_session(rig, "mixed", umig_rig_has_ended));
    json_t *report = planted_report(rig, "mixed");

    const double samples = planted_threads(report, "samples");
    const double worst = compare(truth, report, planted_threads(report, "value_ns"));
    print_message("  %.0f samples; worst function %.2f points; failed %.0f of %.0f\n", samples,
                  worst, umig_json_number_at(report, "quality/failed_samples"),
                  umig_json_number_at(report, "quality/java_samples"));
    assert_true(samples >= MIN_SAMPLES);
    assert_true(worst <= POINTS);

    json_decref(report);
    json_decref(truth);
    planted_end(rig);
    umig_rig_stop_collector(rig);
}

static void test_cpu_of_native_functions_is_reported_as_measured(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_cpu_of_native_functions_is_reported_as_measured,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.mixed", tests, NULL, NULL);
}
