/*
 * umig heap suspects from end to end: a leak that goes on is named, with its line and its holder,
 * and what only looks like one is not; interrupted, it leaves nothing behind.
 *
 * The agent is one that takes snapshots as quickly as a test wants them; the times it tells are
 * those of an agent that takes them ten seconds apart.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "tests/e2e/bad_input/outcome.h"
#include "tests/support/jvm.h"
#include "tests/support/test.h"

enum {
    LOOK_MS = 20
};

static struct outcome g_outcome;

static size_t session_count(struct umig_rig *rig)
{
    json_t *status = NULL;
    assert_int_equal(umig_rig_command(rig, &status, "status %d --json", (int)rig->jvm.pid), 0);
    const json_t *agent = json_array_get(json_object_get(status, "agents"), 0);
    const size_t count = json_array_size(json_object_get(agent, "sessions"));
    json_decref(status);
    return count;
}

/* --- it names what leaks --- */

static const json_t *row_of(const json_t *found, const char *class_name)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(found, "suspects"), i, row)
    {
        if (strcmp(umig_json_text_at(row, "object_class"), class_name) == 0) {
            return row;
        }
    }
    return NULL;
}

static void check_patience(uint64_t begun_ns)
{
    if ((umig_clock_monotonic_ns() - begun_ns) / UMIG_NS_PER_MS > UMIG_RIG_PATIENCE_MS) {
        fail_msg("the leak was not named: %s%s", g_outcome.out, g_outcome.err);
    }
    poll(NULL, 0, LOOK_MS);
}

/* What became a suspect after the last search has no holder yet. */
static bool is_named(const json_t *found)
{
    const json_t *row = row_of(found, "Leaking$Leaked");
    return row != NULL && json_array_size(json_object_get(row, "held_by")) > 0;
}

/* Asked again until enough has been seen: after a few snapshots the verdict may still turn. */
static json_t *await_verdict(struct umig_rig *rig)
{
    const uint64_t begun_ns = umig_clock_monotonic_ns();
    for (;;) {
        json_t *found = NULL;
        assert_int_equal(
            umig_rig_command(rig, &found, "heap suspects %d --json", (int)rig->jvm.pid), 0);
        if (is_named(found)) {
            return found;
        }
        json_decref(found);
        check_patience(begun_ns);
    }
}

static void await_text(struct umig_rig *rig)
{
    const uint64_t begun_ns = umig_clock_monotonic_ns();
    do {
        check_patience(begun_ns);
        run_program(rig, &g_outcome, UMIG_COMMAND " heap suspects %d", (int)rig->jvm.pid);
        assert_int_equal(g_outcome.code, 0);
    } while (strstr(g_outcome.out, "Leaking$Leaked from Leaking.leak:") == NULL ||
             strstr(g_outcome.out, "held by static Leaking.KEPT > ArrayList") == NULL);
}

static void expect_named(struct umig_rig *rig)
{
    assert_int_equal(
        umig_rig_command(rig, NULL, "start %d --live 64k --name leak", (int)rig->jvm.pid), 0);
    json_t *found = await_verdict(rig);
    const json_t *row = row_of(found, "Leaking$Leaked");
    assert_string_equal(umig_json_text_at(row, "class"), "Leaking");
    assert_string_equal(umig_json_text_at(row, "method"), "leak");
    const json_t *holder = json_array_get(json_object_get(row, "held_by"), 0);
    assert_string_equal(umig_json_text_at(holder, "way"), "static Leaking.KEPT > ArrayList");
    assert_null(row_of(found, "Leaking$Latest"));
    json_decref(found);
    await_text(rig);
    assert_int_equal(session_count(rig), 1); /* it was there before, and is not ended */
}

/* --- interrupted, it is gone --- */

static bool has_said(struct umig_rig *rig, const char *text)
{
    run_program(rig, &g_outcome, "cat %s/said", rig->dir);
    return g_outcome.code == 0 && strstr(g_outcome.out, text) != NULL;
}

static void await(struct umig_rig *rig, const char *text, pid_t command)
{
    while (!has_said(rig, text)) {
        siginfo_t info = {.si_pid = 0};
        assert_int_equal(waitid(P_PID, (id_t)command, &info, WEXITED | WNOHANG | WNOWAIT), 0);
        if (info.si_pid != 0) {
            fail_msg("it ended without \"%s\": %s", text, g_outcome.out);
        }
        poll(NULL, 0, LOOK_MS);
    }
}

/* By SIGINT, as the terminal sends it, when its own session runs and collections are made. */
static void interrupt(struct umig_rig *rig)
{
    char command[512];
    snprintf(command, sizeof command,
             "exec " UMIG_COMMAND " heap suspects %d --watch 1m --collect 2>%s/said",
             (int)rig->jvm.pid, rig->dir);
    const pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", command, NULL);
        _exit(127);
    }
    await(rig, "the first full collection is made: the JVM stood still for ", child);
    assert_int_equal(session_count(rig), 1);
    kill(child, SIGINT);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    assert_true(has_said(rig, "is asked for 12 full collections, one every 5 s."));
    assert_true(has_said(rig, "interrupted; nothing goes on in JVM "));
    assert_int_equal(session_count(rig), 0);
}

static void measure(struct umig_rig *rig)
{
    rig->library = UMIG_BRISK;
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "", "-XX:+UseSerialGC -Xmx1g -cp @java Leaking");
    interrupt(rig);
    expect_named(rig);
    umig_rig_tell_jvm(rig, "");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    umig_rig_stop_collector(rig);
}

static void test_leak_is_named_and_nothing_is_left(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_leak_is_named_and_nothing_is_left, umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.heap.suspects", tests, NULL, NULL);
}
