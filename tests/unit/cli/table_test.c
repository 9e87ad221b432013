#include <stdio.h>
#include <stdlib.h>

#include "cli/table.h"
#include "tests/support/test.h"

static const struct umig_column g_columns[] = {
    {"PID", true},
    {"SERVICE", false},
    {"MAIN", false},
};

static void assert_written(const struct umig_table *table, bool has_color, const char *want)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    umig_table_write(table, has_color, out);
    fclose(out);
    assert_string_equal(text, want);
    free(text);
}

static void test_columns_are_as_wide_as_their_widest_cell(void **state)
{
    (void)state;
    struct umig_table table;
    umig_table_init(&table, g_columns, 3);

    umig_table_cell(&table, "%d", 7);
    umig_table_cell(&table, "%s", "\xc3\xa9t\xc3\xa9");
    umig_table_cell(&table, "%s", "a.B");
    umig_table_cell(&table, "%d", 123456);
    umig_table_cell(&table, "%s", "orders");
    umig_table_cell(&table, "%s", "c");

    assert_written(&table, false,
                   "   PID  SERVICE  MAIN\n"
                   "     7  \xc3\xa9t\xc3\xa9      a.B\n"
                   "123456  orders   c\n");
    umig_table_fini(&table);
}

static void test_empty_cell_is_a_dash_and_escapes_are_harmless(void **state)
{
    (void)state;
    struct umig_table table;
    umig_table_init(&table, g_columns, 3);

    umig_table_cell(&table, "%d", 1);
    umig_table_cell(&table, "%s", "");
    umig_table_cell(&table, "%s", "\x1b[2J\nx\xFF");

    assert_written(&table, false,
                   "PID  SERVICE  MAIN\n"
                   "  1  -        \xE2\x90\x9B[2J\xE2\x90\x8Ax\xEF\xBF\xBD\n");
    umig_table_fini(&table);
}

static void test_color_is_only_in_the_title_line(void **state)
{
    (void)state;
    struct umig_table table;
    umig_table_init(&table, g_columns, 1);

    umig_table_cell(&table, "%d", 1);

    assert_written(&table, true,
                   "\x1b[2mPID\x1b[0m\n"
                   "  1\n");
    umig_table_fini(&table);
}

int main(void)
{
    const struct CMUnitTest table_test[] = {
        cmocka_unit_test(test_columns_are_as_wide_as_their_widest_cell),
        cmocka_unit_test(test_empty_cell_is_a_dash_and_escapes_are_harmless),
        cmocka_unit_test(test_color_is_only_in_the_title_line),
    };
    return cmocka_run_group_tests(table_test, NULL, NULL);
}
