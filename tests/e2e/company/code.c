/*
 * Little room: stacks that overflow while samples are taken, and code that is interpreted, compiled
 * once, or finds the code cache full. Results are right, and stacks can be read.
 */
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "tests/e2e/company/company.h"
#include "tests/e2e/session/planted.h"
#include "tests/support/test.h"

enum {
    OVERFLOW_SAMPLES = COMPANY_IS_SANITIZED ? 50 : 500, /* of ten thousand frames and more */
    CODE_SAMPLES = 400
};

/* Checked overflows its stack: where the JVM takes such a stack down, it tells nobody where it is.
 */
#define MAX_FAILED_PERCENT 5.0

void company_stacks(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "start=cpu:1ms", "-XX:+UseSerialGC -Xmx64m -cp @java Deep");
    company_await_samples(rig, OVERFLOW_SAMPLES);
    company_start_session(rig, "native", "--cpu 1ms --native on");
    company_await_samples(rig, OVERFLOW_SAMPLES);
    json_t *report = company_stop_session(rig, "native");
    json_t *said = company_end(rig);
    print_message("  %.0f overflows, %.0f wrong; %.0f samples, %.0f failed\n",
                  umig_json_number_at(said, "overflows"), umig_json_number_at(said, "wrong"),
                  umig_json_number_at(report, "quality/java_samples"),
                  umig_json_number_at(report, "quality/failed_samples"));
    assert_true(umig_json_number_at(said, "overflows") > 0);
    assert_int_equal((int)umig_json_number_at(said, "wrong"), 0);
    json_decref(said);
    json_decref(report);
    umig_rig_stop_collector(rig);
}

/* --- code --- */

static const struct {
    const char *name;
    const char *flags;
} g_modes[] = {
    {"interpreted", "-Xint"},
    {"c1", "-XX:TieredStopAtLevel=1"},
    {"full", "-XX:ReservedCodeCacheSize=4m -Xcomp -XX:TieredStopAtLevel=1"},
    {"one-heap", "-XX:ReservedCodeCacheSize=4m -XX:-SegmentedCodeCache"},
};

/* Of the CPU of the program's threads, the share that its own work is told to take. */
static double share_of_program(const json_t *report)
{
    double all = 0;
    size_t i;
    json_t *pool;
    json_array_foreach(json_object_get(json_object_get(report, "cpu"), "pools"), i, pool)
    {
        if (strncmp(umig_json_text_at(pool, "pool"), "worker-", 7) == 0) {
            all += umig_json_number_at(pool, "value_ns");
        }
    }
    return all > 0 ? planted_method(report, "Checked.round", "total_ns") / all : 0;
}

/* Of Java: compilers have samples, too, and in a full cache more than the program. */
static void await_java_samples(struct umig_rig *rig, const char *name)
{
    const uint64_t end_ns = umig_clock_monotonic_ns() + UMIG_RIG_PATIENCE_MS * UMIG_NS_PER_MS;
    double samples = 0;
    while (samples < CODE_SAMPLES) {
        json_t *report = NULL;
        json_decref(umig_rig_await_session(rig, name, umig_rig_has_samples));
        assert_int_equal(umig_rig_command(rig, &report, "report %s --format json", name), 0);
        samples = umig_json_number_at(report, "quality/java_samples");
        json_decref(report);
        assert_true(umig_clock_monotonic_ns() < end_ns);
    }
}

static void print_failures(const json_t *report)
{
    size_t i;
    json_t *failed;
    json_array_foreach(json_object_get(json_object_get(report, "quality"), "failed"), i, failed)
    {
        print_message("    %s: %.0f\n", umig_json_text_at(failed, "outcome"),
                      umig_json_number_at(failed, "samples"));
    }
}

static void run_mode(struct umig_rig *rig, size_t mode)
{
    char words[256];
    snprintf(words, sizeof words, "-XX:+UseSerialGC -Xmx64m %s -cp @java Checked told",
             g_modes[mode].flags);
    umig_rig_start_jvm(rig, "", words);
    company_start_session(rig, g_modes[mode].name, "--cpu 1ms");
    await_java_samples(rig, g_modes[mode].name);
    json_t *report = company_stop_session(rig, g_modes[mode].name);
    json_decref(company_end(rig));
    const double samples = umig_json_number_at(report, "quality/java_samples");
    const double failed = umig_json_number_at(report, "quality/failed_samples");
    print_message("  %-12s %.0f of %.0f Java samples failed; %.0f %% of CPU in its rounds\n",
                  g_modes[mode].name, failed, samples, 100 * share_of_program(report));
    print_failures(report);
    assert_true(samples > 0);
    assert_true(100 * failed <= MAX_FAILED_PERCENT * samples);
    assert_true(share_of_program(report) > 0.8);
    json_decref(report);
}

void company_code(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    for (size_t mode = 0; mode < sizeof g_modes / sizeof g_modes[0]; mode++) {
        run_mode(rig, mode);
    }
    umig_rig_stop_collector(rig);
}
