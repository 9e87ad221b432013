#include <string.h>

#include "agent/memory.h"
#include "tests/support/test.h"

static void test_memory_takes_zeroed_blocks_up_to_the_bound(void **state)
{
    (void)state;
    struct umig_memory memory = {.limit_bytes = 3 * 4096};

    unsigned char *first = umig_memory_take(&memory, 5000); /* two pages */
    unsigned char *second = umig_memory_take(&memory, 4096);

    assert_non_null(first);
    assert_non_null(second);
    assert_int_equal(first[0] | first[4999] | second[4095], 0);
    assert_null(umig_memory_take(&memory, 1));
    assert_int_equal(atomic_load(&memory.used_bytes), 3 * 4096);
    umig_memory_give(&memory, first, 5000);
    assert_int_equal(atomic_load(&memory.used_bytes), 4096);
    umig_memory_give(&memory, second, 4096);
    umig_memory_give(&memory, NULL, 4096);
    assert_int_equal(atomic_load(&memory.used_bytes), 0);
}

static void test_memory_refuses_what_the_system_does_not_have(void **state)
{
    (void)state;
    struct umig_memory memory = {.limit_bytes = SIZE_MAX};

    assert_null(umig_memory_take(&memory, (size_t)1 << 60));

    assert_int_equal(atomic_load(&memory.used_bytes), 0);
}

static void test_memory_that_was_not_touched_is_not_resident(void **state)
{
    (void)state;
    struct umig_memory memory = {.limit_bytes = 64 << 20};
    char *large = umig_memory_take(&memory, 16 << 20);
    char *small = umig_memory_take(&memory, 2 * 4096);

    assert_int_equal(umig_memory_resident(&memory), 0);
    large[5000 * 4096 / 2] = 1; /* beyond the first thousand pages */
    small[0] = 1;
    assert_int_equal(umig_memory_resident(&memory), 2 * 4096);

    umig_memory_give(&memory, small, 2 * 4096);
    assert_int_equal(umig_memory_resident(&memory), 4096);
    umig_memory_give(&memory, large, 16 << 20);
    assert_int_equal(umig_memory_resident(&memory), 0);
}

static void test_memory_counts_all_of_a_block_it_does_not_remember(void **state)
{
    (void)state;
    struct umig_memory memory = {.limit_bytes = 64 << 20};
    void *blocks[UMIG_MEMORY_BLOCKS_MAX + 1];
    for (int i = 0; i <= UMIG_MEMORY_BLOCKS_MAX; i++) {
        blocks[i] = umig_memory_take(&memory, 4096);
    }

    assert_int_equal(umig_memory_resident(&memory), 4096);

    for (int i = 0; i <= UMIG_MEMORY_BLOCKS_MAX; i++) {
        umig_memory_give(&memory, blocks[i], 4096);
    }
    assert_int_equal(umig_memory_resident(&memory), 0);
}

/* Beside what is taken, but within the bound with what was touched of it. */
static void test_memory_is_lent_while_what_is_touched_leaves_room(void **state)
{
    (void)state;
    struct umig_memory memory = {.limit_bytes = 64 * 4096};
    char *taken = umig_memory_take(&memory, 60 * 4096);
    assert_non_null(taken);

    char *lent = umig_memory_borrow(&memory, 32 * 4096);
    assert_non_null(lent);
    assert_int_equal(lent[32 * 4096 - 1], 0);
    assert_int_equal(atomic_load(&memory.used_bytes), 60 * 4096);
    umig_memory_return(lent, 32 * 4096);
    umig_memory_return(NULL, 0);

    memset(taken, 1, 40 * 4096);
    assert_null(umig_memory_borrow(&memory, 32 * 4096));
    umig_memory_give(&memory, taken, 60 * 4096);
}

/* Who can do with less leaves alone what is kept for others. */
static void test_memory_keeps_a_part_for_who_comes_later(void **state)
{
    (void)state;
    struct umig_memory memory = {.limit_bytes = 10 * 4096};
    umig_memory_keep(&memory, 6 * 4096);

    void *spare = umig_memory_take_spare(&memory, 4 * 4096);
    assert_non_null(spare);
    assert_null(umig_memory_take_spare(&memory, 1));
    umig_memory_unkeep(&memory, 2 * 4096);
    void *own = umig_memory_take_spare(&memory, 2 * 4096);
    assert_non_null(own);
    assert_null(umig_memory_take_spare(&memory, 1));
    void *needed = umig_memory_take(&memory, 4 * 4096);
    assert_non_null(needed);

    umig_memory_give(&memory, needed, 4 * 4096);
    umig_memory_give(&memory, own, 2 * 4096);
    umig_memory_give(&memory, spare, 4 * 4096);
    umig_memory_keep(&memory, 20 * 4096); /* more than there is: nothing is spare */
    assert_null(umig_memory_take_spare(&memory, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_takes_zeroed_blocks_up_to_the_bound),
        cmocka_unit_test(test_memory_refuses_what_the_system_does_not_have),
        cmocka_unit_test(test_memory_that_was_not_touched_is_not_resident),
        cmocka_unit_test(test_memory_counts_all_of_a_block_it_does_not_remember),
        cmocka_unit_test(test_memory_is_lent_while_what_is_touched_leaves_room),
        cmocka_unit_test(test_memory_keeps_a_part_for_who_comes_later),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
