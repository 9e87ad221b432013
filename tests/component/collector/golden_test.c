/*
 * The golden session must be understood for ever: encodings may change, decoding may not. And every
 * way of damaging it must leave a real collector as it was.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collector/batch/batch.h"
#include "collector/batch/columns.h"
#include "core/clock.h"
#include "include/umig/kinds.h"
#include "tests/support/check_ledger.h"
#include "tests/support/collector_process.h"
#include "tests/support/golden_session.h"
#include "tests/support/test.h"
#include "wire/frame.h"

struct fixture {
    struct umig_collector_process process;
    struct umig_buf golden;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    umig_collector_process_init(&f->process);
    f->golden.limit = 1 << 20;
    umig_golden_read(&f->golden);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    umig_collector_process_fini(&f->process);
    umig_buf_fini(&f->golden);
    free(f);
    return 0;
}

/* Adds a batch's figures up, as the emitter's ledger has them. */
static void add_up(const Umig__V1__Batch *batch, struct umig_ledger *sum)
{
    for (size_t i = 0; i < batch->n_samples; i++) {
        for (size_t j = 0; j < batch->samples[i]->n_stack; j++) {
            sum->sent_count++;
            sum->sent_value += umig_samples_value(batch->samples[i], j);
        }
    }
    for (size_t i = 0; i < batch->n_gc_pauses; i++) {
        sum->pauses += batch->gc_pauses[i]->n_start_ns;
        sum->pause_ns += batch->gc_pauses[i]->duration_ns[0];
    }
    for (size_t i = 0; i < batch->n_waits; i++) {
        for (size_t j = 0; j < batch->waits[i]->n_wait_ns; j++) {
            sum->waits++;
            sum->wait_ns += batch->waits[i]->wait_ns[j];
        }
    }
    sum->heap_points += batch->n_heap_points;
    for (size_t i = 0; i < batch->n_tallies; i++) {
        sum->produced_value = batch->tallies[i]->produced;
    }
}

static void check_frame(struct umig_arena *arena,
                        const struct umig_frame_header *header,
                        const uint8_t *payload,
                        struct umig_known *known,
                        struct umig_ledger *sum)
{
    struct umig_err err = UMIG_ERR_INIT;
    assert_true(header->epoch == UINT64_C(0x1122334455667788));
    if (header->type == UMIG_FRAME_HELLO) {
        const Umig__V1__Hello *hello = NULL;
        assert_int_equal(umig_hello_decode(arena, payload, header->payload_bytes, &hello, &err), 0);
        assert_string_equal(hello->process->service, "orders");
        assert_int_equal(hello->process->jdk, 17);
        assert_true(hello->anchor->unix_ns == UINT64_C(1700000000000000000));
        return;
    }
    if (header->type == UMIG_FRAME_BATCH) {
        struct umig_batch batch;
        assert_int_equal(umig_batch_decode(arena, payload, header->payload_bytes, &batch, &err), 0);
        if (umig_batch_check(batch.message, known, known, &err) != UMIG_OK) {
            fail_msg("batch %d: %s", (int)header->sequence, err.text);
        }
        assert_int_equal(header->sequence, ++sum->batches);
        add_up(batch.message, sum);
        return;
    }
    assert_int_equal(header->type, UMIG_FRAME_BYE);
}

static void test_golden_session_decodes_to_what_was_encoded(void **state)
{
    const struct fixture *f = *state;
    struct umig_arena arena;
    struct umig_known known = {.generation = 0};
    struct umig_ledger *sum = calloc(1, sizeof *sum);
    assert_int_equal(umig_arena_init(&arena, NULL), UMIG_OK);
    unsigned frames = 0;

    for (size_t at = 0; at < f->golden.len; frames++) {
        const uint8_t *bytes = (const uint8_t *)f->golden.bytes + at;
        struct umig_frame_header header;
        assert_int_equal(umig_frame_decode(bytes, UMIG_FRAME_MAX_BYTES, &header, NULL), UMIG_OK);
        const uint8_t *payload = bytes + UMIG_FRAME_HEADER_BYTES;
        assert_int_equal(umig_frame_check(&header, payload, NULL), UMIG_OK);
        check_frame(&arena, &header, payload, &known, sum);
        at += UMIG_FRAME_HEADER_BYTES + header.payload_bytes;
    }

    struct umig_emitter *e = umig_golden_emitter();
    const struct umig_ledger *ledger = umig_emitter_ledger(e);
    assert_int_equal(frames, 6);
    assert_int_equal(known.generation, 2);
    assert_int_equal(known.stacks, 10);
    assert_int_equal(sum->batches, ledger->batches);
    assert_int_equal(sum->sent_count, ledger->sent_count);
    assert_int_equal(sum->sent_value, ledger->sent_value);
    assert_int_equal(sum->produced_value, ledger->produced_value);
    assert_int_equal(sum->pauses, ledger->pauses);
    assert_int_equal(sum->pause_ns, ledger->pause_ns);
    assert_int_equal(sum->waits, ledger->waits);
    assert_int_equal(sum->wait_ns, ledger->wait_ns);
    assert_int_equal(sum->heap_points, ledger->heap_points);
    umig_emitter_destroy(e);
    umig_arena_fini(&arena);
    free(sum);
}

/* What a collector said to bytes. */
struct answer {
    unsigned refusals;
    bool was_closed;
};

