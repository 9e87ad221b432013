/*
 * The kill switch: real faults at every sample, in a real JVM. They are caught; after twenty within
 * a minute native frames stop, after as many more stacks, and at last CPU samples. Each step is in
 * the log, in the status and in the data quality of the report, and the program computes on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "tests/support/jvm.h"
#include "tests/support/test.h"

enum {
    STEPS = 3,
    LEAST_SAMPLES = 50
};

/* Where it faults, and what is off when it has settled. */
static const struct {
    const char *faults;
    const char *says;
} g_steps[STEPS] = {
    {"native", "native frames are off until the JVM is started again"},
    {"native,walk", "samples come without stacks until the JVM is started again"},
    {"native,walk,sample", "CPU samples are off until the JVM is started again"},
};

static double counter(const json_t *agent, const char *name)
{
    return json_number_value(json_object_get(json_object_get(agent, "counters"), name));
}

/* The status of the one agent. Caller decrefs. */
static json_t *read_status(struct umig_rig *rig)
{
    json_t *status = NULL;
    assert_int_equal(umig_rig_command(rig, &status, "status %d --json", rig->jvm.pid), 0);
    json_t *agent = json_array_get(json_object_get(status, "agents"), 0);
    assert_non_null(agent);
    json_incref(agent);
    json_decref(status);
    return agent;
}

static void await_level(struct umig_rig *rig, int level)
{
    const uint64_t end_ns = umig_clock_monotonic_ns() + UMIG_RIG_PATIENCE_MS * UMIG_NS_PER_MS;
    double reached = -1;
    while (reached < level) {
        json_t *agent = read_status(rig);
        reached = counter(agent, "engine.safety_level");
        json_decref(agent);
        if (umig_clock_monotonic_ns() > end_ns) {
            fail_msg("the level is %.0f, not %d", reached, level);
        }
    }
    assert_int_equal((int)reached, level);
}

/* The figure by which it shows that the step has been taken, and that it goes no further. */
static double settled_figure(const json_t *agent, int step)
{
    return step < STEPS - 1 ? counter(agent, "engine.records")
                            : counter(agent, "engine.dropped_ns");
}

static void expect_quiet(struct umig_rig *rig, int step)
{
    json_t *before = read_status(rig);
    const double faults = counter(before, "engine.faults_recovered");
    const double figure = settled_figure(before, step);
    json_t *after = NULL;
    double passed_ns = 0;
    while (passed_ns < 1e9 ||
           (step < STEPS - 1 && settled_figure(after, step) < figure + LEAST_SAMPLES)) {
        json_decref(after);
        after = read_status(rig);
        passed_ns =
            umig_json_number_at(after, "uptime_ns") - umig_json_number_at(before, "uptime_ns");
    }
    assert_true(counter(after, "engine.faults_recovered") == faults);
    assert_true(step < STEPS - 1 || settled_figure(after, step) == figure);
    print_message("  %-20s %3.0f faults, then %5.0f records in %.1f s\n", g_steps[step].faults,
                  faults, counter(after, "engine.records") - counter(before, "engine.records"),
                  passed_ns / 1e9);
    json_decref(before);
    json_decref(after);
}

static void expect_said(const char *where, const char *text, const char *says)
{
    if (strstr(text, says) == NULL) {
        fail_msg("%s does not say '%s': %s", where, says, text);
    }
}

/* One line for each step on the way, in their order. */
static void expect_logged(struct umig_rig *rig, int step)
{
    char text[8192];
    FILE *file = fopen(rig->jvm.errors, "re");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    const char *at = text;
    for (int i = 0; i <= step; i++) {
        expect_said("the log", at, g_steps[i].says);
        at = strstr(at, g_steps[i].says) + 1;
    }
    assert_true(step == STEPS - 1 || strstr(text, g_steps[step + 1].says) == NULL);
}

static void expect_reported(struct umig_rig *rig, int step)
{
    json_t *report = NULL;
    assert_int_equal(umig_rig_command(rig, &report, "report step-%d --format json", step), 0);
    expect_said("the report", umig_json_text_at(report, "quality/sentence"), g_steps[step].says);
    const json_t *cpu = json_object_get(json_object_get(report, "quality"), "kinds");
    assert_non_null(cpu);
    json_decref(report);
}

static void go_to(struct umig_rig *rig, int step)
{
    char *text = NULL;
    setenv("UMIG_FAULTY", g_steps[step].faults, 1);
    umig_rig_start_jvm(rig, "", "-XX:+UseSerialGC -Xmx64m -cp @java Checked told");
    unsetenv("UMIG_FAULTY");
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --cpu 1ms --native on --name step-%d",
                                      rig->jvm.pid, step),
                     0);
    await_level(rig, step + 1);
    expect_quiet(rig, step);
    text = umig_rig_text(rig, "status %d", rig->jvm.pid);
    expect_said("the status", text, g_steps[step].says);
    expect_said("the session", strstr(text, "lacks"), g_steps[step].says);
    free(text);
    umig_rig_tell_jvm(rig, "end");
    json_decref(umig_rig_read_jvm(rig));
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    expect_logged(rig, step);
    char id[16];
    snprintf(id, sizeof id, "step-%d", step);
    json_decref(umig_rig_await_session(rig, id, umig_rig_has_ended));
    expect_reported(rig, step);
}

static void go_all_steps(struct umig_rig *rig)
{
    rig->library = UMIG_FAULTY;
    umig_rig_start_collector(rig);
    for (int step = 0; step < STEPS; step++) {
        go_to(rig, step);
    }
    umig_rig_stop_collector(rig);
}

static void test_faults_switch_off_native_frames_then_stacks_then_samples(void **state)
{
    (void)state;
    umig_rig_each_jdk(go_all_steps);
}

/* Nothing of the places that fault is in what is shipped. */
static void test_the_agent_itself_never_faults_on_purpose(void **state)
{
    (void)state;
    assert_int_not_equal(system("grep -qa UMIG_FAULTY " UMIG_AGENT), 0);
    assert_int_equal(system("grep -qa UMIG_FAULTY " UMIG_FAULTY), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_agent_itself_never_faults_on_purpose),
        cmocka_unit_test_teardown(test_faults_switch_off_native_frames_then_stacks_then_samples,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.safety.switch", tests, NULL, NULL);
}
