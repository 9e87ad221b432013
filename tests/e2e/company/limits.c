/*
 * The JVM runs into a limit of its process: no signals may be queued, no descriptor or no address
 * space is left. The agent says so, does what can be done without, and the JVM works on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/company/company.h"
#include "tests/support/test.h"

enum {
    SAMPLES = 50,
    DESCRIPTORS = 256
};

#define AS_LEFT_BYTES (4ul << 20) /* of address space: the JVM's, but less than sampling takes */

/* Interpreted in a fixed heap: nothing that the JVM does may fail for want of memory. */
static void start(struct umig_rig *rig)
{
    umig_rig_start_jvm(
        rig, "", "-Xint -XX:+UseSerialGC -Xms64m -Xmx64m -XX:+AlwaysPreTouch -cp @java Scarce");
}

static void expect_right(struct umig_rig *rig)
{
    json_t *said = company_end(rig);
    assert_true(umig_json_number_at(said, "rounds") > 0);
    assert_int_equal((int)umig_json_number_at(said, "wrong"), 0);
    json_decref(said);
}

static void run_without_signals(struct umig_rig *rig)
{
    start(rig);
    company_limit(rig, RLIMIT_SIGPENDING, 0);
    company_start_session(rig, "signals", "--cpu 1ms");
    company_await_samples(rig, SAMPLES);
    company_expect_status(rig, "no timer for some threads, which are sampled by the clock wall: "
                               "raise RLIMIT_SIGPENDING");
    json_t *agent = company_status(rig);
    assert_true(company_counter(agent, "engine.timers_refused") > 0);
    assert_true(company_counter(agent, "engine.threads_wall") > 0);
    assert_true(company_counter(agent, "engine.threads_cputime") == 0);
    json_decref(agent);
    json_decref(company_stop_session(rig, "signals"));
    expect_right(rig);
}

/* A process without descriptors is one to be looked at: commands are answered, samples sent. */
static void run_without_descriptors(struct umig_rig *rig)
{
    start(rig);
    company_limit(rig, RLIMIT_NOFILE, DESCRIPTORS);
    umig_rig_tell_jvm(rig, "files");
    json_t *said = umig_rig_read_jvm(rig);
    assert_in_range((int)umig_json_number_at(said, "held"), 1, DESCRIPTORS);
    json_decref(said);
    company_start_session(rig, "descriptors", "--cpu 1ms --native on --gc --heap 100ms --locks");
    company_await_samples(rig, SAMPLES);
    json_t *report = company_stop_session(rig, "descriptors");
    print_message("  without descriptors: %.0f samples; %s\n",
                  umig_json_number_at(report, "quality/java_samples"),
                  umig_json_text_at(report, "quality/sentence"));
    json_decref(report);
    umig_rig_tell_jvm(rig, "free");
    json_decref(umig_rig_read_jvm(rig));
    expect_right(rig);
}

/* Address space of the JVM in bytes. */
static unsigned long address_space(const struct umig_rig *rig)
{
    char path[64];
    unsigned long pages = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)rig->jvm.pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu", &pages), 1);
    fclose(file);
    return pages * 4096;
}

/* Nothing is sampled then, and nothing is kept of what little there is: later it works. */
static void run_without_address_space(struct umig_rig *rig)
{
    static const char *const says = "no memory for sampling: the kernel gives this process no ";
    struct rlimit before;
    start(rig);
    assert_int_equal(prlimit(rig->jvm.pid, RLIMIT_AS, NULL, &before), 0);
    const unsigned long used = address_space(rig);
    const struct rlimit few = {.rlim_cur = used + AS_LEFT_BYTES, .rlim_max = before.rlim_max};
    assert_int_equal(prlimit(rig->jvm.pid, RLIMIT_AS, &few, NULL), 0);
    company_start_session(rig, "space", "--cpu 1ms");
    company_expect_status(rig, says);
    company_expect("the log", company_errors(rig), says);
    assert_true(address_space(rig) < used + AS_LEFT_BYTES / 2);
    json_decref(company_stop_session(rig, "space"));

    assert_int_equal(prlimit(rig->jvm.pid, RLIMIT_AS, &before, NULL), 0);
    company_start_session(rig, "again", "--cpu 1ms");
    company_await_samples(rig, SAMPLES);
    char *status = umig_rig_text(rig, "status %d", rig->jvm.pid);
    assert_null(strstr(status, says));
    free(status);
    json_decref(company_stop_session(rig, "again"));
    expect_right(rig);
}

void company_limits(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    run_without_signals(rig);
    run_without_descriptors(rig);
    /* The sanitizer's own shadow is taken as it goes. */
    if (!COMPANY_IS_SANITIZED) {
        run_without_address_space(rig);
    }
    umig_rig_stop_collector(rig);
}
