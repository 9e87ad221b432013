/* Names in a day file: the pools of threads are those that analysis derives. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/store/day.h"
#include "collector/store/places.h"
#include "collector/store/store.h"
#include "tests/support/test.h"
#include "tests/unit/collector/stored.h"

enum {
    FILE_NUMBER = 20000000
};

static void make_day(const struct stored *stored, struct umig_day *day)
{
    assert_int_equal(umig_day_begin(day, stored->dir, FILE_NUMBER, NULL), UMIG_OK);
    assert_int_equal(umig_day_claim(day, umig_store_id(stored->store), NULL), UMIG_OK);
    assert_int_equal(umig_day_publish(day, stored->dir, NULL), UMIG_OK);
}

static int open_day(const struct stored *stored, struct umig_day *day, char *set_aside)
{
    return umig_day_open(day, stored->dir, FILE_NUMBER, umig_store_id(stored->store), set_aside,
                         NULL);
}

static void test_group_keeps_the_names_of_the_jvms_threads(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"http-nio-8080-exec-12", "http-nio-*-exec-*"},
        {"C1 CompilerThre", "C1 CompilerThre"},
        {"C2 CompilerThre", "C2 CompilerThre"},
        {"G1 Conc#0", "G1 Conc#*"},
    };
    struct stored stored;
    struct umig_day day = {0};
    stored_open(&stored);
    make_day(&stored, &day);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t name = 0;
        uint32_t group = 0;
        uint32_t want = 0;
        assert_int_equal(umig_day_string(&day, cases[i][0], &name, NULL), UMIG_OK);
        assert_int_equal(umig_day_group(&day, name, &group, NULL), UMIG_OK);
        assert_int_equal(umig_day_string(&day, cases[i][1], &want, NULL), UMIG_OK);
        assert_int_equal(group, want);
    }
    umig_day_close(&day);
    stored_close(&stored);
}

/* Between begin and publish a kill or a full disk leaves nothing under the day's name. */
static void test_day_is_seen_when_it_is_whole(void **state)
{
    const struct stored *f = *state;
    char set_aside[UMIG_STORE_PATH_BYTES];
    char path[UMIG_STORE_PATH_BYTES];
    char begun[UMIG_STORE_PATH_BYTES];
    struct umig_day day = {0};
    umig_store_day_path(f->dir, FILE_NUMBER, path);
    umig_store_new_day_path(f->dir, begun);
    assert_int_equal(open_day(f, &day, set_aside), UMIG_NOT_FOUND);
    assert_int_equal(umig_day_begin(&day, f->dir, FILE_NUMBER, NULL), UMIG_OK);

    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(open_day(f, &(struct umig_day){0}, set_aside), UMIG_NOT_FOUND);
    umig_day_close(&day); /* as a kill leaves it */
    assert_int_equal(access(begun, F_OK), 0);
    make_day(f, &day);

    assert_int_not_equal(access(begun, F_OK), 0);
    umig_day_close(&day);
    assert_int_equal(open_day(f, &day, set_aside), UMIG_OK);
    assert_false(day.is_new);
    assert_string_equal(set_aside, "");
    umig_day_close(&day);
}

static void test_discard_leaves_nothing(void **state)
{
    const struct stored *f = *state;
    struct umig_day day = {0};
    char begun[UMIG_STORE_PATH_BYTES];
    umig_store_new_day_path(f->dir, begun);
    assert_int_equal(umig_day_begin(&day, f->dir, FILE_NUMBER, NULL), UMIG_OK);

    umig_day_discard(&day, f->dir);

    assert_int_not_equal(access(begun, F_OK), 0);
}

/* A file of ours is never empty: this one was cut. */
static void test_empty_day_file_is_set_aside(void **state)
{
    const struct stored *f = *state;
    struct umig_day day = {0};
    char set_aside[UMIG_STORE_PATH_BYTES];
    char path[UMIG_STORE_PATH_BYTES];
    make_day(f, &day);
    umig_day_close(&day);
    umig_store_day_path(f->dir, FILE_NUMBER, path);
    assert_int_equal(truncate(path, 0), 0);

    assert_int_equal(open_day(f, &day, set_aside), UMIG_NOT_FOUND);

    assert_non_null(strstr(set_aside, ".damaged-1"));
    assert_int_equal(umig_day_begin(&day, f->dir, FILE_NUMBER, NULL), UMIG_OK);
    assert_true(day.is_replacement);
    umig_day_discard(&day, f->dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_day_is_seen_when_it_is_whole, stored_set_up,
                                        stored_tear_down),
        cmocka_unit_test_setup_teardown(test_discard_leaves_nothing, stored_set_up,
                                        stored_tear_down),
        cmocka_unit_test_setup_teardown(test_empty_day_file_is_set_aside, stored_set_up,
                                        stored_tear_down),
        cmocka_unit_test(test_group_keeps_the_names_of_the_jvms_threads),
    };
    return cmocka_run_group_tests_name("unit.collector.day", tests, NULL, NULL);
}
