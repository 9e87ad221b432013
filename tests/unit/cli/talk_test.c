#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/talk.h"
#include "tests/support/test.h"
#include "umig/v1/control.pb-c.h"

static int make_pair(void **state)
{
    static int fds[2];
    *state = fds;
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds);
}

static int close_pair(void **state)
{
    const int *fds = *state;
    close(fds[0]);
    close(fds[1]);
    return 0;
}

static void test_frame_comes_as_it_was_sent(void **state)
{
    const int *fds = *state;
    struct umig_frame_header header;
    struct umig_buf sent = UMIG_BUF_INIT(100);
    struct umig_buf got = UMIG_BUF_INIT(100);
    umig_buf_text(&sent, "payload");

    assert_int_equal(umig_talk_send(fds[0], UMIG_FRAME_QUERY, &sent, 1000, NULL), UMIG_OK);
    assert_int_equal(umig_talk_recv(fds[1], 1000, &header, &got, NULL), UMIG_OK);

    assert_int_equal(header.type, UMIG_FRAME_QUERY);
    assert_string_equal(umig_buf_str(&got), "payload");
    umig_buf_fini(&sent);
    umig_buf_fini(&got);
}

static void test_every_flipped_bit_is_noticed(void **state)
{
    const int *fds = *state;
    uint8_t bytes[UMIG_FRAME_HEADER_BYTES + 3];
    const struct umig_frame_header header = {.type = UMIG_FRAME_QUERY_DATA};
    umig_frame_encode(&header, (const uint8_t *)"abc", 3, bytes);
    memcpy(bytes + UMIG_FRAME_HEADER_BYTES, "abc", 3);

    for (size_t bit = 0; bit < sizeof bytes * 8; bit++) {
        struct umig_frame_header got_header;
        struct umig_buf got = UMIG_BUF_INIT(100);
        char rest[sizeof bytes];
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(umig_socket_send_all(fds[0], bytes, sizeof bytes, 1000, NULL), UMIG_OK);
        assert_true(umig_talk_recv(fds[1], 1, &got_header, &got, NULL) < 0);
        while (recv(fds[1], rest, sizeof rest, MSG_DONTWAIT) > 0) {
        }
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        umig_buf_fini(&got);
    }
}

static void test_frame_above_the_bound_is_refused_unread(void **state)
{
    const int *fds = *state;
    struct umig_frame_header header;
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_buf sent = UMIG_BUF_INIT(200);
    struct umig_buf got = UMIG_BUF_INIT(100);
    for (int i = 0; i < 101; i++) {
        umig_buf_byte(&sent, 'x');
    }

    assert_int_equal(umig_talk_send(fds[0], UMIG_FRAME_QUERY, &sent, 1000, NULL), UMIG_OK);
    assert_int_equal(umig_talk_recv(fds[1], 1000, &header, &got, &err), UMIG_E_PROTO);

    assert_int_equal(got.len, 0);
    umig_buf_fini(&sent);
    umig_buf_fini(&got);
}

static void test_request_above_what_agents_take_is_not_sent(void **state)
{
    const int *fds = *state;
    struct umig_buf sent = UMIG_BUF_INIT(UMIG_FRAME_MAX_SMALL_BYTES + 1);
    char byte = 0;
    for (unsigned i = 0; i <= UMIG_FRAME_MAX_SMALL_BYTES; i++) {
        umig_buf_byte(&sent, 'x');
    }

    assert_int_equal(umig_talk_send(fds[0], UMIG_FRAME_QUERY, &sent, 1000, NULL), UMIG_E_LIMIT);

    assert_int_equal(recv(fds[1], &byte, 1, MSG_DONTWAIT), -1);
    umig_buf_fini(&sent);
}

static void test_refusal_gives_its_reason(void **state)
{
    (void)state;
    struct umig_buf payload = UMIG_BUF_INIT(100);
    struct umig_err err = UMIG_ERR_INIT;
    umig_buf_put(&payload, "\x08\x03\x12\x05hello", 9); /* code 3 DENIED, text "hello" */

    assert_int_equal(umig_talk_refused(&payload, &err), UMIG_E_DENIED);
    assert_string_equal(err.text, "hello");

    umig_buf_clear(&payload);
    umig_buf_put(&payload, "\x12\x7f", 2); /* a text longer than the message */
    assert_int_equal(umig_talk_refused(&payload, &err), UMIG_E_PROTO);
    umig_buf_fini(&payload);
}

