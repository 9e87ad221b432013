/*
 * Sessions that wait: for a condition, with what came before it, or for the clock; and two dozen at
 * once. Nothing of an armed session is with the collector before it fires, also when the collector
 * is killed meanwhile; what it has then is whole.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/jvm.h"
#include "tests/support/test.h"

enum {
    SESSIONS = 24,
    LOOK_MS = 50,
    KEPT_ROWS = 40, /* that an armed session has before anything else happens */
};

static void tell(struct umig_rig *rig, const char *line)
{
    umig_rig_tell_jvm(rig, line);
    json_decref(umig_rig_read_jvm(rig));
}

/* The agent's entry in "umig status --json". Caller decrefs. */
static json_t *agent_of(struct umig_rig *rig)
{
    json_t *list = NULL;
    assert_int_equal(umig_rig_command(rig, &list, "status %d --json", (int)rig->jvm.pid), 0);
    json_t *agent = json_incref(json_array_get(json_object_get(list, "agents"), 0));
    assert_non_null(agent);
    json_decref(list);
    return agent;
}

/* An item of a list of the status by its id; NULL: there is none. Borrowed. */
static const json_t *item_of(const json_t *agent, const char *list, const char *id)
{
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(agent, list), i, item)
    {
        if (strcmp(umig_json_text_at(item, "id"), id) == 0) {
            return item;
        }
    }
    return NULL;
}

static void await_rows(struct umig_rig *rig, const char *id, double rows)
{
    for (double kept = 0; kept < rows;) {
        json_t *agent = agent_of(rig);
        const json_t *session = item_of(agent, "sessions", id);
        assert_non_null(session);
        assert_string_equal(umig_json_text_at(session, "state"), "armed");
        kept = umig_json_number_at(session, "kept_rows");
        json_decref(agent);
        poll(NULL, 0, kept < rows ? LOOK_MS : 0);
    }
}

static void kill_collector(struct umig_rig *rig)
{
    int status = 0;
    assert_int_equal(kill(rig->collector.pid, SIGKILL), 0);
    assert_int_equal(waitpid(rig->collector.pid, &status, 0), rig->collector.pid);
    close(rig->collector.in);
    close(rig->collector.out);
    rig->collector.pid = 0;
}

static bool has_session(struct umig_rig *rig, const char *id)
{
    json_t *session = umig_rig_session(rig, id);
    json_decref(session);
    return session != NULL;
}

static json_t *report_of(struct umig_rig *rig, const char *id)
{
    json_t *report = NULL;
    assert_int_equal(umig_rig_command(rig, &report, "report %s --format json", id), 0);
    return report;
}

/* All that was produced is stored, or is in the books by cause; of that there is only what stopping
 * leaves over. */
static void check_books(const json_t *report)
{
    size_t i;
    json_t *kind;
    json_array_foreach(json_object_get(json_object_get(report, "quality"), "kinds"), i, kind)
    {
        size_t at;
        json_t *drop;
        assert_true(umig_json_number_at(kind, "missing") == 0);
        assert_true(umig_json_number_at(kind, "surplus") == 0);
        json_array_foreach(json_object_get(kind, "dropped"), at, drop)
        {
            const char *cause = umig_json_text_at(drop, "cause");
            assert_true(strcmp(cause, "stopping") == 0 || strcmp(cause, "remainder") == 0);
        }
    }
    assert_int_not_equal(i, 0);
}

/* Samples in whose stacks the method is. */
static double samples_in(const json_t *report, const char *method)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(json_object_get(report, "cpu"), "methods"), i, item)
    {
        const char *name = json_string_value(json_object_get(item, "method"));
        if (name != NULL && strcmp(name, method) == 0) {
            return umig_json_number_at(item, "total_samples");
        }
    }
    return 0;
}

