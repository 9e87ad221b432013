/*
 * Who answers may be broken or mean: every truncation and every bit flip of a golden session,
 * frames that do not belong, and floods. The agent hangs up, says why, and loses nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "include/umig/version.h"
#include "tests/component/uplink/peer.h"

enum {
    BATCHES = 3,
    GOLDEN_MAX = 512,
};

/* WELCOME, ACK 1, REFUSE with a retry, ACK 3: what a collector with a full disk says. */
struct golden {
    uint8_t bytes[GOLDEN_MAX];
    size_t len;
    size_t ends[4]; /* of each frame */
};

static void add_frame(struct golden *golden,
                      size_t index,
                      enum umig_frame_type type,
                      uint64_t sequence,
                      const uint8_t *payload,
                      size_t payload_bytes)
{
    const struct umig_frame_header header = {
        .type = (uint8_t)type,
        .epoch = PEER_EPOCH,
        .sequence = sequence,
    };
    uint8_t *at = golden->bytes + golden->len;
    assert_true(golden->len + UMIG_FRAME_HEADER_BYTES + payload_bytes <= GOLDEN_MAX);
    umig_frame_encode(&header, payload, (uint32_t)payload_bytes, at);
    if (payload_bytes > 0) {
        memcpy(at + UMIG_FRAME_HEADER_BYTES, payload, payload_bytes);
    }
    golden->len += UMIG_FRAME_HEADER_BYTES + payload_bytes;
    golden->ends[index] = golden->len;
}

static struct golden make_golden(void)
{
    struct golden golden = {.len = 0};
    uint8_t payload[128];
    size_t len = peer_welcome_payload(payload, UMIG_PROTOCOL, 0, UMIG_FRAME_MAX_BYTES);
    add_frame(&golden, 0, UMIG_FRAME_WELCOME, 0, payload, len);
    add_frame(&golden, 1, UMIG_FRAME_ACK, 1, NULL, 0);
    len = peer_refuse_payload(payload, 4, "the disk is full", 100);
    add_frame(&golden, 2, UMIG_FRAME_REFUSE, 0, payload, len);
    add_frame(&golden, 3, UMIG_FRAME_ACK, 3, NULL, 0);
    return golden;
}

/* Dials and has all batches on their way when the golden bytes behind WELCOME come. */
static void begin(struct peer *peer)
{
    peer_hang_up(peer);
    const struct umig_uplink_addresses addresses = peer->addresses;
    peer_use_addresses(peer, &addresses);
    for (int i = 0; i < BATCHES; i++) {
        peer_submit(peer, 100);
    }
    peer_accept(peer);
    (void)peer_expect(peer, UMIG_FRAME_HELLO, NULL);
}

/* The batches that whole frames in the first len bytes acknowledge. */
static uint64_t acked_by(const struct golden *golden, size_t len)
{
    if (len >= golden->ends[3]) {
        return 3;
    }
    return len >= golden->ends[1] ? 1 : 0;
}

/* Sends with a pause behind WELCOME, so that the batches are out before the ACKs come. */
static void send_golden(struct peer *peer, const struct golden *golden, size_t len)
{
    const size_t welcome = golden->ends[0] < len ? golden->ends[0] : len;
    peer_send_bytes(peer, golden->bytes, welcome);
    peer_send_bytes(peer, golden->bytes + welcome, len - welcome);
}

static void test_every_truncation_loses_nothing(void **state)
{
    struct peer *peer = *state;
    const struct golden golden = make_golden();
    peer_listen(peer);
    for (size_t len = 0; len <= golden.len; len++) {
        begin(peer);

        send_golden(peer, &golden, len);
        peer_hang_up(peer);

        assert_int_equal(peer_status(peer).state, UMIG_UPLINK_WAITING);
        const uint64_t acked = acked_by(&golden, len);
        assert_int_equal(peer_status(peer).acked_sequence, acked);
        peer_pass(peer, UMIG_NS_PER_S);
        peer_welcome(peer, acked);
        peer_expect_batches(peer, acked + 1, BATCHES);
        peer_expect_nothing(peer);
    }
}

static void test_every_bit_flip_ends_the_connection_and_loses_nothing(void **state)
{
    struct peer *peer = *state;
    const struct golden golden = make_golden();
    peer_listen(peer);
    for (size_t bit = 0; bit < 8 * golden.len; bit++) {
        struct golden flipped = golden;
        flipped.bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        size_t frame = 0;
        while (golden.ends[frame] <= bit / 8) {
            frame++;
        }
        const uint64_t acked = acked_by(&golden, frame > 0 ? golden.ends[frame - 1] : 0);
        begin(peer);

        send_golden(peer, &flipped, flipped.len);
        peer_hang_up(peer); /* a length that grew makes the reader wait for more */

        assert_int_equal(peer_status(peer).state, UMIG_UPLINK_WAITING);
        assert_string_not_equal(peer_status(peer).problem, "");
        assert_int_equal(peer_status(peer).acked_sequence, acked);
    }
}

