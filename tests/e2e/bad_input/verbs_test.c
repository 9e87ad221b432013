/*
 * The command asked for what is not there: processes, agents, sessions, folders, collectors. One
 * line on standard error names it and says what would be right; nothing on standard output.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/bad_input/outcome.h"
#include "tests/support/test.h"

enum {
    NO = 1, /* exit codes: cli/verb.h */
    FAILURE = 3,
    USAGE = 2,
};

/* A wrong use of the command is told in a line, and where to read on in a second one. */
static void expect_refusal(const struct outcome *outcome, int code, const char *text)
{
    const size_t lines = code == USAGE ? 2 : 1;
    if (outcome->code != code || outcome->out[0] != '\0' || count_lines(outcome->err) != lines ||
        strstr(outcome->err, text) == NULL) {
        fail_msg("not exit code %d and a line with \"%s\" but %d: %s%s", code, text, outcome->code,
                 outcome->out, outcome->err);
    }
}

static void refuse(struct umig_rig *rig, const char *words, int code, const char *text)
{
    static struct outcome outcome;
    run_program(rig, &outcome, UMIG_COMMAND " %s", words);
    expect_refusal(&outcome, code, text);
}

/* --- processes and agents --- */

static void ask_plain_jvm(struct umig_rig *rig, const char *words, int code)
{
    static struct outcome outcome;
    run_program(rig, &outcome,
                "rm -f %s/said; %s/bin/java -cp %s Wait >%s/said & jvm=$!; trap 'kill $jvm' EXIT; "
                "until grep -qs ready %s/said; do :; done; " UMIG_COMMAND " %s $jvm",
                rig->dir, rig->jdk.home, programs_path(), rig->dir, rig->dir, words);
    expect_refusal(&outcome, code, "-agentpath:");
}

static pid_t ended_process(void)
{
    const pid_t pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    return pid;
}

static void ask_processes(struct umig_rig *rig)
{
    char words[128];
    ask_plain_jvm(rig, "status", NO);
    ask_plain_jvm(rig, "start", FAILURE);
    ask_plain_jvm(rig, "stop", FAILURE);
    ask_plain_jvm(rig, "top", FAILURE);
    snprintf(words, sizeof words, "status %d", (int)getpid());
    refuse(rig, words, NO, "is no JVM; 'umig jvms' lists those of this host");
    snprintf(words, sizeof words, "start %d --cpu 10ms", (int)ended_process());
    refuse(rig, words, FAILURE, "there is no process");
    refuse(rig, "start no-such-service --cpu 10ms", FAILURE, "no-such-service");
}

static void test_processes_without_agent(void **state)
{
    (void)state;
    umig_rig_each_jdk(ask_processes);
}

static void ask_agent(struct umig_rig *rig)
{
    static struct outcome outcome;
    char words[256];
    static const struct {
        const char *verb;
        const char *rest;
        int code;
        const char *says;
    } cases[] = {
        {"stop", "--name nosuch", FAILURE, "no session 'nosuch' runs there; 'umig status'"},
        {"stop", "", FAILURE, "no session runs there"},
        {"start", "--cpu 10us", USAGE, "1ms"},
        {"top", "", FAILURE, "start one with 'umig collector'"},
        {"start", "--name a/b --cpu 10ms", USAGE, "a/b"},
        {"start", "--gc --duration 1ms", USAGE, "1s"},
    };
    snprintf(words, sizeof words, "-cp %s Wait", programs_path());
    umig_rig_start_jvm(rig, "service=waits", words);
    const int pid = (int)rig->jvm.pid; /* another JVM of this host may have the service's name */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(words, sizeof words, "%s %d %s", cases[i].verb, pid, cases[i].rest);
        refuse(rig, words, cases[i].code, cases[i].says);
    }
    snprintf(words, sizeof words, "start %d --gc --name twice", pid);
    run_program(rig, &outcome, UMIG_COMMAND " %s", words);
    assert_int_equal(outcome.code, 0);
    refuse(rig, words, FAILURE, "'twice' is already running");
}

static void test_sessions_that_an_agent_does_not_have(void **state)
{
    (void)state;
    umig_rig_each_jdk(ask_agent);
}

/* What start= began is left alone by stop without a name, which says how it is stopped. */
static void stop_by_name_only(struct umig_rig *rig)
{
    static struct outcome outcome;
    char words[256];
    snprintf(words, sizeof words, "-cp %s Wait", programs_path());
    umig_rig_start_jvm(rig, "service=waits,start=gc", words);
    const int pid = (int)rig->jvm.pid;
    json_t *status = NULL;
    assert_int_equal(umig_rig_command(rig, &status, "status %d --json", pid), 0);
    const json_t *agent = json_array_get(json_object_get(status, "agents"), 0);
    const json_t *session = json_array_get(json_object_get(agent, "sessions"), 0);
    char name[128];
    snprintf(name, sizeof name, "%s", umig_json_text_at(session, "id"));
    json_decref(status);

    snprintf(words, sizeof words, "stop %d", pid);
    refuse(rig, words, FAILURE, "that a command started; of start= runs: ");
    refuse(rig, words, FAILURE, name);
    snprintf(words, sizeof words, "stop %d --name %s", pid, name);
    run_program(rig, &outcome, UMIG_COMMAND " %s", words);
    assert_int_equal(outcome.code, 0);
}

