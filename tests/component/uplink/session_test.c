/* The life of a connection when all goes well, and its end. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "include/umig/version.h"
#include "tests/component/uplink/peer.h"
#include "umig/v1/stream.pb-c.h"

static void test_hello_carries_the_payload_and_the_first_unacknowledged(void **state)
{
    struct peer *peer = *state;
    peer_listen(peer);
    peer_accept(peer);
    struct umig_frame_header header;
    const uint8_t *payload = peer_expect(peer, UMIG_FRAME_HELLO, &header);
    Umig__V1__Hello *hello = umig__v1__hello__unpack(NULL, header.payload_bytes, payload);
    assert_non_null(hello);
    assert_int_equal(hello->protocol, UMIG_PROTOCOL);
    assert_int_equal(hello->first_unacked, 0);
    umig__v1__hello__free_unpacked(hello, NULL);
    peer_submit(peer, 10);
    peer_expect_nothing(peer); /* no batch before WELCOME */
    peer_hang_up(peer);
    peer_pass(peer, UMIG_NS_PER_S);

    peer_accept(peer);
    payload = peer_expect(peer, UMIG_FRAME_HELLO, &header);
    hello = umig__v1__hello__unpack(NULL, header.payload_bytes, payload);

    assert_non_null(hello);
    assert_int_equal(hello->first_unacked, 1);
    umig__v1__hello__free_unpacked(hello, NULL);
}

static void test_batches_go_out_in_order_and_acks_free_them(void **state)
{
    struct peer *peer = *state;
    peer_listen(peer);
    peer_submit(peer, 100);
    peer_submit(peer, 0);
    peer_welcome(peer, 0);
    peer_submit(peer, 70000);

    peer_expect_batches(peer, 1, 3);
    peer_expect_nothing(peer);
    peer_send(peer, UMIG_FRAME_ACK, 2, NULL, 0);

    struct umig_uplink_status status = peer_status(peer);
    assert_true(status.is_connected);
    assert_string_equal(status.problem, "");
    assert_int_equal(status.acked_sequence, 2);
    assert_int_equal(status.unacked_batches, 1);
    assert_int_equal(status.resent_count, 0);
    peer_send(peer, UMIG_FRAME_ACK, 3, NULL, 0);
    peer_send(peer, UMIG_FRAME_ACK, 1, NULL, 0); /* late and cumulative: changes nothing */
    status = peer_status(peer);
    assert_true(status.is_connected);
    assert_int_equal(status.unacked_bytes, 0);
}

static void test_reconnect_sends_again_from_the_first_unacknowledged(void **state)
{
    struct peer *peer = *state;
    peer_listen(peer);
    peer_welcome(peer, 0);
    for (int i = 0; i < 5; i++) {
        peer_submit(peer, 1000);
    }
    peer_expect_batches(peer, 1, 5);
    peer_send(peer, UMIG_FRAME_ACK, 1, NULL, 0);
    peer_hang_up(peer);
    peer_submit(peer, 1000);
    peer_pass(peer, UMIG_NS_PER_S);

    peer_welcome(peer, 3); /* 2 and 3 were durable, their ACK was lost */

    assert_int_equal(peer_status(peer).acked_sequence, 3);
    peer_expect_batches(peer, 4, 6);
    peer_expect_nothing(peer);
    assert_int_equal(peer_status(peer).resent_count, 2);
    assert_int_equal(peer_status(peer).connect_count, 2);
}

static void test_window_holds_one_mebibyte_unacknowledged(void **state)
{
    struct peer *peer = *state;
    peer_listen(peer);
    peer_welcome(peer, 0);
    for (int i = 0; i < 30; i++) {
        peer_submit(peer, 100 * 1000);
    }
    peer_expect_batches(peer, 1, 10);
    peer_expect_nothing(peer);
    peer_send(peer, UMIG_FRAME_ACK, 3, NULL, 0);
    peer_expect_batches(peer, 11, 13);
    peer_expect_nothing(peer);
    peer_send(peer, UMIG_FRAME_ACK, 13, NULL, 0);
    peer_expect_batches(peer, 14, 23);
    peer_expect_nothing(peer);
}

static void test_batch_as_large_as_a_frame_goes_out_alone(void **state)
{
    struct peer *peer = *state;
    peer_listen(peer);
    peer_welcome(peer, 0);
    peer_submit(peer, 5);
    peer_submit(peer, UMIG_FRAME_MAX_BYTES);
    peer_expect_batches(peer, 1, 1);
    peer_expect_nothing(peer);
    peer_send(peer, UMIG_FRAME_ACK, 1, NULL, 0);
    peer_expect_batches(peer, 2, 2);
}

