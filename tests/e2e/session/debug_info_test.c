/*
 * When compilers are asked for debug information between safepoints: from the load on, or, with
 * debuginfo=session, from the first session of stacks on, and then reports say what stays less
 * exact. The JVM itself is asked whether the flag is on.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/jvm.h"
#include "tests/support/test.h"

#define FLAG "DebugNonSafepoints"

static void start_jvm(struct umig_rig *rig, const char *agent)
{
    umig_rig_start_jvm(rig, agent,
                       "-XX:+UnlockDiagnosticVMOptions -cp @groovy4 Planted 1000 7 GroovyBlocks");
}

/* Of this JDK, or, where only its runtime is here, of any: they understand each other. */
static void find_jcmd(const struct umig_rig *rig, char *out, size_t room)
{
    snprintf(out, room, "%s/bin/jcmd", rig->jdk.home);
    if (access(out, X_OK) != 0) {
        snprintf(out, room, "jcmd");
    }
}

/* As jcmd prints it: "bool DebugNonSafepoints = true {diagnostic} {default}". */
static bool is_flag_on(const struct umig_rig *rig)
{
    char jcmd[300];
    char command[340];
    char line[512];
    const char *value = NULL;
    find_jcmd(rig, jcmd, sizeof jcmd);
    snprintf(command, sizeof command, "%s %d VM.flags -all", jcmd, (int)rig->jvm.pid);
    FILE *flags = popen(command, "re");
    assert_non_null(flags);
    bool is_on = false;
    while (fgets(line, sizeof line, flags) != NULL) {
        if (strstr(line, FLAG) != NULL) {
            value = strchr(line, '=');
            assert_non_null(value);
            is_on = strstr(value, "true") != NULL;
        }
    }
    assert_int_equal(pclose(flags), 0);
    assert_non_null(value);
    return is_on;
}

static void run_session(struct umig_rig *rig, const char *name, const char *kind)
{
    assert_int_equal(
        umig_rig_command(rig, NULL, "start %d %s --name %s", (int)rig->jvm.pid, kind, name), 0);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name %s", (int)rig->jvm.pid, name), 0);
    json_decref(umig_rig_await_session(rig, name, umig_rig_has_ended));
}

static bool is_lateness_told(struct umig_rig *rig, const char *name)
{
    json_t *report = NULL;
    assert_int_equal(umig_rig_command(rig, &report, "report %s --format json", name), 0);
    const json_t *problem = json_object_get(json_object_get(report, "session"), "problem");
    const bool is_told =
        json_is_string(problem) &&
        strstr(json_string_value(problem), "exact inlining in code compiled in the JVM's first ");
    json_decref(report);
    return is_told;
}

static void end(struct umig_rig *rig)
{
    umig_rig_tell_jvm(rig, "end");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    umig_rig_stop_collector(rig);
}

static void from_the_load_on(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    start_jvm(rig, "");
    assert_true(is_flag_on(rig));
    run_session(rig, "first", "--cpu 10ms");
    assert_false(is_lateness_told(rig, "first"));
    end(rig);
}

static void from_the_first_session_of_stacks_on(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    start_jvm(rig, "debuginfo=session");
    assert_false(is_flag_on(rig));
    run_session(rig, "heap", "--heap 1s");
    assert_false(is_flag_on(rig));
    run_session(rig, "first", "--cpu 10ms");
    assert_true(is_flag_on(rig));
    run_session(rig, "second", "--cpu 10ms");
    assert_false(is_lateness_told(rig, "heap"));
    assert_true(is_lateness_told(rig, "first"));
    assert_true(is_lateness_told(rig, "second"));
    end(rig);
}

static void from_the_load_on_for_a_session_of_the_load(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    start_jvm(rig, "debuginfo=session,start=cpu:10ms");
    assert_true(is_flag_on(rig));
    end(rig);
}

static void test_compilers_are_asked_when_the_agent_is_loaded(void **state)
{
    (void)state;
    umig_rig_each_jdk(from_the_load_on);
}

static void test_compilers_can_be_asked_by_the_first_session(void **state)
{
    (void)state;
    umig_rig_each_jdk(from_the_first_session_of_stacks_on);
}

static void test_a_session_that_comes_with_the_load_finds_them_asked(void **state)
{
    (void)state;
    umig_rig_each_jdk(from_the_load_on_for_a_session_of_the_load);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_compilers_are_asked_when_the_agent_is_loaded,
                                  umig_rig_teardown),
        cmocka_unit_test_teardown(test_compilers_can_be_asked_by_the_first_session,
                                  umig_rig_teardown),
        cmocka_unit_test_teardown(test_a_session_that_comes_with_the_load_finds_them_asked,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.debug_info", tests, NULL, NULL);
}
