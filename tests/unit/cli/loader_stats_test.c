/* The JVM's table of class loaders. */
#include <string.h>

#include "cli/loader_stats.h"
#include "core/err.h"
#include "tests/support/test.h"

/* As JDK 17 and 25 write it. */
static const char g_table[] =
    "ClassLoader         Parent              CLD*               Classes   ChunkSz   BlockSz  Type\n"
    "0x0000000800c1a2b0  0x0000000000000000  0x00007f1a3c1a3ab0       3     14336     12544  "
    "groovy.lang.GroovyClassLoader$InnerLoader\n"
    "0x0000000800c1a2b8  0x0000000000000000  0x00007f1a3c1a3ac0       1      6144      4000  "
    "groovy.lang.GroovyClassLoader$InnerLoader\n"
    "                                                                  2      4096      2000   "
    "+ hidden classes\n"
    "0x0000000000000000  0x0000000000000000  0x00007f1a3c1a3ad0    1234   8388608   8000000  "
    "<boot class loader>\n"
    "                                                                  5      1024       900   "
    "+ hidden classes\n"
    "Total = 3                                                    1245   8414208   8019444  \n"
    "ChunkSz: Total size of all allocated metaspace chunks\n"
    "BlockSz: Total size of all allocated metaspace blocks (each chunk has several blocks)\n";

enum {
    USED = 7900000
};

static struct umig_loader_stats g_stats;

static void test_loaders_are_summed_by_class_hidden_classes_with_theirs(void **state)
{
    (void)state;
    struct umig_err err = UMIG_ERR_INIT;
    assert_int_equal(umig_loader_stats_read(g_table, strlen(g_table), USED, &g_stats, &err),
                     UMIG_OK);
    assert_int_equal(g_stats.count, 2);
    assert_string_equal(g_stats.rows[0].name, "groovy.lang.GroovyClassLoader$InnerLoader");
    assert_int_equal(g_stats.rows[0].loaders, 2);
    assert_int_equal(g_stats.rows[0].classes, 6);
    assert_int_equal(g_stats.rows[0].bytes, 14336 + 6144 + 4096);
    assert_int_equal(g_stats.bytes, 8414208);
}

static void test_words_are_known_by_the_counters(void **state)
{
    (void)state;
    struct umig_err err = UMIG_ERR_INIT;
    assert_int_equal(umig_loader_stats_read(g_table, strlen(g_table), 8 * USED, &g_stats, &err),
                     UMIG_OK);
    assert_int_equal(g_stats.rows[0].bytes, 8 * (14336 + 6144 + 4096));
    assert_int_equal(g_stats.bytes, 8 * 8414208);
}

/* Counters are old until the first collection, or not kept at all. */
static void test_words_are_known_by_their_chunks(void **state)
{
    (void)state;
    static const char table[] = "0x1 0x2 0x3   1   640   420  some.Loader\n"
                                "0x1 0x2 0x3   1  2048  1500  some.Loader\n";
    struct umig_err err = UMIG_ERR_INIT;
    assert_int_equal(umig_loader_stats_read(table, strlen(table), 0, &g_stats, &err), UMIG_OK);
    assert_int_equal(g_stats.bytes, 8 * (640 + 2048));
    assert_int_equal(umig_loader_stats_read(g_table, strlen(g_table), 0, &g_stats, &err), UMIG_OK);
    assert_int_equal(g_stats.bytes, 8414208);
}

static void test_part_is_in_proportion_to_classes(void **state)
{
    (void)state;
    const char *name = "groovy.lang.GroovyClassLoader$InnerLoader";
    struct umig_err err = UMIG_ERR_INIT;
    assert_int_equal(umig_loader_stats_read(g_table, strlen(g_table), USED, &g_stats, &err),
                     UMIG_OK);
    assert_int_equal(umig_loader_stats_part(&g_stats, name, 3), 24576 / 2);
    assert_int_equal(umig_loader_stats_part(&g_stats, name, 600), 24576); /* never more than all */
    assert_int_equal(umig_loader_stats_part(&g_stats, "svc.Loader", 3), 0);
}

static void test_what_is_no_table_is_said(void **state)
{
    (void)state;
    static const char refusal[] = "java.lang.IllegalArgumentException: Unknown diagnostic command";
    struct umig_err err = UMIG_ERR_INIT;
    assert_int_equal(umig_loader_stats_read(refusal, strlen(refusal), USED, &g_stats, &err),
                     UMIG_E_PROTO);
    assert_non_null(strstr(err.text, "Unknown diagnostic command"));
    assert_int_equal(umig_loader_stats_read("", 0, USED, &g_stats, &err), UMIG_E_PROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loaders_are_summed_by_class_hidden_classes_with_theirs),
        cmocka_unit_test(test_words_are_known_by_the_counters),
        cmocka_unit_test(test_words_are_known_by_their_chunks),
        cmocka_unit_test(test_part_is_in_proportion_to_classes),
        cmocka_unit_test(test_what_is_no_table_is_said),
    };
    return cmocka_run_group_tests_name("cli.loader_stats", tests, NULL, NULL);
}
