#include "tests/component/uplink/peer.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "include/umig/version.h"
#include "wire/codec.h"

enum {
    PUMP_MAX = 10000
};

static void make_uplink(struct peer *peer)
{
    const struct umig_uplink_opts opts = {
        .addresses = peer->addresses,
        .epoch = PEER_EPOCH,
        .jitter_seed = 1,
        .spool_bytes = peer->spool,
        .spool_size = PEER_SPOOL_BYTES,
    };
    assert_int_equal(umig_uplink_init(&peer->uplink, &opts, NULL), UMIG_OK);
    const uint8_t hello[] = {0x08, UMIG_PROTOCOL};
    assert_int_equal(umig_uplink_set_hello(&peer->uplink, hello, sizeof hello, NULL), UMIG_OK);
}

int peer_setup(void **state)
{
    struct peer *peer = calloc(1, sizeof *peer);
    assert_non_null(peer);
    peer->spool = malloc(PEER_SPOOL_BYTES);
    assert_non_null(peer->spool);
    snprintf(peer->dir, sizeof peer->dir, "/tmp/umig-uplink-XXXXXX");
    assert_non_null(mkdtemp(peer->dir));
    peer->now_ns = 1000 * UMIG_NS_PER_S;
    peer->listen_fd = -1;
    peer->fd = -1;
    peer->addresses.count = 1;
    peer->addresses.items[0].address.is_unix = true;
    snprintf(peer->addresses.items[0].address.path, sizeof peer->addresses.items[0].address.path,
             "%s/collector.sock", peer->dir);
    umig_frame_reader_init(&peer->in, UMIG_FRAME_MAX_BYTES);
    make_uplink(peer);
    *state = peer;
    return 0;
}

int peer_teardown(void **state)
{
    struct peer *peer = *state;
    umig_uplink_fini(&peer->uplink);
    peer_stop(peer);
    umig_frame_reader_fini(&peer->in);
    for (size_t i = 0; i < peer->addresses.count; i++) {
        unlink(peer->addresses.items[i].address.path);
    }
    assert_int_equal(rmdir(peer->dir), 0);
    free(peer->spool);
    free(peer);
    return 0;
}

void peer_use_addresses(struct peer *peer, const struct umig_uplink_addresses *addresses)
{
    umig_uplink_fini(&peer->uplink);
    /* What the old uplink dialled and nobody took yet would be taken for the new one's. */
    int stale = -1;
    while (peer->listen_fd >= 0 && (stale = accept(peer->listen_fd, NULL, NULL)) >= 0) {
        close(stale);
    }
    peer->addresses = *addresses;
    make_uplink(peer);
}

void peer_listen(struct peer *peer)
{
    struct umig_err err = UMIG_ERR_INIT;
    const struct umig_address *address = &peer->addresses.items[0].address;
    if (umig_socket_listen(address, 0600, &peer->listen_fd, &err) != UMIG_OK) {
        fail_msg("%s", err.text);
    }
}

void peer_hang_up(struct peer *peer)
{
    if (peer->fd >= 0) {
        close(peer->fd);
        peer->fd = -1;
    }
    umig_frame_reader_fini(&peer->in);
    peer_pump(peer);
}

void peer_stop(struct peer *peer)
{
    peer_hang_up(peer);
    if (peer->listen_fd >= 0) {
        close(peer->listen_fd);
        peer->listen_fd = -1;
    }
}

/* One turn of the owner's loop; false when the socket was not ready. */
static bool turn(struct peer *peer)
{
    (void)umig_uplink_tick(&peer->uplink, peer->now_ns);
    struct pollfd pfd = {
        .fd = umig_uplink_fd(&peer->uplink),
        .events = umig_uplink_events(&peer->uplink, peer->now_ns),
    };
    if (pfd.fd < 0 || poll(&pfd, 1, 0) == 0) {
        return false;
    }
    umig_uplink_on_ready(&peer->uplink, pfd.revents, peer->now_ns);
    return true;
}

void peer_pump(struct peer *peer)
{
    int turns = 0;
    while (turn(peer)) {
        assert_true(++turns < PUMP_MAX); /* a loop that never rests burns the host's CPU */
    }
}

void peer_pass(struct peer *peer, uint64_t ns)
{
    peer->now_ns += ns;
    peer_pump(peer);
}

