/*
 * The budget with a real agent: a session of all kinds at fine rates under a budget of a
 * thousandth. All of them get memory within the default bound, the agent slows them, the books are
 * closed all the same, and the report says what it cost, over time and by kind, and what was
 * slowed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/jvm.h"
#include "tests/support/test.h"

enum {
    FRAMES = 10,
    KINDS = 8,
};

#define KIND_OPTIONS                                                                         \
 "--cpu 1ms --gc --heap 100ms --locks 10us --alloc 16k --live 16k --wall 5ms --pools 100ms " \
 "--native on"

static char g_classes[] = "/tmp/umig-budget-XXXXXX";

static void compile(const struct umig_rig *rig)
{
    char command[1024];
    snprintf(command, sizeof command,
             "test -e %s/Load.class || %s/bin/javac -d %s " UMIG_SOURCE_DIR
             "/tests/e2e/conservation/Load.java",
             g_classes, rig->jdk.home, g_classes);
    assert_int_equal(system(command), 0); /* the oldest JDK comes first: all can run it */
}

static json_t *status_of(struct umig_rig *rig)
{
    json_t *list = NULL;
    assert_int_equal(umig_rig_command(rig, &list, "status %d --json", (int)rig->jvm.pid), 0);
    json_t *status = json_incref(json_array_get(json_object_get(list, "agents"), 0));
    assert_non_null(status);
    json_decref(list);
    return status;
}

/* What the session lacks; "" for nothing. */
static void read_problem(struct umig_rig *rig, char out[512])
{
    json_t *status = status_of(rig);
    const json_t *session = json_array_get(json_object_get(status, "sessions"), 0);
    const char *problem = json_string_value(json_object_get(session, "problem"));
    snprintf(out, 512, "%s", problem != NULL ? problem : "");
    json_decref(status);
}

static void await_slowing(struct umig_rig *rig)
{
    double slowings = 0;
    while (slowings == 0) {
        json_t *status = status_of(rig);
        slowings = umig_json_number_at(json_object_get(status, "counters"), "budget.slowings");
        json_decref(status);
    }
}

static void check_books(const json_t *report)
{
    const json_t *kinds = json_object_get(json_object_get(report, "quality"), "kinds");
    size_t i;
    const json_t *kind;
    assert_int_equal(json_array_size(kinds), KINDS);
    json_array_foreach(kinds, i, kind)
    {
        size_t k;
        const json_t *cause;
        json_int_t dropped = 0;
        json_array_foreach(json_object_get(kind, "dropped"), k, cause)
        {
            dropped += json_integer_value(json_object_get(cause, "count"));
        }
        const json_int_t produced = json_integer_value(json_object_get(kind, "produced"));
        const json_int_t stored = json_integer_value(json_object_get(kind, "stored"));
        print_message("  %-6s produced %lld = stored %lld + dropped %lld\n",
                      umig_json_text_at(kind, "kind"), (long long)produced, (long long)stored,
                      (long long)dropped);
        assert_true(produced == stored + dropped);
    }
}

