/* The control socket when more want of it than it has room and time for. */
#include <errno.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/uplink/messages.h"
#include "tests/component/uplink/control_fixture.h"
#include "tests/support/test.h"

enum {
    COMMANDS_MAX = 200,
    DESCRIPTORS = 64, /* of a process that has too few */
};

/* Takes every descriptor there is; how many, in out_fds. */
static size_t take_descriptors(int out_fds[DESCRIPTORS])
{
    size_t count = 0;
    while (count < DESCRIPTORS && (out_fds[count] = dup(STDERR_FILENO)) >= 0) {
        count++;
    }
    assert_in_range(count, 1, DESCRIPTORS - 1);
    assert_int_equal(errno, EMFILE);
    return count;
}

/* A command that does not take its reply holds others up for a second, and loses its connection. */
static void test_slow_taker_holds_others_up_for_a_second_only(void **state)
{
    struct control_fixture *fx = *state;
    const int slow = control_dial(fx);
    const int size = 4096;
    assert_int_equal(setsockopt(slow, SOL_SOCKET, SO_RCVBUF, &size, sizeof size), 0);
    fx->reply_len = 250 * 1024;
    control_ask(fx, slow, "all of it"); /* more than a socket's buffer holds */
    fx->reply_len = 0;
    assert_non_null(fx->server.taker);
    const int quick = control_dial(fx);
    char byte = 0;
    control_ask(fx, quick, "quick");
    assert_int_equal(control_take(fx, quick, &byte, 1), -1);

    control_pass(fx, UMIG_CONTROL_TAKE_NS);

    control_expect_echo(fx, quick, "quick");
    close(quick);
    close(slow);
}

static void test_ninth_command_is_refused_and_the_eight_go_on(void **state)
{
    struct control_fixture *fx = *state;
    int fds[UMIG_CONTROL_CLIENT_MAX];
    for (int i = 0; i < UMIG_CONTROL_CLIENT_MAX; i++) {
        fds[i] = control_dial(fx);
    }
    assert_int_not_equal(control_expect_refusal(fx, control_dial(fx), UMIG_REFUSE_LIMIT,
                                                "8 commands are connected already"),
                         0);
    for (int i = 0; i < UMIG_CONTROL_CLIENT_MAX; i++) {
        control_ask(fx, fds[i], "x");
        control_expect_echo(fx, fds[i], "x");
        close(fds[i]);
    }
    control_pump(fx);
    const int fd = control_dial(fx);
    control_ask(fx, fd, "y");
    control_expect_echo(fx, fd, "y");
    close(fd);
}

/* Eight that say nothing keep nobody out: whoever comes takes the place of the one silent longest.
 */
static void test_silent_connections_make_room_for_a_command(void **state)
{
    struct control_fixture *fx = *state;
    int fds[UMIG_CONTROL_CLIENT_MAX];
    char byte = 0;
    for (int i = 0; i < UMIG_CONTROL_CLIENT_MAX; i++) {
        fds[i] = control_dial(fx);
    }
    control_pass(fx, UMIG_CONTROL_SILENT_NS / 2);
    control_ask(fx, fds[0], "x");
    control_expect_echo(fx, fds[0], "x"); /* not silent since the beginning */
    control_pass(fx, UMIG_CONTROL_SILENT_NS / 2);

    const int fd = control_dial(fx);
    control_ask(fx, fd, "y");
    control_expect_echo(fx, fd, "y");

    assert_int_not_equal(control_expect_refusal(fx, fds[1], UMIG_REFUSE_LIMIT,
                                                "this one asked nothing: it made room"),
                         0);
    for (int i = 0; i < UMIG_CONTROL_CLIENT_MAX; i++) {
        if (i != 1) {
            assert_int_equal(control_take(fx, fds[i], &byte, 1), -1);
            close(fds[i]);
        }
    }
    close(fd);
}

