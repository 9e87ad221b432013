/* The control socket: commands that behave, and everybody else. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/uplink/messages.h"
#include "tests/component/uplink/control_fixture.h"
#include "tests/support/test.h"

static void test_requests_of_one_connection_are_answered_in_turn(void **state)
{
    struct control_fixture *fx = *state;
    struct stat st;
    assert_int_equal(stat(fx->address.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    const int fd = control_dial(fx);

    control_ask(fx, fd, "one");
    control_expect_echo(fx, fd, "one");
    control_ask(fx, fd, "two");
    control_expect_echo(fx, fd, "two");
    control_ask(fx, fd, "");
    control_expect_echo(fx, fd, "");

    close(fd);
    control_pump(fx);
    assert_int_equal(fx->server.request_count, 3);
}

static void test_requests_sent_together_are_all_answered(void **state)
{
    struct control_fixture *fx = *state;
    uint8_t bytes[256];
    size_t len = 0;
    for (int i = 0; i < 4; i++) {
        len += control_request_frame(bytes + len, UMIG_FRAME_CONTROL_REQUEST, "x");
    }
    const int fd = control_dial(fx);
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
    for (int i = 0; i < 4; i++) {
        control_expect_echo(fx, fd, "x");
    }
    close(fd);
}

static void test_failures_of_the_handler_are_said(void **state)
{
    struct control_fixture *fx = *state;
    fx->mode = UMIG_E_PROTO;
    int fd = control_dial(fx);
    control_ask(fx, fd, "x");
    control_expect_refusal(fx, fd, UMIG_REFUSE_PROTOCOL, "no verb 99");
    fx->mode = UMIG_E_LIMIT;
    fd = control_dial(fx);
    control_ask(fx, fd, "x");
    control_expect_refusal(fx, fd, UMIG_REFUSE_LIMIT, "a bound was reached");
    fx->mode = UMIG_OK;
    fx->reply_len = 257 * 1024;
    fd = control_dial(fx);
    control_ask(fx, fd, "x");
    /* Asked again a start would start twice. */
    assert_int_equal(control_expect_refusal(fx, fd, UMIG_REFUSE_LIMIT, "larger than 256 KiB"), 0);
}

static void test_garbage_is_refused_with_the_reason(void **state)
{
    struct control_fixture *fx = *state;
    uint8_t frame[512];
    size_t len = control_request_frame(frame, UMIG_FRAME_HELLO, "x");
    int fd = control_dial(fx);
    assert_int_equal(send(fd, frame, len, 0), len);
    control_expect_refusal(fx, fd, UMIG_REFUSE_PROTOCOL, "a frame of type 1");
    fd = control_dial(fx);
    assert_int_equal(send(fd, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 35, 0), 35);
    control_expect_refusal(fx, fd, UMIG_REFUSE_PROTOCOL, "not a UMIG frame");
    len = control_request_frame(frame, UMIG_FRAME_CONTROL_REQUEST, "x");
    frame[9] = 0x10; /* 4097 bytes */
    fd = control_dial(fx);
    assert_int_equal(send(fd, frame, len, 0), len);
    control_expect_refusal(fx, fd, UMIG_REFUSE_PROTOCOL, "4097 bytes (at most 4096)");
    assert_int_equal(fx->handled, 0);
}

/* Golden: one request. No cut or flip of it reaches the handler, none hangs the server. */
static void test_every_truncation_and_bit_flip_is_survived(void **state)
{
    struct control_fixture *fx = *state;
    uint8_t golden[64];
    const size_t len = control_request_frame(golden, UMIG_FRAME_CONTROL_REQUEST, "status");
    for (size_t bit = 0; bit < 8 * len + len; bit++) {
        uint8_t bytes[64];
        memcpy(bytes, golden, len);
        size_t cut = bit - 8 * len;
        if (bit < 8 * len) {
            bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
            cut = len;
        }
        const int fd = control_dial(fx);
        assert_int_equal(send(fd, bytes, cut, MSG_NOSIGNAL), cut);
        control_pump(fx);
        close(fd);
        control_pass(fx, UMIG_NS_PER_S / UMIG_CONTROL_ACCEPT_RATE);
        assert_int_equal(fx->handled, 0);
    }
    const int fd = control_dial(fx);
    control_ask(fx, fd, "still here");
    control_expect_echo(fx, fd, "still here");
    close(fd);
}

