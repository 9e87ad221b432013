#include <string.h>

#include "tests/support/test.h"
#include "wire/utf8.h"

#define BAD "\xef\xbf\xbd"

struct conversion {
    const char *in;
    size_t in_len;
    const char *out;
};

static void test_from_jvm_each_form_becomes_its_utf8(void **state)
{
    (void)state;
    static const struct conversion cases[] = {
        {"", 0, ""},
        {"plain", 5, "plain"},
        {"\xc3\xa9\xe2\x82\xac", 5, "\xc3\xa9\xe2\x82\xac"},
        {"\xed\xa0\xbd\xed\xb8\x80", 6, "\xf0\x9f\x98\x80"}, /* a pair: U+1F600 */
        {"\xed\xa0\x80\xed\xb0\x80", 6, "\xf0\x90\x80\x80"}, /* the first: U+10000 */
        {"\xed\xaf\xbf\xed\xbf\xbf", 6, "\xf4\x8f\xbf\xbf"}, /* the last: U+10FFFF */
        {"\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80"},         /* already UTF-8 */
        {"a\xc0\x80"
         "b",
         4, "a" BAD "b"}, /* U+0000 in two bytes */
        {"a\0b", 3, "a" BAD "b"},
        {"\xed\xa0\xbdx", 4, BAD "x"},                                       /* high alone */
        {"\xed\xb8\x80x", 4, BAD "x"},                                       /* low alone */
        {"\xed\xa0\xbd\xed\xa0\xbd\xed\xb8\x80", 9, BAD "\xf0\x9f\x98\x80"}, /* high, then a pair */
        {"\xed\xa0\xbd\xed\xb8", 5, BAD BAD BAD},                            /* the pair is cut */
        {"\xff\xfe", 2, BAD BAD},
        {"\xc1\x81", 2, BAD BAD}, /* overlong */
        {"\xe0\x80\x80", 3, BAD BAD BAD},
        {"\xf4\x90\x80\x80", 4, BAD BAD BAD BAD}, /* beyond U+10FFFF */
        {"\xc3", 1, BAD},
        {"\xc3z", 2, BAD "z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t out[64];

        const size_t len = umig_utf8_from_jvm(cases[i].in, cases[i].in_len, out, sizeof out);

        assert_int_equal(len, strlen(cases[i].out));
        assert_memory_equal(out, cases[i].out, len);
        assert_true(umig_utf8_is_valid(out, len));
    }
}

/* Every two-byte input in front of every tail: always valid, never longer than three times. */
static void test_from_jvm_any_bytes_become_valid_within_three_times(void **state)
{
    (void)state;
    static const char *const tails[] = {"", "\x80", "\x80\x80", "\xb0\x80", "\xed\xb0\x80", "z"};
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        for (size_t t = 0; t < sizeof tails / sizeof tails[0]; t++) {
            uint8_t in[8] = {(uint8_t)(pair >> 8), (uint8_t)pair};
            memcpy(in + 2, tails[t], strlen(tails[t]));
            const size_t in_len = 2 + strlen(tails[t]);
            uint8_t out[24];

            const size_t len = umig_utf8_from_jvm(in, in_len, out, sizeof out);

            assert_true(len <= 3 * in_len);
            assert_true(umig_utf8_is_valid(out, len));
            assert_null(memchr(out, '\0', len));
        }
    }
}

static void test_from_jvm_without_room_cuts_at_a_character(void **state)
{
    (void)state;
    uint8_t out[8];

    assert_int_equal(umig_utf8_from_jvm("a\xe2\x82\xac", 4, out, 3), 1);
    assert_int_equal(umig_utf8_from_jvm("a\xe2\x82\xac", 4, out, 4), 4);
    assert_int_equal(umig_utf8_from_jvm("a", 1, out, 0), 0);
}

static void test_is_valid_only_what_rfc_3629_allows(void **state)
{
    (void)state;

    assert_true(umig_utf8_is_valid("", 0));
    assert_true(umig_utf8_is_valid("\xf4\x8f\xbf\xbf", 4));
    assert_false(umig_utf8_is_valid("\xed\xa0\x80", 3));
    assert_false(umig_utf8_is_valid("\xc0\x80", 2));
    assert_false(umig_utf8_is_valid("\xf4\x90\x80\x80", 4));
    assert_false(umig_utf8_is_valid("\x80", 1));
    assert_false(umig_utf8_is_valid("\xe2\x82", 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_jvm_each_form_becomes_its_utf8),
        cmocka_unit_test(test_from_jvm_any_bytes_become_valid_within_three_times),
        cmocka_unit_test(test_from_jvm_without_room_cuts_at_a_character),
        cmocka_unit_test(test_is_valid_only_what_rfc_3629_allows),
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
