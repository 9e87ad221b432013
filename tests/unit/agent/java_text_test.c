/* Java's strings to UTF-8. */
#include <string.h>

#include "agent/symbol/java_text.h"
#include "tests/support/test.h"

enum {
    CHARS = 8
};

static const char *text(const void *bytes, size_t byte_count, bool is_utf16)
{
    static char out[UMIG_JAVA_TEXT_BYTES(CHARS)];
    memset(out, 'x', sizeof out);
    const size_t length = umig_java_text(bytes, byte_count, is_utf16, CHARS, out);
    assert_int_equal(length, strlen(out));
    return out;
}

#define WIDE(...) \
 text((const uint16_t[]){__VA_ARGS__}, sizeof((const uint16_t[]){__VA_ARGS__}), true)

static void test_latin1_has_a_byte_a_character(void **state)
{
    (void)state;
    assert_string_equal(text("", 0, false), "");
    assert_string_equal(text("orders-1", 8, false), "orders-1");
    assert_string_equal(text("caf\xe9", 4, false), "caf\xc3\xa9");
}

static void test_utf16_pairs_become_one(void **state)
{
    (void)state;
    assert_string_equal(WIDE(0x437, 'a', 0x4e2d), "\xd0\xb7"
                                                  "a\xe4\xb8\xad");
    assert_string_equal(WIDE(0xd83d, 0xde00), "\xf0\x9f\x98\x80");
}

static void test_halves_of_pairs_and_nul_are_replaced(void **state)
{
    (void)state;
    assert_string_equal(WIDE(0xd83d), "\xef\xbf\xbd");
    assert_string_equal(WIDE(0xde00, 'a'), "\xef\xbf\xbd"
                                           "a");
    assert_string_equal(WIDE(0xd83d, 0xd83d, 0xde00), "\xef\xbf\xbd\xf0\x9f\x98\x80");
    assert_string_equal(text("a\0b", 3, false), "a\xe2\x90\x80"
                                                "b");
}

static void test_what_is_too_long_is_cut_with_a_mark(void **state)
{
    (void)state;
    assert_string_equal(text("12345678", 8, false), "12345678");
    assert_string_equal(text("123456789", 9, false), "12345678\xe2\x80\xa6");
    /* the longest there can be, and its mark, fit */
    assert_int_equal(
        strlen(WIDE(0x4e2d, 0x4e2d, 0x4e2d, 0x4e2d, 0x4e2d, 0x4e2d, 0x4e2d, 0x4e2d, 0x4e2d)),
        UMIG_JAVA_TEXT_BYTES(CHARS) - 1);
    /* no pair is cut in two */
    assert_string_equal(WIDE('1', '2', '3', '4', '5', '6', '7', 0xd83d, 0xde00),
                        "1234567\xe2\x80\xa6");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_latin1_has_a_byte_a_character),
        cmocka_unit_test(test_utf16_pairs_become_one),
        cmocka_unit_test(test_halves_of_pairs_and_nul_are_replaced),
        cmocka_unit_test(test_what_is_too_long_is_cut_with_a_mark),
    };
    return cmocka_run_group_tests_name("unit.agent.java_text", tests, NULL, NULL);
}
