#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "agent/ring/ring.h"
#include "tests/support/test.h"

enum {
    SIZE = 65536,
    THREADS = 4,
    PER_THREAD = 25000
};

static int setup(void **state)
{
    struct umig_rings *rings = calloc(1, sizeof *rings);
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        umig_ring_init(&rings->ring[i], aligned_alloc(8, SIZE), SIZE, NULL);
    }
    *state = rings;
    return 0;
}

static int teardown(void **state)
{
    struct umig_rings *rings = *state;
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        free(rings->ring[i].bytes);
    }
    free(rings);
    return 0;
}

/* A record whose content follows from its time, so that a reader can tell a torn one. */
static bool put(struct umig_ring *ring, uint64_t time_ns, uint32_t frames)
{
    const uint32_t bytes = ((uint32_t)sizeof(struct umig_record) + frames * 4 + 7) & ~7u;
    uint8_t *to = umig_ring_reserve(ring, bytes);
    if (to == NULL) {
        return false;
    }
    struct umig_record head = {
        .byte_count = bytes, .type = UMIG_RECORD_CPU, .time_ns = time_ns, .frame_count = frames};
    memcpy(to, &head, sizeof head);
    for (uint32_t i = 0; i < frames; i++) {
        const uint32_t id = (uint32_t)time_ns + i;
        memcpy(to + sizeof head + i * 4, &id, sizeof id);
    }
    umig_ring_commit(ring, bytes);
    return true;
}

static void check(const struct umig_record *record)
{
    const uint32_t *ids = (const uint32_t *)(const void *)(record + 1);
    for (uint32_t i = 0; i < record->frame_count; i++) {
        if (ids[i] != (uint32_t)record->time_ns + i) {
            fail_msg("torn record: frame %u of %u is %u", i, record->frame_count, ids[i]);
        }
    }
}

static void test_ring_gives_back_what_was_put_in_order(void **state)
{
    struct umig_rings *rings = *state;
    struct umig_ring *ring = &rings->ring[0];

    for (uint64_t i = 1; i <= 10; i++) {
        assert_true(put(ring, i, (uint32_t)i * 3));
    }

    for (uint64_t i = 1; i <= 10; i++) {
        const struct umig_record *record = umig_ring_peek(ring);
        assert_non_null(record);
        assert_int_equal(record->time_ns, i);
        check(record);
        umig_ring_release(ring, record);
    }
    assert_null(umig_ring_peek(ring));
}

static void test_ring_reserved_is_invisible_until_committed(void **state)
{
    struct umig_rings *rings = *state;
    struct umig_ring *ring = &rings->ring[0];

    assert_non_null(umig_ring_reserve(ring, 64));

    assert_null(umig_ring_peek(ring));
}

static void test_ring_drained_to_an_end_leaves_what_came_later(void **state)
{
    struct umig_ring *ring = &((struct umig_rings *)*state)->ring[0];
    assert_true(put(ring, 1, 2));
    const uint64_t end = umig_ring_end(ring);
    assert_true(put(ring, 2, 2));

    const struct umig_record *first = umig_ring_peek_before(ring, end);
    assert_non_null(first);
    assert_int_equal(first->time_ns, 1);
    umig_ring_release(ring, first);
    assert_null(umig_ring_peek_before(ring, end));
    const struct umig_record *second = umig_ring_peek(ring);
    assert_non_null(second);
    assert_int_equal(second->time_ns, 2);
}

static void test_ring_full_refuses_and_recovers(void **state)
{
    struct umig_rings *rings = *state;
    struct umig_ring *ring = &rings->ring[0];
    uint64_t puts = 0;
    while (put(ring, puts + 1, 100)) {
        puts++;
    }
    assert_true(puts > 100);

    umig_ring_release(ring, umig_ring_peek(ring));

    assert_true(put(ring, puts + 1, 100));
    assert_false(put(ring, puts + 2, 100));
}

static void test_ring_refuses_a_record_above_a_quarter(void **state)
{
    struct umig_rings *rings = *state;
    assert_null(umig_ring_reserve(&rings->ring[0], SIZE / 4 + 8));
}

static void test_rings_lock_prefers_the_hint_and_gives_up_when_all_are_taken(void **state)
{
    struct umig_rings *rings = *state;

    assert_ptr_equal(umig_rings_lock(rings, 3), &rings->ring[3]);
    assert_ptr_equal(umig_rings_lock(rings, 3), &rings->ring[4]);
    for (uint32_t i = 2; i < UMIG_RING_COUNT; i++) {
        assert_non_null(umig_rings_lock(rings, 0));
    }
    assert_null(umig_rings_lock(rings, 0));

    umig_ring_unlock(&rings->ring[5]);
    assert_ptr_equal(umig_rings_lock(rings, 0), &rings->ring[5]);
}

/* Random sizes against a model: what came out is what went in, byte for byte, many times around. */
static void test_ring_random_schedule_matches_model(void **state)
{
    struct umig_rings *rings = *state;
    struct umig_ring *ring = &rings->ring[0];
    uint64_t put_count = 0;
    uint64_t taken = 0;
    uint32_t random = 12345;

    for (int step = 0; step < 200000; step++) {
        random = random * 1664525u + 1013904223u;
        if ((random >> 16) % 3 != 0) {
            put_count += put(ring, put_count + 1, (random >> 8) % 900);
            continue;
        }
        const struct umig_record *record = umig_ring_peek(ring);
        if (record == NULL) {
            assert_int_equal(taken, put_count);
            continue;
        }
        assert_int_equal(record->time_ns, ++taken);
        check(record);
        umig_ring_release(ring, record);
    }

    assert_true(taken > 10000);
}

struct worker {
    struct umig_rings *rings;
    uint32_t number;
    uint64_t put;
    uint64_t refused;
};

static void *produce(void *arg)
{
    struct worker *worker = arg;
    for (uint32_t i = 0; i < PER_THREAD; i++) {
        struct umig_ring *ring = umig_rings_lock(worker->rings, worker->number);
        const bool done = ring != NULL && put(ring, (uint64_t)worker->number << 32 | i, i % 64);
        worker->put += done;
        worker->refused += !done;
        if (ring != NULL) {
            umig_ring_unlock(ring);
        }
    }
    return NULL;
}

static uint64_t take_all(struct umig_rings *rings)
{
    uint64_t taken = 0;
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        const struct umig_record *record;
        while ((record = umig_ring_peek(&rings->ring[i])) != NULL) {
            check(record);
            taken++;
            umig_ring_release(&rings->ring[i], record);
        }
    }
    return taken;
}

static void test_rings_threads_lose_nothing_uncounted(void **state)
{
    struct umig_rings *rings = *state;
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.rings = rings, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &workers[i]), 0);
    }

    uint64_t taken = 0;
    for (int i = 0; i < 20000; i++) {
        taken += take_all(rings);
    }
    uint64_t put_count = 0;
    uint64_t refused = 0;
    for (uint32_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        put_count += workers[i].put;
        refused += workers[i].refused;
    }
    taken += take_all(rings);

    assert_int_equal(taken, put_count);
    assert_int_equal(put_count + refused, THREADS * PER_THREAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ring_gives_back_what_was_put_in_order, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_ring_reserved_is_invisible_until_committed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_ring_drained_to_an_end_leaves_what_came_later, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_ring_full_refuses_and_recovers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ring_refuses_a_record_above_a_quarter, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_rings_lock_prefers_the_hint_and_gives_up_when_all_are_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ring_random_schedule_matches_model, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rings_threads_lose_nothing_uncounted, setup, teardown),
    };
    return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
