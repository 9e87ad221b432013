/* What is left of JVMs that were sampled, and what is made of it: real files, real children. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/crashes.h"
#include "agent/signal/abort_mark.h"
#include "tests/support/test.h"
#include "tests/support/tree.h"

#define NOW   1000000000
#define HOUR  3600
#define SPARE "/missing/hs_err_%p_%%.log"

struct fixture {
    struct umig_places places;
    struct umig_crashes crashes;
};

static int setup(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    fx->places.uid = geteuid();
    snprintf(fx->places.runtime_dir, sizeof fx->places.runtime_dir, "/tmp/umig-test-XXXXXX");
    assert_non_null(mkdtemp(fx->places.runtime_dir));
    umig_crashes_init(&fx->crashes, &fx->places, "orders", 1, SPARE);
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fx = *state;
    umig_crashes_set_sampling(&fx->crashes, false);
    umig_tree_remove(fx->places.runtime_dir);
    free(fx);
    return 0;
}

static void put_file(const struct fixture *fx, const char *name, time_t time, const char *text)
{
    char path[UMIG_ABORT_PATH_BYTES];
    const struct timespec times[2] = {{.tv_sec = time}, {.tv_sec = time}};
    snprintf(path, sizeof path, "%s/%s", fx->places.runtime_dir, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static bool has_file(const struct fixture *fx, const char *name)
{
    char path[UMIG_ABORT_PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", fx->places.runtime_dir, name);
    return access(path, F_OK) == 0;
}

static struct umig_crash_history look(const struct fixture *fx)
{
    struct umig_crash_history history;
    umig_crashes_look(&fx->crashes, NOW, &history);
    return history;
}

/* --- counting --- */

static void test_two_crashes_within_an_hour_are_a_loop(void **state)
{
    struct fixture *fx = *state;
    assert_int_equal(look(fx).crashes, 0);
    assert_false(look(fx).is_loop);

    put_file(fx, "crashed-7-000000aa-orders", NOW - 2 * HOUR, "");
    assert_int_equal(look(fx).crashes, 1);
    assert_false(look(fx).is_loop);
    put_file(fx, "crashed-8-000000ab-orders", NOW - HOUR + 1, "");
    assert_false(look(fx).is_loop); /* more than an hour apart */

    put_file(fx, "crashed-9-000000ac-orders", NOW - 60, "");
    assert_true(look(fx).is_loop);
    assert_int_equal(look(fx).crashes, 3);
    assert_int_equal(look(fx).last, NOW - 60);
}

static void test_crashes_of_others_and_of_long_ago_do_not_count(void **state)
{
    struct fixture *fx = *state;
    put_file(fx, "crashed-7-000000aa-orders-2", NOW - 10, "");
    put_file(fx, "crashed-8-000000ab-order", NOW - 20, "");
    put_file(fx, "crashed-9-000000ac-orders", NOW - 25 * HOUR, "");
    put_file(fx, "crashed-x-orders", NOW - 30, "");

    assert_int_equal(look(fx).crashes, 0);

    assert_true(has_file(fx, "crashed-7-000000aa-orders-2"));
    assert_false(has_file(fx, "crashed-9-000000ac-orders"));
}

/* --- what became of a JVM --- */

static void test_jvm_that_was_killed_is_no_crash(void **state)
{
    struct fixture *fx = *state;
    put_file(fx, "sampling-7-000000aa-orders", NOW - 60, "");
    put_file(fx, "sampling-8-000000ab-orders", NOW, "");

    assert_int_equal(look(fx).crashes, 0);

    assert_false(has_file(fx, "sampling-7-000000aa-orders"));
    assert_true(has_file(fx, "sampling-8-000000ab-orders")); /* it may be about to be locked */
}

static void use_error_file(struct fixture *fx)
{
    char pattern[UMIG_ERROR_FILE_BYTES];
    snprintf(pattern, sizeof pattern, "%s/hs_%%p.log", fx->places.runtime_dir);
    umig_crashes_init(&fx->crashes, &fx->places, "orders", 1, pattern);
}

static void test_jvm_with_an_error_file_since_crashed_when_it_was_written(void **state)
{
    struct fixture *fx = *state;
    use_error_file(fx);
    put_file(fx, "sampling-7-000000aa-orders", NOW - 500, "");
    put_file(fx, "hs_7.log", NOW - 400, "# SIGSEGV (0xb) at pc=0x00007f");
    put_file(fx, "sampling-8-000000ab-orders", NOW - 500, "");
    put_file(fx, "hs_8.log", NOW - 600, "# of a JVM of that pid before"); /* too old */

    assert_int_equal(look(fx).crashes, 1);

    assert_int_equal(look(fx).last, NOW - 400);
    assert_true(has_file(fx, "crashed-7-000000aa-orders"));
    assert_false(has_file(fx, "crashed-8-000000ab-orders"));
}

