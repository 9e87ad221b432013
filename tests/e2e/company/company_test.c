/*
 * The agent in a JVM that is not alone, or short of what it needs: children, ten thousand threads,
 * limits, overflowing stacks, small code caches, other owners of SIGSEGV, other profilers.
 */
#include "tests/e2e/company/company.h"
#include "tests/support/test.h"

static void test_children_have_nothing_of_the_agent(void **state)
{
    (void)state;
    umig_rig_each_jdk(company_children);
}

static void test_ten_thousand_threads_are_counted(void **state)
{
    (void)state;
    umig_rig_each_jdk(company_crowd);
}

static void test_exhausted_limits_are_said_and_the_jvm_works_on(void **state)
{
    (void)state;
    umig_rig_each_jdk(company_limits);
}

static void test_stacks_may_overflow_under_samples(void **state)
{
    (void)state;
    umig_rig_each_jdk(company_stacks);
}

static void test_stacks_are_read_whatever_the_code_cache(void **state)
{
    (void)state;
    umig_rig_each_jdk(company_code);
}

static void test_another_owner_of_sigsegv_has_what_it_had(void **state)
{
    (void)state;
    umig_rig_each_jdk(company_faults);
}

static void test_shares_are_right_beside_other_profilers(void **state)
{
    (void)state;
    if (COMPANY_IS_SANITIZED) {
        print_message("skipped: figures are the release build's to show\n");
        skip();
    }
    umig_rig_each_jdk(company_profilers);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, umig_rig_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_children_have_nothing_of_the_agent),
        TEST(test_ten_thousand_threads_are_counted),
        TEST(test_exhausted_limits_are_said_and_the_jvm_works_on),
        TEST(test_stacks_may_overflow_under_samples),
        TEST(test_stacks_are_read_whatever_the_code_cache),
        TEST(test_another_owner_of_sigsegv_has_what_it_had),
        TEST(test_shares_are_right_beside_other_profilers),
    };
    return cmocka_run_group_tests_name("e2e.company", tests, NULL, NULL);
}