static void test_slow_request_is_hung_up_on_after_five_seconds(void **state)
{
    struct control_fixture *fx = *state;
    uint8_t frame[64];
    char byte = 0;
    (void)control_request_frame(frame, UMIG_FRAME_CONTROL_REQUEST, "slow");
    const int fd = control_dial(fx);
    assert_int_equal(umig_control_server_tick(&fx->server, fx->now_ns),
                     fx->now_ns + UMIG_CONTROL_DEADLINE_NS);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(send(fd, frame + i, 1, MSG_NOSIGNAL), 1);
        control_pass(fx, UMIG_NS_PER_S);
    }
    assert_int_equal(control_take(fx, fd, &byte, 1), -1);
    control_pass(fx, UMIG_NS_PER_S - 1);
    assert_int_equal(control_take(fx, fd, &byte, 1), -1);
    control_pass(fx, 1);
    assert_true(control_take(fx, fd, &byte, 1) == 0 || errno == ECONNRESET);
    close(fd);
}

/* The second request is in our buffer already: no poll tells of it when the first reply is out. */
static void test_request_behind_a_large_reply_needs_no_tick(void **state)
{
    struct control_fixture *fx = *state;
    static uint8_t sink[UMIG_CONTROL_REPLY_BYTES];
    uint8_t bytes[128];
    size_t len = control_request_frame(bytes, UMIG_FRAME_CONTROL_REQUEST, "1");
    len += control_request_frame(bytes + len, UMIG_FRAME_CONTROL_REQUEST, "2");
    const int fd = control_dial(fx);
    fx->reply_len = 250 * 1024;
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
    control_pump(fx);
    assert_int_equal(fx->handled, 1);
    assert_true(recv(fd, sink, sizeof sink, MSG_DONTWAIT) > 0);

    struct pollfd fds[UMIG_CONTROL_POLL_MAX];
    const size_t count = umig_control_server_poll(&fx->server, fds);
    assert_true(poll(fds, count, 0) > 0);
    umig_control_server_on_ready(&fx->server, fds, count, fx->now_ns);

    assert_int_equal(fx->handled, 2);
    close(fd);
}

static void test_large_reply_arrives_whole(void **state)
{
    struct control_fixture *fx = *state;
    static uint8_t bytes[UMIG_CONTROL_REPLY_BYTES];
    fx->reply_len = 256 * 1024 - 4; /* tag and length take 4 */
    const int fd = control_dial(fx);
    control_ask(fx, fd, "all of it");
    control_take_all(fx, fd, bytes, UMIG_FRAME_HEADER_BYTES);
    struct umig_frame_header header;
    assert_int_equal(umig_frame_decode(bytes, UMIG_FRAME_MAX_BYTES, &header, NULL), UMIG_OK);
    assert_int_equal(header.payload_bytes, 256 * 1024);
    control_take_all(fx, fd, bytes, header.payload_bytes);
    assert_int_equal(umig_frame_check(&header, bytes, NULL), UMIG_OK);
    close(fd);
}