/* A request that waits while somebody else takes a reply is no silence. */
static void test_request_that_waits_keeps_its_place(void **state)
{
    struct control_fixture *fx = *state;
    const int slow = control_dial(fx);
    const int size = 4096;
    static uint8_t sink[UMIG_CONTROL_REPLY_BYTES];
    int fds[UMIG_CONTROL_CLIENT_MAX - 1];
    assert_int_equal(setsockopt(slow, SOL_SOCKET, SO_RCVBUF, &size, sizeof size), 0);
    for (int i = 0; i < UMIG_CONTROL_CLIENT_MAX - 1; i++) {
        fds[i] = control_dial(fx);
    }
    fx->reply_len = 250 * 1024;
    control_ask(fx, slow, "all of it");
    assert_non_null(fx->server.taker);
    fx->reply_len = 0;
    for (int i = 0; i < UMIG_CONTROL_CLIENT_MAX - 1; i++) {
        control_ask(fx, fds[i], "x");
    }
    fx->now_ns += UMIG_CONTROL_SILENT_NS;
    int late = -1;
    assert_int_equal(umig_socket_dial(&fx->address, 1000, &late, NULL), UMIG_OK);
    while (recv(slow, sink, sizeof sink, MSG_DONTWAIT) > 0) {
        struct pollfd ready[UMIG_CONTROL_POLL_MAX];
        const size_t count = umig_control_server_poll(&fx->server, ready);
        assert_true(poll(ready, count, 0) > 0);
        umig_control_server_on_ready(&fx->server, ready, count, fx->now_ns);
    }

    for (int i = 0; i < UMIG_CONTROL_CLIENT_MAX - 1; i++) {
        control_expect_echo(fx, fds[i], "x");
        close(fds[i]);
    }
    close(late);
    close(slow);
}

static void test_request_above_the_rate_is_refused_for_now(void **state)
{
    struct control_fixture *fx = *state;
    const int fd = control_dial(fx);
    for (int i = 0; i < UMIG_CONTROL_REQUEST_RATE; i++) {
        control_ask(fx, fd, "x");
        control_expect_echo(fx, fd, "x");
    }
    control_ask(fx, fd, "x");
    const uint32_t retry_ms =
        control_expect_refusal(fx, fd, UMIG_REFUSE_LIMIT, "more than 50 requests within a second");
    assert_int_not_equal(retry_ms, 0);
    fx->now_ns += retry_ms * UMIG_NS_PER_MS;
    const int again = control_dial(fx);
    control_ask(fx, again, "x");
    control_expect_echo(fx, again, "x");
    close(again);
    assert_int_equal(fx->handled, UMIG_CONTROL_REQUEST_RATE + 1);
}

/* The flooder waits in the backlog; the loop rests until the next token. */
static void test_flood_of_connections_lets_the_loop_rest(void **state)
{
    struct control_fixture *fx = *state;
    for (int i = 0; i < COMMANDS_MAX; i++) {
        int fd = -1;
        if (umig_socket_dial(&fx->address, 1000, &fd, NULL) == UMIG_OK) {
            control_pump(fx);
            close(fd);
        }
    }
    control_pump(fx);
    struct pollfd fds[UMIG_CONTROL_POLL_MAX];
    for (size_t i = 0; i < umig_control_server_poll(&fx->server, fds); i++) {
        assert_int_not_equal(fds[i].fd, fx->server.fd);
    }
    const uint64_t next = umig_control_server_tick(&fx->server, fx->now_ns);
    assert_in_range(next - fx->now_ns, 1, UMIG_NS_PER_S / UMIG_CONTROL_ACCEPT_RATE);
    control_pass(fx, 2 * UMIG_NS_PER_S);
    control_pass(fx, 2 * UMIG_NS_PER_S);
    const int fd = control_dial(fx);
    control_ask(fx, fd, "x");
    control_expect_echo(fx, fd, "x");
    close(fd);
}

static void test_out_of_descriptors_one_command_at_a_time_is_answered(void **state)
{
    struct control_fixture *fx = *state;
    struct rlimit before;
    int taken[DESCRIPTORS];
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit few = {.rlim_cur = DESCRIPTORS, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    const int first = control_dial_only(fx);
    const int second = control_dial_only(fx);
    size_t count = take_descriptors(taken);

    control_pump(fx);
    control_ask(fx, first, "x");
    control_expect_echo(fx, first, "x");
    assert_int_equal(shutdown(first, SHUT_RDWR), 0);
    control_ask(fx, second, "y");
    control_expect_echo(fx, second, "y");

    while (count > 0) {
        close(taken[--count]);
    }
    close(first);
    close(second);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    const int fd = control_dial(fx);
    control_ask(fx, fd, "z");
    control_expect_echo(fx, fd, "z");
    close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, control_setup, control_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_slow_taker_holds_others_up_for_a_second_only),
        TEST(test_ninth_command_is_refused_and_the_eight_go_on),
        TEST(test_silent_connections_make_room_for_a_command),
        TEST(test_request_that_waits_keeps_its_place),
        TEST(test_request_above_the_rate_is_refused_for_now),
        TEST(test_flood_of_connections_lets_the_loop_rest),
        TEST(test_out_of_descriptors_one_command_at_a_time_is_answered),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