static void test_submit_beyond_the_spool_is_refused_and_keeps_what_is_there(void **state)
{
    struct peer *peer = *state;
    static uint8_t payload[UMIG_FRAME_MAX_BYTES];
    for (int i = 0; i < 3; i++) {
        peer_submit(peer, UMIG_FRAME_MAX_BYTES);
    }
    const size_t room = umig_uplink_room(&peer->uplink);
    assert_true(room < UMIG_FRAME_MAX_BYTES);

    assert_int_equal(umig_uplink_submit(&peer->uplink, payload, room + 1, NULL), UMIG_E_LIMIT);

    peer_listen(peer);
    peer_pass(peer, UMIG_UPLINK_BACKOFF_MAX_NS * 2);
    peer_welcome(peer, 0);
    for (uint64_t i = 1; i <= 3; i++) {
        peer_expect_batches(peer, i, i);
        peer_send(peer, UMIG_FRAME_ACK, i, NULL, 0);
    }
    assert_int_equal(peer_status(peer).unacked_batches, 0);
}

/* The collector may have the batch from the connection before: the bytes on their way stay. */
static void test_ack_of_a_batch_on_its_way_keeps_its_bytes(void **state)
{
    struct peer *peer = *state;
    peer_listen(peer);
    peer_welcome(peer, 0);
    peer_submit(peer, UMIG_FRAME_MAX_BYTES); /* more than the socket takes */
    peer_send(peer, UMIG_FRAME_ACK, 1, NULL, 0);
    assert_int_equal(peer_status(peer).unacked_batches, 1);
    for (int i = 0; i < 2; i++) {
        peer_submit(peer, UMIG_FRAME_MAX_BYTES - 100);
    }

    peer_expect_batches(peer, 1, 2);

    assert_int_equal(peer_status(peer).acked_sequence, 1);
}

static void test_silence_is_broken_by_pings_and_ends_after_fifteen_seconds(void **state)
{
    struct peer *peer = *state;
    peer_listen(peer);
    peer_welcome(peer, 0);
    peer_pass(peer, UMIG_UPLINK_PING_NS - 1);
    peer_expect_nothing(peer);
    peer_pass(peer, 1);
    (void)peer_expect(peer, UMIG_FRAME_PING, NULL);
    peer_send(peer, UMIG_FRAME_PONG, 0, NULL, 0);
    const uint64_t heard_ns = peer->now_ns;
    peer_pass(peer, UMIG_UPLINK_PING_NS);
    (void)peer_expect(peer, UMIG_FRAME_PING, NULL);
    peer_pass(peer, UMIG_UPLINK_PING_NS);
    (void)peer_expect(peer, UMIG_FRAME_PING, NULL);
    assert_true(peer_status(peer).is_connected);

    assert_int_equal(umig_uplink_tick(&peer->uplink, peer->now_ns), heard_ns + UMIG_UPLINK_DEAD_NS);
    peer_pass(peer, UMIG_UPLINK_DEAD_NS - 2 * UMIG_UPLINK_PING_NS);

    assert_false(peer_status(peer).is_connected);
    assert_string_equal(peer_status(peer).problem, "the collector was silent for 15 s");
    peer_expect_closed(peer);
}

/* What tick() returns is enough to be called in time: no ping is missed between deadlines. */
static void test_ticking_at_the_deadlines_alone_pings_every_five_seconds(void **state)
{
    struct peer *peer = *state;
    peer_listen(peer);
    peer_welcome(peer, 0);
    for (int i = 0; i < 6; i++) {
        peer->now_ns += UMIG_UPLINK_PING_NS / 2; /* a frame in the middle moves the deadline */
        peer_submit(peer, 1);
        peer_send(peer, UMIG_FRAME_ACK, (uint64_t)i + 1, NULL, 0);
        const uint64_t due = umig_uplink_tick(&peer->uplink, peer->now_ns);
        assert_int_equal(due, peer->now_ns + UMIG_UPLINK_PING_NS);
        peer->now_ns = due;
        peer_expect_batches(peer, (uint64_t)i + 1, (uint64_t)i + 1);
        (void)peer_expect(peer, UMIG_FRAME_PING, NULL);
        peer_send(peer, UMIG_FRAME_PONG, 0, NULL, 0);
    }
}

