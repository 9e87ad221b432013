/* The control socket: commands that behave, and everybody else. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/uplink/control_server.h"
#include "agent/uplink/messages.h"
#include "core/socket.h"
#include "tests/support/test.h"

enum {
    COMMANDS_MAX = 200,
    PUMP_MAX = 10000,
    DESCRIPTORS = 64, /* of a process that has too few */
};

/* A server whose handler echoes the request, or does what `mode` says. */
struct fixture {
    struct umig_control_server server;
    uint8_t *reply;
    uint64_t now_ns;
    char dir[64];
    struct umig_address address;
    int mode;         /* status the handler returns */
    size_t reply_len; /* bytes it replies in place of the echo; 0: echo */
    int handled;
};

static int handle(void *ctx,
                  const uint8_t *payload,
                  size_t payload_bytes,
                  struct umig_pb_writer *reply,
                  struct umig_err *err)
{
    struct fixture *fx = ctx;
    fx->handled++;
    if (fx->mode != UMIG_OK) {
        (void)err;
        if (err != NULL && fx->mode == UMIG_E_PROTO) {
            snprintf(err->text, sizeof err->text, "no verb 99");
        }
        return fx->mode;
    }
    static const uint8_t zeros[300 * 1024];
    if (fx->reply_len > 0) {
        umig_pb_bytes(reply, 2, zeros, fx->reply_len);
    } else {
        umig_pb_bytes(reply, 1, payload, payload_bytes);
    }
    return UMIG_OK;
}

static int open_server(struct fixture *fx, const char *path, struct umig_err *err)
{
    const struct umig_control_opts opts = {
        .path = path,
        .handle = handle,
        .ctx = fx,
        .reply_bytes = fx->reply,
        .reply_room = UMIG_CONTROL_REPLY_BYTES,
    };
    return umig_control_server_open(&fx->server, &opts, fx->now_ns, err);
}

static int setup(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    assert_non_null(fx);
    fx->reply = malloc(UMIG_CONTROL_REPLY_BYTES);
    fx->now_ns = 500 * UMIG_NS_PER_S;
    snprintf(fx->dir, sizeof fx->dir, "/tmp/umig-control-XXXXXX");
    assert_non_null(mkdtemp(fx->dir));
    fx->address.is_unix = true;
    snprintf(fx->address.path, sizeof fx->address.path, "%s/agent.sock", fx->dir);
    assert_int_equal(open_server(fx, fx->address.path, NULL), UMIG_OK);
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fx = *state;
    umig_control_server_close(&fx->server);
    assert_int_not_equal(access(fx->address.path, F_OK), 0);
    assert_int_equal(rmdir(fx->dir), 0);
    free(fx->reply);
    free(fx);
    return 0;
}

/* The owner's loop, until nothing is ready. */
static void pump(struct fixture *fx)
{
    for (int turns = 0;; turns++) {
        struct pollfd fds[UMIG_CONTROL_POLL_MAX];
        (void)umig_control_server_tick(&fx->server, fx->now_ns);
        const size_t count = umig_control_server_poll(&fx->server, fds);
        assert_true(count <= UMIG_CONTROL_POLL_MAX);
        if (count == 0 || poll(fds, count, 0) == 0) {
            return;
        }
        umig_control_server_on_ready(&fx->server, fds, count, fx->now_ns);
        assert_true(turns < PUMP_MAX); /* else a client makes the loop spin */
    }
}

static void pass(struct fixture *fx, uint64_t ns)
{
    fx->now_ns += ns;
    pump(fx);
}

static int dial(struct fixture *fx)
{
    int fd = -1;
    assert_int_equal(umig_socket_dial(&fx->address, 1000, &fd, NULL), UMIG_OK);
    pump(fx);
    return fd;
}

static size_t request_frame(uint8_t *out, uint8_t type, const char *text)
{
    const size_t len = strlen(text);
    const struct umig_frame_header header = {.type = type};
    umig_frame_encode(&header, (const uint8_t *)text, (uint32_t)len, out);
    memcpy(out + UMIG_FRAME_HEADER_BYTES, text, len);
    return UMIG_FRAME_HEADER_BYTES + len;
}

static void ask(struct fixture *fx, int fd, const char *text)
{
    uint8_t frame[512];
    const size_t len = request_frame(frame, UMIG_FRAME_CONTROL_REQUEST, text);
    assert_int_equal(send(fd, frame, len, MSG_NOSIGNAL), len);
    pump(fx);
}

