/* Whom a safepoint waited for, by the samples that were taken meanwhile. */
#include <stdlib.h>

#include "agent/session/late.h"
#include "tests/support/test.h"

#define MS UINT64_C(1000000)

static int setup(void **state)
{
    *state = calloc(1, sizeof(struct umig_late));
    return *state != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static void keep(struct umig_late *late, uint64_t time_ns, uint32_t thread)
{
    const struct umig_late_sample sample = {
        .time_ns = time_ns, .thread = thread, .stack = thread + 100};
    umig_late_keep(late, 1, &sample);
}

static void test_late_is_the_thread_that_ran_last_meanwhile(void **state)
{
    struct umig_late *late = *state;
    struct umig_late_sample who;
    keep(late, 90 * MS, 1);
    keep(late, 118 * MS, 2);
    keep(late, 105 * MS, 3); /* rings are drained one after the other */
    keep(late, 121 * MS, 4);

    assert_true(umig_late_find(late, 1, 100 * MS, 20 * MS, &who));

    assert_int_equal(who.thread, 2);
    assert_int_equal(who.stack, 102);
}

static void test_late_is_nobody_without_a_sample_meanwhile(void **state)
{
    struct umig_late *late = *state;
    struct umig_late_sample who;
    assert_false(umig_late_find(late, 1, 100 * MS, 20 * MS, &who));
    keep(late, 99 * MS, 1);
    keep(late, 100 * MS + UMIG_LATE_GRACE_NS - 1, 2); /* as fast as the others */
    keep(late, 120 * MS + 1, 3);

    assert_false(umig_late_find(late, 1, 100 * MS, 20 * MS, &who));
}

static void test_late_forgets_the_generation_before(void **state)
{
    struct umig_late *late = *state;
    const struct umig_late_sample next = {.time_ns = 300 * MS, .thread = 9, .stack = 9};
    struct umig_late_sample who;
    keep(late, 110 * MS, 1);

    assert_false(umig_late_find(late, 2, 100 * MS, 20 * MS, &who));
    umig_late_keep(late, 2, &next);

    assert_false(umig_late_find(late, 2, 100 * MS, 20 * MS, &who));
    assert_true(umig_late_find(late, 2, 290 * MS, 20 * MS, &who));
    assert_int_equal(who.thread, 9);
}

static void test_late_keeps_the_latest(void **state)
{
    struct umig_late *late = *state;
    struct umig_late_sample who;
    for (uint32_t i = 1; i <= 5 * UMIG_LATE_SAMPLES; i++) {
        keep(late, i * MS, i);
    }
    const uint64_t oldest = 4 * UMIG_LATE_SAMPLES + 1;

    assert_false(umig_late_find(late, 1, (oldest - 3) * MS, 2 * MS, &who));
    assert_true(umig_late_find(late, 1, (oldest - 3) * MS, 3 * MS, &who));
    assert_int_equal(who.thread, oldest);
    assert_true(umig_late_find(late, 1, 0, UINT64_MAX / 2, &who));
    assert_int_equal(who.thread, 5 * UMIG_LATE_SAMPLES);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_late_is_the_thread_that_ran_last_meanwhile),
        CASE(test_late_is_nobody_without_a_sample_meanwhile),
        CASE(test_late_forgets_the_generation_before),
        CASE(test_late_keeps_the_latest),
    };
    return cmocka_run_group_tests_name("late_test", tests, NULL, NULL);
}