static void test_finish_waits_for_the_last_ack_and_says_bye(void **state)
{
    struct peer *peer = *state;
    peer_listen(peer);
    peer_welcome(peer, 0);
    peer_submit(peer, 10);
    umig_uplink_finish(&peer->uplink, peer->now_ns);
    peer_expect_batches(peer, 1, 1);
    peer_expect_nothing(peer);
    assert_false(umig_uplink_is_over(&peer->uplink));

    peer_send(peer, UMIG_FRAME_ACK, 1, NULL, 0);

    (void)peer_expect(peer, UMIG_FRAME_BYE, NULL);
    peer_expect_closed(peer);
    assert_true(umig_uplink_is_over(&peer->uplink));
    assert_int_equal(umig_uplink_tick(&peer->uplink, peer->now_ns), UINT64_MAX);
    assert_int_equal(umig_uplink_room(&peer->uplink), 0);
}

static void test_finish_without_anybody_there_is_over_at_once(void **state)
{
    struct peer *peer = *state;
    peer_submit(peer, 10);

    umig_uplink_finish(&peer->uplink, peer->now_ns);
    peer_pump(peer);

    assert_true(umig_uplink_is_over(&peer->uplink));
    assert_int_equal(peer_status(peer).unacked_batches, 1);
}

static void test_finish_tries_once_more_for_a_collector_that_came_back(void **state)
{
    struct peer *peer = *state;
    peer_submit(peer, 10); /* the first attempt has failed: a delay is running */
    peer_listen(peer);

    umig_uplink_finish(&peer->uplink, peer->now_ns);

    peer_welcome(peer, 0);
    peer_expect_batches(peer, 1, 1);
    peer_send(peer, UMIG_FRAME_ACK, 1, NULL, 0);
    (void)peer_expect(peer, UMIG_FRAME_BYE, NULL);
    assert_true(umig_uplink_is_over(&peer->uplink));
}

static void test_finish_of_a_connection_that_breaks_tries_again_once(void **state)
{
    struct peer *peer = *state;
    peer_listen(peer);
    peer_welcome(peer, 0);
    peer_submit(peer, 10);
    umig_uplink_finish(&peer->uplink, peer->now_ns);
    peer_hang_up(peer);
    peer_pump(peer);
    assert_false(umig_uplink_is_over(&peer->uplink));
    peer_welcome(peer, 0);
    peer_expect_batches(peer, 1, 1);

    peer_hang_up(peer);
    peer_pump(peer);

    assert_true(umig_uplink_is_over(&peer->uplink));
}

static void test_child_of_a_fork_does_not_touch_the_connection(void **state)
{
    struct peer *peer = *state;
    peer_listen(peer);
    peer_welcome(peer, 0);
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        struct umig_uplink *uplink = &peer->uplink;
        uint8_t byte = 0;
        const bool is_quiet =
            umig_uplink_fd(uplink) == -1 &&
            umig_uplink_tick(uplink, peer->now_ns + UMIG_UPLINK_PING_NS) == UINT64_MAX &&
            umig_uplink_submit(uplink, &byte, 1, NULL) == UMIG_E_LIMIT;
        umig_uplink_finish(uplink, peer->now_ns);
        umig_uplink_fini(uplink);
        _exit(is_quiet ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);

    assert_int_equal(status, 0);
    peer_submit(peer, 10);
    peer_expect_batches(peer, 1, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_setup, peer_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_hello_carries_the_payload_and_the_first_unacknowledged),
        TEST(test_batches_go_out_in_order_and_acks_free_them),
        TEST(test_reconnect_sends_again_from_the_first_unacknowledged),
        TEST(test_window_holds_one_mebibyte_unacknowledged),
        TEST(test_batch_as_large_as_a_frame_goes_out_alone),
        TEST(test_submit_beyond_the_spool_is_refused_and_keeps_what_is_there),
        TEST(test_ack_of_a_batch_on_its_way_keeps_its_bytes),
        TEST(test_silence_is_broken_by_pings_and_ends_after_fifteen_seconds),
        TEST(test_ticking_at_the_deadlines_alone_pings_every_five_seconds),
        TEST(test_finish_waits_for_the_last_ack_and_says_bye),
        TEST(test_finish_without_anybody_there_is_over_at_once),
        TEST(test_finish_tries_once_more_for_a_collector_that_came_back),
        TEST(test_finish_of_a_connection_that_breaks_tries_again_once),
        TEST(test_child_of_a_fork_does_not_touch_the_connection),
    };
    return cmocka_run_group_tests_name("uplink_session", tests, NULL, NULL);
}
