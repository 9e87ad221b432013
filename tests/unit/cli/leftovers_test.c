#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/leftovers.h"
#include "core/socket.h"
#include "tests/support/test.h"
#include "tests/support/tree.h"

static char g_dir[64];

static int make_dir(void **state)
{
    (void)state;
    snprintf(g_dir, sizeof g_dir, "/tmp/umig-test-XXXXXX");
    return mkdtemp(g_dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    umig_tree_remove(g_dir);
    return 0;
}

static void in_dir(const char *name, char out[UMIG_SOCKET_PATH_BYTES])
{
    const int len = snprintf(out, UMIG_SOCKET_PATH_BYTES, "%s/%s", g_dir, name);
    assert_in_range(len, 1, UMIG_SOCKET_PATH_BYTES - 1);
}

static int listen_at(const char *name)
{
    struct umig_address address = {.is_unix = true};
    int fd = -1;
    in_dir(name, address.path);
    assert_int_equal(umig_socket_listen(&address, 0600, &fd, NULL), UMIG_OK);
    return fd;
}

static bool is_there(const char *name)
{
    char path[UMIG_SOCKET_PATH_BYTES];
    in_dir(name, path);
    return access(path, F_OK) == 0;
}

static time_t later(void)
{
    return time(NULL) + 60;
}

static void test_only_sockets_of_agents_that_nobody_answers_on_go(void **state)
{
    (void)state;
    static const char *const dead[] = {"agent-1.sock",     "agent-4194304.sock", "collector.sock",
                                       "agent-1.sock.old", "agent-x.sock",       "agent-.sock"};
    char path[UMIG_SOCKET_PATH_BYTES];
    for (size_t i = 0; i < sizeof dead / sizeof dead[0]; i++) {
        close(listen_at(dead[i]));
    }
    in_dir("agent-3.sock", path); /* no socket */
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fclose(file);
    const int fd = listen_at("agent-2.sock");

    assert_int_equal(umig_leftovers_remove(g_dir, later()), 2);

    assert_false(is_there("agent-1.sock"));
    assert_false(is_there("agent-4194304.sock"));
    for (size_t i = 2; i < sizeof dead / sizeof dead[0]; i++) {
        assert_true(is_there(dead[i]));
    }
    assert_true(is_there("agent-2.sock"));
    assert_true(is_there("agent-3.sock"));
    close(fd);
}

static void test_young_socket_may_be_about_to_be_listened_on(void **state)
{
    (void)state;
    close(listen_at("agent-1.sock"));

    assert_int_equal(umig_leftovers_remove(g_dir, time(NULL)), 0);

    assert_true(is_there("agent-1.sock"));
}

static void test_folder_that_others_may_write_is_left_alone(void **state)
{
    (void)state;
    close(listen_at("agent-1.sock"));
    assert_int_equal(chmod(g_dir, 0777), 0);

    assert_int_equal(umig_leftovers_remove(g_dir, later()), 0);
    assert_true(is_there("agent-1.sock"));
    assert_int_equal(umig_leftovers_remove("/no/such/folder", later()), 0);
}

/* Locked by a child, as an agent does. */
static pid_t hold(const char *name, int *out_end)
{
    int ready[2];
    int end[2];
    char path[UMIG_SOCKET_PATH_BYTES];
    char byte = 0;
    in_dir(name, path);
    assert_int_equal(pipe(ready) | pipe(end), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        const int fd = open(path, O_RDWR | O_CLOEXEC);
        close(end[1]);
        (void)!write(ready[1], fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0 ? "y" : "n", 1);
        (void)!read(end[0], &byte, 1);
        _exit(0);
    }
    close(ready[1]);
    close(end[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    close(ready[0]);
    *out_end = end[1];
    return pid;
}

static void test_traces_of_jvms_go_after_a_day_unless_one_lives(void **state)
{
    (void)state;
    static const char *const names[] = {"sampling-1-00000001-a", "crashed-1-00000002-a",
                                        "sampling-2-00000003-a", "other-1-00000004-a"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[UMIG_SOCKET_PATH_BYTES];
        in_dir(names[i], path);
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        fclose(file);
    }
    int end = -1;
    const pid_t pid = hold(names[2], &end);

    assert_int_equal(umig_leftovers_remove(g_dir, later()), 0);
    assert_int_equal(umig_leftovers_remove(g_dir, later() + 24 * 60 * 60), 2);

    assert_false(is_there(names[0]));
    assert_false(is_there(names[1]));
    assert_true(is_there(names[2]));
    assert_true(is_there(names[3]));
    close(end);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest leftovers_test[] = {
        TEST(test_only_sockets_of_agents_that_nobody_answers_on_go),
        TEST(test_young_socket_may_be_about_to_be_listened_on),
        TEST(test_traces_of_jvms_go_after_a_day_unless_one_lives),
        TEST(test_folder_that_others_may_write_is_left_alone),
    };
    return cmocka_run_group_tests(leftovers_test, NULL, NULL);
}
