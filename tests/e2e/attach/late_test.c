/*
 * A JVM that has computed for a while is attached to under load; sessions come and go, each time
 * with another attach by the command and another load by the JVM itself; then it is profiled. What
 * the agent holds must not grow, what stop leaves behind must rest, and the shares must be those
 * that the program measures of itself.
 *
 * UMIG_E2E_LONG: 1,000 cycles in place of 50.
 */
#include <dirent.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/attach.h"
#include "core/clock.h"
#include "core/err.h"
#include "tests/e2e/session/planted.h"
#include "tests/support/test.h"

#define METHOD_POINTS 2.0
#define REST_MS       2000
#define REST_CPU_US   2000 /* of REST_MS: a thousandth of one CPU */

/* What a JVM may grow by for itself: in the short form it still compiles what it burns. */
#define RSS_SLACK_KB      (48 * 1024)
#define RSS_SLACK_LONG_KB (16 * 1024)

enum {
    CYCLES = 50,
    CYCLES_LONG = 1000,
    WARM_SHARE = 5, /* a fifth of the cycles come before anything is compared */
    MIN_SAMPLES = 4000
};

/* What the JVM holds, the agent's part and all of it. */
struct held {
    long threads, fds, mappings, rss_kb;
    double agent_bytes;
};

static long status_field(int pid, const char *name)
{
    char path[64];
    char line[256];
    long value = -1;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) {
            value = strtol(line + strlen(name), NULL, 10);
        }
    }
    fclose(file);
    assert_true(value >= 0);
    return value;
}

static long count_fds(int pid)
{
    char path[64];
    long count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    while (readdir(dir) != NULL) {
        count++;
    }
    closedir(dir);
    return count;
}

static long count_mappings_of_agent(int pid)
{
    char path[64];
    char line[1024];
    long count = 0;
    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        count += strstr(line, "libumigagent.so") != NULL;
    }
    fclose(file);
    return count;
}

static struct held look(struct umig_rig *rig)
{
    const int pid = (int)rig->jvm.pid;
    json_t *status = NULL;
    assert_int_equal(umig_rig_command(rig, &status, "status %d --json", pid), 0);
    const json_t *agent = json_array_get(json_object_get(status, "agents"), 0);
    const struct held held = {
        .threads = status_field(pid, "Threads:"),
        .fds = count_fds(pid),
        .mappings = count_mappings_of_agent(pid),
        .rss_kb = status_field(pid, "VmRSS:"),
        .agent_bytes = umig_json_number_at(agent, "own_cost/memory_bytes"),
    };
    json_decref(status);
    return held;
}

/* The JVM is told to load the library that it has; the agent must take it for itself. */
static void load_once_more(struct umig_rig *rig)
{
    struct umig_jvm jvm;
    struct umig_attach_site site;
    struct umig_err err = UMIG_ERR_INIT;
    int fd = -1;
    const struct umig_attach_patience patience = {
        .deadline_ns = umig_clock_monotonic_ns() + 60 * UMIG_NS_PER_S,
    };
    assert_int_equal(umig_jvm_inspect(rig->jvm.pid, &jvm, &err), UMIG_OK);
    assert_int_equal(umig_attach_site_open(&jvm, &site, &err), UMIG_OK);
    assert_int_equal(umig_attach_connect(&site, &patience, &fd, &err), UMIG_OK);
    const int rc = umig_attach_load(fd, &jvm, jvm.agent_path, "service=other", &patience, &err);
    if (rc != UMIG_OK) {
        fail_msg("%d: %s", rc, err.text);
    }
    close(fd);
    umig_attach_site_close(&site);
}

static void cycle(struct umig_rig *rig, int number)
{
    const int pid = (int)rig->jvm.pid;
    json_t *attached = NULL;
    assert_int_equal(umig_rig_command(rig, &attached, "attach %d --json", pid), 0);
    assert_true(json_is_true(json_object_get(json_array_get(attached, 0), "was_attached")));
    json_decref(attached);
    load_once_more(rig);
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --name c%d", pid, number), 0);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name c%d", pid, number), 0);
}

/* The program burns while sessions come and go, and is asked for another round when one is done. */
static void keep_busy(struct umig_rig *rig, json_t **truth)
{
    struct pollfd pfd = {.fd = rig->jvm.out, .events = POLLIN};
    if (rig->jvm.rest_bytes == 0 && poll(&pfd, 1, 0) == 0) {
        return;
    }
    json_decref(*truth);
    *truth = umig_rig_read_jvm(rig);
    umig_rig_tell_jvm(rig, "go");
}

static void compare_held(const struct held *early, const struct held *late, int cycles)
{
    print_message("  %d cycles: threads %ld, %ld; descriptors %ld, %ld; mappings %ld, %ld; agent "
                  "%.1f, %.1f MiB; RSS %.1f, %.1f MiB\n",
                  cycles, early->threads, late->threads, early->fds, late->fds, early->mappings,
                  late->mappings, early->agent_bytes / 1048576, late->agent_bytes / 1048576,
                  (double)early->rss_kb / 1024, (double)late->rss_kb / 1024);
    assert_true(late->agent_bytes <= early->agent_bytes);
    assert_int_equal(late->mappings, early->mappings);
    assert_true(late->fds <= early->fds + 2);         /* the collector's line, a command's */
    assert_true(late->threads <= early->threads + 4); /* the JVM's compilers come and go */
    assert_true(late->rss_kb <=
                early->rss_kb + (umig_rig_is_long() ? RSS_SLACK_LONG_KB : RSS_SLACK_KB));
}

