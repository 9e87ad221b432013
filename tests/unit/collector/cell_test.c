#include <stdlib.h>

#include "collector/store/cell.h"
#include "tests/support/test.h"

static void add(struct umig_cell *cell, uint32_t stack, uint64_t count, uint64_t value)
{
    assert_int_equal(umig_cell_add(cell, (struct umig_cell_entry){stack, count, value}), UMIG_OK);
}

static void test_cell_normalise_adds_equal_stacks_up(void **state)
{
    (void)state;
    struct umig_cell cell = {.count = 0};
    add(&cell, 9, 1, 10);
    add(&cell, 3, 1, 20);
    add(&cell, 9, 2, 30);

    umig_cell_normalise(&cell);

    assert_int_equal(cell.count, 2);
    assert_int_equal(cell.items[0].stack, 3);
    assert_int_equal(cell.items[1].count, 3);
    assert_int_equal(cell.items[1].value, 40);
    free(cell.items);
}

static void test_cell_unpack_of_packed_gives_entries_back(void **state)
{
    (void)state;
    static const struct umig_cell_entry entries[] = {
        {0, 1, 10000000},
        {1, 3, 0},
        {70000, UINT64_MAX, 5},
        {UINT32_MAX, 1, UINT64_MAX},
    };
    struct umig_cell cell = {.count = 0};
    struct umig_cell back = {.count = 0};
    struct umig_buf packed = UMIG_BUF_INIT(1000);
    for (size_t i = 0; i < 4; i++) {
        add(&cell, entries[i].stack, entries[i].count, entries[i].value);
    }

    assert_int_equal(umig_cell_pack(&cell, &packed), UMIG_OK);
    assert_int_equal(umig_cell_unpack(&back, (const uint8_t *)packed.bytes, packed.len), UMIG_OK);

    assert_int_equal(back.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(back.items[i].stack, entries[i].stack);
        assert_true(back.items[i].count == entries[i].count);
        assert_true(back.items[i].value == entries[i].value);
    }
    free(cell.items);
    free(back.items);
    umig_buf_fini(&packed);
}

/* What the store's size rests on: a sample of one interval on a known stack takes 3 bytes. */
static void test_cell_entry_of_whole_intervals_takes_three_bytes(void **state)
{
    (void)state;
    struct umig_cell cell = {.count = 0};
    struct umig_buf packed = UMIG_BUF_INIT(10000);
    for (uint32_t i = 1; i <= 1000; i++) {
        add(&cell, i, 1 + i % 3, (1 + i % 3) * UINT64_C(10000000));
    }

    assert_int_equal(umig_cell_pack(&cell, &packed), UMIG_OK);

    assert_in_range(packed.len, 3000, 3010);
    free(cell.items);
    umig_buf_fini(&packed);
}

static void test_cell_unpack_of_damaged_bytes_is_refused(void **state)
{
    (void)state;
    struct umig_cell cell = {.count = 0};
    struct umig_buf packed = UMIG_BUF_INIT(1000);
    add(&cell, 5, 1, 10);
    add(&cell, 6, 1, 10);
    assert_int_equal(umig_cell_pack(&cell, &packed), UMIG_OK);

    for (size_t len = 0; len < packed.len; len++) {
        cell.count = 0;
        assert_int_equal(umig_cell_unpack(&cell, (const uint8_t *)packed.bytes, len), UMIG_E_DB);
    }
    packed.bytes[0] = 2; /* another layout */
    assert_int_equal(umig_cell_unpack(&cell, (const uint8_t *)packed.bytes, packed.len), UMIG_E_DB);
    free(cell.items);
    umig_buf_fini(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cell_normalise_adds_equal_stacks_up),
        cmocka_unit_test(test_cell_unpack_of_packed_gives_entries_back),
        cmocka_unit_test(test_cell_entry_of_whole_intervals_takes_three_bytes),
        cmocka_unit_test(test_cell_unpack_of_damaged_bytes_is_refused),
    };
    return cmocka_run_group_tests_name("unit.collector.cell", tests, NULL, NULL);
}
