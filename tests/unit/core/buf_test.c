#include <string.h>

#include "core/buf.h"
#include "tests/support/test.h"

static void test_str_when_empty_is_empty_text(void **state)
{
    (void)state;
    const struct umig_buf buf = UMIG_BUF_INIT(10);

    assert_string_equal(umig_buf_str(&buf), "");
}

static void test_put_grows_and_ends_in_nul(void **state)
{
    (void)state;
    struct umig_buf buf = UMIG_BUF_INIT(100000);

    for (int i = 0; i < 10000; i++) {
        assert_int_equal(umig_buf_byte(&buf, (char)('a' + i % 26)), UMIG_OK);
    }

    assert_int_equal(buf.len, 10000);
    assert_int_equal(strlen(umig_buf_str(&buf)), 10000);
    assert_int_equal(buf.bytes[9999], 'a' + 9999 % 26);
    umig_buf_fini(&buf);
}

static void test_put_at_limit_passes_one_above_fails(void **state)
{
    (void)state;
    struct umig_buf buf = UMIG_BUF_INIT(4);

    assert_int_equal(umig_buf_text(&buf, "abcd"), UMIG_OK);
    assert_int_equal(umig_buf_byte(&buf, 'e'), UMIG_E_LIMIT);

    assert_int_equal(buf.failed, UMIG_E_LIMIT);
    assert_string_equal(umig_buf_str(&buf), "abcd");
    umig_buf_fini(&buf);
}

static void test_put_after_failure_does_nothing_until_cleared(void **state)
{
    (void)state;
    struct umig_buf buf = UMIG_BUF_INIT(4);
    assert_int_equal(umig_buf_text(&buf, "too long"), UMIG_E_LIMIT);

    assert_int_equal(umig_buf_text(&buf, "a"), UMIG_E_LIMIT);
    assert_int_equal(umig_buf_printf(&buf, "%d", 1), UMIG_E_LIMIT);
    assert_int_equal(buf.len, 0);

    umig_buf_clear(&buf);
    assert_int_equal(umig_buf_text(&buf, "a"), UMIG_OK);
    assert_string_equal(umig_buf_str(&buf), "a");
    umig_buf_fini(&buf);
}

static void test_printf_appends_and_is_bounded(void **state)
{
    (void)state;
    struct umig_buf buf = UMIG_BUF_INIT(8);

    assert_int_equal(umig_buf_printf(&buf, "%s-%d", "ab", 42), UMIG_OK);
    assert_string_equal(umig_buf_str(&buf), "ab-42");
    assert_int_equal(umig_buf_printf(&buf, "%s", "wxyz"), UMIG_E_LIMIT);
    assert_string_equal(umig_buf_str(&buf), "ab-42");
    umig_buf_fini(&buf);
}

static void test_fini_leaves_a_usable_buffer(void **state)
{
    (void)state;
    struct umig_buf buf = UMIG_BUF_INIT(8);
    assert_int_equal(umig_buf_text(&buf, "once"), UMIG_OK);

    umig_buf_fini(&buf);
    umig_buf_fini(&buf);

    assert_int_equal(umig_buf_text(&buf, "again"), UMIG_OK);
    assert_string_equal(umig_buf_str(&buf), "again");
    umig_buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest buf_test[] = {
        cmocka_unit_test(test_str_when_empty_is_empty_text),
        cmocka_unit_test(test_put_grows_and_ends_in_nul),
        cmocka_unit_test(test_put_at_limit_passes_one_above_fails),
        cmocka_unit_test(test_put_after_failure_does_nothing_until_cleared),
        cmocka_unit_test(test_printf_appends_and_is_bounded),
        cmocka_unit_test(test_fini_leaves_a_usable_buffer),
    };
    return cmocka_run_group_tests(buf_test, NULL, NULL);
}
