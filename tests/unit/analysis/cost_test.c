/* The agent's own cost: from sums told now and then to a curve. */
#include <string.h>

#include "analysis/cost.h"
#include "analysis/fold.h"
#include "core/units.h"
#include "tests/support/collapsed.h"
#include "tests/support/test.h"

#define START_NS (1000 * UMIG_NS_PER_S)
#define MS       UMIG_NS_PER_MS

static struct umig_profile *begin(uint64_t seconds)
{
    struct umig_profile *profile = umig_collapsed_read("");
    profile->session.start_unix_ns = START_NS;
    profile->session.end_unix_ns = START_NS + seconds * UMIG_NS_PER_S;
    return profile;
}

/* Sums up to a second: of CPU samples, of all kinds and of the process, in ms. */
static void add(struct umig_profile *profile,
                uint64_t second,
                uint64_t cpu_ms,
                uint64_t all_ms,
                uint64_t process_ms)
{
    struct umig_profile_cost cost = {.unix_ns = START_NS + second * UMIG_NS_PER_S,
                                     .process_cpu_ns = process_ms * MS,
                                     .memory_bytes = second};
    cost.kind_cpu_ns[UMIG_KIND_CPU] = cpu_ms * MS;
    cost.kind_cpu_ns[0] = all_ms * MS;
    umig_profile_add_cost(profile, &cost);
}

static void test_without_costs_there_is_no_curve(void **state)
{
    (void)state;
    struct umig_profile *profile = begin(30);
    struct umig_cost_curve curve;

    umig_cost_read(profile, &curve);

    assert_int_equal(curve.step_count, 0);
    profile = umig_profile_destroy(profile);
}

static void test_steps_are_differences_and_add_up(void **state)
{
    (void)state;
    struct umig_profile *profile = begin(30);
    struct umig_cost_curve curve;
    add(profile, 1, 10, 2, 500);   /* of one processor: the process used half of it */
    add(profile, 2, 40, 4, 4500);  /* of the four that it used */
    add(profile, 12, 40, 5, 4500); /* nothing told meanwhile */

    umig_cost_read(profile, &curve);

    assert_int_equal(curve.step_count, 3);
    assert_int_equal(curve.steps[0].cpu_ns, 12 * MS);
    assert_int_equal(curve.steps[0].whole_ns, 1000 * MS);
    assert_int_equal(curve.steps[1].kind_cpu_ns[UMIG_KIND_CPU], 30 * MS);
    assert_int_equal(curve.steps[1].kind_cpu_ns[0], 2 * MS);
    assert_int_equal(curve.steps[1].whole_ns, 4000 * MS);
    assert_true(umig_cost_share(&curve.steps[1]) == 0.008);
    assert_int_equal(curve.steps[2].over_ns, 10000 * MS);
    assert_int_equal(curve.steps[2].after_ns, 12000 * MS);
    assert_int_equal(curve.all.cpu_ns, 45 * MS);
    assert_int_equal(curve.all.whole_ns, 15000 * MS);
    assert_int_equal(curve.all.memory_bytes, 12);
    assert_true(curve.highest_share == 0.012);
    assert_false(curve.is_slowed);
    profile = umig_profile_destroy(profile);
}

static void test_parts_of_a_long_session_hold_many_costs(void **state)
{
    (void)state;
    struct umig_profile *profile = begin(3000);
    struct umig_profile *folded = NULL;
    struct umig_cost_curve curve;
    for (uint64_t i = 1; i <= 300; i++) {
        add(profile, i * 10, i, 0, 10000 * i);
    }
    profile->costs[3].most[UMIG_KIND_CPU] = 8;

    assert_int_equal(umig_fold(profile, &(struct umig_fold_options){0}, &folded, NULL), UMIG_OK);
    umig_cost_read(folded, &curve);

    assert_int_equal(curve.step_count, UMIG_PROFILE_COST_PARTS);
    assert_int_equal(curve.all.cpu_ns, 300 * MS);
    assert_int_equal(curve.all.over_ns, 3000 * UMIG_NS_PER_S);
    assert_int_equal(curve.steps[3].divisors[UMIG_KIND_CPU], 8);
    assert_int_equal(curve.steps[4].divisors[UMIG_KIND_CPU], 1);
    assert_int_equal(curve.all.divisors[UMIG_KIND_CPU], 8);
    assert_true(curve.is_slowed);
    folded = umig_profile_destroy(folded);
    profile = umig_profile_destroy(profile);
}

/* What was taken before is in the sums, and not in the part that was read. */
static void test_last_part_of_a_session_begins_with_its_first_cost(void **state)
{
    (void)state;
    struct umig_profile *profile = begin(30);
    struct umig_cost_curve curve;
    profile->session.began_unix_ns = START_NS - 3600 * UMIG_NS_PER_S;
    add(profile, 1, 7000, 0, 700000);
    add(profile, 2, 7010, 0, 700500);

    umig_cost_read(profile, &curve);

    assert_int_equal(curve.step_count, 1);
    assert_int_equal(curve.all.cpu_ns, 10 * MS);
    profile = umig_profile_destroy(profile);
}

