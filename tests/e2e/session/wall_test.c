/* Wall time by state against what 200 threads count themselves: Walls.java. */
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/jvm.h"
#include "tests/support/test.h"

#define POINTS        2.0
#define LOOKS_WANTED  6000.0 /* of the mixed threads: shares are then within a point */
#define SUM_TOLERANCE 0.02   /* of a thread's time: a wait for a processor is told late */

static const char *const g_asleep[] = {"sleeping", "waiting", "parked", "io", "blocked"};
#define ASLEEP (sizeof g_asleep / sizeof g_asleep[0])

static const json_t *pool_of(const json_t *report, const char *name)
{
    size_t i;
    json_t *pool;
    json_array_foreach(json_object_get(json_object_get(report, "wall"), "pools"), i, pool)
    {
        const json_t *is = json_object_get(pool, "pool");
        if (json_is_string(is) && strcmp(json_string_value(is), name) == 0) {
            return pool;
        }
    }
    fail_msg("the report has no pool %s", name);
    return NULL;
}

static double in_state(const json_t *pool, const char *state)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(pool, "states"), i, row)
    {
        if (strcmp(umig_json_text_at(row, "state"), state) == 0) {
            return umig_json_number_at(row, "value_ns");
        }
    }
    return 0;
}

/*
 * Of the time asleep, since on a loaded machine a thread that is woken waits for a processor, which
 * the program counts as sleep and the kernel does not.
 */
static void check_asleep(const json_t *truth, const json_t *report, const char *pool_name)
{
    const json_t *planted = json_object_get(truth, pool_name);
    const json_t *pool = pool_of(report, pool_name);
    double planted_sum = 0;
    double told_sum = 0;
    for (size_t i = 0; i < ASLEEP; i++) {
        planted_sum += umig_json_number_at(planted, g_asleep[i]);
        told_sum += in_state(pool, g_asleep[i]);
    }
    double worst = 0;
    for (size_t i = 0; i < ASLEEP; i++) {
        const double should = 100 * umig_json_number_at(planted, g_asleep[i]) / planted_sum;
        const double is = 100 * in_state(pool, g_asleep[i]) / told_sum;
        print_message("  %-10s %-10s %6.2f %% %6.2f %% %+5.2f\n", pool_name, g_asleep[i], should,
                      is, is - should);
        worst = fabs(is - should) > worst ? fabs(is - should) : worst;
    }
    /* What is neither asleep nor on its way to or on a processor: nearly nothing. */
    const double other = in_state(pool, "native") + in_state(pool, "vm");
    print_message("  %-10s %-10s %8s %6.2f %%\n", pool_name, "other", "",
                  100 * other / umig_json_number_at(pool, "value_ns"));
    assert_true(other <= umig_json_number_at(pool, "value_ns") * POINTS / 100);
    assert_true(worst <= POINTS);
}

static void check_burners(const json_t *truth, const json_t *report)
{
    const json_t *planted = json_object_get(truth, "burner-*");
    const json_t *pool = pool_of(report, "burner-*");
    const double all = umig_json_number_at(planted, "running") +
                       umig_json_number_at(planted, "runnable") +
                       umig_json_number_at(planted, "sleeping");
    const double should = 100 * umig_json_number_at(planted, "running") / all;
    const double is = 100 * in_state(pool, "running") / umig_json_number_at(pool, "value_ns");
    print_message("  %-10s %-10s %6.2f %% %6.2f %% %+5.2f; runnable %.2f %%\n", "burner-*",
                  "running", should, is, is - should,
                  100 * in_state(pool, "runnable") / umig_json_number_at(pool, "value_ns"));
    assert_true(fabs(is - should) <= POINTS);
}

/* Each thread was there all the time: its samples add up to the session's length. */
static void check_sums(const json_t *report)
{
    const double length = umig_json_number_at(report, "session/end_unix_ns") -
                          umig_json_number_at(report, "session/start_unix_ns");
    size_t threads = 0;
    double worst = 0;
    size_t i;
    json_t *thread;
    json_array_foreach(json_object_get(report, "threads"), i, thread)
    {
        const char *name = umig_json_text_at(thread, "name");
        const bool is_planted = strncmp(name, "mixed-", 6) == 0 ||
                                strncmp(name, "keeper-", 7) == 0 ||
                                strncmp(name, "burner-", 7) == 0;
        if (is_planted && strcmp(umig_json_text_at(thread, "kind"), "wall") == 0) {
            const double off = fabs(umig_json_number_at(thread, "value") / length - 1);
            worst = off > worst ? off : worst;
            threads++;
        }
    }
    print_message("  %zu threads, their sums within %.3f %% of %.2f s\n", threads, 100 * worst,
                  length / 1e9);
    assert_int_equal(threads, 200);
    assert_true(worst <= SUM_TOLERANCE);
}

static bool has_place(const json_t *report, const char *state, const char *key, const char *value)
{
    size_t i;
    json_t *place;
    json_array_foreach(json_object_get(json_object_get(report, "wall"), "off_cpu"), i, place)
    {
        const json_t *at = strcmp(key, "monitor_class") == 0
                               ? json_object_get(place, key)
                               : json_object_get(json_object_get(place, key), "method");
        if (strcmp(umig_json_text_at(place, "state"), state) == 0 && json_is_string(at) &&
            strcmp(json_string_value(at), value) == 0) {
            return true;
        }
    }
    return false;
}

static double looks(struct umig_rig *rig)
{
    json_t *status = NULL;
    assert_int_equal(umig_rig_command(rig, &status, "status %d --json", rig->jvm.pid), 0);
    const json_t *agent = json_array_get(json_object_get(status, "agents"), 0);
    const double count =
        json_number_value(json_object_get(json_object_get(agent, "counters"), "wall.looks"));
    json_decref(status);
    return count;
}

static void measure(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "", "-cp @java Walls");
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --wall 50ms --name walls", rig->jvm.pid),
                     0);
    umig_rig_tell_jvm(rig, "begin");
    json_decref(umig_rig_read_jvm(rig));
    const double before = looks(rig);
    while (looks(rig) - before < 2 * LOOKS_WANTED) {
        poll(NULL, 0, 300); /* asking costs, too */
    }
    umig_rig_tell_jvm(rig, "end");
    json_t *truth = umig_rig_read_jvm(rig);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name walls", rig->jvm.pid), 0);
    json_decref(umig_rig_await_session(rig, "walls", umig_rig_has_ended));
    json_t *report = NULL;
    assert_int_equal(umig_rig_command(rig, &report, "report walls --format json"), 0);

    check_asleep(truth, report, "mixed-*");
    check_asleep(truth, report, "keeper-*");
    check_burners(truth, report);
    check_sums(report);
    assert_true(has_place(report, "blocked", "monitor_class", "Walls$Gate"));
    assert_true(has_place(report, "blocked", "called_from", "blockFor"));
    assert_true(has_place(report, "parked", "waits_in", "take"));
    assert_true(has_place(report, "io", "called_from", "readFor"));
    assert_true(json_is_true(json_object_get(json_object_get(report, "quality"), "complete")));

    json_decref(report);
    json_decref(truth);
    umig_rig_tell_jvm(rig, "!");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    umig_rig_stop_collector(rig);
}

static void test_shares_of_states_are_what_threads_count(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_shares_of_states_are_what_threads_count, umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.wall", tests, NULL, NULL);
}
