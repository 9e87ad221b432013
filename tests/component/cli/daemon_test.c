/* The command as daemon and as its client. */
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/socket.h"
#include "tests/component/cli/run.h"
#include "tests/support/test.h"

static struct run g_run;
static char g_data_dir[64];

static int make_dirs(void **state)
{
    snprintf(g_data_dir, sizeof g_data_dir, "/tmp/umig-data-XXXXXX");
    if (mkdtemp(g_data_dir) == NULL) {
        return -1;
    }
    return make_runtime_dir(state);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int remove_dirs(void **state)
{
    const int rc = nftw(g_data_dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return remove_runtime_dir(state) + rc; /* fails if the daemon left its socket behind */
}

static void with_data(const char *words, const char *rest, char line[256])
{
    snprintf(line, 256, "%s --data %s%s", words, g_data_dir, rest);
}

static void start_collector(struct running *running, const char *rest)
{
    char words[256];
    char ready[512];
    with_data("collector", rest, words);
    start_umig(words, running, ready);
    assert_non_null(strstr(ready, "umig collector: listening on "));
    assert_non_null(strstr(ready, g_data_dir));
}

static void test_clients_find_the_daemon_and_ctrl_c_ends_it(void **state)
{
    (void)state;
    struct running collector;
    start_collector(&collector, "");

    run_umig("sessions", &g_run);
    assert_int_equal(g_run.code, 0);
    run_umig("report latest", &g_run);
    assert_int_equal(g_run.code, 3);
    assert_non_null(strstr(g_run.err, "there are no sessions yet"));

    assert_int_equal(stop_umig(&collector, SIGINT), 0);
    run_umig("sessions", &g_run);
    assert_int_equal(g_run.code, 3);
    assert_non_null(strstr(g_run.err, "no collector listens on "));
}

static void test_runtime_folder_may_be_a_link(void **state)
{
    (void)state;
    struct running collector;
    char link[sizeof g_runtime_dir + 8];
    snprintf(link, sizeof link, "%s.link", g_runtime_dir);
    assert_int_equal(symlink(g_runtime_dir, link), 0);
    assert_int_equal(setenv("UMIG_RUNTIME_DIR", link, 1), 0);

    start_collector(&collector, "");
    run_umig("sessions", &g_run);

    assert_int_equal(g_run.code, 0);
    assert_int_equal(stop_umig(&collector, SIGINT), 0);
    assert_int_equal(unlink(link), 0);
}

static void test_second_daemon_on_the_same_folder_is_refused(void **state)
{
    (void)state;
    struct running collector;
    char words[256];
    char pid[32];
    start_collector(&collector, "");
    snprintf(pid, sizeof pid, "(pid %d)", (int)collector.pid);

    with_data("collector", " --listen tcp:127.0.0.1:0", words);
    run_umig(words, &g_run);

    assert_int_equal(g_run.code, 3);
    assert_non_null(strstr(g_run.err, "another collector"));
    assert_non_null(strstr(g_run.err, pid));
    assert_non_null(strstr(g_run.err, g_data_dir));
    assert_null(strstr(g_run.err, "no authentication"));
    assert_int_equal(stop_umig(&collector, SIGTERM), 0);
}

/* Nor does it leave a folder that it made for nothing. */
static void test_socket_that_is_taken_is_told_with_who_has_it(void **state)
{
    (void)state;
    struct running collector;
    char words[256];
    char other[128];
    char told[64];
    start_collector(&collector, "");
    snprintf(other, sizeof other, "%s/other", g_runtime_dir);
    snprintf(told, sizeof told, "collector.sock (pid %d); --listen takes another place\n",
             (int)collector.pid);

    snprintf(words, sizeof words, "collector --data %s", other);
    run_umig(words, &g_run);
    assert_int_equal(g_run.code, 3);
    assert_non_null(strstr(g_run.err, "umig collector: somebody else listens on "));
    assert_non_null(strstr(g_run.err, told));
    assert_int_not_equal(access(other, F_OK), 0);

    /* With a slash at its end; one that was there stays. */
    snprintf(words, sizeof words, "collector --data %s/", other);
    run_umig(words, &g_run);
    assert_int_equal(g_run.code, 3);
    assert_int_not_equal(access(other, F_OK), 0);
    assert_int_equal(mkdir(other, 0700), 0);
    run_umig(words, &g_run);
    assert_int_equal(g_run.code, 3);
    assert_int_equal(access(other, F_OK), 0);
    assert_int_equal(nftw(other, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    assert_int_equal(stop_umig(&collector, SIGTERM), 0);
}

static void test_port_that_others_reach_is_warned_of(void **state)
{
    (void)state;
    struct running collector;
    char words[256];
    start_collector(&collector, ""); /* so that the second ends at once */

    with_data("collector", " --listen tcp:0.0.0.0:0", words);
    run_umig(words, &g_run);

    assert_int_equal(g_run.code, 3);
    assert_non_null(
        strstr(g_run.err, "anybody who reaches a free port of 0.0.0.0 may send data and"));
    assert_int_equal(stop_umig(&collector, SIGTERM), 0);
}

static void test_folder_of_a_killed_daemon_is_read_and_served_again(void **state)
{
    (void)state;
    struct running collector;
    char words[256];
    start_collector(&collector, "");
    assert_int_equal(stop_umig(&collector, SIGKILL), -1);

    with_data("sessions", " --json", words);
    run_umig(words, &g_run);
    assert_int_equal(g_run.code, 0);
    assert_non_null(strstr(g_run.out, "\"sessions\":[]"));

    start_collector(&collector, ""); /* the dead socket is taken over */
    assert_int_equal(stop_umig(&collector, SIGINT), 0);
}

static void test_folder_without_a_store_is_told(void **state)
{
    (void)state;
    char words[256];
    with_data("report latest", "", words);

    run_umig(words, &g_run);

    assert_int_equal(g_run.code, 3);
    assert_non_null(strstr(g_run.err, g_data_dir));
    assert_string_equal(g_run.out, "");
}

static void test_stopped_daemon_is_given_up(void **state)
{
    (void)state;
    struct running collector;
    start_collector(&collector, "");
    assert_int_equal(kill(collector.pid, SIGSTOP), 0);

    run_umig("sessions", &g_run);

    assert_int_equal(kill(collector.pid, SIGCONT), 0);
    assert_int_equal(g_run.code, 3);
    assert_string_equal(g_run.out, "");
    assert_non_null(strstr(g_run.err, "the collector at unix:"));
    assert_non_null(strstr(g_run.err, g_runtime_dir));
    assert_non_null(strstr(g_run.err, " does not answer\n"));
    assert_int_equal(stop_umig(&collector, SIGTERM), 0);
}

static void test_ping_is_answered_before_anything_else(void **state)
{
    (void)state;
    struct running collector;
    struct umig_address address = {.is_unix = true};
    const struct umig_frame_header ping = {.type = UMIG_FRAME_PING, .sequence = 7};
    struct umig_frame_header pong;
    uint8_t head[UMIG_FRAME_HEADER_BYTES];
    int fd = -1;
    start_collector(&collector, "");
    snprintf(address.path, sizeof address.path, "%s/collector.sock", g_runtime_dir);
    assert_int_equal(umig_socket_dial(&address, 5000, &fd, NULL), UMIG_OK);
    umig_frame_encode(&ping, NULL, 0, head);

    assert_int_equal(umig_socket_send_all(fd, head, sizeof head, 5000, NULL), UMIG_OK);
    assert_int_equal(umig_socket_recv_all(fd, head, sizeof head, 5000, NULL), UMIG_OK);

    assert_int_equal(umig_frame_decode(head, 0, &pong, NULL), UMIG_OK);
    assert_int_equal(pong.type, UMIG_FRAME_PONG);
    assert_int_equal(pong.sequence, 7);
    close(fd);
    assert_int_equal(stop_umig(&collector, SIGTERM), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dirs, remove_dirs)

int main(void)
{
    const struct CMUnitTest daemon_test[] = {
        TEST(test_clients_find_the_daemon_and_ctrl_c_ends_it),
        TEST(test_runtime_folder_may_be_a_link),
        TEST(test_second_daemon_on_the_same_folder_is_refused),
        TEST(test_socket_that_is_taken_is_told_with_who_has_it),
        TEST(test_port_that_others_reach_is_warned_of),
        TEST(test_folder_of_a_killed_daemon_is_read_and_served_again),
        TEST(test_folder_without_a_store_is_told),
        TEST(test_stopped_daemon_is_given_up),
        TEST(test_ping_is_answered_before_anything_else),
    };
    return cmocka_run_group_tests(daemon_test, NULL, NULL);
}