/* Reads what is there, pumping in between; -1 with nothing, 0 when the server hung up. */
static ssize_t take(struct fixture *fx, int fd, void *bytes, size_t room)
{
    pump(fx);
    return recv(fd, bytes, room, MSG_DONTWAIT);
}

static void take_all(struct fixture *fx, int fd, uint8_t *bytes, size_t len)
{
    for (size_t have = 0; have < len;) {
        const ssize_t n = take(fx, fd, bytes + have, len - have);
        assert_true(n > 0);
        have += (size_t)n;
    }
}

static void expect_echo(struct fixture *fx, int fd, const char *text)
{
    uint8_t bytes[512];
    struct umig_frame_header header;
    take_all(fx, fd, bytes, UMIG_FRAME_HEADER_BYTES);
    assert_int_equal(umig_frame_decode(bytes, 256, &header, NULL), UMIG_OK);
    assert_int_equal(header.type, UMIG_FRAME_CONTROL_REPLY);
    take_all(fx, fd, bytes, header.payload_bytes);
    assert_int_equal(umig_frame_check(&header, bytes, NULL), UMIG_OK);
    assert_int_equal(header.payload_bytes, strlen(text) + 2);
    assert_memory_equal(bytes + 2, text, strlen(text));
}

/* A REFUSE with this code and text, then the end. */
/* Returns when to ask again, in ms; 0: never. */
static uint32_t expect_refusal(struct fixture *fx, int fd, uint32_t code, const char *says)
{
    uint8_t bytes[512];
    struct umig_frame_header header;
    struct umig_refuse refuse;
    take_all(fx, fd, bytes, UMIG_FRAME_HEADER_BYTES);
    assert_int_equal(umig_frame_decode(bytes, 512, &header, NULL), UMIG_OK);
    assert_int_equal(header.type, UMIG_FRAME_REFUSE);
    take_all(fx, fd, bytes, header.payload_bytes);
    assert_int_equal(umig_frame_check(&header, bytes, NULL), UMIG_OK);
    assert_int_equal(umig_refuse_read(bytes, header.payload_bytes, &refuse, NULL), UMIG_OK);
    assert_int_equal(refuse.code, code);
    if (strstr(refuse.text, says) == NULL) {
        fail_msg("'%s' expected, got '%s'", says, refuse.text);
    }
    const ssize_t end = take(fx, fd, bytes, sizeof bytes);
    assert_true(end == 0 || (end < 0 && errno == ECONNRESET));
    close(fd);
    return refuse.retry_after_ms;
}

