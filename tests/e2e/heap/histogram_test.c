/* umig heap histogram of JVMs that hold known numbers of objects, without the agent. */
#include <stdio.h>
#include <string.h>

#include "tests/e2e/bad_input/outcome.h"
#include "tests/support/jvm.h"
#include "tests/support/test.h"

enum {
    COINS = 12345,
    HUSKS = 4321,
    SCRIPTS = 15,
    CLOSURES = 7,
    FAILURE = 3
};

static struct outcome g_outcome;

/* The row of a class; NULL if there is none. */
static const json_t *row_of(const json_t *root, const char *name)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(root, "classes"), i, row)
    {
        if (strcmp(umig_json_text_at(row, "name"), name) == 0) {
            return row;
        }
    }
    return NULL;
}

static double instances_of(const json_t *root, const char *name)
{
    const json_t *row = row_of(root, name);
    return row != NULL ? umig_json_number_at(row, "instances") : 0;
}

static json_t *histogram(struct umig_rig *rig, const char *options)
{
    json_t *root = NULL;
    assert_int_equal(umig_rig_command(rig, &root, "heap histogram %d --top 0 --format json%s",
                                      (int)rig->jvm.pid, options),
                     0);
    return root;
}

static void expect_sums(const json_t *root)
{
    double instances = 0;
    double bytes = 0;
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(root, "classes"), i, row)
    {
        instances += umig_json_number_at(row, "instances");
        bytes += umig_json_number_at(row, "bytes");
    }
    assert_true(instances == umig_json_number_at(root, "instances"));
    assert_true(bytes == umig_json_number_at(root, "bytes"));
    assert_true(umig_json_number_at(root, "unread_lines") == 0);
}

/* First with what nobody reaches any more: the other way makes a collection. */
static void count_coins(struct umig_rig *rig)
{
    json_t *root = histogram(rig, " --all");
    assert_true(instances_of(root, "Coins$Coin") == COINS);
    assert_true(instances_of(root, "Coins$Husk") == HUSKS);
    expect_sums(root);
    assert_true(json_is_false(json_object_get(root, "live_only")));
    assert_true(umig_json_number_at(root, "pause_ns") > 0);
    assert_true(umig_json_number_at(root, "collection_ns") == 0);
    json_decref(root);

    root = histogram(rig, "");
    assert_true(instances_of(root, "Coins$Coin") == COINS);
    assert_true(instances_of(root, "Coins$Husk") == 0);
    assert_non_null(row_of(root, "byte[]"));
    assert_string_equal(umig_json_text_at(row_of(root, "byte[]"), "module"), "java.base");
    expect_sums(root);
    /* what it cost, and within that */
    assert_true(umig_json_number_at(root, "collection_ns") > 0);
    assert_true(umig_json_number_at(root, "collection_ns") <=
                umig_json_number_at(root, "pause_ns"));
    assert_true(umig_json_number_at(root, "pause_ns") <= umig_json_number_at(root, "took_ns"));
    json_decref(root);
}

static void end_jvm(struct umig_rig *rig)
{
    umig_rig_tell_jvm(rig, "");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
}

static double closures_of(const json_t *root)
{
    double count = 0;
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(root, "classes"), i, row)
    {
        if (strncmp(umig_json_text_at(row, "name"), "Hoard.closures {closure ", 24) == 0) {
            count += umig_json_number_at(row, "instances");
        }
    }
    return count;
}

static void fold_groovy(struct umig_rig *rig)
{
    umig_rig_start_jvm(rig, NULL, "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp @groovy4 Hoard");
    json_t *root = histogram(rig, " --all");
    assert_true(instances_of(root, "Script*") == SCRIPTS);
    assert_true(umig_json_number_at(row_of(root, "Script*"), "class_count") == 3);
    assert_true(closures_of(root) >= CLOSURES);
    json_decref(root);
    root = histogram(rig, " --all --unfold");
    assert_true(instances_of(root, "Script1") == SCRIPTS / 3);
    assert_true(instances_of(root, "Script3") == SCRIPTS / 3);
    assert_null(row_of(root, "Script*"));
    assert_true(closures_of(root) == 0);
    json_decref(root);
    end_jvm(rig);
}

