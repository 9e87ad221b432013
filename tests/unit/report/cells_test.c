#include <string.h>

#include "report/cells.h"
#include "tests/support/test.h"

#define LIMIT_BYTES 65536

static void test_clean_makes_what_a_terminal_obeys_visible(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"plain.Name", "plain.Name"},
        {"\x1b[2J", "\xE2\x90\x9B[2J"},
        {"a\nb\tc\x7f", "a\xE2\x90\x8A"
                        "b\xE2\x90\x89"
                        "c\xE2\x90\xA1"},
        {"\xE2\x80\xAEgro", "\\u{202E}gro"},
        {"\xC2\x9B"
         "31m",
         "\\u{9B}31m"},
        {"\xFF", "\xEF\xBF\xBD"},
        {"\xE5\x90\x8D", "\xE5\x90\x8D"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_buf out = UMIG_BUF_INIT(LIMIT_BYTES);
        umig_cells_clean(cases[i][0], &out);
        assert_string_equal(umig_buf_str(&out), cases[i][1]);
        umig_buf_fini(&out);
    }
}

static void test_width_counts_columns(void **state)
{
    (void)state;
    assert_int_equal(umig_cells_width("abc"), 3);
    assert_int_equal(umig_cells_width("\xE5\x90\x8D\xE5\x89\x8D"), 4);
    assert_int_equal(umig_cells_width("cafe\xCC\x81"), 4);
    assert_int_equal(umig_cells_width(""), 0);
}

static void test_put_fills_its_columns_exactly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t columns;
        enum umig_cells_side side;
        const char *want;
    } cases[] = {
        {"ab", 4, UMIG_CELLS_LEFT, "ab  "},
        {"ab", 4, UMIG_CELLS_RIGHT, "  ab"},
        {"abcd", 4, UMIG_CELLS_LEFT, "abcd"},
        {"abcdefghij", 7, UMIG_CELLS_LEFT, "ab\xE2\x80\xA6ghij"},
        {"abcdefghij", 1, UMIG_CELLS_LEFT, "\xE2\x80\xA6"},
        {"\xE5\x90\x8D\xE5\x90\x8D\xE5\x90\x8D", 4, UMIG_CELLS_LEFT, "\xE2\x80\xA6\xE5\x90\x8D "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_buf out = UMIG_BUF_INIT(LIMIT_BYTES);
        umig_cells_put(cases[i].text, cases[i].columns, cases[i].side, &out);
        assert_string_equal(umig_buf_str(&out), cases[i].want);
        umig_buf_fini(&out);
    }
}

static void test_fit_does_not_pad(void **state)
{
    (void)state;
    struct umig_buf out = UMIG_BUF_INIT(LIMIT_BYTES);
    umig_cells_fit("ab", 10, &out);
    assert_string_equal(umig_buf_str(&out), "ab");
    umig_buf_fini(&out);
}

static void test_wrap_breaks_at_the_separator_only(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"one two three four", " ", "  one two\n  three four\n"},
        {"a b > c d > e f g", " > ", "  a b > c d >\n  e f g\n"},
        {"abcdefghijklmnopqrst", " ", "  abc\xE2\x80\xA6nopqrst\n"},
        {"x abcdefghijklmnopqrst y", " ", "  x\n  abc\xE2\x80\xA6opqrst\n  y\n"},
        {"", " ", "  \n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_buf out = UMIG_BUF_INIT(LIMIT_BYTES);
        umig_cells_wrap(cases[i][0], cases[i][1], 13, 2, 13, &out);
        assert_string_equal(umig_buf_str(&out), cases[i][2]);
        umig_buf_fini(&out);
    }
}

static void test_wrap_gives_a_long_word_a_longer_line_of_its_own_up_to_a_bound(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"x abcdefghijklmnopqrst y", "  x\n  abcdefghijklmnopqrst\n  y\n"},
        {"x abcdefghijklmnopqrstu y", "  x\n  abcdef\xE2\x80\xA6jklmnopqrstu\n  y\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_buf out = UMIG_BUF_INIT(LIMIT_BYTES);
        umig_cells_wrap(cases[i][0], " ", 13, 2, 22, &out);
        assert_string_equal(umig_buf_str(&out), cases[i][1]);
        umig_buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean_makes_what_a_terminal_obeys_visible),
        cmocka_unit_test(test_width_counts_columns),
        cmocka_unit_test(test_put_fills_its_columns_exactly),
        cmocka_unit_test(test_fit_does_not_pad),
        cmocka_unit_test(test_wrap_breaks_at_the_separator_only),
        cmocka_unit_test(test_wrap_gives_a_long_word_a_longer_line_of_its_own_up_to_a_bound),
    };
    return cmocka_run_group_tests_name("report.cells", tests, NULL, NULL);
}
