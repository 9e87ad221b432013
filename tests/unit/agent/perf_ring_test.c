/* The reader of a perf event's ring, against records as the kernel writes them. */
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>

#include "agent/signal/perf_ring.h"
#include "core/units.h"
#include "tests/support/test.h"

#define INTERVAL (10 * UMIG_NS_PER_MS)

static const struct umig_perf_terms g_terms = {.interval_ns = INTERVAL, .most_ns = UINT64_MAX};

struct fixture {
    struct umig_perf_ring ring;
    _Alignas(8) uint8_t map[UMIG_PERF_MAP_BYTES];
    _Alignas(8) uint8_t parts[UMIG_PERF_RING_BYTES];
};

static struct perf_event_mmap_page *page_of(struct fixture *fx)
{
    return (struct perf_event_mmap_page *)(void *)fx->map;
}

static int setup(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return *state == NULL;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

/* Both positions at a place of the endless count. */
static void begin_at(struct fixture *fx, uint64_t at)
{
    page_of(fx)->data_head = at;
    page_of(fx)->data_tail = at;
}

static void put(struct fixture *fx, const void *bytes, size_t byte_count)
{
    for (size_t i = 0; i < byte_count; i++) {
        const uint64_t at = (page_of(fx)->data_head + i) % UMIG_PERF_RING_BYTES;
        fx->map[4096 + at] = ((const uint8_t *)bytes)[i];
    }
    page_of(fx)->data_head += byte_count;
}

static void put_sample(struct fixture *fx,
                       uint16_t mode,
                       uint64_t clock,
                       const uint64_t *addresses,
                       uint64_t count)
{
    const struct perf_event_header header = {
        .type = PERF_RECORD_SAMPLE,
        .misc = mode,
        .size = (uint16_t)(sizeof header + 16 + count * 8),
    };
    put(fx, &header, sizeof header);
    put(fx, &clock, sizeof clock);
    put(fx, &count, sizeof count);
    put(fx, addresses, count * sizeof *addresses);
}

static const uint64_t g_chain[] = {PERF_CONTEXT_KERNEL, 0xffffffff81000010, 0xffffffff81000020};

static void put_kernel(struct fixture *fx, uint64_t clock)
{
    put_sample(fx, PERF_RECORD_MISC_KERNEL, clock, g_chain, 3);
}

static void put_user(struct fixture *fx, uint64_t clock)
{
    put_sample(fx, PERF_RECORD_MISC_USER, clock, NULL, 0);
}

static struct umig_perf_taken take(struct fixture *fx)
{
    return umig_perf_ring_take(&fx->ring, fx->map, &g_terms, fx->parts);
}

/* The n-th part; its addresses follow it. */
static const struct umig_kernel_part *part_at(const struct fixture *fx, uint32_t n)
{
    const uint8_t *at = fx->parts;
    for (; n > 0; n--) {
        const struct umig_kernel_part *part = (const void *)at;
        at += sizeof *part + part->frame_count * sizeof(uint64_t);
    }
    return (const void *)at;
}

static void test_empty_ring_gives_nothing(void **state)
{
    struct fixture *fx = *state;

    const struct umig_perf_taken taken = take(fx);

    assert_int_equal(taken.value_ns, 0);
    assert_int_equal(taken.part_bytes, sizeof(struct umig_kernel_part));
    assert_false(taken.is_broken);
}

static void test_kernel_tick_has_its_addresses_without_marks(void **state)
{
    struct fixture *fx = *state;
    put_kernel(fx, INTERVAL);

    const struct umig_perf_taken taken = take(fx);

    const struct umig_kernel_part *part = part_at(fx, 1);
    const uint64_t *addresses = (const uint64_t *)(const void *)(part + 1);
    assert_int_equal(taken.value_ns, INTERVAL);
    assert_int_equal(part_at(fx, 0)->value_ns, 0);
    assert_true(part->is_kernel);
    assert_int_equal(part->value_ns, INTERVAL);
    assert_int_equal(part->frame_count, 2);
    assert_int_equal(addresses[0], g_chain[1]);
    assert_int_equal(addresses[1], g_chain[2]);
    assert_int_equal(page_of(fx)->data_tail, page_of(fx)->data_head);
}

static void test_ticks_of_one_system_call_are_parts_of_their_own(void **state)
{
    struct fixture *fx = *state;
    put_user(fx, INTERVAL);
    put_kernel(fx, 2 * INTERVAL);
    put_user(fx, 3 * INTERVAL);
    put_kernel(fx, 4 * INTERVAL);

    const struct umig_perf_taken taken = take(fx);

    assert_int_equal(taken.value_ns, 4 * INTERVAL);
    assert_int_equal(part_at(fx, 0)->value_ns, 2 * INTERVAL);
    assert_false(part_at(fx, 0)->is_kernel);
    assert_int_equal(part_at(fx, 1)->value_ns, INTERVAL);
    assert_int_equal(part_at(fx, 2)->value_ns, INTERVAL);
    assert_int_equal(taken.part_bytes, 3 * sizeof(struct umig_kernel_part) + 2 * 16);
}

/* The clock is late by some microseconds each time, and ticks may be missing. */
static void test_values_are_whole_intervals_and_add_up_to_the_clock(void **state)
{
    struct fixture *fx = *state;
    uint64_t clock = 0;
    uint64_t sum = 0;
    for (int i = 1; i <= 1000; i++) {
        clock += INTERVAL * (i % 7 == 0 ? 3 : 1) + (uint64_t)(i % 13) * 10000;
        put_user(fx, clock);
        const struct umig_perf_taken taken = take(fx);
        assert_int_equal(taken.value_ns % INTERVAL, 0);
        sum += taken.value_ns;
    }
    assert_true(sum <= clock + INTERVAL / 2 && clock <= sum + INTERVAL / 2);
}

/* What the thread's own clock does not know is not the thread's. */
static void test_ticks_beyond_the_threads_own_clock_stand_for_nothing(void **state)
{
    struct fixture *fx = *state;
    const struct umig_perf_terms terms = {.interval_ns = INTERVAL, .most_ns = 2 * INTERVAL + 7};
    put_kernel(fx, INTERVAL);
    put_user(fx, 2 * INTERVAL);
    put_kernel(fx, 3 * INTERVAL);

    const struct umig_perf_taken taken = umig_perf_ring_take(&fx->ring, fx->map, &terms, fx->parts);

    assert_int_equal(taken.value_ns, 2 * INTERVAL);
    assert_int_equal(part_at(fx, 0)->value_ns, INTERVAL);
    assert_int_equal(taken.part_bytes, 2 * sizeof(struct umig_kernel_part) + 16);
    put_user(fx, 4 * INTERVAL);
    assert_int_equal(take(fx).value_ns, INTERVAL); /* the next one stands for itself only */
}

/* The first tick comes after a random part of the interval and stands for all of it. */
static void test_first_tick_stands_for_an_interval(void **state)
{
    struct fixture *fx = *state;
    const uint64_t phase = INTERVAL / 3;
    fx->ring.taken_ns = phase - INTERVAL;
    put_user(fx, phase + 2000);

    assert_int_equal(take(fx).value_ns, INTERVAL);
}

static void test_records_are_read_around_the_end(void **state)
{
    struct fixture *fx = *state;
    for (uint64_t at = 0; at < UMIG_PERF_RING_BYTES; at += 8) {
        memset(&fx->ring, 0, sizeof fx->ring);
        begin_at(fx, 5 * UMIG_PERF_RING_BYTES + at);
        put_kernel(fx, INTERVAL);
        assert_int_equal(take(fx).value_ns, INTERVAL);
        assert_int_equal(part_at(fx, 1)->frame_count, 2);
    }
}

static void test_lost_ticks_are_counted_and_their_time_is_not_lost(void **state)
{
    struct fixture *fx = *state;
    const struct {
        struct perf_event_header header;
        uint64_t id;
        uint64_t lost;
    } record = {{.type = PERF_RECORD_LOST, .size = sizeof record}, 1, 7};
    put(fx, &record, sizeof record);
    put_kernel(fx, 8 * INTERVAL);

    const struct umig_perf_taken taken = take(fx);

    assert_int_equal(taken.lost, 7);
    assert_int_equal(taken.value_ns, 8 * INTERVAL);
}

static void test_unknown_records_are_passed_over(void **state)
{
    struct fixture *fx = *state;
    const struct perf_event_header header = {.type = PERF_RECORD_THROTTLE, .size = 32};
    const uint8_t rest[24] = {0};
    put(fx, &header, sizeof header);
    put(fx, rest, sizeof rest);
    put_user(fx, INTERVAL);

    assert_int_equal(take(fx).value_ns, INTERVAL);
}

static void test_only_the_value_is_given_without_room_for_parts(void **state)
{
    struct fixture *fx = *state;
    put_kernel(fx, INTERVAL);

    const struct umig_perf_taken taken = umig_perf_ring_take(&fx->ring, fx->map, &g_terms, NULL);

    assert_int_equal(taken.value_ns, INTERVAL);
    assert_int_equal(taken.part_bytes, 0);
}

static void test_deep_chain_keeps_the_innermost_frames(void **state)
{
    struct fixture *fx = *state;
    uint64_t chain[127] = {PERF_CONTEXT_KERNEL};
    for (uint64_t i = 1; i < 127; i++) {
        chain[i] = 0xffffffff81000000 + i;
    }
    put_sample(fx, PERF_RECORD_MISC_KERNEL, INTERVAL, chain, 127);

    (void)take(fx);

    const uint64_t *addresses = (const uint64_t *)(const void *)(part_at(fx, 1) + 1);
    assert_int_equal(part_at(fx, 1)->frame_count, UMIG_KERNEL_FRAMES_MAX);
    assert_int_equal(addresses[0], chain[1]);
}

static void test_records_without_sense_end_the_reading_and_are_told(void **state)
{
    struct fixture *fx = *state;
    const struct {
        const char *what;
        struct perf_event_header header;
        uint64_t count;
        uint64_t bytes; /* in the ring */
    } cases[] = {
        {"no size", {.type = PERF_RECORD_SAMPLE, .size = 0}, 0, 64},
        {"shorter than a header", {.type = PERF_RECORD_SAMPLE, .size = 4}, 0, 64},
        {"no multiple of 8", {.type = PERF_RECORD_SAMPLE, .size = 28}, 0, 64},
        {"longer than what is there", {.type = PERF_RECORD_SAMPLE, .size = 72}, 0, 64},
        {"a sample without its fields", {.type = PERF_RECORD_SAMPLE, .size = 16}, 0, 64},
        {"more addresses than it has", {.type = PERF_RECORD_SAMPLE, .size = 32}, 2, 64},
        {"the most addresses", {.type = PERF_RECORD_SAMPLE, .size = 64}, UINT64_MAX, 64},
        {"a loss without its count", {.type = PERF_RECORD_LOST, .size = 16}, 0, 64},
        {"less than a header", {.type = PERF_RECORD_SAMPLE, .size = 64}, 0, 4},
        {"more than a ring", {.type = PERF_RECORD_SAMPLE, .size = 64}, 0, 1 << 20},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memset(fx, 0, sizeof *fx);
        put(fx, &cases[i].header, sizeof cases[i].header);
        put(fx, &(uint64_t){INTERVAL}, 8);
        put(fx, &cases[i].count, 8);
        page_of(fx)->data_head = cases[i].bytes;

        const struct umig_perf_taken taken = take(fx);

        if (!taken.is_broken) {
            fail_msg("%s: taken for a record", cases[i].what);
        }
        assert_int_equal(page_of(fx)->data_tail, page_of(fx)->data_head);
        put_user(fx, 2 * INTERVAL);
        assert_int_equal(take(fx).value_ns, 2 * INTERVAL); /* it goes on behind them */
    }
}

/* Whatever is in there: no part leaves the room, and the parts add up. */
static void test_any_bytes_are_read_within_bounds(void **state)
{
    struct fixture *fx = *state;
    uint64_t x = 88172645463325252;
    for (int round = 0; round < 20000; round++) {
        for (size_t i = 4096; i < sizeof fx->map; i += 8) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            /* Mostly sizes and types that make sense, or nothing would get far. */
            const uint64_t header = PERF_RECORD_SAMPLE | (x & 3) << 32 | (8 * (x >> 8 & 31)) << 48;
            const uint64_t word = (x >> 20 & 3) == 0 ? header : (x >> 24 & 7) == 0 ? x : x & 63;
            memcpy(fx->map + i, &word, sizeof word);
        }
        begin_at(fx, x & ~(uint64_t)7);
        page_of(fx)->data_head += (x >> 16) % (UMIG_PERF_RING_BYTES + 1) & ~(uint64_t)7;

        const struct umig_perf_taken taken = take(fx);

        uint64_t sum = 0;
        uint32_t at = 0;
        assert_true(taken.part_bytes <= sizeof fx->parts);
        for (uint32_t n = 0; at < taken.part_bytes; n++) {
            const struct umig_kernel_part *part = part_at(fx, n);
            sum += part->value_ns;
            at += (uint32_t)sizeof *part + part->frame_count * 8;
        }
        assert_int_equal(at, taken.part_bytes);
        assert_int_equal(sum, taken.value_ns);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_empty_ring_gives_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kernel_tick_has_its_addresses_without_marks, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_ticks_of_one_system_call_are_parts_of_their_own, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_values_are_whole_intervals_and_add_up_to_the_clock,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_ticks_beyond_the_threads_own_clock_stand_for_nothing,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_first_tick_stands_for_an_interval, setup, teardown),
        cmocka_unit_test_setup_teardown(test_records_are_read_around_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lost_ticks_are_counted_and_their_time_is_not_lost,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown_records_are_passed_over, setup, teardown),
        cmocka_unit_test_setup_teardown(test_only_the_value_is_given_without_room_for_parts, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_deep_chain_keeps_the_innermost_frames, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_records_without_sense_end_the_reading_and_are_told,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_any_bytes_are_read_within_bounds, setup, teardown),
    };
    return cmocka_run_group_tests_name("perf_ring", tests, NULL, NULL);
}
