#include <string.h>

#include "collector/batch/arena.h"
#include "collector/batch/prescan.h"
#include "tests/support/test.h"
#include "umig/v1/stream.pb-c.h"

struct scan_case {
    const char *name;
    const char *bytes;
    size_t byte_count;
    int status;
    const char *word; /* in the error's text */
};

#define BYTES(text) (text), sizeof(text) - 1

static void test_prescan_of_bad_bytes_names_field_and_fault(void **state)
{
    (void)state;
    static const struct scan_case cases[] = {
        {"tag cut off", BYTES("\x80"), UMIG_E_PROTO, "without a number"},
        {"field number 0", BYTES("\x00"), UMIG_E_PROTO, "without a number"},
        {"group", BYTES("\x0b"), UMIG_E_PROTO, "unknown wire type"},
        {"number cut off", BYTES("\x08\x80"), UMIG_E_PROTO, "Batch.generation"},
        {"number of 11 bytes", BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
         UMIG_E_PROTO, "too long"},
        {"wrong wire type", BYTES("\x0d\x01\x00\x00\x00"), UMIG_E_PROTO, "wrong wire type"},
        {"longer than the rest", BYTES("\x1a\x05\x08\x01"), UMIG_E_PROTO, "longer than"},
        {"dictionary twice", BYTES("\x1a\x00\x1a\x00"), UMIG_E_PROTO, "twice"},
        {"overlong UTF-8", BYTES("\x1a\x04\x12\x02\xc0\x80"), UMIG_E_PROTO, "Dictionary.strings"},
        {"surrogate", BYTES("\x1a\x05\x12\x03\xed\xa0\x80"), UMIG_E_PROTO, "not UTF-8"},
        {"NUL in a string", BYTES("\x1a\x03\x12\x01\x00"), UMIG_E_PROTO, "NUL"},
        {"column cut off", BYTES("\x2a\x04\x4a\x02\x80\x80"), UMIG_E_PROTO, "time_delta_ms"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_err err = UMIG_ERR_INIT;
        const struct umig_prescan_limits limits = UMIG_PRESCAN_BATCH;
        const int rc = umig_prescan(&umig__v1__batch__descriptor, (const uint8_t *)cases[i].bytes,
                                    cases[i].byte_count, &limits, &err);
        if (rc != cases[i].status || strstr(err.text, cases[i].word) == NULL) {
            fail_msg("%s: status %d, '%s'", cases[i].name, rc, err.text);
        }
    }
}

static void test_prescan_takes_packed_and_unpacked_numbers(void **state)
{
    (void)state;
    const struct umig_prescan_limits limits = UMIG_PRESCAN_BATCH;
    static const char packed[] = "\x2a\x04\x2a\x02\x01\x02";
    static const char unpacked[] = "\x2a\x04\x28\x01\x28\x02";

    assert_int_equal(
        umig_prescan(&umig__v1__batch__descriptor, (const uint8_t *)packed, 6, &limits, NULL), 0);
    assert_int_equal(
        umig_prescan(&umig__v1__batch__descriptor, (const uint8_t *)unpacked, 6, &limits, NULL), 0);
    assert_int_equal(umig_prescan(&umig__v1__batch__descriptor, NULL, 0, &limits, NULL), 0);
}

/* Each bound holds at its figure and fails one beyond. */
static int scan_counted(const uint8_t *bytes, size_t byte_count, struct umig_prescan_limits limits)
{
    return umig_prescan(&umig__v1__batch__descriptor, bytes, byte_count, &limits, NULL);
}

static void test_prescan_counts_against_each_bound(void **state)
{
    (void)state;
    static const uint8_t values[] = {0x2a, 0x05, 0x2a, 0x03, 1, 2, 3};     /* 1 message */
    static const uint8_t strings[] = {0x1a, 0x04, 0x12, 0x00, 0x12, 0x00}; /* 2 strings */
    const struct umig_prescan_limits just_right = {.messages = 1, .strings = 2, .values = 3};

    assert_int_equal(scan_counted(values, sizeof values, just_right), UMIG_OK);
    assert_int_equal(scan_counted(strings, sizeof strings, just_right), UMIG_OK);
    assert_int_equal(scan_counted(values, sizeof values,
                                  (struct umig_prescan_limits){.messages = 1, .values = 2}),
                     UMIG_E_LIMIT);
    assert_int_equal(scan_counted(values, sizeof values, (struct umig_prescan_limits){.values = 3}),
                     UMIG_E_LIMIT);
    assert_int_equal(scan_counted(strings, sizeof strings,
                                  (struct umig_prescan_limits){.messages = 1, .strings = 1}),
                     UMIG_E_LIMIT);
}

static void test_prescan_skips_unknown_fields_up_to_a_bound(void **state)
{
    (void)state;
    uint8_t bytes[3 * (UMIG_PRESCAN_MAX_UNKNOWN + 1)];
    for (size_t i = 0; i < sizeof bytes; i += 3) {
        memcpy(bytes + i, "\xf8\x07\x01", 3); /* field 127, a number */
    }
    const struct umig_prescan_limits limits = UMIG_PRESCAN_BATCH;

    assert_int_equal(scan_counted(bytes, sizeof bytes - 3, limits), UMIG_OK);
    assert_int_equal(scan_counted(bytes, sizeof bytes, limits), UMIG_E_LIMIT);
}

static void test_arena_never_gives_more_than_its_cap(void **state)
{
    (void)state;
    struct umig_arena arena;
    assert_int_equal(umig_arena_init(&arena, NULL), UMIG_OK);
    umig_arena_reset(&arena, 1000);
    size_t given = 0;
    while (umig_arena_alloc(&arena, 100) != NULL) {
        given += 100;
    }
    assert_true(given <= 8 * 1000 + 64 * 1024);
    assert_true(given > 8 * 1000);
    assert_null(umig_arena_alloc(&arena, SIZE_MAX));

    umig_arena_reset(&arena, SIZE_MAX / 2);
    assert_non_null(umig_arena_alloc(&arena, UMIG_ARENA_MAX_BYTES));
    assert_null(umig_arena_alloc(&arena, 1));
    umig_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prescan_of_bad_bytes_names_field_and_fault),
        cmocka_unit_test(test_prescan_takes_packed_and_unpacked_numbers),
        cmocka_unit_test(test_prescan_counts_against_each_bound),
        cmocka_unit_test(test_prescan_skips_unknown_fields_up_to_a_bound),
        cmocka_unit_test(test_arena_never_gives_more_than_its_cap),
    };
    return cmocka_run_group_tests_name("unit.collector.prescan", tests, NULL, NULL);
}