static void write_table(struct umig_rig *rig)
{
    run_program(rig, &g_outcome, UMIG_COMMAND " heap histogram %d --top 5", (int)rig->jvm.pid);
    assert_int_equal(g_outcome.code, 0);
    assert_string_equal(g_outcome.err, "");
    assert_non_null(strstr(g_outcome.out, "Live objects of Coins (pid "));
    assert_non_null(strstr(g_outcome.out, "the JVM stood still for "));
    assert_non_null(strstr(g_outcome.out, " of it for the collection."));
    assert_int_equal(count_lines(g_outcome.out), 3 + 1 + 5 + 2);
}

static void count_each(struct umig_rig *rig)
{
    umig_rig_start_jvm(rig, NULL, "-XX:+UseSerialGC -Xmn64m -Xmx128m -cp @java Coins");
    count_coins(rig);
    write_table(rig);
    end_jvm(rig);
    fold_groovy(rig);
}

/* Collectors differ in how they collect for a count, and in what of it stops the JVM. */
static void count_with_others(struct umig_rig *rig)
{
    static const char *const collectors[] = {"-XX:+UseG1GC", "-XX:+UseParallelGC", "-XX:+UseZGC"};
    for (size_t i = 0; i < sizeof collectors / sizeof collectors[0]; i++) {
        char words[128];
        const bool stops = strstr(collectors[i], "ZGC") == NULL;
        if (!stops && UMIG_JAVA_ENV[0] != '\0') {
            continue; /* AddressSanitizer has the addresses that JDK 17's ZGC wants */
        }
        snprintf(words, sizeof words, "%s -Xmx128m -cp @java Coins", collectors[i]);
        umig_rig_start_jvm(rig, NULL, words);
        json_t *root = histogram(rig, "");
        assert_true(instances_of(root, "Coins$Coin") == COINS);
        assert_true(instances_of(root, "Coins$Husk") == 0);
        assert_true(umig_json_number_at(root, "pause_ns") > 0);
        assert_int_equal(json_object_get(root, "collection_ns") != NULL, stops);
        assert_true(!stops || umig_json_number_at(root, "collection_ns") > 0);
        json_decref(root);
        end_jvm(rig);
    }
}

static void refuse_closed_doors(struct umig_rig *rig)
{
    umig_rig_start_jvm(rig, NULL, "-XX:+DisableAttachMechanism -XX:-UsePerfData -cp @java Coins");
    run_program(rig, &g_outcome, UMIG_COMMAND " heap histogram %d", (int)rig->jvm.pid);
    assert_int_equal(g_outcome.code, FAILURE);
    assert_non_null(
        strstr(g_outcome.err, "with -XX:+DisableAttachMechanism; start it without that"));
    end_jvm(rig);
    /* no counters: counted all the same, and said */
    umig_rig_start_jvm(rig, NULL, "-XX:-UsePerfData -Xmx128m -cp @java Coins");
    run_program(rig, &g_outcome, UMIG_COMMAND " heap histogram %d", (int)rig->jvm.pid);
    assert_int_equal(g_outcome.code, 0);
    assert_non_null(strstr(g_outcome.out, "is not known: it keeps no counters"));
    end_jvm(rig);
}

static void test_histogram_has_what_the_program_holds(void **state)
{
    (void)state;
    umig_rig_each_jdk(count_each);
}

static void test_histogram_with_each_collector(void **state)
{
    (void)state;
    umig_rig_each_jdk(count_with_others);
}

static void test_histogram_where_it_is_not_to_be_had(void **state)
{
    (void)state;
    umig_rig_each_jdk(refuse_closed_doors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_histogram_has_what_the_program_holds, umig_rig_teardown),
        cmocka_unit_test_teardown(test_histogram_with_each_collector, umig_rig_teardown),
        cmocka_unit_test_teardown(test_histogram_where_it_is_not_to_be_had, umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.heap.histogram", tests, NULL, NULL);
}
