/* Every way a JVM ends: the session's end says which, and what was sampled is kept. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/jvm.h"
#include "tests/support/test.h"

#define STOPPING_MAX 0.02 /* of what was produced in about a second */

static const struct {
    const char *name;
    const char *words; /* of the JVM */
    int signal;        /* sent in place of a line; 0: none */
    int code;          /* the JVM's exit code */
    const char *end;
} g_exits[] = {
    {"SIGKILL", "-cp @java Exits wait", SIGKILL, 128 + SIGKILL, "lost"},
    {"ExitOnOutOfMemory", "-Xmx24m -XX:+ExitOnOutOfMemoryError -cp @java Exits oom", 0, 3, "lost"},
    {"CrashOnOutOfMemory",
     "-Xmx24m -XX:+CrashOnOutOfMemoryError -XX:-CreateCoredumpOnCrash -XX:ErrorFile=/dev/null "
     "-cp @java Exits oom",
     0, 1, "lost"},
    {"return", "-cp @java Exits return", 0, 0, "vm-exit"},
    {"System.exit", "-cp @java Exits exit", 0, 3, "vm-exit"},
    {"halt", "-cp @java Exits halt", 0, 4, "vm-exit"},
    {"SIGTERM", "-cp @java Exits wait", SIGTERM, 128 + SIGTERM, "vm-exit"},
};

static void put_id(char id[32], size_t which)
{
    snprintf(id, 32, "exit-%zu", which);
}

static void end_one(struct umig_rig *rig, size_t which)
{
    char id[32];
    put_id(id, which);
    umig_rig_start_jvm(rig, "", g_exits[which].words);
    assert_int_equal(
        umig_rig_command(rig, NULL, "start %d --cpu 4ms --gc --name %s", rig->jvm.pid, id), 0);
    /* It dies only when the collector has something that could be lost. */
    json_decref(umig_rig_await_session(rig, id, umig_rig_has_samples));
    if (g_exits[which].signal != 0) {
        assert_int_equal(kill(rig->jvm.pid, g_exits[which].signal), 0);
    } else {
        umig_rig_tell_jvm(rig, "go");
    }
    assert_int_equal(umig_rig_wait_jvm(rig), g_exits[which].code);
}

/* JDK 17 ends by exit(), where the agent is still asked; later ones by _exit(). */
static const char *end_of(const struct umig_rig *rig, size_t which)
{
    const bool is_told =
        strcmp(g_exits[which].name, "ExitOnOutOfMemory") == 0 && rig->jdk.feature == 17;
    return is_told ? "vm-exit" : g_exits[which].end;
}

/* All of a kind is there, but for ticks that came while the JVM ended: they wait for nobody. */
static void check_books(const json_t *kind)
{
    double stopping = 0;
    size_t i;
    json_t *drop;
    json_array_foreach(json_object_get(kind, "dropped"), i, drop)
    {
        assert_string_equal(umig_json_text_at(drop, "cause"), "stopping");
        stopping += umig_json_number_at(drop, "count");
    }
    assert_true(umig_json_number_at(kind, "missing") == 0);
    assert_true(umig_json_number_at(kind, "surplus") == 0);
    assert_true(stopping <= STOPPING_MAX * umig_json_number_at(kind, "produced"));
}

static void check_all_is_there(const json_t *report)
{
    size_t i;
    json_t *kind;
    json_array_foreach(json_object_get(json_object_get(report, "quality"), "kinds"), i, kind)
    {
        check_books(kind);
    }
    assert_int_not_equal(i, 0);
}

/* The collections before the JVM gave up are there, and nothing is said of what is not. */
static void check_report(struct umig_rig *rig, const char *id, bool is_lost, bool has_pauses)
{
    json_t *report = NULL;
    assert_int_equal(umig_rig_command(rig, &report, "report %s --format json", id), 0);
    const char *sentence = umig_json_text_at(report, "quality/sentence");
    const double pauses = umig_json_number_at(report, "gc/pauses");
    print_message("    %2.0f pauses; %s\n", pauses, sentence);
    assert_int_equal(strstr(sentence, "the end is missing") != NULL, is_lost);
    if (!is_lost) {
        check_all_is_there(report);
    }
    assert_true(pauses > 0 || !has_pauses);
    json_decref(report);
}

static void check_one(struct umig_rig *rig, size_t which)
{
    char id[32];
    put_id(id, which);
    json_t *session = umig_rig_await_session(rig, id, umig_rig_has_ended);
    const double samples = umig_json_number_at(session, "cpu_samples");
    const char *end = umig_json_text_at(session, "end");
    print_message("  %-18s exit code %3d, end %-8s %4.0f samples\n", g_exits[which].name,
                  g_exits[which].code, end, samples);
    assert_string_equal(end, end_of(rig, which));
    assert_true(samples > 0);
    check_report(rig, id, strcmp(end, "lost") == 0,
                 strstr(g_exits[which].name, "OutOfMemory") != NULL);
    json_decref(session);
}

static void end_all(struct umig_rig *rig)
{
    const size_t count = sizeof g_exits / sizeof g_exits[0];
    umig_rig_start_collector(rig);
    for (size_t i = 0; i < count; i++) {
        end_one(rig, i);
    }
    /* Only now: the collector takes its time to give a JVM up for lost. */
    for (size_t i = 0; i < count; i++) {
        check_one(rig, i);
    }
    umig_rig_stop_collector(rig);
}

static void test_exit_of_every_kind_ends_the_session_and_keeps_its_data(void **state)
{
    (void)state;
    umig_rig_each_jdk(end_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_exit_of_every_kind_ends_the_session_and_keeps_its_data,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.exit", tests, NULL, NULL);
}