static void test_requests_of_one_connection_are_answered_in_turn(void **state)
{
    struct fixture *fx = *state;
    struct stat st;
    assert_int_equal(stat(fx->address.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    const int fd = dial(fx);

    ask(fx, fd, "one");
    expect_echo(fx, fd, "one");
    ask(fx, fd, "two");
    expect_echo(fx, fd, "two");
    ask(fx, fd, "");
    expect_echo(fx, fd, "");

    close(fd);
    pump(fx);
    assert_int_equal(fx->server.request_count, 3);
}

static void test_requests_sent_together_are_all_answered(void **state)
{
    struct fixture *fx = *state;
    uint8_t bytes[256];
    size_t len = 0;
    for (int i = 0; i < 4; i++) {
        len += request_frame(bytes + len, UMIG_FRAME_CONTROL_REQUEST, "x");
    }
    const int fd = dial(fx);
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
    for (int i = 0; i < 4; i++) {
        expect_echo(fx, fd, "x");
    }
    close(fd);
}

static void test_failures_of_the_handler_are_said(void **state)
{
    struct fixture *fx = *state;
    fx->mode = UMIG_E_PROTO;
    int fd = dial(fx);
    ask(fx, fd, "x");
    expect_refusal(fx, fd, UMIG_REFUSE_PROTOCOL, "no verb 99");
    fx->mode = UMIG_E_LIMIT;
    fd = dial(fx);
    ask(fx, fd, "x");
    expect_refusal(fx, fd, UMIG_REFUSE_LIMIT, "a bound was reached");
    fx->mode = UMIG_OK;
    fx->reply_len = 257 * 1024;
    fd = dial(fx);
    ask(fx, fd, "x");
    /* Asked again a start would start twice. */
    assert_int_equal(expect_refusal(fx, fd, UMIG_REFUSE_LIMIT, "larger than 256 KiB"), 0);
}

static void test_garbage_is_refused_with_the_reason(void **state)
{
    struct fixture *fx = *state;
    uint8_t frame[512];
    size_t len = request_frame(frame, UMIG_FRAME_HELLO, "x");
    int fd = dial(fx);
    assert_int_equal(send(fd, frame, len, 0), len);
    expect_refusal(fx, fd, UMIG_REFUSE_PROTOCOL, "a frame of type 1");
    fd = dial(fx);
    assert_int_equal(send(fd, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 35, 0), 35);
    expect_refusal(fx, fd, UMIG_REFUSE_PROTOCOL, "not a UMIG frame");
    len = request_frame(frame, UMIG_FRAME_CONTROL_REQUEST, "x");
    frame[9] = 0x10; /* 4097 bytes */
    fd = dial(fx);
    assert_int_equal(send(fd, frame, len, 0), len);
    expect_refusal(fx, fd, UMIG_REFUSE_PROTOCOL, "4097 bytes (at most 4096)");
    assert_int_equal(fx->handled, 0);
}

/* Golden: one request. No cut or flip of it reaches the handler, none hangs the server. */
static void test_every_truncation_and_bit_flip_is_survived(void **state)
{
    struct fixture *fx = *state;
    uint8_t golden[64];
    const size_t len = request_frame(golden, UMIG_FRAME_CONTROL_REQUEST, "status");
    for (size_t bit = 0; bit < 8 * len + len; bit++) {
        uint8_t bytes[64];
        memcpy(bytes, golden, len);
        size_t cut = bit - 8 * len;
        if (bit < 8 * len) {
            bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
            cut = len;
        }
        const int fd = dial(fx);
        assert_int_equal(send(fd, bytes, cut, MSG_NOSIGNAL), cut);
        pump(fx);
        close(fd);
        pass(fx, UMIG_NS_PER_S / UMIG_CONTROL_ACCEPT_RATE);
        assert_int_equal(fx->handled, 0);
    }
    const int fd = dial(fx);
    ask(fx, fd, "still here");
    expect_echo(fx, fd, "still here");
    close(fd);
}

static void test_slow_request_is_hung_up_on_after_five_seconds(void **state)
{
    struct fixture *fx = *state;
    uint8_t frame[64];
    char byte = 0;
    (void)request_frame(frame, UMIG_FRAME_CONTROL_REQUEST, "slow");
    const int fd = dial(fx);
    assert_int_equal(umig_control_server_tick(&fx->server, fx->now_ns),
                     fx->now_ns + UMIG_CONTROL_DEADLINE_NS);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(send(fd, frame + i, 1, MSG_NOSIGNAL), 1);
        pass(fx, UMIG_NS_PER_S);
    }
    assert_int_equal(take(fx, fd, &byte, 1), -1);
    pass(fx, UMIG_NS_PER_S - 1);
    assert_int_equal(take(fx, fd, &byte, 1), -1);
    pass(fx, 1);
    assert_true(take(fx, fd, &byte, 1) == 0 || errno == ECONNRESET);
    close(fd);
}

/* A command that does not take its reply holds others up for a second, and loses its connection. */
static void test_slow_taker_holds_others_up_for_a_second_only(void **state)
{
    struct fixture *fx = *state;
    const int slow = dial(fx);
    const int size = 4096;
    assert_int_equal(setsockopt(slow, SOL_SOCKET, SO_RCVBUF, &size, sizeof size), 0);
    fx->reply_len = 250 * 1024;
    ask(fx, slow, "all of it"); /* more than a socket's buffer holds */
    fx->reply_len = 0;
    assert_non_null(fx->server.taker);
    const int quick = dial(fx);
    char byte = 0;
    ask(fx, quick, "quick");
    assert_int_equal(take(fx, quick, &byte, 1), -1);

    pass(fx, UMIG_CONTROL_TAKE_NS);

    expect_echo(fx, quick, "quick");
    close(quick);
    close(slow);
}

/* The second request is in our buffer already: no poll tells of it when the first reply is out. */
static void test_request_behind_a_large_reply_needs_no_tick(void **state)
{
    struct fixture *fx = *state;
    static uint8_t sink[UMIG_CONTROL_REPLY_BYTES];
    uint8_t bytes[128];
    size_t len = request_frame(bytes, UMIG_FRAME_CONTROL_REQUEST, "1");
    len += request_frame(bytes + len, UMIG_FRAME_CONTROL_REQUEST, "2");
    const int fd = dial(fx);
    fx->reply_len = 250 * 1024;
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
    pump(fx);
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
    struct fixture *fx = *state;
    static uint8_t bytes[UMIG_CONTROL_REPLY_BYTES];
    fx->reply_len = 256 * 1024 - 4; /* tag and length take 4 */
    const int fd = dial(fx);
    ask(fx, fd, "all of it");
    take_all(fx, fd, bytes, UMIG_FRAME_HEADER_BYTES);
    struct umig_frame_header header;
    assert_int_equal(umig_frame_decode(bytes, UMIG_FRAME_MAX_BYTES, &header, NULL), UMIG_OK);
    assert_int_equal(header.payload_bytes, 256 * 1024);
    take_all(fx, fd, bytes, header.payload_bytes);
    assert_int_equal(umig_frame_check(&header, bytes, NULL), UMIG_OK);
    close(fd);
}

static void test_ninth_command_is_refused_and_the_eight_go_on(void **state)
{
    struct fixture *fx = *state;
    int fds[UMIG_CONTROL_CLIENT_MAX];
    for (int i = 0; i < UMIG_CONTROL_CLIENT_MAX; i++) {
        fds[i] = dial(fx);
    }
    assert_int_not_equal(
        expect_refusal(fx, dial(fx), UMIG_REFUSE_LIMIT, "8 commands are connected already"), 0);
    for (int i = 0; i < UMIG_CONTROL_CLIENT_MAX; i++) {
        ask(fx, fds[i], "x");
        expect_echo(fx, fds[i], "x");
        close(fds[i]);
    }
    pump(fx);
    const int fd = dial(fx);
    ask(fx, fd, "y");
    expect_echo(fx, fd, "y");
    close(fd);
}

static void test_request_above_the_rate_is_refused_for_now(void **state)
{
    struct fixture *fx = *state;
    const int fd = dial(fx);
    for (int i = 0; i < UMIG_CONTROL_REQUEST_RATE; i++) {
        ask(fx, fd, "x");
        expect_echo(fx, fd, "x");
    }
    ask(fx, fd, "x");
    const uint32_t retry_ms =
        expect_refusal(fx, fd, UMIG_REFUSE_LIMIT, "more than 50 requests within a second");
    assert_int_not_equal(retry_ms, 0);
    fx->now_ns += retry_ms * UMIG_NS_PER_MS;
    const int again = dial(fx);
    ask(fx, again, "x");
    expect_echo(fx, again, "x");
    close(again);
    assert_int_equal(fx->handled, UMIG_CONTROL_REQUEST_RATE + 1);
}

/* The flooder waits in the backlog; the loop rests until the next token. */
static void test_flood_of_connections_lets_the_loop_rest(void **state)
{
    struct fixture *fx = *state;
    for (int i = 0; i < COMMANDS_MAX; i++) {
        int fd = -1;
        if (umig_socket_dial(&fx->address, 1000, &fd, NULL) == UMIG_OK) {
            pump(fx);
            close(fd);
        }
    }
    pump(fx);
    struct pollfd fds[UMIG_CONTROL_POLL_MAX];
    for (size_t i = 0; i < umig_control_server_poll(&fx->server, fds); i++) {
        assert_int_not_equal(fds[i].fd, fx->server.fd);
    }
    const uint64_t next = umig_control_server_tick(&fx->server, fx->now_ns);
    assert_in_range(next - fx->now_ns, 1, UMIG_NS_PER_S / UMIG_CONTROL_ACCEPT_RATE);
    pass(fx, 2 * UMIG_NS_PER_S);
    pass(fx, 2 * UMIG_NS_PER_S);
    const int fd = dial(fx);
    ask(fx, fd, "x");
    expect_echo(fx, fd, "x");
    close(fd);
}

/* Another user who got past the socket's mode is told so by number. */
static void test_another_user_is_refused(void **state)
{
    struct fixture *fx = *state;
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
            const size_t len = request_frame(frame, UMIG_FRAME_CONTROL_REQUEST, "x");
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
        pump(fx);
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
    struct fixture *fx = *state;
    struct fixture other = {.reply = fx->reply};
    struct umig_err err = UMIG_ERR_INIT;
    char path[256];

    assert_int_equal(open_server(&other, fx->address.path, &err), UMIG_E_BUSY);
    assert_non_null(strstr(err.text, "somebody else listens on"));
    umig_control_server_close(&other.server);
    assert_int_equal(access(fx->address.path, F_OK), 0); /* the first one's, not ours to remove */
    snprintf(path, sizeof path, "%s/%0150d", fx->dir, 0);
    assert_int_equal(open_server(&other, path, &err), UMIG_E_ARG);
    assert_non_null(strstr(err.text, "(at most 107)"));
    assert_int_equal(open_server(&other, "rel.sock", &err), UMIG_E_ARG);
    snprintf(path, sizeof path, "%s/no/such/dir.sock", fx->dir);
    assert_int_equal(open_server(&other, path, &err), UMIG_E_IO);
    assert_non_null(strstr(err.text, "No such file"));
    snprintf(path, sizeof path, "%s", fx->dir);
    assert_int_equal(open_server(&other, path, &err), UMIG_E_ARG);
    assert_non_null(strstr(err.text, "is not a socket"));
    umig_control_server_close(&other.server);
}

static void test_dead_socket_is_taken_over_and_a_foreign_one_not_removed(void **state)
{
    struct fixture *fx = *state;
    fx->server.pid = 0; /* as a killed JVM leaves it: nobody removes the socket */
    umig_control_server_close(&fx->server);
    assert_int_equal(access(fx->address.path, F_OK), 0);
    assert_int_equal(open_server(fx, fx->address.path, NULL), UMIG_OK);

    assert_int_equal(unlink(fx->address.path), 0);
    struct umig_control_server before = fx->server;
    assert_int_equal(open_server(fx, fx->address.path, NULL), UMIG_OK);
    umig_control_server_close(&before);
    assert_int_equal(access(fx->address.path, F_OK), 0);
}

static void test_child_of_a_fork_neither_serves_nor_removes(void **state)
{
    struct fixture *fx = *state;
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
    const int fd = dial(fx);
    ask(fx, fd, "x");
    expect_echo(fx, fd, "x");
    close(fd);
}

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

static int dial_only(struct fixture *fx)
{
    int fd = -1;
    assert_int_equal(umig_socket_dial(&fx->address, 1000, &fd, NULL), UMIG_OK);
    return fd;
}

static void test_out_of_descriptors_one_command_at_a_time_is_answered(void **state)
{
    struct fixture *fx = *state;
    struct rlimit before;
    int taken[DESCRIPTORS];
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit few = {.rlim_cur = DESCRIPTORS, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    const int first = dial_only(fx);
    const int second = dial_only(fx);
    size_t count = take_descriptors(taken);

    pump(fx);
    ask(fx, first, "x");
    expect_echo(fx, first, "x");
    assert_int_equal(shutdown(first, SHUT_RDWR), 0);
    ask(fx, second, "y");
    expect_echo(fx, second, "y");

    while (count > 0) {
        close(taken[--count]);
    }
    close(first);
    close(second);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    const int fd = dial(fx);
    ask(fx, fd, "z");
    expect_echo(fx, fd, "z");
    close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_requests_of_one_connection_are_answered_in_turn),
        TEST(test_requests_sent_together_are_all_answered),
        TEST(test_failures_of_the_handler_are_said),
        TEST(test_garbage_is_refused_with_the_reason),
        TEST(test_every_truncation_and_bit_flip_is_survived),
        TEST(test_slow_request_is_hung_up_on_after_five_seconds),
        TEST(test_slow_taker_holds_others_up_for_a_second_only),
        TEST(test_request_behind_a_large_reply_needs_no_tick),
        TEST(test_large_reply_arrives_whole),
        TEST(test_ninth_command_is_refused_and_the_eight_go_on),
        TEST(test_request_above_the_rate_is_refused_for_now),
        TEST(test_flood_of_connections_lets_the_loop_rest),
        TEST(test_another_user_is_refused),
        TEST(test_path_that_cannot_be_is_named),
        TEST(test_dead_socket_is_taken_over_and_a_foreign_one_not_removed),
        TEST(test_child_of_a_fork_neither_serves_nor_removes),
        TEST(test_out_of_descriptors_one_command_at_a_time_is_answered),
    };
    return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
