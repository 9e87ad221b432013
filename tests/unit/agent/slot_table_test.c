#include <stdlib.h>
#include <string.h>

#include "agent/session/slot_table.h"
#include "tests/support/test.h"

enum {
    SLOTS = 16384
};

static void test_slot_table_gives_each_slot_its_value_while_it_grows(void **state)
{
    (void)state;
    struct umig_memory memory = {.limit_bytes = 4 << 20};
    struct umig_slot_table table;
    assert_int_equal(umig_slot_table_open(&table, &memory, sizeof(uint64_t)), UMIG_OK);
    assert_true(atomic_load(&memory.used_bytes) <= 4096);

    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        uint64_t *value = umig_slot_table_at(&table, slot);
        assert_non_null(value);
        assert_int_equal(*value, 0);
        *value = slot + UINT64_C(7);
    }
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        assert_int_equal(*(uint64_t *)umig_slot_table_at(&table, slot), slot + UINT64_C(7));
    }

    assert_int_equal(table.count, SLOTS);
    umig_slot_table_close(&table);
    assert_int_equal(atomic_load(&memory.used_bytes), 0);
    umig_slot_table_close(&table);
}

static void test_slot_table_without_memory_keeps_what_it_has(void **state)
{
    (void)state;
    struct umig_memory memory = {.limit_bytes = 4096};
    struct umig_slot_table table;
    uint32_t slot = 0;
    assert_int_equal(umig_slot_table_open(&table, &memory, sizeof(uint64_t)), UMIG_OK);

    for (uint64_t *value; (value = umig_slot_table_at(&table, slot)) != NULL; slot++) {
        *value = slot;
    }

    assert_int_equal(slot, 96); /* three quarters of the first room */
    for (uint32_t i = 0; i < slot; i++) {
        assert_int_equal(*(uint64_t *)umig_slot_table_at(&table, i), i);
    }
    umig_slot_table_close(&table);
    memory.limit_bytes = 0;
    assert_int_equal(umig_slot_table_open(&table, &memory, sizeof(uint64_t)), UMIG_E_NOMEM);
}

static void test_slot_table_without_threads_that_are_gone_does_not_grow(void **state)
{
    (void)state;
    enum {
        LIVING = 90,
        CAME = 1000 * LIVING
    };
    struct umig_memory memory = {.limit_bytes = 1 << 20};
    struct umig_slot_table table = {.values = NULL};
    umig_slot_table_remove(&table, 1);
    assert_int_equal(umig_slot_table_open(&table, &memory, sizeof(uint64_t)), UMIG_OK);
    const size_t before = atomic_load(&memory.used_bytes);

    for (uint32_t i = 0; i < CAME; i++) {
        *(uint64_t *)umig_slot_table_at(&table, i * 7 % SLOTS) = i;
        if (i >= LIVING) {
            const uint32_t gone = (i - LIVING) * 7 % SLOTS;
            assert_int_equal(*(uint64_t *)umig_slot_table_at(&table, gone), i - LIVING);
            umig_slot_table_remove(&table, gone);
            umig_slot_table_remove(&table, gone);
        }
    }

    assert_int_equal(atomic_load(&memory.used_bytes), before);
    assert_int_equal(table.count, LIVING);
    for (uint32_t i = CAME - LIVING; i < CAME; i++) {
        assert_int_equal(*(uint64_t *)umig_slot_table_at(&table, i * 7 % SLOTS), i);
    }
    assert_int_equal(*(uint64_t *)umig_slot_table_at(&table, (CAME - LIVING - 1) * 7 % SLOTS), 0);
    umig_slot_table_close(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slot_table_gives_each_slot_its_value_while_it_grows),
        cmocka_unit_test(test_slot_table_without_memory_keeps_what_it_has),
        cmocka_unit_test(test_slot_table_without_threads_that_are_gone_does_not_grow),
    };
    return cmocka_run_group_tests_name("slot_table", tests, NULL, NULL);
}
