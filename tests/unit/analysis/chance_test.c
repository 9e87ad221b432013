#include <math.h>

#include "analysis/chance.h"
#include "tests/support/test.h"

static void expect_near(double got, double want, double part)
{
    if (fabs(got - want) > part * want) {
        fail_msg("%.6g, expected %.6g", got, want);
    }
}

/* Values of published tables. */
static void test_tails_are_those_of_the_tables(void **state)
{
    static const struct {
        double got_from, freedom, p;
    } students[] = {{2.228, 10, 0.05}, {3.169, 10, 0.01}, {4.587, 10, 0.001}, {2.086, 20, 0.05},
                    {2.845, 20, 0.01}, {2.660, 60, 0.01}, {3.460, 60, 0.001}};
    static const struct {
        double value, freedom, p;
    } squares[] = {{18.307, 10, 0.05}, {23.209, 10, 0.01}, {29.588, 10, 0.001}, {31.410, 20, 0.05}};
    (void)state;

    expect_near(umig_chance_normal(1.959964), 0.05, 1e-5);
    expect_near(umig_chance_normal(-3.290527), 0.001, 1e-5);
    for (size_t i = 0; i < sizeof students / sizeof students[0]; i++) {
        expect_near(umig_chance_student(students[i].got_from, students[i].freedom), students[i].p,
                    0.1);
    }
    for (size_t i = 0; i < sizeof squares / sizeof squares[0]; i++) {
        expect_near(umig_chance_chi_square(squares[i].value, squares[i].freedom), squares[i].p,
                    0.1);
    }
}

static void test_quantiles_take_the_tails_back(void **state)
{
    static const double ps[] = {0.5, 0.05, 0.01, 1e-4, 1e-9};
    (void)state;

    for (size_t i = 0; i < sizeof ps / sizeof ps[0]; i++) {
        expect_near(umig_chance_normal(umig_chance_normal_quantile(ps[i])), ps[i], 1e-6);
        expect_near(umig_chance_student(umig_chance_student_quantile(ps[i], 12), 12), ps[i], 1e-6);
    }
}

/* Benjamini & Hochberg's own example (1995, section 4): 15 p-values, four discoveries at 0.05. */
static void test_discover_is_benjamini_and_hochberg(void **state)
{
    static const double ps[] = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                                0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
    struct umig_chance_test tests[15];
    size_t found = 0;
    (void)state;
    for (size_t i = 0; i < 15; i++) {
        tests[i] = (struct umig_chance_test){.p = ps[14 - i], .weight = 1};
    }

    assert_int_equal(umig_chance_discover(tests, 15, 0.05, &found), UMIG_OK);

    assert_int_equal(found, 4);
    for (size_t i = 0; i < 15; i++) {
        assert_int_equal(tests[i].is_found, i >= 11);
    }
}

static void test_discover_gives_weight_where_it_was_put(void **state)
{
    struct umig_chance_test tests[] = {
        {.p = 0.006, .weight = 0.7}, {.p = 0.006, .weight = 0.2}, {.p = 1e-9, .weight = 0}};
    size_t found = 0;
    (void)state;

    assert_int_equal(umig_chance_discover(tests, 3, 0.01, &found), UMIG_OK);

    assert_int_equal(found, 1);
    assert_true(tests[0].is_found);
    assert_false(tests[2].is_found); /* no weight: not asked */
}

static void test_discover_of_nothing_finds_nothing(void **state)
{
    size_t found = 7;
    (void)state;

    assert_int_equal(umig_chance_discover(NULL, 0, 0.01, &found), UMIG_OK);
    assert_int_equal(found, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tails_are_those_of_the_tables),
        cmocka_unit_test(test_quantiles_take_the_tails_back),
        cmocka_unit_test(test_discover_is_benjamini_and_hochberg),
        cmocka_unit_test(test_discover_gives_weight_where_it_was_put),
        cmocka_unit_test(test_discover_of_nothing_finds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
