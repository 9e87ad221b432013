/* Columns that the wire writes short, read row by row. */
#include "collector/batch/columns.h"
#include "include/umig/kinds.h"
#include "tests/support/test.h"

static void test_callers_of_two_chains_are_handed_out_in_order(void **state)
{
    (void)state;
    static const uint32_t expected[] = {3, 11, 12, 0, 14};
    uint32_t parents[] = {3, 0};
    uint32_t lengths[] = {3, 2};
    Umig__V1__Dictionary d = UMIG__V1__DICTIONARY__INIT;
    d.first_stack = 11;
    d.n_chain_parent = d.n_chain_length = 2;
    d.chain_parent = parents;
    d.chain_length = lengths;
    struct umig_callers callers = {.dictionary = &d};
    uint32_t parent = 0;

    for (size_t i = 0; i < 5; i++) {
        assert_true(umig_callers_next(&callers, &parent));
        assert_int_equal(parent, expected[i]);
    }
    assert_false(umig_callers_next(&callers, &parent));
}

/* A store may be damaged: what was checked when it came need not be what is read. */
static void test_callers_of_damaged_columns_end(void **state)
{
    (void)state;
    uint32_t parents[] = {7};
    uint32_t lengths[] = {0, 1, 5};
    Umig__V1__Dictionary d = UMIG__V1__DICTIONARY__INIT;
    d.first_stack = 11;
    d.n_chain_parent = 1;
    d.n_chain_length = 3;
    d.chain_parent = parents;
    d.chain_length = lengths;
    struct umig_callers callers = {.dictionary = &d};
    uint32_t parent = 0;

    assert_false(umig_callers_next(&callers, &parent)); /* the chain after the empty one has none */
    d.n_chain_length = 0;
    assert_false(umig_callers_next(&callers, &parent));
}

static void test_samples_without_columns_are_ok_and_one_unit(void **state)
{
    (void)state;
    uint32_t outcomes[] = {UMIG_OUTCOME_OK, UMIG_OUTCOME_DEOPT};
    uint64_t units[] = {1, 3};
    Umig__V1__Samples samples = UMIG__V1__SAMPLES__INIT;
    samples.unit = 10;

    assert_int_equal(umig_samples_outcome(&samples, 1), UMIG_OUTCOME_OK);
    assert_int_equal(umig_samples_value(&samples, 1), 10);
    assert_int_equal(umig_samples_count(&samples, 1), 1);

    samples.n_outcome = samples.n_units = 2;
    samples.outcome = outcomes;
    samples.units = units;
    assert_int_equal(umig_samples_outcome(&samples, 1), UMIG_OUTCOME_DEOPT);
    assert_int_equal(umig_samples_value(&samples, 1), 30);
    samples.n_counts = 2;
    samples.counts = units;
    assert_int_equal(umig_samples_count(&samples, 1), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_callers_of_two_chains_are_handed_out_in_order),
        cmocka_unit_test(test_callers_of_damaged_columns_end),
        cmocka_unit_test(test_samples_without_columns_are_ok_and_one_unit),
    };
    return cmocka_run_group_tests_name("unit.collector.columns", tests, NULL, NULL);
}