void peer_accept(struct peer *peer)
{
    assert_int_equal(peer->fd, -1);
    peer_pump(peer);
    peer->fd = accept4(peer->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(peer->fd >= 0);
    umig_frame_reader_init(&peer->in, UMIG_FRAME_MAX_BYTES);
}

void peer_send_bytes(struct peer *peer, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    while (len > 0) {
        const ssize_t n = send(peer->fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            at += n;
            len -= (size_t)n;
        } else if (errno != EAGAIN) {
            break;
        }
        peer_pump(peer);
    }
    peer_pump(peer);
}

void peer_send(struct peer *peer,
               enum umig_frame_type type,
               uint64_t sequence,
               const void *payload,
               size_t payload_bytes)
{
    uint8_t frame[UMIG_FRAME_HEADER_BYTES + 4096];
    assert_true(payload_bytes <= 4096);
    const struct umig_frame_header header = {
        .type = (uint8_t)type,
        .epoch = PEER_EPOCH,
        .sequence = sequence,
    };
    umig_frame_encode(&header, payload, (uint32_t)payload_bytes, frame);
    if (payload_bytes > 0) {
        memcpy(frame + UMIG_FRAME_HEADER_BYTES, payload, payload_bytes);
    }
    peer_send_bytes(peer, frame, UMIG_FRAME_HEADER_BYTES + payload_bytes);
}

/* Receives once what the uplink sent. UMIG_OK, UMIG_AGAIN: nothing, UMIG_END: it hung up. */
static int receive(struct peer *peer)
{
    size_t room = 0;
    uint8_t *space = umig_frame_reader_space(&peer->in, &room);
    assert_non_null(space);
    peer_pump(peer);
    const ssize_t n = recv(peer->fd, space, room, MSG_DONTWAIT);
    if (n > 0) {
        umig_frame_reader_filled(&peer->in, (size_t)n);
        return UMIG_OK;
    }
    return n < 0 && errno == EAGAIN ? UMIG_AGAIN : UMIG_END;
}

static int next_frame(struct peer *peer, struct umig_frame_header *header, const uint8_t **payload)
{
    for (;;) {
        struct umig_err err = UMIG_ERR_INIT;
        int rc = umig_frame_reader_next(&peer->in, header, payload, &err);
        if (rc < 0) {
            fail_msg("%s", err.text);
        }
        if (rc == UMIG_AGAIN) {
            rc = receive(peer);
            if (rc == UMIG_OK) {
                continue;
            }
        }
        return rc;
    }
}

const uint8_t *peer_expect(struct peer *peer,
                           enum umig_frame_type type,
                           struct umig_frame_header *out_header)
{
    const uint8_t *payload = NULL;
    struct umig_frame_header header = {0};
    const int rc = next_frame(peer, &header, &payload);
    if (rc != UMIG_OK || header.type != type) {
        fail_msg("frame %d expected, got %d (%d): %s", type, header.type, rc,
                 peer_status(peer).problem);
    }
    assert_int_equal(header.epoch, PEER_EPOCH);
    if (out_header != NULL) {
        *out_header = header;
    }
    return payload;
}

void peer_expect_batches(struct peer *peer, uint64_t first, uint64_t last)
{
    for (uint64_t sequence = first; sequence <= last; sequence++) {
        struct umig_frame_header header;
        const uint8_t *payload = peer_expect(peer, UMIG_FRAME_BATCH, &header);
        assert_int_equal(header.sequence, sequence);
        for (size_t i = 0; i < header.payload_bytes; i++) {
            assert_int_equal(payload[i], (uint8_t)(sequence * 31 + i));
        }
    }
}

void peer_expect_nothing(struct peer *peer)
{
    struct umig_frame_header header = {0};
    const uint8_t *payload = NULL;
    assert_int_equal(next_frame(peer, &header, &payload), UMIG_AGAIN);
}

void peer_expect_closed(struct peer *peer)
{
    struct umig_frame_header header = {0};
    const uint8_t *payload = NULL;
    assert_int_equal(next_frame(peer, &header, &payload), UMIG_END);
}

void peer_submit(struct peer *peer, size_t payload_bytes)
{
    uint8_t *payload = malloc(payload_bytes + 1);
    const uint64_t sequence = peer->uplink.spool.next;
    for (size_t i = 0; i < payload_bytes; i++) {
        payload[i] = (uint8_t)(sequence * 31 + i);
    }
    assert_int_equal(umig_uplink_submit(&peer->uplink, payload, payload_bytes, NULL), UMIG_OK);
    free(payload);
    peer_pump(peer);
}

size_t peer_welcome_payload(uint8_t out[64], uint32_t protocol, uint64_t acked, uint32_t max_bytes)
{
    struct umig_pb_writer writer;
    umig_pb_writer_init(&writer, out, 64);
    umig_pb_uint(&writer, 1, protocol);
    umig_pb_fixed64(&writer, 2, 0xff);
    umig_pb_uint(&writer, 3, acked);
    umig_pb_uint(&writer, 4, max_bytes);
    umig_pb_str(&writer, 5, "0.1.0");
    assert_false(writer.is_full);
    return writer.len;
}

size_t peer_refuse_payload(uint8_t out[128], uint32_t code, const char *text, uint32_t retry_ms)
{
    struct umig_pb_writer writer;
    umig_pb_writer_init(&writer, out, 128);
    umig_pb_uint(&writer, 1, code);
    umig_pb_str(&writer, 2, text);
    umig_pb_uint(&writer, 3, retry_ms);
    assert_false(writer.is_full);
    return writer.len;
}

void peer_welcome(struct peer *peer, uint64_t acked)
{
    uint8_t payload[64];
    peer_accept(peer);
    (void)peer_expect(peer, UMIG_FRAME_HELLO, NULL);
    const size_t len = peer_welcome_payload(payload, UMIG_PROTOCOL, acked, 0);
    peer_send(peer, UMIG_FRAME_WELCOME, 0, payload, len);
}

struct umig_uplink_status peer_status(const struct peer *peer)
{
    struct umig_uplink_status status;
    umig_uplink_status(&peer->uplink, &status);
    return status;
}