struct wrong_frame {
    uint8_t type;
    uint64_t sequence;
    uint64_t epoch;
    const char *says;
};

static void test_frames_that_do_not_belong_end_the_connection(void **state)
{
    struct peer *peer = *state;
    static const struct wrong_frame cases[] = {
        {UMIG_FRAME_HELLO, 0, PEER_EPOCH, "type 1, not expected here"},
        {UMIG_FRAME_WELCOME, 0, PEER_EPOCH, "type 2, not expected here"},
        {UMIG_FRAME_BATCH, 1, PEER_EPOCH, "type 3, not expected here"},
        {UMIG_FRAME_PING, 0, PEER_EPOCH, "type 6, not expected here"},
        {UMIG_FRAME_PONG, 0, PEER_EPOCH, "a ping nobody sent"},
        {UMIG_FRAME_CONTROL_REQUEST, 0, PEER_EPOCH, "type 16, not expected"},
        {64, 0, PEER_EPOCH, "type 64, not expected"},
        {255, 0, PEER_EPOCH, "type 255, not expected"},
        {UMIG_FRAME_ACK, BATCHES + 1, PEER_EPOCH, "batch 4, the last sent was 3"},
        {UMIG_FRAME_ACK, UINT64_MAX, PEER_EPOCH, "the last sent was 3"},
        {UMIG_FRAME_ACK, 1, 77, "another agent"},
    };
    peer_listen(peer);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin(peer);
        peer_hang_up(peer);
        peer_pass(peer, UMIG_NS_PER_S);
        peer_welcome(peer, 0);
        uint8_t frame[UMIG_FRAME_HEADER_BYTES];
        const struct umig_frame_header header = {
            .type = cases[i].type,
            .epoch = cases[i].epoch,
            .sequence = cases[i].sequence,
        };
        umig_frame_encode(&header, NULL, 0, frame);

        peer_send_bytes(peer, frame, sizeof frame);

        const struct umig_uplink_status status = peer_status(peer);
        assert_int_equal(status.state, UMIG_UPLINK_WAITING);
        if (strstr(status.problem, cases[i].says) == NULL) {
            fail_msg("case %zu: %s", i, status.problem);
        }
        assert_int_equal(status.unacked_batches, BATCHES);
    }
}

struct wrong_payload {
    uint8_t type;
    const char *bytes;
    size_t len;
    const char *says;
};

static void test_wrong_messages_before_welcome_are_refused_by_name(void **state)
{
    struct peer *peer = *state;
    static const struct wrong_payload cases[] = {
        {UMIG_FRAME_WELCOME, "", 0, "speaks protocol 0"},
        {UMIG_FRAME_WELCOME, "\x08\x01", 2, "speaks protocol 1"},
        {UMIG_FRAME_WELCOME, "\x0a\x00", 2, "field 1 is not a number"},
        {UMIG_FRAME_WELCOME, "\x08\x02\x18\x09", 4, "batch 9, the last sent was 0"},
        {UMIG_FRAME_WELCOME, "\x08\x02\x20\x01", 4, "frames of 1 bytes only"},
        {UMIG_FRAME_WELCOME, "\x08\xff\xff\xff\xff\x7f", 6, "more than 32 bits"},
        {UMIG_FRAME_WELCOME, "\x08", 1, "within a number"},
        {UMIG_FRAME_REFUSE, "\x10\x01", 2, "is not a string"},
        {UMIG_FRAME_REFUSE, "\x12\x05", 2, "length of 5, 0 bytes are left"},
        {UMIG_FRAME_ACK, "", 0, "type 4, not expected before WELCOME"},
        {UMIG_FRAME_PONG, "", 0, "type 7, not expected before WELCOME"},
    };
    peer_listen(peer);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin(peer);

        peer_send(peer, cases[i].type, 0, cases[i].bytes, cases[i].len);

        const struct umig_uplink_status status = peer_status(peer);
        assert_int_equal(status.state, UMIG_UPLINK_WAITING);
        if (strstr(status.problem, cases[i].says) == NULL) {
            fail_msg("case %zu: %s", i, status.problem);
        }
    }
}

