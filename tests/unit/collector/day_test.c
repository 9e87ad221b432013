/* Names in a day file: the pools of threads are those that analysis derives. */
#include <stdio.h>
#include <stdlib.h>

#include "collector/store/day.h"
#include "collector/store/places.h"
#include "collector/store/store.h"
#include "tests/support/test.h"
#include "tests/unit/collector/stored.h"

static void test_group_keeps_the_names_of_the_jvms_threads(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"http-nio-8080-exec-12", "http-nio-*-exec-*"},
        {"C1 CompilerThre", "C1 CompilerThre"},
        {"C2 CompilerThre", "C2 CompilerThre"},
        {"G1 Conc#0", "G1 Conc#*"},
    };
    char set_aside[UMIG_STORE_PATH_BYTES];
    struct stored stored;
    struct umig_day day = {0};
    stored_open(&stored);
    assert_int_equal(
        umig_day_open(&day, stored.dir, 20000, umig_store_id(stored.store), set_aside, NULL),
        UMIG_OK);

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_group_keeps_the_names_of_the_jvms_threads),
    };
    return cmocka_run_group_tests_name("unit.collector.day", tests, NULL, NULL);
}
