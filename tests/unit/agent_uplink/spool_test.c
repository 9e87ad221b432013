#include <stdlib.h>
#include <string.h>

#include "agent/uplink/spool.h"
#include "tests/support/test.h"
#include "wire/frame.h"

enum {
    EPOCH = 77
};

static uint64_t g_random = 1; /* fixed seed: failures repeat */

static uint32_t random_below(uint32_t limit)
{
    g_random = g_random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(g_random >> 33) % limit;
}

/* The bytes of a batch follow from its sequence, so that content need not be remembered. */
static void fill_payload(uint8_t *payload, size_t len, uint64_t sequence)
{
    for (size_t i = 0; i < len; i++) {
        payload[i] = (uint8_t)(sequence * 31 + i);
    }
}

static void assert_frame_is(const struct umig_spool_frame *frame, uint64_t sequence, size_t len)
{
    struct umig_frame_header header;
    uint8_t want[2048];
    fill_payload(want, len, sequence);
    assert_int_equal(frame->sequence, sequence);
    assert_int_equal(frame->len, UMIG_FRAME_HEADER_BYTES + len);
    assert_int_equal(umig_frame_decode(frame->bytes, UMIG_FRAME_MAX_BYTES, &header, NULL), UMIG_OK);
    assert_int_equal(header.type, UMIG_FRAME_BATCH);
    assert_int_equal(header.epoch, EPOCH);
    assert_int_equal(header.sequence, sequence);
    assert_int_equal(umig_frame_check(&header, frame->bytes + UMIG_FRAME_HEADER_BYTES, NULL),
                     UMIG_OK);
    assert_memory_equal(frame->bytes + UMIG_FRAME_HEADER_BYTES, want, len);
}

/* A model: only the lengths of what is unacknowledged. */
struct model {
    size_t len[4096]; /* by sequence */
    uint64_t first;
    uint64_t next;
};

static void assert_spool_is(const struct umig_spool *spool, const struct model *model)
{
    struct umig_spool_frame frame;
    size_t used = 0;
    assert_int_equal(umig_spool_count(spool), model->next - model->first);
    assert_int_equal(umig_spool_acked(spool), model->first - 1);
    int rc = umig_spool_first(spool, &frame);
    for (uint64_t sequence = model->first; sequence < model->next; sequence++) {
        assert_int_equal(rc, UMIG_OK);
        assert_frame_is(&frame, sequence, model->len[sequence]);
        used += frame.len;
        rc = umig_spool_after(spool, &frame, &frame);
    }
    assert_int_equal(rc, UMIG_END);
    assert_int_equal(spool->used_bytes, used);
}

static void random_put(struct umig_spool *spool, struct model *model, uint32_t most)
{
    uint8_t payload[2048];
    const size_t room = umig_spool_room(spool);
    size_t len = random_below(most);
    if (random_below(8) == 0 && room < sizeof payload) {
        len = room; /* exactly what is said to fit */
    }
    fill_payload(payload, len, model->next);
    uint64_t sequence = 0;
    const bool has_space = room > 0 || spool->size - spool->used_bytes >= UMIG_FRAME_HEADER_BYTES;
    const int rc = umig_spool_put(spool, payload, len, &sequence);
    if (len > room) {
        assert_int_equal(rc, UMIG_E_LIMIT);
    } else if (len > 0 || room > 0) {
        assert_int_equal(rc, UMIG_OK);
    } else {
        assert_true(rc == UMIG_OK ? has_space : rc == UMIG_E_LIMIT);
    }
    if (rc == UMIG_OK) {
        assert_int_equal(sequence, model->next);
        model->len[model->next++] = len;
    }
}

static void test_spool_random_puts_and_acks_follow_the_model(void **state)
{
    (void)state;
    static const size_t sizes[] = {33, 64, 100, 257, 1000, 1031, 4096};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        uint8_t *bytes = malloc(sizes[s]); /* exact: the sanitizer sees a byte beyond */
        static struct model model;
        memset(&model, 0, sizeof model);
        model.first = 1;
        model.next = 1;
        struct umig_spool spool;
        umig_spool_init(&spool, bytes, sizes[s], EPOCH);
        for (int step = 0; step < 4000; step++) {
            if (random_below(5) < 3) {
                random_put(&spool, &model, (uint32_t)(sizes[s] < 1500 ? sizes[s] : 1500));
            } else if (model.next > 1) {
                const uint64_t back = random_below(4);
                const uint64_t ack =
                    model.first + back < model.next ? model.first + back : model.first - 1;
                assert_int_equal(umig_spool_ack(&spool, ack), UMIG_OK);
                model.first = ack + 1;
            }
            assert_spool_is(&spool, &model);
        }
        free(bytes);
    }
}

static void test_spool_empty_after_ack_has_its_whole_room_again(void **state)
{
    (void)state;
    uint8_t bytes[256];
    struct umig_spool spool;
    umig_spool_init(&spool, bytes, sizeof bytes, EPOCH);
    const size_t room = umig_spool_room(&spool);
    assert_int_equal(room, sizeof bytes - UMIG_FRAME_HEADER_BYTES);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(umig_spool_put(&spool, bytes, 0, NULL), UMIG_OK);
        assert_int_equal(umig_spool_put(&spool, bytes, 0, NULL), UMIG_OK);
        assert_true(umig_spool_room(&spool) < room);

        assert_int_equal(umig_spool_ack(&spool, spool.next - 1), UMIG_OK);

        assert_int_equal(umig_spool_room(&spool), room);
    }
}

static void test_spool_ack_of_what_was_never_put_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[256];
    struct umig_spool spool;
    umig_spool_init(&spool, bytes, sizeof bytes, EPOCH);
    assert_int_equal(umig_spool_ack(&spool, 1), UMIG_E_PROTO);
    assert_int_equal(umig_spool_put(&spool, (const uint8_t *)"x", 1, NULL), UMIG_OK);

    assert_int_equal(umig_spool_ack(&spool, 2), UMIG_E_PROTO);
    assert_int_equal(umig_spool_ack(&spool, UINT64_MAX), UMIG_E_PROTO);

    assert_int_equal(umig_spool_count(&spool), 1);
    assert_int_equal(umig_spool_ack(&spool, 1), UMIG_OK);
    assert_int_equal(umig_spool_ack(&spool, 0), UMIG_OK);
    assert_int_equal(umig_spool_ack(&spool, 1), UMIG_OK);
    assert_int_equal(umig_spool_acked(&spool), 1);
}

static void test_spool_payload_above_a_frame_is_refused(void **state)
{
    (void)state;
    const size_t size = 3 * UMIG_FRAME_MAX_BYTES;
    uint8_t *bytes = malloc(size);
    uint8_t *payload = calloc(1, UMIG_FRAME_MAX_BYTES + 1);
    struct umig_spool spool;
    umig_spool_init(&spool, bytes, size, EPOCH);

    assert_int_equal(umig_spool_room(&spool), UMIG_FRAME_MAX_BYTES);
    assert_int_equal(umig_spool_put(&spool, payload, UMIG_FRAME_MAX_BYTES + 1, NULL), UMIG_E_LIMIT);
    assert_int_equal(umig_spool_put(&spool, payload, UMIG_FRAME_MAX_BYTES, NULL), UMIG_OK);
    free(payload);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spool_random_puts_and_acks_follow_the_model),
        cmocka_unit_test(test_spool_empty_after_ack_has_its_whole_room_again),
        cmocka_unit_test(test_spool_ack_of_what_was_never_put_is_refused),
        cmocka_unit_test(test_spool_payload_above_a_frame_is_refused),
    };
    return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
