/*
 * Another owner of SIGSEGV that hands nothing on. What the JVM does then is the same with the agent
 * and without: faults of the library are the library's, one of the JVM's ends it. The agent goes in
 * front once; who takes the signal again and again may have it, and stacks are not walked.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "tests/e2e/company/company.h"
#include "tests/support/test.h"

enum {
    SAMPLES = 100,
    LOOK_MS = 5,
    FOREIGN_FAULT = 97 /* tests/e2e/company/fault_thief.c */
};

static void start(struct umig_rig *rig, const char *agent, const char *thief, const char *program)
{
    char text[512];
    snprintf(text, sizeof text, "rm -f %s/start %s/start.seen", rig->dir, rig->dir);
    assert_int_equal(system(text), 0);
    snprintf(text, sizeof text,
             "-agentpath:%s=%s/start,%s -Xint -XX:+UseSerialGC -Xmx64m -cp @java %s",
             UMIG_FAULT_THIEF, rig->dir, thief, program);
    umig_rig_start_jvm(rig, agent, text);
}

static void let_thief_begin(const struct umig_rig *rig)
{
    char path[96];
    snprintf(path, sizeof path, "%s/start", rig->dir);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fclose(file);
}

static void await_thief(const struct umig_rig *rig)
{
    const uint64_t end_ns = umig_clock_monotonic_ns() + UMIG_RIG_PATIENCE_MS * UMIG_NS_PER_MS;
    char path[96];
    snprintf(path, sizeof path, "%s/start.seen", rig->dir);
    let_thief_begin(rig);
    while (access(path, F_OK) != 0) {
        assert_true(umig_clock_monotonic_ns() < end_ns);
        poll(NULL, 0, LOOK_MS);
    }
}

/* The program computes without a fault; the library's own are handled to the end. */
static void end_thief(struct umig_rig *rig)
{
    json_t *said = company_end(rig);
    print_message("  %.0f faults of the library, which took the signal %.0f times\n",
                  umig_json_number_at(said, "faults"), umig_json_number_at(said, "taken"));
    assert_true(umig_json_number_at(said, "taken") > 0);
    assert_true(umig_json_number_at(said, "faults") > 0);
    json_decref(said);
}

static double failed_by(const json_t *report, const char *outcome)
{
    size_t i;
    json_t *failed;
    json_array_foreach(json_object_get(json_object_get(report, "quality"), "failed"), i, failed)
    {
        if (strcmp(umig_json_text_at(failed, "outcome"), outcome) == 0) {
            return umig_json_number_at(failed, "samples");
        }
    }
    return 0;
}

/* Once: stacks are walked on, in front of the library. */
static void meet_once(struct umig_rig *rig)
{
    start(rig, "start=cpu:1ms", "libumig", "Crash");
    company_await_samples(rig, SAMPLES);
    await_thief(rig);
    company_await_samples(rig, SAMPLES);
    company_start_session(rig, "once", "--cpu 1ms");
    company_await_samples(rig, SAMPLES);
    json_t *report = company_stop_session(rig, "once");
    assert_true(failed_by(report, "unguarded") <
                umig_json_number_at(report, "quality/java_samples") / 2);
    json_decref(report);
    end_thief(rig);
    assert_string_equal(company_errors(rig), "");
}

/* Again and again: no stacks, said where it is looked for; times are right. */
static void meet_again_and_again(struct umig_rig *rig)
{
    static const char *const says =
        "no stacks: another library handles SIGSEGV or SIGBUS in front of the agent";
    start(rig, "start=cpu:1ms", "libumig,again", "Crash");
    company_await_samples(rig, SAMPLES);
    await_thief(rig);
    company_await_samples(rig, SAMPLES);
    company_start_session(rig, "again", "--cpu 1ms");
    company_await_samples(rig, SAMPLES);
    company_expect_status(rig, says);
    json_t *report = company_stop_session(rig, "again");
    company_expect("the report", umig_json_text_at(report, "quality/sentence"), says);
    assert_true(failed_by(report, "unguarded") > 0);
    json_decref(report);
    end_thief(rig);
    company_expect("the log", company_errors(rig), says);
}

void company_faults(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    start(rig, NULL, "libjvm", "Crash");
    await_thief(rig);
    end_thief(rig);
    meet_once(rig);
    meet_again_and_again(rig);

    /* Null checks of the JVM are faults: with such a library in it, they end it. */
    start(rig, NULL, "libjvm", "Checked told");
    let_thief_begin(rig);
    assert_int_equal(umig_rig_wait_jvm(rig), FOREIGN_FAULT);
    start(rig, "start=cpu:1ms", "libumig", "Checked told");
    company_await_samples(rig, SAMPLES);
    let_thief_begin(rig);
    assert_int_equal(umig_rig_wait_jvm(rig), FOREIGN_FAULT);
    umig_rig_stop_collector(rig);
}
