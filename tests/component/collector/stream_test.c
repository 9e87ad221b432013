/* Trouble on a stream: a JVM that is killed, two that claim one epoch, a store that forgot it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "tests/support/check_ledger.h"
#include "tests/support/collector_talk.h"
#include "tests/support/test.h"
#include "tests/support/tree.h"
#include "umig/v1/control.pb-c.h"
#include "wire/frame.h"

/* The state "lost" is reached after lost_after_ns; asking until then needs no clock of its own. */
static void await_end(const struct umig_collector_process *p, const char *wanted)
{
    char list[8192];
    const uint64_t deadline_ns = umig_clock_monotonic_ns() + 20 * UMIG_NS_PER_S;
    do {
        assert_true(umig_clock_monotonic_ns() < deadline_ns);
        assert_true(umig_ask(p, UMIG__V1__QUERY_VERB__QUERY_SESSIONS, "", list, sizeof list));
    } while (strstr(list, wanted) == NULL);
}

static void test_session_of_a_killed_jvm_is_lost_and_reopens_on_return(void **state)
{
    struct umig_collector_process *p = *state;
    p->lost_after_ns = 100 * UMIG_NS_PER_MS;
    struct umig_emitter *e = umig_small_emitter(23, "s");
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    umig_deliver(e, p);
    await_end(p, "running");

    umig_emitter_disconnect(e);
    await_end(p, "lost");

    umig_emitter_make_batch(e);
    umig_deliver(e, p);
    await_end(p, "running");
    struct umig_err err = UMIG_ERR_INIT;
    umig_must(umig_emitter_bye(e, &err), &err);
    await_end(p, "vm-exit");
    assert_int_equal(umig_collector_process_stop(p), 0);
    struct umig_profile *profile = umig_load_only_session(p->data);
    umig_check_ledger(profile, umig_emitter_ledger(e));
    umig_profile_destroy(profile);
    umig_emitter_destroy(e);
}

static void test_second_connection_of_an_epoch_fences_the_first(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *first = umig_small_emitter(24, "s");
    struct umig_emitter *second = umig_small_emitter(24, "s");
    struct umig_err err = UMIG_ERR_INIT;
    umig_collector_process_start(p);
    umig_must(umig_emitter_connect(first, &p->address, &err), &err);
    umig_must(umig_emitter_connect(second, &p->address, &err), &err);

    umig_emitter_make_batch(first);

    assert_int_equal(umig_emitter_flush(first, 5000, &err), UMIG_E_IO);
    umig_emitter_make_batch(second);
    umig_must(umig_emitter_flush(second, 5000, &err), &err);
    umig_emitter_destroy(first);
    umig_emitter_destroy(second);
}

static void test_stream_whose_start_is_not_stored_is_told_so(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *e = umig_small_emitter(25, "s");
    struct umig_err err = UMIG_ERR_INIT;
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    umig_deliver(e, p);
    umig_emitter_disconnect(e);
    assert_int_equal(umig_collector_process_stop(p), 0);
    umig_tree_remove(p->data); /* the folder of a collector that never heard of it */
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);

    assert_int_equal(umig_emitter_connect(e, &p->address, &err), UMIG_E_PROTO);

    assert_non_null(strstr(err.text, "refused 6"));
    umig_emitter_destroy(e);
}

static void test_wrong_first_frame_is_refused_by_name(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_err err = UMIG_ERR_INIT;
    uint8_t head[UMIG_FRAME_HEADER_BYTES];
    uint8_t payload[UMIG_FRAME_MAX_SMALL_BYTES];
    struct umig_frame_header header = {.type = UMIG_FRAME_BATCH, .epoch = 1, .sequence = 1};
    int fd = -1;
    umig_collector_process_start(p);
    umig_must(umig_socket_dial(&p->address, 5000, &fd, &err), &err);
    umig_frame_encode(&header, NULL, 0, head);

    umig_must(umig_socket_send_all(fd, head, sizeof head, 5000, &err), &err);

    umig_must(umig_socket_recv_all(fd, head, sizeof head, 5000, &err), &err);
    umig_must(umig_frame_decode(head, sizeof payload, &header, &err), &err);
    assert_int_equal(header.type, UMIG_FRAME_REFUSE);
    umig_must(umig_socket_recv_all(fd, payload, header.payload_bytes, 5000, &err), &err);
    Umig__V1__Refuse *refuse = umig__v1__refuse__unpack(NULL, header.payload_bytes, payload);
    assert_non_null(refuse);
    assert_string_equal(refuse->text, "a frame of type 3 came first; HELLO or QUERY opens");
    umig__v1__refuse__free_unpacked(refuse, NULL);
    close(fd);
}

int main(void)
{
#define TEST(name) \
 cmocka_unit_test_setup_teardown(name, umig_collector_set_up, umig_collector_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_session_of_a_killed_jvm_is_lost_and_reopens_on_return),
        TEST(test_second_connection_of_an_epoch_fences_the_first),
        TEST(test_stream_whose_start_is_not_stored_is_told_so),
        TEST(test_wrong_first_frame_is_refused_by_name),
    };
#undef TEST
    return cmocka_run_group_tests_name("component.collector.stream", tests, NULL, NULL);
}
