/* Class histograms of JVMs, as JDK 17 and 25 write them, whole and in pieces. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/heap_histogram.h"
#include "cli/heap_histogram_write.h"
#include "core/err.h"
#include "tests/support/test.h"
#include "tests/unit/report/schema.h"

static const char g_reply[] =
    " num     #instances         #bytes  class name (module)\n"
    "-------------------------------------------------------\n"
    "   1:           100           9000  [B (java.base@17.0.15)\n"
    "   2:            40           4000  java.lang.String (java.base@17.0.15)\n"
    "   3:             7            700  [[Lsvc.Orders;\n"
    "   4:             5            500  Script1\n"
    "   5:             6            600  Script27\n"
    "   6:             1             16  [LScript3;\n"
    "   7:             3             72  svc.Orders$_total_closure3\n"
    "   8:             2             48  svc.Orders$_closure1\n"
    "   9:             1             24  svc.Work$$Lambda$27/0x00007f06940da228\n"
    "  10:             1             24  svc.Work$$Lambda/0x00007f0694000400\n"
    "  11:             1             16  svc.Twice (app@1.0)\n"
    "  12:             1             16  svc.Twice\n"
    "  13:             1             16  [J (java.base@17.0.15)\n"
    "Total           169          15032\n";

/* Without the NUL, so that a read behind the end is seen by the sanitizer. */
static int read_exactly(const char *text,
                        size_t len,
                        bool folds,
                        struct umig_heap_histogram *out,
                        struct umig_err *err)
{
    char *bytes = malloc(len > 0 ? len : 1);
    assert_non_null(bytes);
    memcpy(bytes, text, len);
    const int rc = umig_heap_histogram_read(bytes, len, folds, out, err);
    free(bytes);
    return rc;
}

static const struct umig_heap_class *find_row(const struct umig_heap_histogram *histogram,
                                              const char *name)
{
    for (size_t i = 0; i < histogram->count; i++) {
        if (strcmp(umig_heap_histogram_text(histogram, histogram->rows[i].name_at), name) == 0) {
            return &histogram->rows[i];
        }
    }
    fail_msg("no row is called %s", name);
    return NULL; /* not reached */
}

static void expect_row(const struct umig_heap_histogram *histogram,
                       const char *name,
                       uint64_t class_count,
                       uint64_t instance_count,
                       uint64_t byte_count)
{
    const struct umig_heap_class *row = find_row(histogram, name);
    assert_int_equal(row->class_count, class_count);
    assert_int_equal(row->instance_count, instance_count);
    assert_int_equal(row->byte_count, byte_count);
}

static void test_classes_are_named_as_the_source_has_them(void **state)
{
    (void)state;
    struct umig_heap_histogram histogram;
    assert_int_equal(read_exactly(g_reply, sizeof g_reply - 1, true, &histogram, NULL), UMIG_OK);
    assert_int_equal(histogram.class_count, 13);
    assert_int_equal(histogram.count, 10);
    assert_int_equal(histogram.instance_count, 169);
    assert_int_equal(histogram.byte_count, 15032);
    assert_int_equal(histogram.unread_count, 0);
    expect_row(&histogram, "byte[]", 1, 100, 9000);
    expect_row(&histogram, "svc.Orders[][]", 1, 7, 700);
    expect_row(&histogram, "Script*", 2, 11, 1100);
    expect_row(&histogram, "Script*[]", 1, 1, 16);
    expect_row(&histogram, "svc.Orders.total {closure 3}", 1, 3, 72);
    expect_row(&histogram, "svc.Orders {closure 1}", 1, 2, 48);
    expect_row(&histogram, "svc.Work$$Lambda", 2, 2, 48);
    expect_row(&histogram, "svc.Twice", 2, 2, 32);
    assert_string_equal(umig_heap_histogram_text(&histogram, histogram.rows[0].name_at), "byte[]");
    assert_string_equal(umig_heap_histogram_text(&histogram, histogram.rows[0].module_at),
                        "java.base");
    /* of two modules: of none that could be told */
    assert_string_equal(
        umig_heap_histogram_text(&histogram, find_row(&histogram, "svc.Twice")->module_at), "");
    for (size_t i = 1; i < histogram.count; i++) {
        assert_true(histogram.rows[i - 1].byte_count >= histogram.rows[i].byte_count);
    }
    umig_heap_histogram_fini(&histogram);
}

static void test_unfolded_rows_are_the_jvms(void **state)
{
    (void)state;
    struct umig_heap_histogram histogram;
    assert_int_equal(read_exactly(g_reply, sizeof g_reply - 1, false, &histogram, NULL), UMIG_OK);
    assert_int_equal(histogram.count, 13);
    expect_row(&histogram, "Script1", 1, 5, 500);
    expect_row(&histogram, "Script27", 1, 6, 600);
    expect_row(&histogram, "Script3[]", 1, 1, 16);
    expect_row(&histogram, "svc.Orders$_total_closure3", 1, 3, 72);
    expect_row(&histogram, "svc.Work$$Lambda$27/0x00007f06940da228", 1, 1, 24);
    umig_heap_histogram_fini(&histogram);
}

static void test_half_a_histogram_is_never_one(void **state)
{
    (void)state;
    const size_t whole = (size_t)(strstr(g_reply, "15032") - g_reply);
    for (size_t len = 0; len <= whole; len++) {
        struct umig_heap_histogram histogram;
        struct umig_err err = UMIG_ERR_INIT;
        assert_int_equal(read_exactly(g_reply, len, true, &histogram, &err), UMIG_E_PROTO);
        assert_non_null(strstr(err.text, "half of one"));
    }
}

