/* Plans by two clocks that are arguments. */
#include <stdio.h>
#include <string.h>

#include "agent/plans.h"
#include "core/units.h"
#include "tests/support/test.h"

#define HOUR_NS (3600 * UMIG_NS_PER_S)
#define NIGHT   (1000 * 24 * HOUR_NS) /* a midnight of UTC */

static struct umig_session_spec spec_of(const char *id, const char *when)
{
    struct umig_session_spec spec = {.duration_ns = 60 * UMIG_NS_PER_S};
    snprintf(spec.id, sizeof spec.id, "%s", id);
    if (when != NULL) {
        assert_int_equal(umig_trigger_parse(umig_span_of(when), &spec.when, NULL), UMIG_OK);
    }
    return spec;
}

static struct umig_plan *add(struct umig_plans *plans,
                             const struct umig_session_spec *spec,
                             struct umig_schedule schedule,
                             struct umig_moment now)
{
    struct umig_plan *plan = NULL;
    struct umig_err err = UMIG_ERR_INIT;
    assert_int_equal(umig_schedule_check(&schedule, spec, now, &err), UMIG_OK);
    assert_true(umig_schedule_is_plan(&schedule, spec));
    assert_int_equal(umig_plans_add(plans, spec, &schedule, now, &plan, &err), UMIG_OK);
    return plan;
}

static void test_plan_at_waits_for_its_moment_once(void **state)
{
    (void)state;
    struct umig_plans plans = {0};
    const struct umig_session_spec spec = spec_of("night", NULL);
    struct umig_moment now = {.monotonic_ns = 50, .unix_ns = NIGHT};
    struct umig_plan *plan = add(
        &plans, &spec, (struct umig_schedule){.at_unix_ns = NIGHT + 2 * HOUR_NS, .times = 1}, now);

    assert_false(umig_plan_is_due(plan, now, false));
    assert_int_equal(umig_plans_wait(&plans, now), UMIG_PLANS_LOOK_NS);
    now.unix_ns = NIGHT + 2 * HOUR_NS - 2 * UMIG_NS_PER_S;
    assert_int_equal(umig_plans_wait(&plans, now), 2 * UMIG_NS_PER_S);
    now.unix_ns += 2 * UMIG_NS_PER_S;
    assert_true(umig_plan_is_due(plan, now, false));
    umig_plan_turn(plan, now, "");
    assert_false(plan->is_open);
    assert_int_equal(umig_plans_wait(&plans, now), UINT64_MAX);
}

/* Forward past the moment: at once. Back: what was started is not started twice. */
static void test_plan_at_follows_a_wall_clock_that_is_set(void **state)
{
    (void)state;
    struct umig_plans plans = {0};
    const struct umig_session_spec spec = spec_of("night", NULL);
    struct umig_moment now = {.monotonic_ns = 50, .unix_ns = NIGHT};
    struct umig_plan *plan =
        add(&plans, &spec,
            (struct umig_schedule){.at_unix_ns = NIGHT + HOUR_NS, .every_ns = 24 * HOUR_NS}, now);

    now.unix_ns = NIGHT + 5 * HOUR_NS;
    assert_true(umig_plan_is_due(plan, now, false));
    umig_plan_turn(plan, now, "");
    assert_int_equal(plan->next_ns, NIGHT + 25 * HOUR_NS);
    assert_int_equal(plan->skipped_count, 0);
    now.unix_ns = NIGHT;
    assert_false(umig_plan_is_due(plan, now, false));
    now.unix_ns = NIGHT + HOUR_NS;
    assert_false(umig_plan_is_due(plan, now, false));
    /* The clock is set three days ahead: one start, the others were missed. */
    now.unix_ns = NIGHT + 74 * HOUR_NS;
    assert_true(umig_plan_is_due(plan, now, false));
    umig_plan_turn(plan, now, "");
    assert_int_equal(plan->skipped_count, 2);
    assert_int_equal(plan->next_ns, NIGHT + 97 * HOUR_NS);
}

static void test_plan_every_goes_by_the_clock_that_nobody_sets(void **state)
{
    (void)state;
    struct umig_plans plans = {0};
    const struct umig_session_spec spec = spec_of("often", NULL);
    struct umig_moment now = {.monotonic_ns = HOUR_NS, .unix_ns = NIGHT};
    struct umig_plan *plan =
        add(&plans, &spec, (struct umig_schedule){.every_ns = HOUR_NS, .times = 3}, now);

    for (int i = 0; i < 3; i++) {
        assert_true(umig_plan_is_due(plan, now, false));
        umig_plan_turn(plan, now, "");
        now.unix_ns = i % 2 == 0 ? 1 : NIGHT * 2;
        assert_false(umig_plan_is_due(plan, now, false));
        now.monotonic_ns += HOUR_NS;
    }
    assert_int_equal(plan->started_count, 3);
    assert_false(plan->is_open);
}

static void test_plan_counts_a_start_that_could_not_be(void **state)
{
    (void)state;
    struct umig_plans plans = {0};
    const struct umig_session_spec spec = spec_of("often", NULL);
    struct umig_moment now = {.monotonic_ns = HOUR_NS, .unix_ns = NIGHT};
    struct umig_plan *plan =
        add(&plans, &spec, (struct umig_schedule){.every_ns = HOUR_NS, .times = 1}, now);

    umig_plan_turn(plan, now, "a session 'often' is already running");
    assert_true(plan->is_open);
    assert_int_equal(plan->skipped_count, 1);
    assert_string_equal(plan->problem, "a session 'often' is already running");
    now.monotonic_ns += HOUR_NS;
    umig_plan_turn(plan, now, "");
    assert_false(plan->is_open);
}

