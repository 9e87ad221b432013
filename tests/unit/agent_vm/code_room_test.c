/* Code heaps laid out as HotSpot lays them out: what is used, and what is no block. */
#include <stdlib.h>
#include <string.h>

#include "agent/vm/code_room.h"
#include "tests/support/test.h"

enum {
    LOG2_SEGMENT = 7,
    SEGMENT = 1 << LOG2_SEGMENT,
    SEGMENTS = 64
};

struct header {
    uint32_t length;
    uint8_t used;
};

struct space {
    uintptr_t low, high;
};

struct heap {
    struct space memory, segmap;
    uint32_t log2_segment;
};

struct array {
    int32_t length;
    uintptr_t data;
};

struct fixture {
    struct umig_hotspot hotspot;
    struct array array;
    uintptr_t array_at, heap_at[2];
    struct heap heap[2];
    uint8_t segmap[2][SEGMENTS];
    _Alignas(SEGMENT) uint8_t memory[2][SEGMENTS * SEGMENT];
};

static int set_up(void **state)
{
    struct fixture *f = aligned_alloc(SEGMENT, sizeof *f);
    assert_non_null(f);
    memset(f, 0, sizeof *f);
    memset(f->segmap, 0xff, sizeof f->segmap);
    for (size_t i = 0; i < 2; i++) {
        f->heap[i] = (struct heap){
            .memory = {(uintptr_t)f->memory[i], (uintptr_t)f->memory[i] + sizeof f->memory[i]},
            .segmap = {(uintptr_t)f->segmap[i], (uintptr_t)f->segmap[i] + SEGMENTS},
            .log2_segment = LOG2_SEGMENT,
        };
        f->heap_at[i] = (uintptr_t)&f->heap[i];
    }
    f->array = (struct array){2, (uintptr_t)f->heap_at};
    f->array_at = (uintptr_t)&f->array;
    f->hotspot = (struct umig_hotspot){
        .can_find_code = true,
        .code_heaps = &f->array_at,
        .array_data = offsetof(struct array, data),
        .heap_low = offsetof(struct heap, memory.low),
        .heap_high = offsetof(struct heap, memory.high),
        .heap_segmap = offsetof(struct heap, segmap.low),
        .heap_log2_segment = offsetof(struct heap, log2_segment),
        .block_length = offsetof(struct header, length),
        .block_used = offsetof(struct header, used),
    };
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static struct header *put_block(struct fixture *f,
                                int heap,
                                uint32_t at,
                                uint32_t length,
                                bool used)
{
    struct header *header = (void *)&f->memory[heap][at * SEGMENT];
    *header = (struct header){.length = length, .used = used};
    for (uint32_t i = 0; i < length && at + i < SEGMENTS; i++) {
        f->segmap[heap][at + i] = (uint8_t)i;
    }
    return header;
}

static void expect_used(const struct fixture *f, uint64_t segments)
{
    struct umig_code_room room;
    assert_true(umig_code_room_read(&f->hotspot, &room));
    assert_int_equal(room.used_bytes, segments * SEGMENT);
    assert_int_equal(room.committed_bytes, 2 * SEGMENTS * SEGMENT);
}

static void test_blocks_in_use_are_added_up_over_all_heaps(void **state)
{
    struct fixture *f = *state;
    expect_used(f, 0);
    put_block(f, 0, 0, 10, true);
    put_block(f, 0, 10, 5, false); /* free again: on the list of free blocks */
    put_block(f, 0, 15, 1, true);
    put_block(f, 1, 0, SEGMENTS, true);
    expect_used(f, 11 + SEGMENTS);
}

static void test_long_lengths_are_read_as_jdk_17_has_them(void **state)
{
    struct fixture *f = *state;
    f->hotspot.block_used = 8;
    put_block(f, 0, 0, 10, false);
    f->memory[0][8] = 1;
    expect_used(f, 10);
}

static void test_a_header_that_makes_no_sense_ends_its_heap(void **state)
{
    struct fixture *f = *state;
    put_block(f, 0, 0, 10, true);
    struct header *second = put_block(f, 0, 10, 5, true);
    put_block(f, 1, 0, 3, true);

    second->length = 0; /* it is being made */
    expect_used(f, 13);
    second->length = SEGMENTS; /* beyond the end */
    expect_used(f, 13);
}

/* Memory is committed before its map is. */
static void test_a_map_that_lags_behind_is_not_left(void **state)
{
    struct fixture *f = *state;
    for (uint32_t at = 0; at < SEGMENTS; at += 4) {
        put_block(f, 0, at, 4, true);
    }
    f->heap[0].segmap.high -= SEGMENTS / 2;
    expect_used(f, SEGMENTS / 2);
}

static void test_a_jvm_that_does_not_describe_its_code_has_no_figure(void **state)
{
    struct fixture *f = *state;
    struct umig_code_room room;
    f->hotspot.block_length = -1;
    assert_false(umig_code_room_read(&f->hotspot, &room));
    f->hotspot.block_length = 0;
    f->hotspot.can_find_code = false;
    assert_false(umig_code_room_read(&f->hotspot, &room));
}

#define FRESH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(test_blocks_in_use_are_added_up_over_all_heaps),
        FRESH(test_long_lengths_are_read_as_jdk_17_has_them),
        FRESH(test_a_header_that_makes_no_sense_ends_its_heap),
        FRESH(test_a_map_that_lags_behind_is_not_left),
        FRESH(test_a_jvm_that_does_not_describe_its_code_has_no_figure),
    };
    return cmocka_run_group_tests_name("unit.agent_vm.code_room", tests, NULL, NULL);
}