/* With what came before: the method that ran only then is in it. */
static void check_full(struct umig_rig *rig)
{
    json_t *report = report_of(rig, "full");
    const double fired = umig_json_number_at(report, "session/fired_unix_ns");
    const double early = samples_in(report, "early");
    const double late = samples_in(report, "late");
    print_message("  %s; %.1f s before, %.0f early samples, %.0f late\n",
                  umig_json_text_at(report, "session/because"),
                  (fired - umig_json_number_at(report, "session/start_unix_ns")) / 1e9, early,
                  late);
    assert_string_equal(umig_json_text_at(report, "session/when"), "heap>60%");
    assert_string_equal(umig_json_text_at(report, "session/end"), "duration");
    assert_true(strncmp(umig_json_text_at(report, "session/because"), "heap was ", 9) == 0);
    assert_true(early > 0);
    assert_true(late > 0);
    assert_true(fired > umig_json_number_at(report, "session/start_unix_ns"));
    check_books(report);
    json_decref(report);
    char *text = umig_rig_text(rig, "report full");
    assert_non_null(strstr(text, "fired because heap was "));
    free(text);
}

/* With nothing before. */
static void check_busy(struct umig_rig *rig)
{
    json_t *report = report_of(rig, "busy");
    assert_true(strncmp(umig_json_text_at(report, "session/because"), "cpu was ", 8) == 0);
    assert_true(umig_json_number_at(report, "session/fired_unix_ns") <=
                umig_json_number_at(report, "session/start_unix_ns"));
    check_books(report);
    json_decref(report);
}

static void start_all(struct umig_rig *rig)
{
    static const char *const words[] = {
        "--cpu 2ms --gc --heap 100ms --before 5m --when heap>60% --duration 2s --name full",
        "--cpu 2ms --locks --alloc --wall --gc --when threads>100000 --name never",
        "--cpu 2ms --when cpu>5% --before 0s --duration 1s --name busy",
        "--cpu --every 1h --times 3 --duration 1s --name hourly",
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        assert_int_equal(umig_rig_command(rig, NULL, "start %d %s", (int)rig->jvm.pid, words[i]),
                         0);
    }
}

static void stop_without_having_fired(struct umig_rig *rig)
{
    json_t *stopped = NULL;
    assert_int_equal(
        umig_rig_command(rig, &stopped, "stop %d --name never --json", (int)rig->jvm.pid), 0);
    const json_t *unfired = json_object_get(json_array_get(stopped, 0), "unfired");
    assert_string_equal(json_string_value(json_array_get(unfired, 0)), "never");
    json_decref(stopped);
}

static void stop_the_plan(struct umig_rig *rig)
{
    json_t *agent = agent_of(rig);
    const json_t *plan = item_of(agent, "plans", "hourly");
    assert_non_null(plan);
    assert_true(umig_json_number_at(plan, "started") == 1);
    assert_true(umig_json_number_at(plan, "times") == 3);
    assert_in_range((uint64_t)(umig_json_number_at(plan, "next_in_ns") / 1e9), 3000, 3600);
    json_decref(agent);
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --cpu --name hourly", (int)rig->jvm.pid),
                     3);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name hourly", (int)rig->jvm.pid), 0);
}

/* Nothing is left, and what the engine counted adds up. */
static void check_idle(struct umig_rig *rig)
{
    json_t *agent = agent_of(rig);
    assert_int_equal(json_array_size(json_object_get(agent, "sessions")), 0);
    assert_int_equal(json_array_size(json_object_get(agent, "plans")), 0);
    assert_true(umig_json_number_at(agent, "counters/engine.produced_ns") ==
                umig_json_number_at(agent, "counters/engine.recorded_ns") +
                    umig_json_number_at(agent, "counters/engine.dropped_ns"));
    json_decref(agent);
}

/* The JVM is asked for nothing by a command that is wrong, and goes on. */
static void refuse_what_never_parses(struct umig_rig *rig)
{
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --when heep>90%%", (int)rig->jvm.pid),
                     2);
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --when latency>1s", (int)rig->jvm.pid),
                     2);
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --every 1h", (int)rig->jvm.pid), 2);
    json_t *agent = agent_of(rig);
    assert_int_equal(json_array_size(json_object_get(agent, "sessions")), 0);
    json_decref(agent);
}