/* The highest divisor of the kinds; their CPU is that of the steps, and all of the agent's. */
static void check_cost(const json_t *report)
{
    const json_t *cost = json_object_get(report, "cost");
    double by_kind = 0;
    double by_step = 0;
    double divisor = 0;
    size_t i;
    const json_t *row;
    json_array_foreach(json_object_get(cost, "kinds"), i, row)
    {
        const char *kind = json_string_value(json_object_get(row, "kind"));
        print_message("  %-9s %8.1f ms, 1/%.0f\n", kind != NULL ? kind : "all kinds",
                      umig_json_number_at(row, "cpu_ns") / 1e6,
                      umig_json_number_or_0(row, "divisor"));
        by_kind += umig_json_number_at(row, "cpu_ns");
        if (umig_json_number_or_0(row, "divisor") > divisor) {
            divisor = umig_json_number_at(row, "divisor");
        }
    }
    json_array_foreach(json_object_get(cost, "over_time"), i, row)
    {
        by_step += umig_json_number_at(row, "cpu_ns");
    }
    print_message("  agent %.1f ms, by kind %.1f ms; %.2f %% at most, %.2f %% in all\n",
                  umig_json_number_at(cost, "agent_cpu_ns") / 1e6, by_kind / 1e6,
                  100 * umig_json_number_at(cost, "highest_share"),
                  100 * umig_json_number_at(cost, "share"));
    assert_true(umig_json_number_at(cost, "budget/cpu_share") == 0.001);
    assert_true(i >= 2);
    assert_true(divisor > 1);
    assert_true(by_kind > 0 && by_kind == by_step);
    assert_true(by_kind >= umig_json_number_at(cost, "agent_cpu_ns") * 0.9);
    assert_true(umig_json_number_at(cost, "highest_memory_bytes") <=
                umig_json_number_at(cost, "budget/memory_bytes"));
}

/* In millionths. */
static double budget_of(struct umig_rig *rig)
{
    json_t *status = status_of(rig);
    const double ppm = umig_json_number_at(json_object_get(status, "counters"), "budget.ppm");
    json_decref(status);
    return ppm;
}

/* One agent keeps one budget: another one is refused, the same is not. */
static void check_other_budgets(struct umig_rig *rig)
{
    const int pid = (int)rig->jvm.pid;
    assert_true(budget_of(rig) == 1000);
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --gc --budget 2%% --name other", pid),
                     3);
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --gc --budget off --name other", pid),
                     3);
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --gc --budget 0.1%% --name same", pid),
                     0);
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --gc --name silent", pid), 0);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name silent", pid), 0);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name same", pid), 0);
    assert_true(budget_of(rig) == 1000);
}

static void run(struct umig_rig *rig)
{
    char words[256];
    char problem[512];
    compile(rig);
    umig_rig_start_collector(rig);
    snprintf(words, sizeof words, "-Xmx64m -cp %s Load %d", g_classes, FRAMES);
    umig_rig_start_jvm(rig, "service=load,budget=50%", words);
    assert_int_equal(umig_rig_command(rig, NULL,
                                      "start %d " KIND_OPTIONS " --budget 0.1%% --name all",
                                      (int)rig->jvm.pid),
                     0);
    check_other_budgets(rig);
    json_decref(umig_rig_await_session(rig, "all", umig_rig_has_samples));
    read_problem(rig, problem);
    print_message("  at first: %s\n", problem);
    assert_null(strstr(problem, "memory="));
    await_slowing(rig);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name all", (int)rig->jvm.pid), 0);
    assert_true(budget_of(rig) == 500000); /* what it was loaded with is back */
    umig_rig_tell_jvm(rig, "end");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    json_t *report = NULL;
    assert_int_equal(umig_rig_command(rig, &report, "report all --format json"), 0);
    check_books(report);
    check_cost(report);
    print_message("  in the end: %s\n", umig_json_text_at(report, "session/problem"));
    assert_non_null(strstr(umig_json_text_at(report, "session/problem"),
                           "budget: to stay within 0.1 % of CPU taken more rarely at times: "));
    json_decref(report);
    char *text = umig_rig_text(rig, "report all");
    assert_non_null(strstr(text, "Cost of profiling"));
    assert_non_null(strstr(text, "Over time: "));
    free(text);
    umig_rig_stop_collector(rig);
}

static void test_all_kinds_within_a_small_budget_close_their_books(void **state)
{
    (void)state;
    umig_rig_each_jdk(run);
}

static int make_classes(void **state)
{
    (void)state;
    return mkdtemp(g_classes) == NULL;
}

static int remove_classes(void **state)
{
    char command[sizeof g_classes + 16];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", g_classes);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_all_kinds_within_a_small_budget_close_their_books,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.budget", tests, make_classes, remove_classes);
}