static void test_want_of_memory_is_no_crash_of_ours(void **state)
{
    struct fixture *fx = *state;
    use_error_file(fx);
    put_file(fx, "crashed-7-000000aa-orders", NOW - 50, "");
    put_file(fx, "hs_7.log", NOW - 51,
             "# There is insufficient memory for the Java Runtime Environment to continue.\n");
    put_file(fx, "sampling-8-000000ab-orders", NOW - 50, "");
    put_file(fx, "hs_8.log", NOW - 40,
             "#  fatal error: OutOfMemory encountered: Java heap space\n");

    assert_int_equal(look(fx).crashes, 0);
    assert_false(has_file(fx, "crashed-7-000000aa-orders"));
}

/* --- this JVM, as a child --- */

enum end {
    END_ABORT,
    END_KILLED,
    END_ABORTED_FROM_OUTSIDE,
    END_CHILD_ABORTS,
    END_GOOD
};

static void live(struct fixture *fx, enum end end)
{
    umig_crashes_init(&fx->crashes, &fx->places, "orders", 0xbeef, SPARE);
    umig_crashes_set_sampling(&fx->crashes, true);
    umig_crashes_set_sampling(&fx->crashes, true);
    if (fx->crashes.fd < 0) {
        _exit(3);
    }
    switch (end) {
    case END_ABORT:
        abort();
    case END_CHILD_ABORTS:
        if (fork() == 0) {
            abort();
        }
        (void)wait(NULL);
        (void)raise(SIGKILL);
        break;
    case END_GOOD:
        umig_crashes_set_sampling(&fx->crashes, false);
        break;
    case END_KILLED:
    case END_ABORTED_FROM_OUTSIDE:
    default:
        while (true) {
            (void)pause();
        }
    }
    _exit(0);
}

/* Runs a JVM's life to its end, looks at it while it lives where it waits; its pid. */
static pid_t run_child(struct fixture *fx, enum end end, int signo, int *out_status)
{
    const pid_t pid = fork();
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL); /* cmocka handles it */
        live(fx, end);
    }
    if (signo != 0) {
        char name[64];
        snprintf(name, sizeof name, "sampling-%d-0000beef-orders", (int)pid);
        while (!has_file(fx, name)) {
            usleep(1000);
        }
        usleep(20000); /* armed in the same breath */
        struct umig_crash_history history;
        umig_crashes_look(&fx->crashes, NOW * 2L, &history);
        assert_true(has_file(fx, name)); /* locked: it lives, however old it looks */
        assert_int_equal(kill(pid, signo), 0);
    }
    assert_int_equal(waitpid(pid, out_status, 0), pid);
    return pid;
}

static void test_only_a_process_that_aborts_itself_leaves_a_mark(void **state)
{
    static const struct {
        enum end end;
        int signo;
        int ends_by; /* signal; 0: by itself */
        bool is_crash;
    } cases[] = {
        {END_ABORT, 0, SIGABRT, true},
        {END_KILLED, SIGKILL, SIGKILL, false},
        {END_ABORTED_FROM_OUTSIDE, SIGABRT, SIGABRT, false},
        {END_CHILD_ABORTS, 0, SIGKILL, false},
        {END_GOOD, 0, 0, false},
    };
    struct fixture *fx = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[64];
        int status = 0;
        const pid_t pid = run_child(fx, cases[i].end, cases[i].signo, &status);
        snprintf(name, sizeof name, "crashed-%d-0000beef-orders", (int)pid);
        assert_int_equal(WIFSIGNALED(status) ? WTERMSIG(status) : 0, cases[i].ends_by);
        assert_int_equal(has_file(fx, name), cases[i].is_crash);
        snprintf(name, sizeof name, "sampling-%d-0000beef-orders", (int)pid);
        assert_int_equal(has_file(fx, name), !cases[i].is_crash && cases[i].end != END_GOOD);
    }
}

/* What cannot be written is not remembered, and nothing else happens. */
static void test_folder_that_cannot_be_used_is_borne(void **state)
{
    struct fixture *fx = *state;
    struct umig_places none = fx->places;
    struct umig_crashes crashes;
    struct umig_crash_history history;
    snprintf(none.runtime_dir, sizeof none.runtime_dir, "/proc/none");
    umig_crashes_init(&crashes, &none, "orders", 2, "");

    umig_crashes_set_sampling(&crashes, true);
    umig_crashes_look(&crashes, NOW, &history);

    assert_int_equal(crashes.fd, -1);
    assert_false(history.is_loop);
    umig_crashes_set_sampling(&crashes, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_two_crashes_within_an_hour_are_a_loop, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_crashes_of_others_and_of_long_ago_do_not_count, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_jvm_that_was_killed_is_no_crash, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_jvm_with_an_error_file_since_crashed_when_it_was_written, setup, teardown),
        cmocka_unit_test_setup_teardown(test_want_of_memory_is_no_crash_of_ours, setup, teardown),
        cmocka_unit_test_setup_teardown(test_only_a_process_that_aborts_itself_leaves_a_mark, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_folder_that_cannot_be_used_is_borne, setup, teardown),
    };
    return cmocka_run_group_tests_name("unit.agent.crashes", tests, NULL, NULL);
}
