#include "agent/breaker.h"
#include "core/clock.h"
#include "tests/support/test.h"

static void test_breaker_bears_faults_within_the_budget(void **state)
{
    (void)state;
    struct umig_breaker breaker = {.faults_borne = UMIG_BREAKER_FAULTS};
    uint64_t faults = 0;
    for (uint64_t minute = 1; minute <= 100; minute++) {
        faults += UMIG_BREAKER_FAULTS;
        assert_false(umig_breaker_feed(&breaker, faults, minute * 60 * UMIG_NS_PER_S));
    }
    assert_int_equal(breaker.level, UMIG_BREAKER_CLOSED);
}

static void test_breaker_opens_step_by_step_and_stays(void **state)
{
    (void)state;
    struct umig_breaker breaker = {.faults_borne = UMIG_BREAKER_FAULTS};
    const uint64_t over = UMIG_BREAKER_FAULTS + 1;

    assert_string_equal(umig_breaker_says(breaker.level), "");
    assert_true(umig_breaker_feed(&breaker, over, 1));
    assert_int_equal(breaker.level, UMIG_BREAKER_NO_NATIVE);
    assert_string_equal(umig_breaker_says(breaker.level), "native frames are off");
    assert_false(umig_breaker_feed(&breaker, over, 2)); /* the same faults count once */
    assert_true(umig_breaker_feed(&breaker, 2 * over, 3));
    assert_int_equal(breaker.level, UMIG_BREAKER_NO_WALK);
    assert_string_equal(umig_breaker_says(breaker.level), "samples come without stacks");
    assert_true(umig_breaker_feed(&breaker, 3 * over, 4));
    assert_int_equal(breaker.level, UMIG_BREAKER_OPEN);
    assert_string_equal(umig_breaker_says(breaker.level), "CPU samples are off");
    assert_false(umig_breaker_feed(&breaker, 9 * over, 5));
    assert_int_equal(breaker.level, UMIG_BREAKER_OPEN);
}

static void test_breaker_forgets_faults_of_minutes_ago(void **state)
{
    (void)state;
    struct umig_breaker breaker = {.faults_borne = UMIG_BREAKER_FAULTS};

    assert_false(umig_breaker_feed(&breaker, UMIG_BREAKER_FAULTS, 1));
    assert_false(umig_breaker_feed(&breaker, UMIG_BREAKER_FAULTS, 61 * UMIG_NS_PER_S));
    assert_false(umig_breaker_feed(&breaker, UMIG_BREAKER_FAULTS + 1, 62 * UMIG_NS_PER_S));
    assert_int_equal(breaker.level, UMIG_BREAKER_CLOSED);
}

static void test_breaker_of_another_budget_bears_that(void **state)
{
    (void)state;
    struct umig_breaker none = {.faults_borne = 0};
    struct umig_breaker many = {.faults_borne = 1000};

    assert_false(umig_breaker_feed(&none, 0, 1));
    assert_true(umig_breaker_feed(&none, 1, 2));
    assert_false(umig_breaker_feed(&many, 1000, 1));
    assert_true(umig_breaker_feed(&many, 1001, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_breaker_bears_faults_within_the_budget),
        cmocka_unit_test(test_breaker_opens_step_by_step_and_stays),
        cmocka_unit_test(test_breaker_forgets_faults_of_minutes_ago),
        cmocka_unit_test(test_breaker_of_another_budget_bears_that),
    };
    return cmocka_run_group_tests_name("unit.agent.breaker", tests, NULL, NULL);
}