static void test_batch_larger_than_the_collector_takes_is_said(void **state)
{
    struct peer *peer = *state;
    uint8_t payload[64];
    peer_listen(peer);
    peer_submit(peer, 5000);
    peer_accept(peer);
    const size_t len = peer_welcome_payload(payload, UMIG_PROTOCOL, 0, 4096);

    peer_send(peer, UMIG_FRAME_WELCOME, 0, payload, len);

    assert_int_equal(peer_status(peer).state, UMIG_UPLINK_WAITING);
    assert_string_equal(peer_status(peer).problem,
                        "the collector takes batches of 4096 bytes, one of 5000 is waiting");
    assert_int_equal(umig_uplink_room(&peer->uplink), 4096);
}

/* Writes the same bytes until the uplink hangs up; returns how many it took. */
static size_t flood(struct peer *peer, const uint8_t *bytes, size_t len, size_t most)
{
    size_t taken = 0;
    size_t offset = 0;
    while (taken < most) {
        const ssize_t n = send(peer->fd, bytes + offset, len - offset, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN) {
            break;
        }
        taken += n > 0 ? (size_t)n : 0;
        offset = n > 0 ? (offset + (size_t)n) % len : offset;
        peer_pump(peer);
    }
    return taken;
}

static void test_impostor_with_a_gigabyte_is_hung_up_on_within_a_moment(void **state)
{
    struct peer *peer = *state;
    const size_t gigabyte = (size_t)1 << 30;
    static uint8_t garbage[65536];
    uint8_t ack[UMIG_FRAME_HEADER_BYTES];
    const struct umig_frame_header header = {.type = UMIG_FRAME_ACK, .epoch = PEER_EPOCH};
    umig_frame_encode(&header, NULL, 0, ack);
    memset(garbage, 'x', sizeof garbage);
    peer_listen(peer);
    begin(peer);

    assert_true(flood(peer, garbage, sizeof garbage, gigabyte) <= 2 * sizeof garbage);

    assert_non_null(strstr(peer_status(peer).problem, "not a UMIG frame"));
    begin(peer);
    peer_hang_up(peer);
    peer_pass(peer, UMIG_NS_PER_S);
    peer_welcome(peer, 0);
    /* Frames as they should be, but no end of them. */
    assert_true(flood(peer, ack, sizeof ack, gigabyte) <= 2 * UMIG_UPLINK_IN_MAX_BYTES);
    assert_non_null(strstr(peer_status(peer).problem, "more than 262144 bytes in a second"));
    assert_int_equal(peer_status(peer).unacked_batches, BATCHES);
}

static void test_frame_that_announces_a_gigabyte_takes_no_memory(void **state)
{
    struct peer *peer = *state;
    uint8_t frame[UMIG_FRAME_HEADER_BYTES];
    const struct umig_frame_header header = {.type = UMIG_FRAME_WELCOME, .epoch = PEER_EPOCH};
    umig_frame_encode(&header, NULL, 0, frame);
    frame[11] = 0x40;
    peer_listen(peer);
    begin(peer);

    peer_send_bytes(peer, frame, sizeof frame);

    assert_non_null(strstr(peer_status(peer).problem, "1073741824 bytes (at most 4096)"));
    assert_true(peer->uplink.in.room <= UMIG_FRAME_HEADER_BYTES + UMIG_FRAME_MAX_SMALL_BYTES);
}

/* One byte a second would keep a connection alive for an hour if bytes counted as life. */
static void test_bytes_that_drip_do_not_count_as_life(void **state)
{
    struct peer *peer = *state;
    const struct golden golden = make_golden();
    peer_listen(peer);
    begin(peer);
    for (int i = 0; i < 15; i++) {
        assert_int_equal(peer_status(peer).state, UMIG_UPLINK_GREETING);
        peer_send_bytes(peer, golden.bytes + i, 1);
        peer_pass(peer, UMIG_NS_PER_S);
    }
    assert_int_equal(peer_status(peer).state, UMIG_UPLINK_WAITING);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_every_truncation_loses_nothing),
        TEST(test_every_bit_flip_ends_the_connection_and_loses_nothing),
        TEST(test_frames_that_do_not_belong_end_the_connection),
        TEST(test_wrong_messages_before_welcome_are_refused_by_name),
        TEST(test_batch_larger_than_the_collector_takes_is_said),
        TEST(test_impostor_with_a_gigabyte_is_hung_up_on_within_a_moment),
        TEST(test_frame_that_announces_a_gigabyte_takes_no_memory),
        TEST(test_bytes_that_drip_do_not_count_as_life),
    };
    return cmocka_run_group_tests_name("uplink_hostile", tests, NULL, NULL);
}
