/*
 * Who holds it: a program holds objects by each way there is, of a class each, and knows how many.
 * What static fields and threads lead to is found and counted; what local variables hold, or only
 * soft and weak references, is not.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/jvm.h"
#include "tests/support/test.h"

enum {
    SAMPLED_PERCENT = 6 /* 4096 of 100,000 elements, half of them taken: four standard deviations */
};

/* A class, and how the way to its objects is told. */
static const struct {
    const char *class_name;
    const char *way; /* NULL: none is found */
    bool is_sampled; /* so many that some elements of an array stand for all */
} g_classes[] = {
    {"InMap", "static Holding.MAP > HashMap", false},
    {"InBean", "static Holding.BEAN > Bean.queue > ArrayDeque", false},
    {"InLocal", "thread worker-* > ThreadLocal > ArrayList", false},
    {"InNested", "static Holding.NESTED > ConcurrentHashMap > HashMap", false},
    {"InLarge", "static Holding.LARGE", true},
    {"Chained", "static Holding.chain", false},
    {"Holding$InPlugin",
     "static Holding.PLUGINS > ArrayList > class Plugin > static Plugin.KEPT > ArrayList", false},
    {"InVariable", NULL, false},
    {"Softly", "static Holding.SOFT > ArrayList > java.lang.ref.SoftReference", false},
    {"Weakly", NULL, false},
};

#define CLASSES \
 "InMap InBean InLocal InNested InLarge Chained Holding$InPlugin InVariable Softly Weakly"

static const json_t *row_of(const json_t *found, const char *class_name)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(found, "classes"), i, row)
    {
        if (strcmp(umig_json_text_at(row, "class"), class_name) == 0) {
            return row;
        }
    }
    return NULL;
}

static void check_class(const json_t *truth, const json_t *found, size_t i)
{
    const char *name = g_classes[i].class_name;
    const json_t *row = row_of(found, name);
    if (g_classes[i].way == NULL) {
        assert_null(row);
        return;
    }
    assert_non_null(row);
    const json_t *first = json_array_get(json_object_get(row, "held_by"), 0);
    const double told = umig_json_number_at(first, "objects");
    const double held = umig_json_number_at(json_object_get(truth, "counts"), name);
    print_message("  %-10s %6.0f held, %6.0f told: %s\n", name, held, told,
                  umig_json_text_at(first, "way"));
    assert_string_equal(umig_json_text_at(first, "way"), g_classes[i].way);
    assert_true(fabs(told / held - 1) * 100 <= (g_classes[i].is_sampled ? SAMPLED_PERCENT : 0));
}

static void measure(struct umig_rig *rig)
{
    json_t *found = NULL;
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "", "-cp @java Holding");
    json_t *truth = umig_rig_read_jvm(rig);
    assert_int_equal(
        umig_rig_command(rig, &found, "heap holders %d " CLASSES " --json", rig->jvm.pid), 0);
    assert_string_equal(umig_json_text_at(found, "search/end"), "whole");
    for (size_t i = 0; i < sizeof g_classes / sizeof g_classes[0]; i++) {
        check_class(truth, found, i);
    }
    json_decref(found);
    json_decref(truth);
    umig_rig_tell_jvm(rig, "!");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    umig_rig_stop_collector(rig);
}

static void test_what_holds_objects_is_found(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure);
}

static void refuse(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "", "-cp @java Holding");
    json_decref(umig_rig_read_jvm(rig));
    const int pid = rig->jvm.pid;
    assert_int_equal(umig_rig_command(rig, NULL, "heap holders %d", pid), 2);
    assert_int_equal(umig_rig_command(rig, NULL, "heap suspects %d InMap", pid), 2);
    assert_int_equal(umig_rig_command(rig, NULL, "heap suspects %d --watch 1s", pid), 2);
    assert_int_equal(umig_rig_command(rig, NULL, "heap holders %d InMap --cpu 1h", pid), 2);
    assert_int_equal(umig_rig_command(rig, NULL, "heap histogram %d --cpu 1s", pid), 2);
    umig_rig_tell_jvm(rig, "!");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    umig_rig_stop_collector(rig);
}

static void test_what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    umig_rig_each_jdk(refuse);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_what_holds_objects_is_found, umig_rig_teardown),
        cmocka_unit_test_teardown(test_what_makes_no_sense_is_refused, umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.heap.holders", tests, NULL, NULL);
}