static void test_refusal_of_who_has_hung_up_is_received(void **state)
{
    const int *fds = *state;
    struct umig_frame_header header;
    struct umig_buf refusal = UMIG_BUF_INIT(100);
    struct umig_buf request = UMIG_BUF_INIT(100);
    struct umig_err err = UMIG_ERR_INIT;
    umig_buf_put(&refusal,
                 "\x08\x04\x12\x05"
                 "full!\x18\x14",
                 11); /* again in 20 ms */
    umig_buf_text(&request, "hello?");
    assert_int_equal(umig_talk_send(fds[1], UMIG_FRAME_REFUSE, &refusal, 1000, NULL), UMIG_OK);
    assert_int_equal(shutdown(fds[1], SHUT_RDWR), 0);

    assert_int_equal(umig_talk_send(fds[0], UMIG_FRAME_CONTROL_REQUEST, &request, 1000, NULL),
                     UMIG_OK);
    assert_int_equal(umig_talk_recv(fds[0], 1000, &header, &request, NULL), UMIG_OK);

    assert_int_equal(header.type, UMIG_FRAME_REFUSE);
    assert_int_equal(umig_talk_refused(&request, &err), UMIG_E_BUSY);
    assert_string_equal(err.text, "full!");
    assert_int_equal(umig_talk_recv(fds[0], 1000, &header, &request, NULL), UMIG_END);
    umig_buf_fini(&refusal);
    umig_buf_fini(&request);
}

static void test_heap_gives_no_more_than_its_cap(void **state)
{
    (void)state;
    struct umig_capped_heap heap;
    umig_capped_heap_init(&heap, 100);

    void *first = heap.allocator.alloc(heap.allocator.allocator_data, 60);
    void *second = heap.allocator.alloc(heap.allocator.allocator_data, 41);
    heap.allocator.free(heap.allocator.allocator_data, first);
    void *third = heap.allocator.alloc(heap.allocator.allocator_data, 41);

    assert_non_null(first);
    assert_null(second);
    assert_null(third);
}

static void test_bomb_of_empty_messages_is_bounded(void **state)
{
    (void)state;
    struct umig_capped_heap heap;
    umig_capped_heap_init(&heap, 1 << 20);
    /* ControlReply.agent { 60,000 empty sessions of two bytes each } */
    struct umig_buf bomb = UMIG_BUF_INIT(200000);
    umig_buf_put(&bomb, "\x1a\xc0\xa9\x07", 4);
    for (int i = 0; i < 60000; i++) {
        umig_buf_put(&bomb, "\x2a\x00", 2);
    }

    assert_null(umig__v1__control_reply__unpack(&heap.allocator, bomb.len,
                                                (const uint8_t *)umig_buf_str(&bomb)));
    umig_buf_fini(&bomb);
}

static void test_clean_reaches_texts_at_every_depth(void **state)
{
    (void)state;
    Umig__V1__ControlReply reply = UMIG__V1__CONTROL_REPLY__INIT;
    Umig__V1__AgentStatus agent = UMIG__V1__AGENT_STATUS__INIT;
    Umig__V1__SessionStatus session = UMIG__V1__SESSION_STATUS__INIT;
    Umig__V1__SessionStatus *sessions[] = {&session};
    struct umig_capped_heap heap;
    umig_capped_heap_init(&heap, 100);
    reply.text = strdup("a\x1b"
                        "b");
    char id[] = "named-1";
    reply.agent = &agent;
    agent.sessions = sessions;
    agent.n_sessions = 1;
    session.id = id;

    session.problem = strdup("\xC2\x9B");

    umig_message_clean(&reply.base, &heap.allocator);

    assert_string_equal(reply.text, "a\xE2\x90\x9B"
                                    "b");
    assert_string_equal(session.problem, "\\u{9B}");
    assert_ptr_equal(session.id, id); /* what is clean stays where it is */
    free(reply.text);
    free(session.problem);
}

static void test_text_that_cannot_be_made_harmless_ends_before_its_harm(void **state)
{
    (void)state;
    struct umig_capped_heap heap;
    Umig__V1__ControlReply reply = UMIG__V1__CONTROL_REPLY__INIT;
    char text[] = "good\x1b[31m";
    umig_capped_heap_init(&heap, 1);
    reply.text = text;

    umig_message_clean(&reply.base, &heap.allocator);

    assert_string_equal(text, "good");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_pair, close_pair)

int main(void)
{
    const struct CMUnitTest talk_test[] = {
        TEST(test_frame_comes_as_it_was_sent),
        TEST(test_every_flipped_bit_is_noticed),
        TEST(test_frame_above_the_bound_is_refused_unread),
        TEST(test_request_above_what_agents_take_is_not_sent),
        cmocka_unit_test(test_refusal_gives_its_reason),
        TEST(test_refusal_of_who_has_hung_up_is_received),
        cmocka_unit_test(test_heap_gives_no_more_than_its_cap),
        cmocka_unit_test(test_bomb_of_empty_messages_is_bounded),
        cmocka_unit_test(test_clean_reaches_texts_at_every_depth),
        cmocka_unit_test(test_text_that_cannot_be_made_harmless_ends_before_its_harm),
    };
    return cmocka_run_group_tests(talk_test, NULL, NULL);
}
