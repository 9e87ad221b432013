/*
 * umig attach where it is not to be had, with real JVMs: one sentence each, the JVM unharmed and
 * without a thread dump, no file left; then the same once what was wrong is put right.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/attach/container.h"
#include "tests/e2e/bad_input/outcome.h"
#include "tests/support/test.h"

enum {
    FAILURE = 3
};

static struct outcome g_outcome;
static struct container g_container;

static void expect(int code, const char *text)
{
    const char *all = code == 0 ? g_outcome.out : g_outcome.err;
    if (g_outcome.code != code || strstr(all, text) == NULL) {
        fail_msg("not exit code %d and \"%s\" but %d: %s%s", code, text, g_outcome.code,
                 g_outcome.out, g_outcome.err);
    }
}

#define ATTACH UMIG_COMMAND " attach $jvm "

/*
 * Runs Wait and a command on $jvm, and looks at Wait again.
 *
 * @param jvm  before the java command
 */
static void attach_to_wait(struct umig_rig *rig,
                           const char *jvm,
                           const char *flags,
                           const char *command)
{
    run_program(rig, &g_outcome,
                "rm -f %s/said; %s %s%s/bin/java -XX:+UseSerialGC -Xmx32m %s -cp %s Wait "
                ">%s/said 2>%s/complained & jvm=$!; trap 'kill -9 $jvm' EXIT; "
                "until grep -qs ready %s/said; do kill -0 $jvm || exit 76; sleep 0.01; done; "
                "%s; code=$?; "
                "test \"$(cat %s/said)\" = ready && kill -0 $jvm || code=77; "
                "test ! -e /tmp/.attach_pid$jvm || code=78; exit $code",
                rig->dir, jvm, UMIG_JAVA_ENV, rig->jdk.home, flags, programs_path(), rig->dir,
                rig->dir, rig->dir, command, rig->dir);
}

static void refuse_flags(struct umig_rig *rig)
{
    static const struct {
        const char *flags;
        const char *says;
    } cases[] = {
        {"-XX:+DisableAttachMechanism", "with -XX:+DisableAttachMechanism; start it with"},
        {"-XX:+DisableAttachMechanism -XX:-UsePerfData", "with -XX:+DisableAttachMechanism"},
        {"-Xrs", "with -Xrs; start it with -agentpath"},
        {"-XX:+ReduceSignalUsage", "does not handle SIGQUIT"},
        {"-XX:-EnableDynamicAgentLoading", "loads no agents while it runs"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        attach_to_wait(rig, "", cases[i].flags, ATTACH "--wait 1s");
        expect(FAILURE, cases[i].says);
    }
}

/* Where the command line does not show it, the JVM's own counter does. */
static void refuse_hidden_flag(struct umig_rig *rig)
{
    static const char flag[] = "JDK_JAVA_OPTIONS=-XX:+DisableAttachMechanism";
    attach_to_wait(rig, flag, "", ATTACH);
    expect(FAILURE, "with -XX:+DisableAttachMechanism");
    attach_to_wait(rig, flag, "", UMIG_COMMAND " jvms | grep -w $jvm");
    expect(0, "  no  ");
    attach_to_wait(rig, "", "", UMIG_COMMAND " jvms | grep -w $jvm");
    expect(0, "  attachable  ");
}

static void refuse_options(struct umig_rig *rig)
{
    attach_to_wait(rig, "", "", ATTACH "memroy=64m");
    expect(2, "memroy");
    attach_to_wait(rig, "", "", ATTACH "--agent /no/such/libumigagent.so");
    expect(FAILURE, "/no/such/libumigagent.so");
    /* The agent's own refusal: its runtime folder cannot be made. */
    attach_to_wait(rig, "UMIG_RUNTIME_DIR=/proc/none", "", ATTACH);
    expect(FAILURE, "the agent refused: it has no control socket");
}

static void refuse_others(struct umig_rig *rig)
{
    char words[64];
    const pid_t dead = fork();
    if (dead == 0) {
        _exit(0);
    }
    assert_int_equal(waitpid(dead, NULL, 0), dead);
    run_program(rig, &g_outcome, UMIG_COMMAND " attach %d", (int)dead);
    snprintf(words, sizeof words, "there is no process %d", (int)dead);
    expect(FAILURE, words);
    run_program(rig, &g_outcome, UMIG_COMMAND " attach %d", (int)getpid());
    expect(FAILURE, "is no JVM; 'umig jvms' lists those of this host");
    if (geteuid() != 0) {
        print_message("skipped: only root can be another user\n");
        return;
    }
    /* By a descriptor: the folders above the command need not be open to everybody. */
    attach_to_wait(rig, "", "",
                   "setpriv --reuid 65534 --regid 65534 --clear-groups /proc/self/fd/9 attach $jvm "
                   "9<" UMIG_COMMAND);
    expect(FAILURE, "belongs to root; only root may");
}

static void test_what_cannot_be_attached_to_is_refused_in_a_sentence(void **state)
{
    (void)state;
    umig_rig_each_jdk(refuse_flags);
    umig_rig_each_jdk(refuse_hidden_flag);
    umig_rig_each_jdk(refuse_options);
    umig_rig_each_jdk(refuse_others);
}

/* --- temp folders without room, and containers --- */

static void attach_container(struct umig_rig *rig, const char *rest)
{
    run_program(rig, &g_outcome, UMIG_COMMAND " attach %d %s", (int)g_container.jvm, rest);
    assert_false(container_has(&g_container, ".attach_pid"));
    assert_false(container_has(&g_container, "umig-attach"));
    assert_int_equal(kill(g_container.jvm, 0), 0);
}

/* How an attach may end in a /tmp with little room, from none to enough. */
static const char *const g_ends[] = {
    "library cannot be copied into the /tmp of JVM",
    "the temp folder of JVM ",
    "or its /tmp may be full",
    "the agent refused: it has no control socket",
};

enum {
    ENDS = sizeof g_ends / sizeof g_ends[0],
    NO_CONTROL = ENDS - 1,
    MOST_FREE = 16
};

static size_t end_of(const struct outcome *outcome)
{
    for (size_t i = 0; i < ENDS; i++) {
        if (outcome->code == FAILURE && strstr(outcome->err, g_ends[i]) != NULL) {
            return i;
        }
    }
    fail_msg("exit code %d: %s%s", outcome->code, outcome->out, outcome->err);
    return ENDS; /* not reached */
}

/* The agent is in the JVM, and nobody reaches it: once there is room, another attach helps. */
static void make_room_and_attach(struct umig_rig *rig)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/root/tmp/Wait.class", (int)g_container.jvm);
    assert_int_equal(unlink(path), 0);
    attach_container(rig, "");
    expect(0, "Attached to Wait");
}