/* By kind it is told from when the condition held. */
static void test_session_that_fired_begins_there(void **state)
{
    (void)state;
    struct umig_profile *profile = begin(30);
    struct umig_cost_curve curve;
    profile->session.began_unix_ns = START_NS;
    profile->session.fired_unix_ns = START_NS + 20 * UMIG_NS_PER_S;
    add(profile, 21, 10, 0, 100);

    umig_cost_read(profile, &curve);

    assert_int_equal(curve.step_count, 1);
    assert_int_equal(curve.steps[0].over_ns, UMIG_NS_PER_S);
    assert_int_equal(curve.steps[0].after_ns, 21 * UMIG_NS_PER_S);
    profile = umig_profile_destroy(profile);
}

static uint64_t sum_rows(const struct umig_cost_curve *curve, const char **out_last_key)
{
    struct umig_cost_row rows[UMIG_COST_ROWS_MAX];
    const size_t count = umig_cost_rows(curve, rows);
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += rows[i].cpu_ns;
    }
    *out_last_key = rows[count - 1].key;
    return sum;
}

/* What the agent's own sum has above the kinds': searches, or what no kind was told of yet. */
static void test_rows_add_up_to_what_the_agent_took(void **state)
{
    (void)state;
    static const struct {
        enum umig_end end;
        uint64_t agent_ms, cpu_ms;
        const char *last_key;
    } cases[] = {
        {UMIG_END_STOPPED, 401, 401, "searches"},  {UMIG_END_STOPPED, 198, 198, "all kinds"},
        {UMIG_END_STOPPED, 197, 198, "all kinds"}, /* each was measured in its own moment */
        {UMIG_END_RUNNING, 215, 215, "untold"},    {UMIG_END_LOST, 215, 215, "untold"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_profile *profile = begin(10);
        struct umig_cost_curve curve;
        const char *last_key = NULL;
        profile->session.end = cases[i].end;
        profile->session.agent_cpu_ns = cases[i].agent_ms * MS;
        add(profile, 10, 170, 28, 4000);

        umig_cost_read(profile, &curve);

        assert_int_equal(curve.cpu_ns, cases[i].cpu_ms * MS);
        assert_int_equal(sum_rows(&curve, &last_key), curve.cpu_ns);
        assert_string_equal(last_key, cases[i].last_key);
        profile = umig_profile_destroy(profile);
    }
}

/* Of the last part of a session only its own costs are known. */
static void test_rows_of_a_part_leave_out_what_is_of_the_whole(void **state)
{
    (void)state;
    struct umig_profile *profile = begin(10);
    struct umig_cost_curve curve;
    const char *last_key = NULL;
    profile->session.began_unix_ns = START_NS - 60 * UMIG_NS_PER_S;
    profile->session.end = UMIG_END_STOPPED;
    profile->session.agent_cpu_ns = 9000 * MS;
    add(profile, 1, 500, 50, 900);
    add(profile, 2, 510, 55, 1900);

    umig_cost_read(profile, &curve);

    assert_int_equal(curve.cpu_ns, 15 * MS);
    assert_int_equal(sum_rows(&curve, &last_key), curve.cpu_ns);
    profile = umig_profile_destroy(profile);
}

/* 2 % of the process is 1 % of a processor, when half of one is used: the budget is of that. */
static void test_sentence_says_both_that_the_budget_may_be_of(void **state)
{
    (void)state;
    struct umig_profile *profile = begin(10);
    struct umig_cost_curve curve;
    struct umig_buf text = UMIG_BUF_INIT(1024);
    profile->session.end = UMIG_END_STOPPED;
    profile->session.budget_ppm = 10000;
    profile->session.budget_memory_bytes = 32u << 20;
    profile->session.agent_memory_bytes = 5u << 20;
    profile->session.agent_cpu_ns = 100 * MS;
    add(profile, 10, 80, 20, 5000);

    umig_cost_read(profile, &curve);
    umig_cost_sentence(profile, &curve, &text);

    assert_string_equal(umig_buf_str(&text),
                        "The agent took 100 ms of CPU, 2.0 % of what the process used and 1.0 % of "
                        "one processor, its budget 1.0 % of whichever is more; and 5.0 MiB of "
                        "memory of at most 32.0 MiB.");
    profile->session.agent_cpu_ns = 300 * MS;
    umig_buf_clear(&text);
    umig_cost_read(profile, &curve);
    umig_cost_sentence(profile, &curve, &text);
    assert_non_null(strstr(umig_buf_str(&text), "(without searches of the heap it took 1.0 % of "
                                                "that)"));
    umig_buf_fini(&text);
    profile = umig_profile_destroy(profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_costs_there_is_no_curve),
        cmocka_unit_test(test_steps_are_differences_and_add_up),
        cmocka_unit_test(test_parts_of_a_long_session_hold_many_costs),
        cmocka_unit_test(test_last_part_of_a_session_begins_with_its_first_cost),
        cmocka_unit_test(test_session_that_fired_begins_there),
        cmocka_unit_test(test_rows_add_up_to_what_the_agent_took),
        cmocka_unit_test(test_rows_of_a_part_leave_out_what_is_of_the_whole),
        cmocka_unit_test(test_sentence_says_both_that_the_budget_may_be_of),
    };
    return cmocka_run_group_tests_name("unit.analysis.cost", tests, NULL, NULL);
}
