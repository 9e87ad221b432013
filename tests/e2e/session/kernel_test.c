/*
 * The clocks and kernel frames: a program that spends a planted part of its CPU time in the kernel.
 * Every clock tells the CPU that threads' own clocks tell; perf tells where it went, too. Where
 * perf is not allowed everybody is told why.
 */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/session/planted.h"
#include "tests/support/deny.h"
#include "tests/support/test.h"

#define TOTAL_PERCENT 3.0 /* weights x interval against the threads' clocks */
#define SHARE_POINTS  3.0 /* of the kernel, in percentage points */

static bool has_perf(struct umig_rig *rig)
{
    json_t *started = NULL;
    assert_int_equal(umig_rig_command(rig, &started,
                                      "start %d --cpu --clock perf --name asks --json",
                                      rig->jvm.pid),
                     0);
    const json_t *problem = json_object_get(json_array_get(started, 0), "problem");
    const bool has = json_is_null(problem);
    if (!has) {
        print_message("  no perf here: %s\n", json_string_value(problem));
    }
    json_decref(started);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name asks", rig->jvm.pid), 0);
    return has;
}

/* A frame of the kernel has its name from the kernel, and no file and no class. */
static bool is_in_kernel(const char *line)
{
    return strstr(line, ";read_zero") != NULL || strstr(line, ";[kernel]") != NULL ||
           strstr(line, ";entry_SYSCALL_64") != NULL || strstr(line, ";asm_") != NULL ||
           strstr(line, ";do_syscall_64") != NULL;
}

/* Samples of the burning threads by collapsed stacks: those in the kernel, of all. */
static double kernel_percent(struct umig_rig *rig, const char *session)
{
    char *text = umig_rig_text(rig, "report %s --format collapsed", session);
    double all = 0;
    double kernel = 0;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        const char *space = strrchr(line, ' ');
        if (space == NULL || strstr(line, "KernelShare.burn") == NULL) {
            continue;
        }
        const double count = strtod(space, NULL);
        all += count;
        kernel += is_in_kernel(line) ? count : 0;
    }
    free(text);
    assert_true(all > 0);
    return 100 * kernel / all;
}

/* One session by one clock over one round; the report's figure against the threads'. */
static json_t *measure_clock(struct umig_rig *rig, const char *clock, const char *more)
{
    json_t *started = NULL;
    umig_rig_start_jvm(rig, "", "-cp @java KernelShare 8000 4 40");
    assert_int_equal(umig_rig_command(rig, &started,
                                      "start %d --cpu 2ms --clock %s --name by-%s --json%s",
                                      rig->jvm.pid, clock, clock, more),
                     0);
    assert_true(json_is_null(json_object_get(json_array_get(started, 0), "problem")));
    json_decref(started);
    umig_rig_tell_jvm(rig, "go");
    json_t *truth = umig_rig_read_jvm(rig);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name by-%s", rig->jvm.pid, clock), 0);
    char name[32];
    snprintf(name, sizeof name, "by-%s", clock);
    json_decref(umig_rig_await_session(rig, name, umig_rig_has_ended));
    json_t *report = planted_report(rig, name);
    assert_string_equal(umig_json_text_at(report, "session/clock"), clock);
    const double told = planted_threads(report, "value_ns");
    const double clocks = umig_json_number_at(truth, "threads_ns");
    const double off = 100 * (told / clocks - 1);
    print_message("  %-8s %.0f samples, %.3f s told, %.3f s by the threads' clocks: %+.2f %%\n",
                  clock, planted_threads(report, "samples"), told / 1e9, clocks / 1e9, off);
    assert_true(fabs(off) <= TOTAL_PERCENT);
    json_decref(report);
    planted_end(rig);
    return truth;
}

static void measure_all(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "", "-cp @java KernelShare 1 1 0");
    const bool may_use_perf = has_perf(rig);
    planted_end(rig);
    if (may_use_perf) {
        json_t *truth = measure_clock(rig, "perf", " --native on");
        const double reading = 100 * umig_json_number_at(truth, "reading_ns") /
                               umig_json_number_at(truth, "threads_ns");
        const double ticked = 100 * umig_json_number_at(truth, "system_ns") /
                              umig_json_number_at(truth, "threads_ns");
        const double kernel = kernel_percent(rig, "by-perf");
        print_message("  in the kernel: %.1f %% told; %.1f %% by the threads' clocks around it, "
                      "%.1f %% by their system time\n",
                      kernel, reading, ticked);
        assert_true(fabs(kernel - reading) <= SHARE_POINTS);
        assert_true(fabs(kernel - ticked) <= SHARE_POINTS);
        json_decref(truth);
    }
    json_decref(measure_clock(rig, "cputime", ""));
    json_decref(measure_clock(rig, "wall", ""));
    umig_rig_stop_collector(rig);
}

static void test_every_clock_tells_the_cpu_and_perf_the_kernels_part(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure_all);
}

/* The reason stands where the session is started, in the status and in the report. */
static void denied(struct umig_rig *rig)
{
    static const char why[] = "perf_event_open is forbidden to this process";
    json_t *started = NULL;
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "", "-cp @java KernelShare 300 2 40");
    assert_int_equal(umig_rig_command(rig, &started,
                                      "start %d --cpu 10ms --native on --name denied --json",
                                      rig->jvm.pid),
                     0);
    assert_non_null(strstr(umig_json_text_at(json_array_get(started, 0), "problem"), why));
    umig_rig_tell_jvm(rig, "go");
    json_decref(umig_rig_read_jvm(rig));
    char *text = umig_rig_text(rig, "status %d", rig->jvm.pid);
    assert_non_null(strstr(text, "clock      cputime"));
    assert_non_null(strstr(text, why));
    free(text);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name denied", rig->jvm.pid), 0);
    json_decref(umig_rig_await_session(rig, "denied", umig_rig_has_ended));
    json_t *report = planted_report(rig, "denied");
    assert_non_null(strstr(umig_json_text_at(report, "session/problem"), why));
    assert_true(planted_threads(report, "value_ns") > 0);
    json_decref(report);
    json_decref(started);
    planted_end(rig);
    umig_rig_stop_collector(rig);
}

static void test_denied_perf_is_told_and_samples_come_without_it(void **state)
{
    (void)state;
    if (umig_deny(SYS_perf_event_open, EPERM) != 0) {
        print_message("skipped: no seccomp filters here\n");
        skip();
    }
    umig_rig_each_jdk(denied);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_every_clock_tells_the_cpu_and_perf_the_kernels_part,
                                  umig_rig_teardown),
        cmocka_unit_test_teardown(test_denied_perf_is_told_and_samples_come_without_it,
                                  umig_rig_teardown), /* last: nothing lifts the denial */
    };
    return cmocka_run_group_tests_name("e2e.kernel", tests, NULL, NULL);
}