/* Armed again when the session before is over; who fired rests. */
static void test_plan_with_a_condition_is_due_when_none_of_its_sessions_is_there(void **state)
{
    (void)state;
    struct umig_plans plans = {0};
    const struct umig_session_spec spec = spec_of("full", "heap > 90%");
    struct umig_moment now = {.monotonic_ns = HOUR_NS, .unix_ns = NIGHT};
    struct umig_plan *plan = add(
        &plans, &spec, (struct umig_schedule){.every_ns = 300 * UMIG_NS_PER_S, .times = 2}, now);

    assert_true(umig_plan_is_due(plan, now, false));
    umig_plan_turn(plan, now, "");
    assert_false(umig_plan_is_due(plan, now, true));
    umig_plans_note_fired(&plans, "full", HOUR_NS + 7);
    umig_plans_note_fired(&plans, "other", HOUR_NS + 8);
    assert_int_equal(plan->last_fired_ns, HOUR_NS + 7);
    assert_true(umig_plan_is_due(plan, now, false));
    umig_plan_turn(plan, now, "no room");
    assert_false(umig_plan_is_due(plan, now, false)); /* not in every turn of the loop */
    now.monotonic_ns += UMIG_PLANS_LOOK_NS;
    assert_true(umig_plan_is_due(plan, now, false));
    umig_plan_turn(plan, now, "");
    assert_false(plan->is_open);
}

static void test_schedule_check_names_what_is_wrong(void **state)
{
    (void)state;
    const struct umig_moment now = {.monotonic_ns = HOUR_NS, .unix_ns = NIGHT};
    static const struct {
        const char *when;
        struct umig_schedule schedule;
        uint64_t duration_ns;
        const char *text;
    } cases[] = {
        {"heap > 90%", {.at_unix_ns = NIGHT + 1, .times = 1}, 1, "one of both"},
        {"heap > 90%", {.every_ns = HOUR_NS, .times = 2}, 0, "needs a duration"},
        {"heap > 90%", {.every_ns = 1, .times = 2}, 1, "10s to 30d"},
        {NULL, {.every_ns = HOUR_NS}, 0, "needs a duration"},
        {NULL, {.every_ns = HOUR_NS}, HOUR_NS, "less than the time between"},
        {NULL, {.every_ns = 1}, 1, "10s to 30d"},
        {NULL, {.at_unix_ns = NIGHT + 31 * 24 * HOUR_NS, .times = 1}, 1, "30 days away"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_session_spec spec = spec_of("x", cases[i].when);
        struct umig_err err = UMIG_ERR_INIT;
        spec.duration_ns = cases[i].duration_ns;
        assert_int_equal(umig_schedule_check(&cases[i].schedule, &spec, now, &err), UMIG_E_ARG);
        if (strstr(err.text, cases[i].text) == NULL) {
            fail_msg("%zu: %s", i, err.text);
        }
    }
}

static void test_schedule_of_one_session_now_is_no_plan(void **state)
{
    (void)state;
    const struct umig_session_spec plain = spec_of("x", NULL);
    const struct umig_session_spec armed = spec_of("x", "heap > 90%");

    assert_false(umig_schedule_is_plan(&(struct umig_schedule){.times = 0}, &plain));
    assert_false(umig_schedule_is_plan(&(struct umig_schedule){.times = 1}, &armed));
    assert_true(umig_schedule_is_plan(&(struct umig_schedule){.times = 2}, &armed));
}

static void test_plans_are_bounded_and_names_are_taken_once(void **state)
{
    (void)state;
    struct umig_plans plans = {0};
    const struct umig_moment now = {.monotonic_ns = 1, .unix_ns = NIGHT};
    const struct umig_schedule schedule = {.every_ns = HOUR_NS};
    struct umig_plan *plan = NULL;
    struct umig_err err = UMIG_ERR_INIT;
    for (int i = 0; i < UMIG_PLANS_MAX; i++) {
        char id[16];
        snprintf(id, sizeof id, "p%d", i);
        const struct umig_session_spec spec = spec_of(id, NULL);
        (void)add(&plans, &spec, schedule, now);
    }
    const struct umig_session_spec same = spec_of("p3", NULL);
    const struct umig_session_spec more = spec_of("more", NULL);

    assert_int_equal(umig_plans_add(&plans, &same, &schedule, now, &plan, &err), UMIG_E_ARG);
    assert_non_null(strstr(err.text, "'p3'"));
    assert_int_equal(umig_plans_add(&plans, &more, &schedule, now, &plan, &err), UMIG_E_LIMIT);
    assert_non_null(umig_plans_find(&plans, "p3"));
    assert_null(umig_plans_find(&plans, "more"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan_at_waits_for_its_moment_once),
        cmocka_unit_test(test_plan_at_follows_a_wall_clock_that_is_set),
        cmocka_unit_test(test_plan_every_goes_by_the_clock_that_nobody_sets),
        cmocka_unit_test(test_plan_counts_a_start_that_could_not_be),
        cmocka_unit_test(test_plan_with_a_condition_is_due_when_none_of_its_sessions_is_there),
        cmocka_unit_test(test_schedule_check_names_what_is_wrong),
        cmocka_unit_test(test_schedule_of_one_session_now_is_no_plan),
        cmocka_unit_test(test_plans_are_bounded_and_names_are_taken_once),
    };
    return cmocka_run_group_tests_name("plans", tests, NULL, NULL);
}
