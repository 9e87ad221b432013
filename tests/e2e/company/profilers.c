/*
 * Other profilers that sample the same JVM: the shares of planted methods are right all the same.
 * Theirs are not asked for, only whether they had any.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/company/company.h"
#include "tests/e2e/session/planted.h"
#include "tests/support/test.h"

#define MIN_SAMPLES   4000 /* a share of a tenth is then known to half a point */
#define METHOD_POINTS 2.0

static double worst_of(const json_t *truth, const json_t *report)
{
    const double threads_ns = umig_json_number_at(truth, "threads_ns");
    const double all_ns = planted_threads(report, "value_ns");
    double worst = 0;
    const char *name;
    json_t *spent;
    json_object_foreach(json_object_get(truth, "methods"), name, spent)
    {
        const double planted = 100 * json_number_value(spent) / threads_ns;
        const double reported = 100 * planted_method(report, name, "total_ns") / all_ns;
        if (fabs(reported - planted) > fabs(worst)) {
            worst = reported - planted;
            print_message("  %-24s planted %6.2f %%, reported %6.2f %%\n", name, planted, reported);
        }
    }
    return worst;
}

static void measure(struct umig_rig *rig, const char *flags)
{
    planted_start_with(rig, flags, 7);
    company_start_session(rig, "beside", "--cpu 1ms --clock cputime");
    json_t *truth = planted_burn(rig, "beside", MIN_SAMPLES);
    json_t *report = company_stop_session(rig, "beside");
    const double worst = worst_of(truth, report);
    print_message("  %.0f samples, worst method %+.2f points\n", planted_threads(report, "samples"),
                  worst);
    planted_end(rig);
    assert_true(fabs(worst) <= METHOD_POINTS);
    json_decref(report);
    json_decref(truth);
}

/* The newest release that Maven has here, unpacked; false: none. */
static bool unpack_async_profiler(const struct umig_rig *rig)
{
    char command[1024];
    snprintf(
        command, sizeof command,
        "jar=$(ls \"$HOME\"/.m2/repository/tools/profiler/async-profiler/*/*.jar 2>/dev/null | "
        "sort -V | tail -n 1); test -n \"$jar\" && cd %s && %s/bin/jar xf \"$jar\" && "
        "mv linux-x64/libasyncProfiler.so .",
        rig->dir, rig->jdk.home);
    return system(command) == 0;
}

/* Both of them had samples of the program. */
static void expect_theirs(const struct umig_rig *rig, bool has_async_profiler)
{
    char command[512];
    snprintf(command, sizeof command,
             "%s/bin/jfr print --events jdk.ExecutionSample %s/beside.jfr | grep -q Blocks.shallow",
             rig->jdk.home, rig->dir);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "grep -q Blocks.shallow %s/beside.collapsed", rig->dir);
    assert_true(!has_async_profiler || system(command) == 0);
}

void company_profilers(struct umig_rig *rig)
{
    char flags[512];
    const bool has_async_profiler = unpack_async_profiler(rig);
    int used = snprintf(flags, sizeof flags,
                        "-XX:StartFlightRecording=filename=%s/beside.jfr,settings=profile "
                        "-Xlog:jfr*=off ",
                        rig->dir);
    if (has_async_profiler) {
        snprintf(flags + used, sizeof flags - (size_t)used,
                 "-agentpath:%s/libasyncProfiler.so=start,event=ctimer,file=%s/beside.collapsed ",
                 rig->dir, rig->dir);
    } else {
        print_message("  skipped beside JFR: no async-profiler in ~/.m2\n");
    }
    umig_rig_start_collector(rig);
    measure(rig, flags);
    expect_theirs(rig, has_async_profiler);
    umig_rig_stop_collector(rig);
}
