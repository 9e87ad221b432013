/* Planted deadlocks are named exactly, by status and report; what looks like one is not. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/support/jvm.h"
#include "tests/support/test.h"

enum {
    DEADLOCKS = 3,
    THREADS = 7
};

static size_t count_lines(const json_t *status, const char *begin)
{
    const json_t *agent = json_array_get(json_object_get(status, "agents"), 0);
    size_t count = 0;
    size_t i;
    json_t *line;
    json_array_foreach(json_object_get(agent, "deadlocks"), i, line)
    {
        count += strncmp(json_string_value(line), begin, strlen(begin)) == 0 ? 1 : 0;
    }
    return count;
}

/* Asks until the agent has found so many, or the rig's patience ends. */
static json_t *await_deadlocks(struct umig_rig *rig, size_t wanted)
{
    struct timespec pause = {.tv_nsec = 200 * 1000000L};
    for (int waited_ms = 0; waited_ms < UMIG_RIG_PATIENCE_MS; waited_ms += 200) {
        json_t *status = NULL;
        assert_int_equal(umig_rig_command(rig, &status, "status %d --json", rig->jvm.pid), 0);
        if (count_lines(status, "deadlock ") >= wanted) {
            return status;
        }
        json_decref(status);
        nanosleep(&pause, NULL);
    }
    fail_msg("the agent has not found %zu deadlocks", wanted);
    return NULL;
}

/* As many lines as threads say who waits for what; all are of threads that are in one. */
static void check_status(const json_t *status)
{
    assert_int_equal(count_lines(status, "deadlock "), DEADLOCKS);
    assert_int_equal(count_lines(status, "  \""), THREADS);
    assert_int_equal(count_lines(status, "  \"dead-"), THREADS);
    assert_true(count_lines(status, "    at Deadlocked.") >= THREADS);
}

/* Its stack shows where in the program it waits. */
static bool is_in_program(const json_t *thread)
{
    size_t i;
    json_t *frame;
    json_array_foreach(json_object_get(thread, "stack"), i, frame)
    {
        const char *name = json_string_value(json_object_get(frame, "class"));
        if (name != NULL && strcmp(name, "Deadlocked") == 0) {
            return true;
        }
    }
    return false;
}

/* The threads of one deadlock: each is held up by the next, the last by the first. */
static void check_deadlock(const json_t *deadlock)
{
    const json_t *threads = json_object_get(deadlock, "threads");
    const size_t count = json_array_size(threads);
    for (size_t i = 0; i < count; i++) {
        const json_t *thread = json_array_get(threads, i);
        const json_t *next = json_array_get(threads, (i + 1) % count);
        const char *name = umig_json_text_at(thread, "thread");
        print_message("  %-16s waits for %s, held by %s; holds %s\n", name,
                      umig_json_text_at(thread, "waits_for"), umig_json_text_at(thread, "held_by"),
                      umig_json_text_at(thread, "holds"));
        assert_string_equal(umig_json_text_at(thread, "held_by"),
                            umig_json_text_at(next, "thread"));
        assert_string_equal(umig_json_text_at(thread, "waits_for"),
                            umig_json_text_at(next, "holds"));
        /* All threads of it have one name, but for the number. */
        assert_int_equal(strncmp(name, umig_json_text_at(next, "thread"), strlen(name) - 1), 0);
        assert_int_equal(strncmp(name, "dead-", 5), 0);
        assert_true(is_in_program(thread));
    }
}

static void check_report(const json_t *report)
{
    const json_t *deadlocks = json_object_get(json_object_get(report, "contention"), "deadlocks");
    size_t threads = 0;
    assert_int_equal(json_array_size(deadlocks), DEADLOCKS);
    for (size_t i = 0; i < DEADLOCKS; i++) {
        const json_t *deadlock = json_array_get(deadlocks, i);
        check_deadlock(deadlock);
        threads += json_array_size(json_object_get(deadlock, "threads"));
    }
    assert_int_equal(threads, THREADS);
}

static void plant(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "", "-cp @java Deadlocked");
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --locks 1ms --name dead", rig->jvm.pid),
                     0);
    umig_rig_tell_jvm(rig, "go");
    json_decref(umig_rig_read_jvm(rig));
    json_t *status = await_deadlocks(rig, DEADLOCKS);
    check_status(status);
    json_decref(status);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name dead", rig->jvm.pid), 0);
    json_decref(umig_rig_await_session(rig, "dead", umig_rig_has_ended));
    json_t *report = NULL;
    assert_int_equal(umig_rig_command(rig, &report, "report dead --format json"), 0);
    check_report(report);
    json_decref(report);
    umig_rig_tell_jvm(rig, "!");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    umig_rig_stop_collector(rig);
}

static void test_deadlocks_are_named_and_look_alikes_are_not(void **state)
{
    (void)state;
    umig_rig_each_jdk(plant);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_deadlocks_are_named_and_look_alikes_are_not,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.deadlock", tests, NULL, NULL);
}
