#include "tests/component/uplink/control_fixture.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/uplink/messages.h"
#include "tests/support/test.h"

enum {
    PUMP_MAX = 10000
};

static int handle(void *ctx,
                  const uint8_t *payload,
                  size_t payload_bytes,
                  struct umig_pb_writer *reply,
                  struct umig_err *err)
{
    struct control_fixture *fx = ctx;
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

int control_open(struct control_fixture *fx, const char *path, struct umig_err *err)
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

int control_setup(void **state)
{
    struct control_fixture *fx = calloc(1, sizeof *fx);
    assert_non_null(fx);
    fx->reply = malloc(UMIG_CONTROL_REPLY_BYTES);
    fx->now_ns = 500 * UMIG_NS_PER_S;
    snprintf(fx->dir, sizeof fx->dir, "/tmp/umig-control-XXXXXX");
    assert_non_null(mkdtemp(fx->dir));
    fx->address.is_unix = true;
    snprintf(fx->address.path, sizeof fx->address.path, "%s/agent.sock", fx->dir);
    assert_int_equal(control_open(fx, fx->address.path, NULL), UMIG_OK);
    *state = fx;
    return 0;
}

int control_teardown(void **state)
{
    struct control_fixture *fx = *state;
    umig_control_server_close(&fx->server);
    assert_int_not_equal(access(fx->address.path, F_OK), 0);
    assert_int_equal(rmdir(fx->dir), 0);
    free(fx->reply);
    free(fx);
    return 0;
}

void control_pump(struct control_fixture *fx)
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

void control_pass(struct control_fixture *fx, uint64_t ns)
{
    fx->now_ns += ns;
    control_pump(fx);
}

int control_dial(struct control_fixture *fx)
{
    int fd = -1;
    assert_int_equal(umig_socket_dial(&fx->address, 1000, &fd, NULL), UMIG_OK);
    control_pump(fx);
    return fd;
}

size_t control_request_frame(uint8_t *out, uint8_t type, const char *text)
{
    const size_t len = strlen(text);
    const struct umig_frame_header header = {.type = type};
    umig_frame_encode(&header, (const uint8_t *)text, (uint32_t)len, out);
    memcpy(out + UMIG_FRAME_HEADER_BYTES, text, len);
    return UMIG_FRAME_HEADER_BYTES + len;
}

void control_ask(struct control_fixture *fx, int fd, const char *text)
{
    uint8_t frame[512];
    const size_t len = control_request_frame(frame, UMIG_FRAME_CONTROL_REQUEST, text);
    assert_int_equal(send(fd, frame, len, MSG_NOSIGNAL), len);
    control_pump(fx);
}

ssize_t control_take(struct control_fixture *fx, int fd, void *bytes, size_t room)
{
    control_pump(fx);
    return recv(fd, bytes, room, MSG_DONTWAIT);
}

void control_take_all(struct control_fixture *fx, int fd, uint8_t *bytes, size_t len)
{
    for (size_t have = 0; have < len;) {
        const ssize_t n = control_take(fx, fd, bytes + have, len - have);
        assert_true(n > 0);
        have += (size_t)n;
    }
}

void control_expect_echo(struct control_fixture *fx, int fd, const char *text)
{
    uint8_t bytes[512];
    struct umig_frame_header header;
    control_take_all(fx, fd, bytes, UMIG_FRAME_HEADER_BYTES);
    assert_int_equal(umig_frame_decode(bytes, 256, &header, NULL), UMIG_OK);
    assert_int_equal(header.type, UMIG_FRAME_CONTROL_REPLY);
    control_take_all(fx, fd, bytes, header.payload_bytes);
    assert_int_equal(umig_frame_check(&header, bytes, NULL), UMIG_OK);
    assert_int_equal(header.payload_bytes, strlen(text) + 2);
    assert_memory_equal(bytes + 2, text, strlen(text));
}

uint32_t control_expect_refusal(struct control_fixture *fx, int fd, uint32_t code, const char *says)
{
    uint8_t bytes[512];
    struct umig_frame_header header;
    struct umig_refuse refuse;
    control_take_all(fx, fd, bytes, UMIG_FRAME_HEADER_BYTES);
    assert_int_equal(umig_frame_decode(bytes, 512, &header, NULL), UMIG_OK);
    assert_int_equal(header.type, UMIG_FRAME_REFUSE);
    control_take_all(fx, fd, bytes, header.payload_bytes);
    assert_int_equal(umig_frame_check(&header, bytes, NULL), UMIG_OK);
    assert_int_equal(umig_refuse_read(bytes, header.payload_bytes, &refuse, NULL), UMIG_OK);
    assert_int_equal(refuse.code, code);
    if (strstr(refuse.text, says) == NULL) {
        fail_msg("'%s' expected, got '%s'", says, refuse.text);
    }
    const ssize_t end = control_take(fx, fd, bytes, sizeof bytes);
    assert_true(end == 0 || (end < 0 && errno == ECONNRESET));
    close(fd);
    return refuse.retry_after_ms;
}

int control_dial_only(struct control_fixture *fx)
{
    int fd = -1;
    assert_int_equal(umig_socket_dial(&fx->address, 1000, &fd, NULL), UMIG_OK);
    return fd;
}
