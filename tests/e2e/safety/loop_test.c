/*
 * The crash-loop breaker with real JVMs: one that crashes while it is sampled, however it writes
 * its error file, is remembered; after two the next comes up idle, says why, and samples when the
 * user says so. Killing JVMs costs nothing.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/support/jvm.h"
#include "tests/support/test.h"

#define START "service=orders,start=cpu:1ms"

static void start(struct umig_rig *rig, const char *words)
{
    char all[512];
    snprintf(all, sizeof all, "-XX:+UseSerialGC -Xmx64m %s -cp @java Crash", words);
    umig_rig_start_jvm(rig, START, all);
}

static bool is_sampled(struct umig_rig *rig)
{
    json_t *status = NULL;
    assert_int_equal(umig_rig_command(rig, &status, "status %d --json", rig->jvm.pid), 0);
    const json_t *agent = json_array_get(json_object_get(status, "agents"), 0);
    const bool has_session = json_array_size(json_object_get(agent, "sessions")) > 0;
    json_decref(status);
    return has_session;
}

/* Where samples are there, handlers run: it is sampled. */
static void await_samples(struct umig_rig *rig)
{
    double records = 0;
    while (records == 0) {
        json_t *status = NULL;
        assert_int_equal(umig_rig_command(rig, &status, "status %d --json", rig->jvm.pid), 0);
        const json_t *agent = json_array_get(json_object_get(status, "agents"), 0);
        records = json_number_value(
            json_object_get(json_object_get(agent, "counters"), "engine.records"));
        json_decref(status);
    }
}

static void run_to(struct umig_rig *rig, const char *words, const char *last, int signo, int code)
{
    start(rig, words);
    assert_true(is_sampled(rig));
    await_samples(rig);
    if (signo != 0) {
        assert_int_equal(kill(rig->jvm.pid, signo), 0);
    } else {
        umig_rig_tell_jvm(rig, last);
    }
    assert_int_equal(umig_rig_wait_jvm(rig), code);
}

static void expect_idle(struct umig_rig *rig, const char *words)
{
    static const char *const said[] = {
        "start= is left out: 2 JVMs of 'orders' crashed while they were sampled, the last at 20",
        "'umig start orders --cpu 10ms' samples all the same", "/crashed-*-orders' lets start="};
    start(rig, words);
    assert_false(is_sampled(rig));
    char *status = umig_rig_text(rig, "status %d", rig->jvm.pid);
    char *jvms = umig_rig_text(rig, "jvms");
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        if (strstr(status, said[i]) == NULL || strstr(jvms, said[i]) == NULL) {
            fail_msg("'%s' is not in\n%s\nor not in\n%s", said[i], status, jvms);
        }
    }
    free(status);
    free(jvms);
}

static void expect_sampled_by_hand(struct umig_rig *rig)
{
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --cpu 1ms --name by-hand", rig->jvm.pid),
                     0);
    json_decref(umig_rig_await_session(rig, "by-hand", umig_rig_has_samples));
    umig_rig_tell_jvm(rig, "end");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
}

static void forget(const struct umig_rig *rig)
{
    char command[128];
    snprintf(command, sizeof command, "rm %s/crashed-*-orders", rig->dir);
    assert_int_equal(system(command), 0);
}

static void crash_and_start(struct umig_rig *rig)
{
    char by_file[256];
    snprintf(by_file, sizeof by_file, "-XX:-CreateCoredumpOnCrash -XX:ErrorFile=%s/hs_%%p.log",
             rig->dir);
    umig_rig_start_collector(rig);

    /* Whoever restarts services does this: it must not count. */
    run_to(rig, "", "", SIGKILL, 128 + SIGKILL);
    run_to(rig, "", "", SIGKILL, 128 + SIGKILL);
    run_to(rig, "", "", SIGABRT, 128 + SIGABRT);
    run_to(rig, "", "", SIGTERM, 128 + SIGTERM);
    run_to(rig, "", "end", 0, 0);
    run_to(rig, "", "end", 0, 0);

    run_to(rig, "-XX:ErrorFile=/dev/null", "crash", 0, 128 + SIGABRT);
    run_to(rig, by_file, "crash", 0, 1);
    expect_idle(rig, by_file); /* the error file is where this one's would be */
    expect_sampled_by_hand(rig);

    forget(rig);
    run_to(rig, "", "end", 0, 0);
    umig_rig_stop_collector(rig);
}

static void test_service_that_crashes_while_sampled_comes_up_idle(void **state)
{
    (void)state;
    const struct rlimit none = {0, 0}; /* core dumps of a JVM are large */
    assert_int_equal(setrlimit(RLIMIT_CORE, &none), 0);
    umig_rig_each_jdk(crash_and_start);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_service_that_crashes_while_sampled_comes_up_idle,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.safety.loop", tests, NULL, NULL);
}
