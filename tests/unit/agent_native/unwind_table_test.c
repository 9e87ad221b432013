#include <string.h>
#include <sys/mman.h>

#include "agent/native/peek.h"
#include "agent/native/unwind_table.h"
#include "tests/support/test.h"

/* An object's tables as a linker lays them out: three functions, the second a signal's. */
struct tables {
    uint8_t versions[4];
    int32_t eh_frame_ptr;
    uint32_t count;
    int32_t entries[3][2]; /* first pc, description; relative to the start */
    struct {
        uint32_t length;
        uint32_t zero;
        uint8_t version;
        char augmentation[7];
    } cies[2];
    struct {
        uint32_t length;
        uint32_t cie_pointer; /* distance back to the information */
        int32_t pc_low;
        uint32_t pc_bytes;
    } fdes[3];
};

struct fixture {
    _Alignas(8) struct tables tables;
    struct umig_memory memory;
    struct umig_quota quota;
    struct umig_unwind_table table;
};

static uint32_t distance_back(size_t from, size_t to)
{
    return (uint32_t)(from - to);
}

static void set_up(struct fixture *fx)
{
    *fx = (struct fixture){
        .tables = {.versions = {1, 0x1b, 0x03, 0x3b},
                   .eh_frame_ptr = (int32_t)(offsetof(struct tables, cies) -
                                             offsetof(struct tables, eh_frame_ptr)),
                   .count = 3,
                   .cies = {{12, 0, 1, "zR"}, {12, 0, 1, "zRS"}}},
        .memory = {.limit_bytes = 1 << 20},
    };
    for (int i = 0; i < 3; i++) {
        const size_t fde = offsetof(struct tables, fdes) + (size_t)i * sizeof fx->tables.fdes[0];
        const size_t cie = offsetof(struct tables, cies) + (i == 1 ? sizeof fx->tables.cies[0] : 0);
        fx->tables.entries[i][0] = 1000 * (i + 1);
        fx->tables.entries[i][1] = (int32_t)fde;
        fx->tables.fdes[i].length = 12;
        fx->tables.fdes[i].cie_pointer = distance_back(fde + 4, cie);
    }
    fx->quota = (struct umig_quota){.memory = &fx->memory, .limit_bytes = 1 << 20};
}

static int copy(struct fixture *fx)
{
    const uintptr_t low = (uintptr_t)&fx->tables;
    const struct umig_unwind_place place = {low, low, low + sizeof fx->tables};
    return umig_unwind_table_copy(&fx->table, place, false, &fx->quota);
}

static void fini(struct fixture *fx)
{
    umig_unwind_table_fini(&fx->table, &fx->quota);
    assert_int_equal(fx->memory.used_bytes, 0);
    assert_int_equal(fx->quota.used_bytes, 0);
}

static void test_functions_are_found_in_the_copy(void **state)
{
    (void)state;
    struct fixture fx;
    struct umig_unwind_entry entry;
    set_up(&fx);
    const uintptr_t low = (uintptr_t)&fx.tables;
    const struct tables kept = fx.tables;
    assert_int_equal(copy(&fx), UMIG_OK);
    memset(&fx.tables, 0xff, sizeof fx.tables); /* the object goes */

    assert_false(umig_unwind_table_find(&fx.table, low + 999, &entry));
    assert_false(umig_unwind_table_find(&fx.table, 0, &entry));
    for (uintptr_t i = 0; i < 3; i++) {
        const uintptr_t entry_at =
            low + offsetof(struct tables, entries) + i * sizeof kept.entries[0];
        assert_true(umig_unwind_table_find(&fx.table, low + 1000 * (i + 1), &entry));
        assert_int_equal(entry.address, entry_at);
        assert_int_equal(entry.is_signal_frame, i == 1);
        assert_true(umig_unwind_table_find(&fx.table, low + 1000 * (i + 1) + 999, &entry));
        assert_int_equal(entry.address, entry_at);
    }

    uint64_t word = 0;
    assert_true(umig_unwind_table_word(&fx.table, low, &word));
    assert_memory_equal(&word, &kept, sizeof word);
    assert_false(umig_unwind_table_word(&fx.table, low - 1, &word));
    assert_true(umig_unwind_table_word(&fx.table, low + fx.table.byte_count - 8, &word));
    assert_false(umig_unwind_table_word(&fx.table, low + fx.table.byte_count - 7, &word));
    assert_false(umig_unwind_table_word(&fx.table, UINTPTR_MAX, &word));
    fini(&fx);
}