/* Another user who got past the socket's mode is told so by number. */
static void test_another_user_is_refused(void **state)
{
    struct control_fixture *fx = *state;
    if (geteuid() != 0) {
        skip(); /* only root can be somebody else */
    }
    assert_int_equal(chmod(fx->dir, 0755), 0);
    fflush(NULL);
    int tells[2];
    assert_int_equal(pipe(tells), 0);
    for (int is_open = 0; is_open < 2; is_open++) {
        assert_int_equal(chmod(fx->address.path, is_open ? 0666 : 0600), 0);
        const pid_t child = fork();
        if (child == 0) {
            int fd = -1;
            char byte = 'n';
            uint8_t frame[64];
            const size_t len = control_request_frame(frame, UMIG_FRAME_CONTROL_REQUEST, "x");
            const bool is_other = setgid(65534) == 0 && setuid(65534) == 0;
            if (is_other && umig_socket_dial(&fx->address, 1000, &fd, NULL) == UMIG_OK) {
                byte = 'y';
                (void)!send(fd, frame, len, MSG_NOSIGNAL);
            }
            (void)!write(tells[1], &byte, 1);
            uint8_t answer[UMIG_FRAME_HEADER_BYTES];
            const int rc = byte == 'y'
                               ? umig_socket_recv_all(fd, answer, sizeof answer, 10000, NULL)
                               : UMIG_OK;
            const bool is_refused = byte == 'n' || answer[5] == UMIG_FRAME_REFUSE;
            _exit(is_other && rc == UMIG_OK && is_refused ? 0 : 1);
        }
        char byte = 0;
        assert_int_equal(read(tells[0], &byte, 1), 1);
        assert_int_equal(byte, is_open ? 'y' : 'n');
        control_pump(fx);
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
    assert_int_equal(fx->server.refuse_count, 1);
    assert_int_equal(fx->handled, 0);
    close(tells[0]);
    close(tells[1]);
}

static void test_path_that_cannot_be_is_named(void **state)
{
    struct control_fixture *fx = *state;
    struct control_fixture other = {.reply = fx->reply};
    struct umig_err err = UMIG_ERR_INIT;
    char path[256];

    assert_int_equal(control_open(&other, fx->address.path, &err), UMIG_E_BUSY);
    assert_non_null(strstr(err.text, "somebody else listens on"));
    umig_control_server_close(&other.server);
    assert_int_equal(access(fx->address.path, F_OK), 0); /* the first one's, not ours to remove */
    snprintf(path, sizeof path, "%s/%0150d", fx->dir, 0);
    assert_int_equal(control_open(&other, path, &err), UMIG_E_ARG);
    assert_non_null(strstr(err.text, "(at most 107)"));
    assert_int_equal(control_open(&other, "rel.sock", &err), UMIG_E_ARG);
    snprintf(path, sizeof path, "%s/no/such/dir.sock", fx->dir);
    assert_int_equal(control_open(&other, path, &err), UMIG_E_IO);
    assert_non_null(strstr(err.text, "No such file"));
    snprintf(path, sizeof path, "%s", fx->dir);
    assert_int_equal(control_open(&other, path, &err), UMIG_E_ARG);
    assert_non_null(strstr(err.text, "is not a socket"));
    umig_control_server_close(&other.server);
}

static void test_dead_socket_is_taken_over_and_a_foreign_one_not_removed(void **state)
{
    struct control_fixture *fx = *state;
    fx->server.pid = 0; /* as a killed JVM leaves it: nobody removes the socket */
    umig_control_server_close(&fx->server);
    assert_int_equal(access(fx->address.path, F_OK), 0);
    assert_int_equal(control_open(fx, fx->address.path, NULL), UMIG_OK);

    assert_int_equal(unlink(fx->address.path), 0);
    struct umig_control_server before = fx->server;
    assert_int_equal(control_open(fx, fx->address.path, NULL), UMIG_OK);
    umig_control_server_close(&before);
    assert_int_equal(access(fx->address.path, F_OK), 0);
}

static void test_child_of_a_fork_neither_serves_nor_removes(void **state)
{
    struct control_fixture *fx = *state;
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        struct pollfd fds[UMIG_CONTROL_POLL_MAX];
        const bool is_quiet = umig_control_server_poll(&fx->server, fds) == 0 &&
                              umig_control_server_tick(&fx->server, fx->now_ns) == UINT64_MAX;
        umig_control_server_close(&fx->server);
        _exit(is_quiet ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    const int fd = control_dial(fx);
    control_ask(fx, fd, "x");
    control_expect_echo(fx, fd, "x");
    close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, control_setup, control_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_requests_of_one_connection_are_answered_in_turn),
        TEST(test_requests_sent_together_are_all_answered),
        TEST(test_failures_of_the_handler_are_said),
        TEST(test_garbage_is_refused_with_the_reason),
        TEST(test_every_truncation_and_bit_flip_is_survived),
        TEST(test_slow_request_is_hung_up_on_after_five_seconds),
        TEST(test_request_behind_a_large_reply_needs_no_tick),
        TEST(test_large_reply_arrives_whole),
        TEST(test_another_user_is_refused),
        TEST(test_path_that_cannot_be_is_named),
        TEST(test_dead_socket_is_taken_over_and_a_foreign_one_not_removed),
        TEST(test_child_of_a_fork_neither_serves_nor_removes),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