/* Sends bytes, says that there is no more, and reads until the collector closes. */
static struct answer say(const struct fixture *f, const void *bytes, size_t byte_count)
{
    struct answer answer = {.refusals = 0};
    struct umig_err err = UMIG_ERR_INIT;
    int fd = -1;
    if (umig_socket_dial(&f->process.address, 5000, &fd, &err) != UMIG_OK) {
        fail_msg("the collector is gone: %s", err.text);
    }
    /* It may refuse and close before it has read all. */
    (void)!umig_socket_send_all(fd, bytes, byte_count, 5000, NULL);
    (void)shutdown(fd, SHUT_WR);
    struct umig_frame_header header;
    uint8_t head[UMIG_FRAME_HEADER_BYTES];
    uint8_t payload[UMIG_FRAME_MAX_SMALL_BYTES];
    int rc = UMIG_OK;
    while ((rc = umig_socket_recv_all(fd, head, sizeof head, 5000, &err)) == UMIG_OK) {
        assert_int_equal(umig_frame_decode(head, sizeof payload, &header, NULL), UMIG_OK);
        if (header.payload_bytes > 0) {
            assert_int_equal(umig_socket_recv_all(fd, payload, header.payload_bytes, 5000, NULL),
                             UMIG_OK);
        }
        answer.refusals += header.type == UMIG_FRAME_REFUSE;
    }
    answer.was_closed = rc == UMIG_END || (rc == UMIG_E_IO && err.cause == ECONNRESET);
    close(fd);
    return answer;
}

/* After all the noise the genuine session arrives, and is all there is. */
static void check_genuine(struct fixture *f)
{
    const struct answer answer = say(f, f->golden.bytes, f->golden.len);
    assert_true(answer.was_closed);
    assert_int_equal(umig_collector_process_stop(&f->process), 0);
    struct umig_emitter *e = umig_golden_emitter();
    struct umig_profile *profile = umig_load_only_session(f->process.data);
    umig_check_ledger(profile, umig_emitter_ledger(e));
    umig_profile_destroy(profile);
    umig_emitter_destroy(e);
}

static void test_collector_refuses_every_flipped_bit(void **state)
{
    struct fixture *f = *state;
    umig_collector_process_start(&f->process);
    unsigned refused = 0;
    uint8_t *bytes = (uint8_t *)f->golden.bytes;

    for (size_t bit = 0; bit < f->golden.len * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        const struct answer answer = say(f, bytes, f->golden.len);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_true(answer.was_closed);
        assert_in_range(answer.refusals, 0, 1);
        refused += answer.refusals;
    }

    /* Only a length that grew leaves the collector waiting for the rest instead of refusing. */
    assert_true(refused > f->golden.len * 8 * 97 / 100);
    check_genuine(f);
}

static void test_collector_survives_every_truncation(void **state)
{
    struct fixture *f = *state;
    umig_collector_process_start(&f->process);

    for (size_t len = 0; len < f->golden.len; len++) {
        const struct answer answer = say(f, f->golden.bytes, len);
        assert_true(answer.was_closed);
        assert_int_equal(answer.refusals, 0);
    }

    check_genuine(f);
}

/* Gives the frames another epoch, and checksums that fit again. */
static void reseal(uint8_t *bytes, size_t byte_count, uint64_t epoch)
{
    struct umig_frame_header header;
    for (size_t at = 0; at < byte_count;) {
        uint8_t *frame = bytes + at;
        assert_int_equal(umig_frame_decode(frame, UMIG_FRAME_MAX_BYTES, &header, NULL), UMIG_OK);
        header.epoch = epoch;
        umig_frame_encode(&header, frame + UMIG_FRAME_HEADER_BYTES, header.payload_bytes, frame);
        at += UMIG_FRAME_HEADER_BYTES + header.payload_bytes;
    }
}

static bool is_in_header(const uint8_t *bytes, size_t offset)
{
    struct umig_frame_header header;
    for (size_t at = 0;; at += UMIG_FRAME_HEADER_BYTES + header.payload_bytes) {
        assert_int_equal(umig_frame_decode(bytes + at, UMIG_FRAME_MAX_BYTES, &header, NULL), 0);
        if (offset < at + UMIG_FRAME_HEADER_BYTES + header.payload_bytes) {
            return offset < at + UMIG_FRAME_HEADER_BYTES;
        }
    }
}

/* With a checksum that fits, what a bit means is for the checks of the batch: whole or not at all.
 */
static void test_collector_takes_resealed_flips_whole_or_not(void **state)
{
    struct fixture *f = *state;
    umig_collector_process_start(&f->process);
    uint8_t *copy = malloc(f->golden.len);
    assert_non_null(copy);
    uint64_t epoch = 1;

    for (size_t bit = 0; bit < f->golden.len * 8; bit += 11) {
        memcpy(copy, f->golden.bytes, f->golden.len);
        if (is_in_header(copy, bit / 8)) {
            continue;
        }
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        reseal(copy, f->golden.len, epoch++);
        assert_true(say(f, copy, f->golden.len).was_closed);
    }

    free(copy);
    /* Everything that was taken folds and the folder is whole: exit 0 says both. */
    assert_int_equal(umig_collector_process_stop(&f->process), 0);
    umig_collector_process_start(&f->process);
    assert_int_equal(umig_collector_process_stop(&f->process), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_golden_session_decodes_to_what_was_encoded, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_collector_refuses_every_flipped_bit, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_collector_survives_every_truncation, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_collector_takes_resealed_flips_whole_or_not, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("component.collector.golden", tests, NULL, NULL);
}