static void test_session_of_the_option_is_stopped_by_name(void **state)
{
    (void)state;
    umig_rig_each_jdk(stop_by_name_only);
}

/* What is asked for and not to be had is said at once, and stands in the report. */
static void ask_for_native_frames(struct umig_rig *rig)
{
    static struct outcome outcome;
    char words[256];
    json_t *report = NULL;
    umig_rig_start_collector(rig);
    snprintf(words, sizeof words, "-cp %s Wait", programs_path());
    umig_rig_start_jvm(rig, "service=small,memory=8m,walker=agct", words);
    const int pid = (int)rig->jvm.pid;

    run_program(rig, &outcome, UMIG_COMMAND " start %d --cpu --native on --name deep", pid);
    assert_int_equal(outcome.code, 0);
    assert_non_null(strstr(outcome.out, ": cpu every 10ms with native frames.\n"));
    assert_non_null(strstr(outcome.err, " does not get all of it: native frames ("));
    assert_non_null(strstr(outcome.err, "; raise memory=)\n"));
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d", pid), 0);

    assert_int_equal(umig_rig_command(rig, &report, "report deep --json"), 0);
    assert_string_equal(umig_json_text_at(report, "session/walker"), "agct");
    assert_string_equal(umig_json_text_at(report, "session/native"), "on");
    assert_non_null(strstr(umig_json_text_at(report, "session/problem"), "native frames ("));
    assert_non_null(
        strstr(umig_json_text_at(report, "quality/sentence"), " Not to be had: native frames ("));
    json_decref(report);
    umig_rig_stop_collector(rig);
}

static void test_native_frames_that_are_not_to_be_had(void **state)
{
    (void)state;
    umig_rig_each_jdk(ask_for_native_frames);
}

/* --- stored sessions and folders --- */

static void damage(const struct umig_rig *rig)
{
    char path[96];
    snprintf(path, sizeof path, "%s/data/umig.db", rig->dir);
    FILE *file = fopen(path, "r+e");
    assert_non_null(file);
    for (int i = 0; i < 4096; i++) {
        assert_int_equal(fputc('x', file), 'x');
    }
    fclose(file);
}

static void ask_folders(struct umig_rig *rig)
{
    static struct outcome outcome;
    char words[256];
    refuse(rig, "sessions", FAILURE, "umig collector");
    refuse(rig, "report --data /no/such/folder", FAILURE, "/no/such/folder");
    refuse(rig, "collector --data /proc/umig", FAILURE, "/proc/umig");

    umig_rig_start_collector(rig);
    refuse(rig, "report", FAILURE, "there are no sessions");
    run_brief(rig, &outcome, "service=stored,start=cpu:1ms", "-Dms=100");
    refuse(rig, "report nosuch", FAILURE, "no session 'nosuch'; 'umig sessions' ");
    snprintf(words, sizeof words, "collector --data %s/data --listen unix:%s/other.sock", rig->dir,
             rig->dir);
    refuse(rig, words, FAILURE, "another collector (pid ");
    snprintf(words, sizeof words, "collector --data %s/other", rig->dir);
    refuse(rig, words, FAILURE, "collector.sock");
    umig_rig_stop_collector(rig);

    damage(rig);
    snprintf(words, sizeof words, "sessions --data %s/data", rig->dir);
    refuse(rig, words, FAILURE, "umig.db");
    snprintf(words, sizeof words, "collector --data %s/data", rig->dir);
    refuse(rig, words, FAILURE, "umig.db");
}

static void test_folders_and_collectors_that_are_not_usable(void **state)
{
    (void)state;
    umig_rig_each_jdk(ask_folders);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_processes_without_agent, umig_rig_teardown),
        cmocka_unit_test_teardown(test_sessions_that_an_agent_does_not_have, umig_rig_teardown),
        cmocka_unit_test_teardown(test_session_of_the_option_is_stopped_by_name, umig_rig_teardown),
        cmocka_unit_test_teardown(test_native_frames_that_are_not_to_be_had, umig_rig_teardown),
        cmocka_unit_test_teardown(test_folders_and_collectors_that_are_not_usable,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.bad_input.verbs", tests, compile_programs,
                                       remove_programs);
}
