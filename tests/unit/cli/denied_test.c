/*
 * What is said of processes and sockets that one may not touch must be true for who reads it. Run
 * by root these tests become other users for a while; run by another user they see less.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/agent_client.h"
#include "cli/collector_client.h"
#include "cli/jvm.h"
#include "tests/support/test.h"

enum {
    SOMEBODY = 65534,
    ANOTHER = 65533
};

static uid_t user_of_tests(void)
{
    return geteuid() == 0 ? SOMEBODY : geteuid();
}

/* A process of user_of_tests() that nobody but a capable root may look at. */
struct closed {
    pid_t pid;
    int end_fd;
};

static struct closed fork_closed(void)
{
    int ready[2];
    int end[2];
    char byte = 0;
    const uid_t user = user_of_tests();
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(end), 0);
    struct closed closed = {.pid = fork(), .end_fd = end[1]};
    if (closed.pid == 0) {
        close(end[1]);
        if (setresuid(user, user, user) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0) {
            (void)!write(ready[1], "r", 1);
        }
        (void)!read(end[0], &byte, 1);
        _exit(0);
    }
    close(ready[1]);
    close(end[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return closed;
}

static void end_closed(struct closed *closed)
{
    close(closed->end_fd);
    assert_int_equal(waitpid(closed->pid, NULL, 0), closed->pid);
}

/* Inspects as a user; back to who we were. */
static int inspect_as(uid_t user, pid_t pid, struct umig_err *err)
{
    struct umig_jvm jvm;
    const uid_t before = geteuid();
    assert_int_equal(seteuid(user), 0);
    const int rc = umig_jvm_inspect(pid, &jvm, err);
    assert_int_equal(seteuid(before), 0);
    return rc;
}

static void assert_has(const char *text, const char *wanted)
{
    if (strstr(text, wanted) == NULL) {
        fail_msg("'%s' is not in: %s", wanted, text);
    }
}

static void test_own_process_that_is_closed_is_not_laid_to_its_owner(void **state)
{
    (void)state;
    struct umig_err err = UMIG_ERR_INIT;
    struct closed closed = fork_closed();

    const int rc = inspect_as(user_of_tests(), closed.pid, &err);

    end_closed(&closed);
    assert_int_equal(rc, UMIG_E_DENIED);
    assert_has(err.text, "the system lets nobody look at process ");
    assert_has(err.text, "not even you");
    assert_null(strstr(err.text, "only"));
    assert_null(strstr(err.text, "\xE2\x90\x8A")); /* no line end of the name */
}

static void test_process_of_another_user_names_who_may(void **state)
{
    (void)state;
    struct umig_err err = UMIG_ERR_INIT;
    const uid_t user = user_of_tests();

    assert_int_equal(inspect_as(user, 1, &err), UMIG_E_DENIED);
    assert_string_equal(err.text, "process 1 belongs to root; only root may look at it");

    if (geteuid() == 0) {
        struct closed closed = fork_closed();
        const int rc = inspect_as(ANOTHER, closed.pid, &err);
        end_closed(&closed);
        assert_int_equal(rc, UMIG_E_DENIED);
        assert_has(err.text, " and root may look at it");
    }
}

/* In many containers root may not look either: what it is told must not send it to root. */
static void test_root_is_never_told_that_only_root_may(void **state)
{
    (void)state;
    struct umig_err err = UMIG_ERR_INIT;
    if (geteuid() != 0) {
        skip();
    }

    const int rc = inspect_as(0, 1, &err);

    assert_true(rc == UMIG_E_DENIED || rc == UMIG_E_UNSUPPORTED);
    assert_null(strstr(err.text, "only"));
    assert_has(err.text, rc == UMIG_E_DENIED ? "lets nobody look at process 1 (" : "is no JVM");
}

static void test_agent_behind_a_closed_folder_is_told_by_whose_it_is(void **state)
{
    (void)state;
    char dir[] = "/tmp/umig-denied-XXXXXX";
    const uid_t user = user_of_tests();
    const uid_t before = geteuid();
    Umig__V1__ControlRequest request = UMIG__V1__CONTROL_REQUEST__INIT;
    struct umig_jvm jvm = {.pid = 5, .has_socket = true, .socket.is_unix = true};
    struct umig_agent_reply reply;
    struct umig_err mine = UMIG_ERR_INIT;
    struct umig_err roots = UMIG_ERR_INIT;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(chmod(dir, 0), 0);
    snprintf(jvm.socket.path, sizeof jvm.socket.path, "%s/agent.sock", dir);

    assert_int_equal(seteuid(user), 0);
    jvm.uid = user;
    const int my_rc = umig_agent_ask(&jvm, &request, 1000, &reply, &mine);
    jvm.uid = 0;
    snprintf(jvm.user, sizeof jvm.user, "root");
    const int roots_rc = umig_agent_ask(&jvm, &request, 1000, &reply, &roots);
    assert_int_equal(seteuid(before), 0);

    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(my_rc, UMIG_E_IO);
    assert_has(mine.text, "agent in JVM 5: cannot connect to unix:/tmp/umig-denied-");
    assert_has(mine.text, "Permission denied");
    assert_int_equal(roots_rc, UMIG_E_DENIED);
    assert_string_equal(roots.text, "JVM 5 belongs to root; only root may ask its agent");
}

/* Another user listens where root's collector or somebody's agent should. */
static void test_stranger_at_a_socket_is_told_apart_from_who_may_be_there(void **state)
{
    (void)state;
    static const struct {
        uid_t reader;
        uid_t owner;
        const char *says;
    } cases[] = {
        {0, 0, "user 65534 answers on unix:"},
        {0, 0, ", where only root may; nothing was sent"},
        {0, ANOTHER, ", where only user 65533 or root may; nothing was sent"},
        {ANOTHER, ANOTHER, ", where only you or root may; nothing was sent"},
        {ANOTHER, 0, ", where only root may; nothing was sent"},
    };
    if (geteuid() != 0) {
        skip();
    }
    char dir[] = "/tmp/umig-denied-XXXXXX";
    struct umig_address address = {.is_unix = true};
    int listen_fd = -1;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(chmod(dir, 0777), 0);
    snprintf(address.path, sizeof address.path, "%s/collector.sock", dir);
    assert_int_equal(seteuid(SOMEBODY), 0);
    assert_int_equal(umig_socket_listen(&address, 0666, &listen_fd, NULL), UMIG_OK);
    assert_int_equal(seteuid(0), 0);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_err err = UMIG_ERR_INIT;
        int fd = -1;
        assert_int_equal(seteuid(cases[i].reader), 0);
        const int rc = umig_talk_dial(&address, cases[i].owner, 1000, &fd, &err);
        assert_int_equal(seteuid(0), 0);
        assert_int_equal(rc, UMIG_E_DENIED);
        assert_has(err.text, cases[i].says);
    }
    struct umig_places places = {.is_runtime_dir_given = true};
    struct umig_collector_link link;
    struct umig_err err = UMIG_ERR_INIT;
    snprintf(places.runtime_dir, sizeof places.runtime_dir, "%s", dir);
    assert_int_equal(umig_collector_dial(&places, NULL, &link, &err), UMIG_E_DENIED);
    assert_has(err.text, "; nothing was sent (if you mean it, name it with --collector)");
    close(listen_fd);
    assert_int_equal(unlink(address.path), 0);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_process_that_is_closed_is_not_laid_to_its_owner),
        cmocka_unit_test(test_process_of_another_user_names_who_may),
        cmocka_unit_test(test_root_is_never_told_that_only_root_may),
        cmocka_unit_test(test_agent_behind_a_closed_folder_is_told_by_whose_it_is),
        cmocka_unit_test(test_stranger_at_a_socket_is_told_apart_from_who_may_be_there),
    };
    return cmocka_run_group_tests_name("cli.denied", tests, NULL, NULL);
}