/* An object that stays: nothing of it is taken from the quota, and no byte is copied. */
static void test_functions_of_an_object_that_stays_are_found_in_place(void **state)
{
    (void)state;
    struct fixture fx;
    struct umig_unwind_entry entry;
    set_up(&fx);
    const uintptr_t low = (uintptr_t)&fx.tables;
    const struct umig_unwind_place place = {low, low, low + sizeof fx.tables};
    assert_int_equal(umig_unwind_table_copy(&fx.table, place, true, &fx.quota), UMIG_OK);

    assert_int_equal(fx.quota.used_bytes, 0);
    assert_ptr_equal(fx.table.bytes, &fx.tables);
    assert_true(umig_unwind_table_find(&fx.table, low + 1000, &entry));
    assert_int_equal(entry.address, low + offsetof(struct tables, entries));
    fini(&fx);
}

static void test_tables_that_lie_are_refused(void **state)
{
    (void)state;
    struct fixture fx;
    for (int lie = 0; lie < 10; lie++) {
        set_up(&fx);
        struct tables *t = &fx.tables;
        switch (lie) {
        case 0:
        case 1:
        case 2:
        case 3:
            t->versions[lie]++;
            break;
        case 4:
            t->count = 0;
            break;
        case 5:
            t->count = 100;
            break;
        case 6:
            t->count = UINT32_MAX;
            break;
        case 7:
            t->eh_frame_ptr = INT32_MIN;
            break;
        case 8:
            t->entries[1][1] = INT32_MAX;
            break;
        default:
            t->fdes[2].length = UINT32_MAX;
            break;
        }
        assert_int_equal(copy(&fx), UMIG_E_UNSUPPORTED);
        fini(&fx);
    }
}

static void test_entries_that_lie_end_in_the_copy(void **state)
{
    (void)state;
    struct fixture fx;
    struct umig_unwind_entry entry;
    set_up(&fx);
    fx.tables.entries[0][1] = INT32_MIN;
    fx.tables.fdes[1].cie_pointer = 1u << 31;
    assert_int_equal(copy(&fx), UMIG_OK);
    assert_true(umig_unwind_table_find(&fx.table, (uintptr_t)&fx.tables + 1001, &entry));
    assert_false(entry.is_signal_frame);
    assert_true(umig_unwind_table_find(&fx.table, (uintptr_t)&fx.tables + 2001, &entry));
    assert_false(entry.is_signal_frame);
    fini(&fx);
}

static void test_memory_that_is_not_there_is_an_answer(void **state)
{
    (void)state;
    struct fixture fx;
    uint64_t word = 0;
    set_up(&fx);
    void *page = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(page != MAP_FAILED);
    const uintptr_t low = (uintptr_t)page;
    const struct umig_unwind_place place = {low, low, low + 8192};
    assert_int_equal(umig_unwind_table_copy(&fx.table, place, false, &fx.quota), UMIG_E_IO);
    assert_false(umig_peek(low, &word, sizeof word));
    assert_false(umig_peek(8, &word, sizeof word));
    assert_false(umig_peek(UINTPTR_MAX - 3, &word, sizeof word));
    assert_true(umig_peek((uintptr_t)&low, &word, sizeof word));
    assert_int_equal(word, low);
    munmap(page, 8192);
    fini(&fx);
}

static void test_memory_is_bounded(void **state)
{
    (void)state;
    struct fixture fx;
    set_up(&fx);
    fx.quota.limit_bytes = 32;
    assert_int_equal(copy(&fx), UMIG_E_NOMEM);
    fx.quota.limit_bytes = 1 << 20;
    fx.memory.limit_bytes = 0;
    assert_int_equal(copy(&fx), UMIG_E_NOMEM);
    assert_int_equal(fx.quota.refusals, 2);
    fini(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions_are_found_in_the_copy),
        cmocka_unit_test(test_functions_of_an_object_that_stays_are_found_in_place),
        cmocka_unit_test(test_tables_that_lie_are_refused),
        cmocka_unit_test(test_entries_that_lie_end_in_the_copy),
        cmocka_unit_test(test_memory_that_is_not_there_is_an_answer),
        cmocka_unit_test(test_memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