static void wait_for_conditions(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "", "-Xmx128m -Xms128m -Xmn16m -XX:+UseSerialGC -cp @java Triggered");
    refuse_what_never_parses(rig);
    start_all(rig);
    tell(rig, "early 400");
    await_rows(rig, "full", KEPT_ROWS);
    await_rows(rig, "never", 1);
    kill_collector(rig);
    tell(rig, "early 50");
    umig_rig_start_collector(rig);
    assert_null(umig_rig_session(rig, "full"));
    stop_without_having_fired(rig);
    tell(rig, "fill 70");
    tell(rig, "late 700");
    while (!has_session(rig, "busy")) {
        tell(rig, "late 200");
    }
    static const char *const fired[] = {"full", "busy", "hourly"};
    for (size_t i = 0; i < sizeof fired / sizeof fired[0]; i++) {
        json_decref(umig_rig_await_session(rig, fired[i], umig_rig_has_ended));
    }
    check_full(rig);
    check_busy(rig);
    assert_false(has_session(rig, "never"));
    stop_the_plan(rig);
    check_idle(rig);
    umig_rig_tell_jvm(rig, "end");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    umig_rig_stop_collector(rig);
}

static void test_armed_sessions_fire_with_what_came_before(void **state)
{
    (void)state;
    umig_rig_each_jdk(wait_for_conditions);
}

/* Each with its own interval, all with the usual kinds; a third of them armed. */
static void start_many(struct umig_rig *rig)
{
    for (int i = 0; i < SESSIONS; i++) {
        const char *when = i % 3 == 0 ? " --when threads>1 --duration 1h" : "";
        assert_int_equal(umig_rig_command(rig, NULL,
                                          "start %d --cpu %dms --gc --heap 1s --locks%s --name s%d",
                                          (int)rig->jvm.pid, 2 + i % 9, when, i),
                         0);
    }
}

/* How many stored sessions satisfy a condition. */
static size_t count_sessions(struct umig_rig *rig, bool (*is_reached)(const json_t *session))
{
    json_t *list = NULL;
    size_t count = 0;
    size_t i;
    json_t *session;
    assert_int_equal(umig_rig_command(rig, &list, "sessions --json"), 0);
    json_array_foreach(json_object_get(list, "sessions"), i, session)
    {
        count += is_reached(session);
    }
    json_decref(list);
    return count;
}

static void check_many(struct umig_rig *rig)
{
    for (int i = 0; i < SESSIONS; i++) {
        char id[16];
        snprintf(id, sizeof id, "s%d", i);
        json_t *report = report_of(rig, id);
        check_books(report);
        json_decref(report);
    }
}

static void run_many(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "", "-Xmx64m -cp @java Triggered");
    start_many(rig);
    while (count_sessions(rig, umig_rig_has_samples) < SESSIONS) {
        tell(rig, "late 100");
    }
    json_t *agent = agent_of(rig);
    print_message("  %d sessions: %.1f MiB of %.0f reserved\n", SESSIONS,
                  umig_json_number_at(agent, "own_cost/memory_bytes") / (1 << 20),
                  umig_json_number_at(agent, "own_cost/memory_limit_bytes") / (1 << 20));
    assert_int_equal(json_array_size(json_object_get(agent, "sessions")), SESSIONS);
    json_decref(agent);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d", (int)rig->jvm.pid), 0);
    while (count_sessions(rig, umig_rig_has_ended) < SESSIONS) {
        poll(NULL, 0, LOOK_MS);
    }
    check_many(rig);
    umig_rig_tell_jvm(rig, "end");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    umig_rig_stop_collector(rig);
}

static void test_two_dozen_sessions_at_once_are_each_whole(void **state)
{
    (void)state;
    umig_rig_each_jdk(run_many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_armed_sessions_fire_with_what_came_before,
                                  umig_rig_teardown),
        cmocka_unit_test_teardown(test_two_dozen_sessions_at_once_are_each_whole,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.triggers", tests, NULL, NULL);
}
