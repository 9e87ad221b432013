/* umig top and a real JVM: once as text, and on a terminal with keys, signals and its loss. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/jvm.h"
#include "tests/support/test.h"
#include "tests/support/vt100.h"

static struct vt100 g_terminal;

static void start_world(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "service=watched", "-Xmx64m -cp @java Watched");
}

/* Sessions that run in the agent, by whatever name. */
static size_t running_sessions(struct umig_rig *rig)
{
    json_t *status = NULL;
    assert_int_equal(umig_rig_command(rig, &status, "status %d --json", rig->jvm.pid), 0);
    const json_t *agent = json_array_get(json_object_get(status, "agents"), 0);
    assert_non_null(json_object_get(agent, "sessions"));
    const size_t count = json_array_size(json_object_get(agent, "sessions"));
    json_decref(status);
    return count;
}

static void start_top(struct umig_rig *rig, unsigned width, unsigned height, const char *locale)
{
    char pid[16];
    char *argv[] = {(char[]){UMIG_COMMAND}, (char[]){"top"},   pid,
                    (char[]){"--interval"}, (char[]){"500ms"}, NULL};
    const char *environment[] = {"UMIG_RUNTIME_DIR", rig->dir, "LC_ALL", locale, NULL};
    snprintf(pid, sizeof pid, "%d", (int)rig->jvm.pid);
    vt100_start(&g_terminal, width, height, argv, environment);
}

static void assert_has(const char *text, const char *wanted)
{
    if (strstr(text, wanted) == NULL) {
        fail_msg("'%s' is not in:\n%s", wanted, text);
    }
}

/* A busy machine may give the spinner no CPU within the interval: then it is looked at again. */
static char *text_with(struct umig_rig *rig, const char *wanted)
{
    for (;;) {
        char *text = umig_rig_text(rig, "top watched --once --rows 50 --interval 1s");
        if (strstr(text, wanted) != NULL) {
            return text;
        }
        free(text);
    }
}

static void look_once(struct umig_rig *rig)
{
    start_world(rig);
    char *text = text_with(rig, "Watched.burn");
    static const char *const wanted[] = {
        "watched  pid ", "CPU ",      "RSS ",      "\nthreads\n", "\nmethods\n",   "\npools\n",
        "\nheap\n",      "\nlocks\n", "spinner-1", "holder-2",    "Watched$Vault", "byte[]"};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_has(text, wanted[i]);
    }
    assert_null(strchr(text, '\x1b'));
    assert_int_equal(running_sessions(rig), 0);
    free(text);

    /* The session that is stored can be looked at again, by any word that means it. */
    text = umig_rig_text(rig, "top --session latest --panel heap");
    assert_has(text, "\nheap\n");
    assert_null(strstr(text, "\nmethods\n"));
    free(text);
    assert_int_equal(umig_rig_command(rig, NULL, "top --session latest --once --panel nonsense"),
                     2);
    assert_int_equal(running_sessions(rig), 0);
}

static void test_once_is_text_and_leaves_no_session(void **state)
{
    (void)state;
    umig_rig_each_jdk(look_once);
}

/* --- on a terminal --- */

static void look_around(struct vt100 *t)
{
    vt100_await(t, "spinner-1");
    vt100_await_line(t, 23, "q quit");
    vt100_type(t, "/holder\r"); /* the rows of all threads are more than have room */
    vt100_await(t, "holder-2");
    vt100_type(t, "\x1b");
    vt100_await(t, "spinner-1");
    vt100_type(t, "2");
    vt100_await(t, "METHOD");
    vt100_await(t, "Watched.burn");
    vt100_type(t, "s");
    vt100_type(t, "/bUrn\r");
    vt100_await(t, "Filter: bUrn");
    vt100_await_gone(t, "Watched.spin"); /* in the total of which is all of burn() */
    assert_true(vt100_find(t, "Watched.burn") > 0);
    vt100_type(t, "\x1b");
    vt100_await_gone(t, "Filter:");
    vt100_type(t, "f");
    vt100_await(t, "FROZEN");
    vt100_type(t, "f");
    vt100_await_gone(t, "FROZEN");
    vt100_type(t, "?");
    vt100_await(t, "another panel");
    vt100_type(t, "?");
    vt100_await_gone(t, "another panel");
    vt100_type(t, "7");
    vt100_await(t, "Watched$Vault");
    vt100_type(t, "\r");
    vt100_await(t, "HELD BY    holder-");
    vt100_type(t, "\r");
}

static void change_size(struct vt100 *t)
{
    vt100_resize(t, 120, 40);
    vt100_await_line(t, 39, "q quit");
    vt100_resize(t, 10, 2);
    vt100_await_line(t, 1, "q quit");
    vt100_resize(t, 1, 1);
    vt100_resize(t, 80, 24);
    vt100_await_line(t, 23, "q quit");
}

/* The agent may be asked before it has heard of the hang-up: it is asked until it has. */
static void await_no_session(struct umig_rig *rig)
{
    while (running_sessions(rig) > 0) {
    }
}

static void leave_by_signal(struct umig_rig *rig, int signo)
{
    start_top(rig, 80, 24, "C");
    vt100_await(&g_terminal, "spinner-1");
    assert_int_equal(running_sessions(rig), 1);
    assert_int_equal(kill(g_terminal.pid, signo), 0);
    assert_int_equal(vt100_wait(&g_terminal), 128 + signo);
}

static void look_live(struct umig_rig *rig)
{
    static bool has_looked;
    struct vt100 *t = &g_terminal;
    if (has_looked) {
        return; /* a terminal is the same whatever the JDK */
    }
    has_looked = true;
    start_world(rig);
    start_top(rig, 80, 24, "C.UTF-8");
    look_around(t);
    change_size(t);
    vt100_type(t, "q");
    assert_int_equal(vt100_wait(t), 0);
    assert_true(vt100_is_restored(t));
    assert_true(vt100_find(t, "All of it: umig report top-") >= 0);
    assert_false(t->has_alarm); /* the thread's name rang no bell and set no title */
    vt100_hang_up(t);
    assert_int_equal(running_sessions(rig), 0);

    leave_by_signal(rig, SIGTERM);
    assert_true(vt100_is_restored(t));
    vt100_hang_up(t);
    assert_int_equal(running_sessions(rig), 0);

    leave_by_signal(rig, SIGKILL); /* leaves its session to the next */
    vt100_hang_up(t);
    assert_int_equal(running_sessions(rig), 1);

    start_top(rig, 80, 24, "C");
    vt100_await(t, "spinner-1");
    assert_int_equal(running_sessions(rig), 1);
    vt100_hang_up(t);
    assert_int_equal(vt100_wait(t), 128 + SIGHUP);
    await_no_session(rig);

    start_top(rig, 80, 24, "C");
    vt100_await(t, "spinner-1");
    umig_rig_tell_jvm(rig, "end");
    vt100_await(t, "the JVM ended");
    assert_true(vt100_find(t, "spinner-1") > 0); /* its last figures stay */
    vt100_type(t, "q");
    assert_int_equal(vt100_wait(t), 0);
    vt100_hang_up(t);
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
}

static void test_terminal_is_given_back_and_the_session_ended(void **state)
{
    (void)state;
    umig_rig_each_jdk(look_live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_once_is_text_and_leaves_no_session, umig_rig_teardown),
        cmocka_unit_test_teardown(test_terminal_is_given_back_and_the_session_ended,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.top", tests, NULL, NULL);
}