/* Kernels differ in what they count against nr_inodes: the sweep meets every stage of an attach. */
static void fill_tmp(struct umig_rig *rig)
{
    bool has_seen[ENDS + 1] = {false};
    bool is_attached = false;
    for (unsigned room = 1; !is_attached && room <= MOST_FREE; room++) {
        const struct container_plan plan = {.hides_library = true,
                                            .tmp_inodes = CONTAINER_TMP_INODES + room};
        container_start(rig, &plan, &g_container);
        attach_container(rig, "--wait 1s");
        is_attached = g_outcome.code == 0;
        if (!is_attached) {
            const size_t end = end_of(&g_outcome);
            has_seen[end] = true;
            if (end == NO_CONTROL) {
                make_room_and_attach(rig);
            }
        }
        container_stop(&g_container);
    }
    assert_true(is_attached);
    for (size_t i = 0; i < ENDS; i++) {
        if (!has_seen[i]) {
            fail_msg("never met: %s", g_ends[i]);
        }
    }
}

static void use_container(struct umig_rig *rig, bool maps_users)
{
    container_start(rig, &(struct container_plan){.maps_users = maps_users, .hides_library = true},
                    &g_container);
    const int pid = (int)g_container.jvm;
    attach_container(rig, "service=inside");
    expect(0, "Attached to inside");
    attach_container(rig, "");
    expect(0, "is already attached");
    run_program(rig, &g_outcome, UMIG_COMMAND " start %d --cpu --gc --name once", pid);
    expect(0, "Session once runs in inside");
    run_program(rig, &g_outcome, UMIG_COMMAND " stop %d", pid);
    expect(0, "Stopped once in inside");
    run_program(rig, &g_outcome, UMIG_COMMAND " status %d", pid);
    expect(0, "none; the agent is idle");
    container_stop(&g_container);
}

static void use_containers(struct umig_rig *rig)
{
    fill_tmp(rig);
    use_container(rig, false);
    if (container_may_be(true)) {
        use_container(rig, true);
    } else {
        print_message("skipped: no users are mapped here (in no chroot are they)\n");
    }
}

static void test_containers_are_attached_to_from_outside(void **state)
{
    (void)state;
    if (geteuid() != 0 || !container_may_be(false)) {
        print_message("skipped: namespaces are made by root, and not in a chroot\n");
        skip();
    }
    umig_rig_each_jdk(use_containers);
}

static int stop_all(void **state)
{
    container_stop(&g_container);
    return umig_rig_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_what_cannot_be_attached_to_is_refused_in_a_sentence,
                                  umig_rig_teardown),
        cmocka_unit_test_teardown(test_containers_are_attached_to_from_outside, stop_all),
    };
    return cmocka_run_group_tests_name("e2e.attach.refusals", tests, compile_programs,
                                       remove_programs);
}