/* --- rest --- */

/* CPU time of the agent's threads, in us. */
static double agent_cpu_us(int pid)
{
    char path[300];
    char name[64];
    double sum = 0;
    int found = 0;
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *it = NULL; (it = readdir(dir)) != NULL;) {
        unsigned long long run_ns = 0;
        snprintf(path, sizeof path, "/proc/%d/task/%s/comm", pid, it->d_name);
        FILE *file = fopen(path, "re");
        const bool is_ours = file != NULL && fgets(name, sizeof name, file) != NULL &&
                             strncmp(name, "umig-", 5) == 0;
        if (file != NULL) {
            fclose(file);
        }
        if (!is_ours) {
            continue;
        }
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, it->d_name);
        file = fopen(path, "re");
        assert_non_null(file);
        assert_int_equal(fscanf(file, "%llu", &run_ns), 1);
        fclose(file);
        sum += (double)run_ns / 1e3;
        found++;
    }
    closedir(dir);
    assert_int_equal(found, 2);
    return sum;
}

/* -1: this kernel does not say. */
static long count_timers(int pid)
{
    char path[64];
    char line[256];
    long count = 0;
    snprintf(path, sizeof path, "/proc/%d/timers", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return -1;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        count += strncmp(line, "ID:", 3) == 0;
    }
    fclose(file);
    return count;
}

static void expect_rest(struct umig_rig *rig)
{
    const int pid = (int)rig->jvm.pid;
    const double before = agent_cpu_us(pid);
    (void)poll(NULL, 0, REST_MS); /* what is measured is a time */
    const double used = agent_cpu_us(pid) - before;
    const long timers = count_timers(pid);
    print_message("  stopped: %.0f us of CPU in %d ms, %ld timers\n", used, REST_MS, timers);
    assert_true(used <= REST_CPU_US);
    assert_true(timers <= 0);
}

/* --- shares --- */

static double planted_since(const json_t *before, const json_t *after, const char *name)
{
    const double was = umig_json_number_or_0(json_object_get(before, "methods"), name);
    return umig_json_number_at(json_object_get(after, "methods"), name) - was;
}

static void expect_shares(struct umig_rig *rig, const json_t *before)
{
    const int pid = (int)rig->jvm.pid;
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --cpu 1ms --name late", pid), 0);
    json_t *truth = planted_burn(rig, "late", umig_rig_is_long() ? 5 * MIN_SAMPLES : MIN_SAMPLES);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name late", pid), 0);
    json_decref(umig_rig_await_session(rig, "late", umig_rig_has_ended));
    json_t *report = planted_report(rig, "late");
    const double all = planted_threads(report, "value_ns");
    const double clocks =
        umig_json_number_at(truth, "threads_ns") - umig_json_number_at(before, "threads_ns");
    double worst = 0;
    const char *name;
    json_t *spent;
    json_object_foreach(json_object_get(truth, "methods"), name, spent)
    {
        const double planted = 100 * planted_since(before, truth, name) / clocks;
        const double reported = 100 * planted_method(report, name, "total_ns") / all;
        worst = fmax(worst, fabs(reported - planted));
    }
    print_message("  %.0f samples, worst method %.2f points; weights x interval %+.2f %%\n",
                  planted_threads(report, "samples"), worst, 100 * (all / clocks - 1));
    assert_true(worst <= METHOD_POINTS);
    assert_true(umig_json_number_at(report, "session/attached_after_ns") > 0);
    json_decref(report);
    json_decref(truth);
}

static void attach_late(struct umig_rig *rig)
{
    const int cycles = umig_rig_is_long() ? CYCLES_LONG : CYCLES;
    json_t *attached = NULL;
    json_t *truth = NULL;
    struct held early = {.threads = 0};
    umig_rig_start_collector(rig);
    planted_start_without_agent(rig, 7);
    umig_rig_tell_jvm(rig, "go");
    assert_int_equal(umig_rig_command(rig, &attached, "attach %d --json", rig->jvm.pid), 0);
    assert_true(json_is_false(json_object_get(json_array_get(attached, 0), "was_attached")));
    print_message("  attached under load in %.1f ms\n",
                  umig_json_number_at(json_array_get(attached, 0), "took_ns") / 1e6);
    json_decref(attached);
    for (int i = 0; i < cycles; i++) {
        cycle(rig, i);
        keep_busy(rig, &truth);
        if (i == cycles / WARM_SHARE) {
            early = look(rig);
        }
    }
    const struct held late = look(rig);
    compare_held(&early, &late, cycles);
    json_decref(truth);
    truth = umig_rig_read_jvm(rig); /* the round that is under way ends */
    expect_rest(rig);
    expect_shares(rig, truth);
    json_decref(truth);
    planted_end(rig);
    umig_rig_stop_collector(rig);
}

static void test_agent_that_comes_late_and_often_reports_what_was_planted(void **state)
{
    (void)state;
    umig_rig_each_jdk(attach_late);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_agent_that_comes_late_and_often_reports_what_was_planted,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.attach.late", tests, NULL, NULL);
}
