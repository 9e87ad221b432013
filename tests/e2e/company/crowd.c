/*
 * Ten thousand threads, and timers for half of them: each thread is in the table with a clock, what
 * timers the kernel refused is counted and said, and the JVM computes and ends as it would.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "tests/e2e/company/company.h"
#include "tests/support/test.h"

enum {
    THREADS = COMPANY_IS_SANITIZED ? 1000 : 10000,
    MAPS_PER_THREAD = 4, /* stack, the C library's guard, the JVM's */
    STEPS = 20000,       /* of each thread, as in Crowd.java */
    REST = 1000          /* what else runs on the machine */
};

/* A number in a file; `none` if there is none, as behind "max". */
static long number_in(const char *path, long none)
{
    long value = none;
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        if (fscanf(file, "%ld", &value) != 1) {
            value = none;
        }
        fclose(file);
    }
    return value;
}

/* The first limit that is below what is needed; NULL: none. */
static const char *limit_in_the_way(void)
{
    static const struct {
        const char *path;
        long needed;
    } limits[] = {
        {"/proc/sys/kernel/pid_max", THREADS + REST},
        {"/proc/sys/kernel/threads-max", THREADS + REST},
        {"/proc/sys/vm/max_map_count", THREADS * MAPS_PER_THREAD + REST},
        {"/sys/fs/cgroup/pids.max", THREADS + REST},
        {"/sys/fs/cgroup/pids/pids.max", THREADS + REST},
    };
    const char *found = NULL;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0] && found == NULL; i++) {
        found = number_in(limits[i].path, LONG_MAX) < limits[i].needed ? limits[i].path : NULL;
    }
    return found;
}

/* Signals that wait, timers included, of all processes of this user: "SigQ: 12/96365". */
static long queued_signals(void)
{
    char line[256];
    long queued = -1;
    FILE *file = fopen("/proc/self/status", "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        (void)sscanf(line, "SigQ: %ld/", &queued);
    }
    fclose(file);
    assert_true(queued >= 0);
    return queued;
}

/* What Crowd.java computes, as Java prints it. */
static int64_t right_sum(void)
{
    uint64_t sum = 0;
    for (uint64_t seed = 0; seed < THREADS; seed++) {
        uint64_t x = seed;
        for (uint64_t i = 0; i < STEPS; i++) {
            x = (x ^ x >> 29) * UINT64_C(0x9e3779b97f4a7c15) + i;
        }
        sum += x;
    }
    return (int64_t)sum;
}

static void start_crowd(struct umig_rig *rig)
{
    const uint64_t begin_ns = umig_clock_monotonic_ns();
    umig_rig_tell_jvm(rig, "go");
    json_t *said = umig_rig_read_jvm(rig);
    print_message("  %d threads started within %.1f s\n", THREADS,
                  (double)(umig_clock_monotonic_ns() - begin_ns) / UMIG_NS_PER_S);
    assert_int_equal((int)umig_json_number_at(said, "threads"), THREADS);
    assert_true(strtoll(umig_json_text_at(said, "sum"), NULL, 10) == right_sum());
    json_decref(said);
}

static void expect_all_counted(struct umig_rig *rig)
{
    json_t *agent = company_await(rig, "engine.threads", THREADS);
    const double clocks = company_counter(agent, "engine.threads_cputime") +
                          company_counter(agent, "engine.threads_wall");
    print_message(
        "  %.0f in the table, %.0f by timers, %.0f by wall; %.0f timers "
        "refused, %.0f records\n",
        company_counter(agent, "engine.threads"), company_counter(agent, "engine.threads_cputime"),
        company_counter(agent, "engine.threads_wall"),
        company_counter(agent, "engine.timers_refused"), company_counter(agent, "engine.records"));
    assert_true(company_counter(agent, "engine.threads_refused") == 0);
    assert_true(clocks >= THREADS);
    assert_true(company_counter(agent, "engine.threads_cputime") > 0);
    assert_true(company_counter(agent, "engine.threads_wall") > 0);
    assert_true(company_counter(agent, "engine.timers_refused") > 0);
    json_decref(agent);
    company_expect_status(rig, "no timer for some threads, which are sampled by the clock wall");
}

void company_crowd(struct umig_rig *rig)
{
    const char *limit = limit_in_the_way();
    if (limit != NULL) {
        print_message("  skipped: %s does not allow %d threads\n", limit, THREADS);
        return;
    }
    umig_rig_start_collector(rig);
    char words[256];
    snprintf(words, sizeof words, "-XX:+UseSerialGC -Xmx256m -cp @java Crowd %d", THREADS);
    umig_rig_start_jvm(rig, "", words);
    company_limit(rig, RLIMIT_SIGPENDING, (rlim_t)(queued_signals() + THREADS / 2));
    company_start_session(rig, "crowd", "--cpu 1ms --clock cputime");
    start_crowd(rig);
    expect_all_counted(rig);
    json_t *report = company_stop_session(rig, "crowd");
    assert_true(json_is_true(json_object_get(json_object_get(report, "quality"), "complete")));
    json_decref(report);
    umig_rig_tell_jvm(rig, "end");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    umig_rig_stop_collector(rig);
}