/* Names may have anything in them but ". ; [ /". */
static void test_hostile_names_are_names(void **state)
{
    (void)state;
    static const char reply[] = "   1:             1             16  [\n"
                                "   2:             1             16  [L;\n"
                                "   3:             1             16  [Q\n"
                                "   4:             1             16  a (b)\n"
                                "   5:             1             16  ()\n"
                                "   6:             1             16  [[[[[[[I\n"
                                "   7:             1             16  \x1b[31m\xff\n"
                                "   8: 99999999999999999999999999    16  too.Many\n"
                                "   9:             1             16\n"
                                "  10:             1\n"
                                "split\n"
                                "Total             7            112\n";
    struct umig_heap_histogram histogram;
    assert_int_equal(read_exactly(reply, sizeof reply - 1, true, &histogram, NULL), UMIG_OK);
    assert_int_equal(histogram.class_count, 7);
    assert_int_equal(histogram.unread_count, 4);
    expect_row(&histogram, "[", 1, 1, 16);
    expect_row(&histogram, "[L;", 1, 1, 16);
    expect_row(&histogram, "a", 1, 1, 16);
    expect_row(&histogram, "int[][][][][][][]", 1, 1, 16);
    umig_heap_histogram_fini(&histogram);
}

static void test_no_classes_are_a_histogram_too(void **state)
{
    (void)state;
    static const char reply[] = "Total             0              0\n";
    struct umig_heap_histogram histogram;
    assert_int_equal(read_exactly(reply, sizeof reply - 1, true, &histogram, NULL), UMIG_OK);
    assert_int_equal(histogram.count, 0);
    umig_heap_histogram_fini(&histogram);
}

/* --- what is written --- */

static const struct umig_jvm g_jvm = {.pid = 4242, .main_class = "orders.jar", .jdk = "17.0.15"};

static const struct umig_heap_cost g_cost = {.is_known = true,
                                             .has_collection = true,
                                             .pause_ns = 34000000,
                                             .collection_ns = 21000000,
                                             .took_ns = 40000000};

static void write_view(bool is_json, size_t top, const struct umig_heap_cost *cost, char **out_text)
{
    size_t len = 0;
    struct umig_heap_histogram histogram;
    assert_int_equal(read_exactly(g_reply, sizeof g_reply - 1, true, &histogram, NULL), UMIG_OK);
    const struct umig_heap_histogram_view view = {
        .jvm = &g_jvm, .histogram = &histogram, .cost = cost, .top = top, .is_folded = true};
    FILE *file = open_memstream(out_text, &len);
    assert_non_null(file);
    assert_int_equal(is_json ? umig_heap_histogram_write_json(&view, file, NULL)
                             : umig_heap_histogram_write_text(&view, file, NULL),
                     UMIG_OK);
    fclose(file);
    umig_heap_histogram_fini(&histogram);
}

static void test_table_ends_in_the_rest_and_all(void **state)
{
    (void)state;
    char *text = NULL;
    write_view(false, 3, &g_cost, &text);
    assert_string_equal(
        text,
        "Live objects of orders.jar (pid 4242, JDK 17.0.15), after a full collection made for it.\n"
        "It took 40 ms; the JVM stood still for 34 ms, 21 ms of it for the collection.\n"
        "\n"
        "RANK  INSTANCES     BYTES    SHARE  CLASS\n"
        "   1        100   8.8 KiB   59.9 %  byte[]\n"
        "   2         40   3.9 KiB   26.6 %  java.lang.String\n"
        "   3         11   1.1 KiB    7.3 %  Script* (2 classes)\n"
        "   -         18     932 B    6.2 %  9 more classes\n"
        "   -        169  14.7 KiB  100.0 %  all: 13 classes\n");
    free(text);
    write_view(false, 0, &(struct umig_heap_cost){.took_ns = 40000000}, &text);
    assert_null(strstr(text, " more class"));
    assert_non_null(strstr(text, "is not known: it keeps no counters"));
    free(text);
}

static void test_json_is_as_its_schema_says(void **state)
{
    (void)state;
    const struct umig_heap_cost unknown = {.took_ns = 40000000};
    const struct umig_heap_cost *costs[] = {&g_cost, &unknown};
    for (size_t i = 0; i < 2; i++) {
        char *text = NULL;
        write_view(true, 2, costs[i], &text);
        json_t *root = json_loads(text, 0, NULL);
        assert_non_null(root);
        umig_schema_expect(UMIG_TEST_SCHEMA, root);
        json_t *classes = json_object_get(root, "classes");
        assert_int_equal(json_array_size(classes), 2);
        assert_string_equal(json_string_value(json_object_get(json_array_get(classes, 0), "name")),
                            "byte[]");
        assert_int_equal(json_integer_value(json_object_get(root, "row_count")), 10);
        assert_int_equal(json_object_get(root, "pause_ns") != NULL, costs[i]->is_known);
        json_decref(root);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes_are_named_as_the_source_has_them),
        cmocka_unit_test(test_unfolded_rows_are_the_jvms),
        cmocka_unit_test(test_half_a_histogram_is_never_one),
        cmocka_unit_test(test_hostile_names_are_names),
        cmocka_unit_test(test_no_classes_are_a_histogram_too),
        cmocka_unit_test(test_table_ends_in_the_rest_and_all),
        cmocka_unit_test(test_json_is_as_its_schema_says),
    };
    return cmocka_run_group_tests_name("unit.cli.heap_histogram", tests, NULL, NULL);
}
