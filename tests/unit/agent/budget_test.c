/* The budget against simulated agents: a kind costs in proportion to how often it is taken. */
#include "agent/budget.h"
#include "core/units.h"
#include "tests/support/test.h"

#define MS          UMIG_NS_PER_MS
#define ONE_PERCENT (UMIG_BUDGET_PPM / 100)

/* What goes on in a second, at the rates that are asked for. */
struct load {
    uint64_t kind_ns[UMIG_KIND_COUNT];
    uint64_t process_ns;
};

struct fixture {
    struct umig_budget budget;
    struct umig_cost cost;
    bool is_asked[UMIG_KIND_COUNT];
    struct load load;
    uint64_t spent_ns;
    uint32_t changes;
};

static void begin(struct fixture *fx)
{
    *fx = (struct fixture){.budget.ppm = ONE_PERCENT, .cost.time_ns = 1000 * MS};
    for (int kind = 1; kind < UMIG_KIND_COUNT; kind++) {
        fx->is_asked[kind] = true;
    }
    assert_false(umig_budget_feed(&fx->budget, &fx->cost, fx->is_asked));
}

static bool run_second(struct fixture *fx)
{
    fx->cost.time_ns += UMIG_NS_PER_S;
    fx->cost.process_cpu_ns += fx->load.process_ns;
    for (int kind = 0; kind < UMIG_KIND_COUNT; kind++) {
        const uint64_t ns =
            fx->load.kind_ns[kind] / umig_budget_divisor(&fx->budget, (enum umig_kind)kind);
        fx->cost.kind_cpu_ns[kind] += ns;
        fx->spent_ns += ns;
    }
    const bool has_changed = umig_budget_feed(&fx->budget, &fx->cost, fx->is_asked);
    fx->changes += has_changed;
    return has_changed;
}

static void run(struct fixture *fx, uint32_t seconds)
{
    for (uint32_t i = 0; i < seconds; i++) {
        (void)run_second(fx);
    }
}

static void expect(const struct fixture *fx, enum umig_kind kind, uint32_t divisor)
{
    if (umig_budget_divisor(&fx->budget, kind) != divisor) {
        fail_msg("kind %d: 1/%u in place of 1/%u", (int)kind,
                 umig_budget_divisor(&fx->budget, kind), divisor);
    }
}

static void test_budget_within_it_nothing_is_slowed(void **state)
{
    (void)state;
    struct fixture fx;
    begin(&fx);
    fx.load.kind_ns[UMIG_KIND_CPU] = 6 * MS;
    fx.load.kind_ns[0] = 3 * MS;
    fx.load.process_ns = 300 * MS; /* it is of one processor at least */

    run(&fx, 600);

    assert_int_equal(fx.changes, 0);
}

static void test_budget_of_a_large_process_is_larger(void **state)
{
    (void)state;
    struct fixture fx;
    begin(&fx);
    fx.load.kind_ns[UMIG_KIND_CPU] = 38 * MS;
    fx.load.process_ns = 4000 * MS;

    run(&fx, 600);

    assert_int_equal(fx.changes, 0);
}

static void test_budget_short_session_is_not_slowed(void **state)
{
    (void)state;
    struct fixture fx;
    begin(&fx);
    fx.load.kind_ns[UMIG_KIND_CPU] = 20 * MS; /* twice of what is allowed */

    run(&fx, 9);
    assert_int_equal(fx.changes, 0);
    run(&fx, 2);
    assert_int_equal(fx.changes, 1);
    expect(&fx, UMIG_KIND_CPU, 4); /* by half it would be at 100 % and not below 90 */
}

static void test_budget_what_happens_once_slows_nothing(void **state)
{
    (void)state;
    struct fixture fx;
    begin(&fx);
    for (int i = 0; i < 20; i++) {
        fx.load.kind_ns[UMIG_KIND_CPU] = 500 * MS; /* symbols are read */
        run(&fx, 1);
        fx.load.kind_ns[UMIG_KIND_CPU] = 4 * MS;
        run(&fx, 30);
    }

    assert_int_equal(fx.changes, 0);
}

static void test_budget_kinds_are_slowed_in_their_order(void **state)
{
    (void)state;
    struct fixture fx;
    begin(&fx);
    for (uint32_t i = 0; i < UMIG_BUDGET_KINDS; i++) {
        fx.load.kind_ns[umig_budget_order[i]] = 5 * MS;
    }

    run(&fx, 30); /* 30 ms where 9 are aimed at: 5/4 each would be 7.5 */

    expect(&fx, UMIG_KIND_POOLS, 4);
    expect(&fx, UMIG_KIND_LIVE, 4);
    expect(&fx, UMIG_KIND_ALLOC, 4);
    expect(&fx, UMIG_KIND_WALL, 4);
    expect(&fx, UMIG_KIND_LOCKS, 4);
    expect(&fx, UMIG_KIND_CPU, 2);
    expect(&fx, UMIG_KIND_GC, 1);
    expect(&fx, UMIG_KIND_HEAP, 1);
}

static void test_budget_passes_over_what_would_not_help(void **state)
{
    (void)state;
    struct fixture fx;
    begin(&fx);
    fx.load.kind_ns[UMIG_KIND_POOLS] = MS / 4;
    fx.load.kind_ns[UMIG_KIND_ALLOC] = 7 * MS;
    fx.load.kind_ns[UMIG_KIND_CPU] = 5 * MS;

    run(&fx, 60);

    expect(&fx, UMIG_KIND_POOLS, 1);
    expect(&fx, UMIG_KIND_ALLOC, 2);
    expect(&fx, UMIG_KIND_CPU, 1);
}

static void test_budget_goes_as_far_as_it_takes_and_no_further(void **state)
{
    (void)state;
    struct fixture fx;
    begin(&fx);
    fx.load.kind_ns[UMIG_KIND_CPU] = 100 * MS;
    fx.load.kind_ns[0] = 2 * MS;
    run(&fx, 60);
    expect(&fx, UMIG_KIND_CPU, 16);

    fx.load.kind_ns[UMIG_KIND_CPU] = 100000 * MS;
    run(&fx, 600);
    expect(&fx, UMIG_KIND_CPU, UMIG_BUDGET_DIVISOR_MAX);
}

static void test_budget_goes_no_further_than_its_owner_lets_it(void **state)
{
    (void)state;
    struct fixture fx;
    begin(&fx);
    fx.budget.most[UMIG_KIND_CPU] = 1; /* it is at the default already */
    fx.budget.most[UMIG_KIND_WALL] = 5;
    fx.load.kind_ns[UMIG_KIND_CPU] = 50 * MS;
    fx.load.kind_ns[UMIG_KIND_WALL] = 50 * MS;

    run(&fx, 600);

    expect(&fx, UMIG_KIND_CPU, 1);
    expect(&fx, UMIG_KIND_WALL, 4);
}

static void test_budget_gives_back_when_there_is_room_for_long(void **state)
{
    (void)state;
    struct fixture fx;
    begin(&fx);
    fx.load.kind_ns[UMIG_KIND_CPU] = 60 * MS;
    run(&fx, 60);
    expect(&fx, UMIG_KIND_CPU, 8);

    fx.load.kind_ns[UMIG_KIND_CPU] = 5 * MS; /* at 1/8 */
    run(&fx, 200);
    expect(&fx, UMIG_KIND_CPU, 1);
}

static void test_budget_does_not_swing(void **state)
{
    (void)state;
    for (uint64_t load_ms = 1; load_ms < 300; load_ms += 3) {
        struct fixture fx;
        begin(&fx);
        fx.load.kind_ns[UMIG_KIND_CPU] = load_ms * MS;
        fx.load.kind_ns[UMIG_KIND_WALL] = load_ms * MS / 3;
        run(&fx, 120);
        const uint32_t settled = fx.changes;
        run(&fx, 3600);
        assert_int_equal(fx.changes, settled);
    }
}

/* A load that doubles and halves as it likes: what is spent over an hour is in the budget. */
static void test_budget_is_kept_under_a_changing_load(void **state)
{
    (void)state;
    struct fixture fx;
    uint64_t random = 1;
    begin(&fx);
    for (uint32_t i = 0; i < 3600; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        if (i % 60 == 0) {
            fx.load.kind_ns[UMIG_KIND_CPU] = ((random >> 33) % 30) * MS;
            fx.load.kind_ns[UMIG_KIND_ALLOC] = ((random >> 40) % 20) * MS;
        }
        run(&fx, 1);
    }

    assert_true(fx.spent_ns < 3600 * 10 * MS);
    assert_true(fx.spent_ns > 3600 * 4 * MS); /* and not far below it for nothing */
}

static void test_budget_forgets_kinds_that_nobody_asks_for(void **state)
{
    (void)state;
    struct fixture fx;
    begin(&fx);
    fx.load.kind_ns[UMIG_KIND_CPU] = 60 * MS;
    run(&fx, 60);
    fx.is_asked[UMIG_KIND_CPU] = false;
    fx.load.kind_ns[UMIG_KIND_CPU] = 0;

    assert_true(run_second(&fx));

    expect(&fx, UMIG_KIND_CPU, 1);
    assert_true(fx.budget.slowings > 0);
    umig_budget_reset(&fx.budget);
    assert_int_equal(fx.budget.ppm, ONE_PERCENT);
    assert_int_equal(fx.budget.turns, 0);
}

static void test_budget_of_any_cpu_slows_nothing(void **state)
{
    (void)state;
    struct fixture fx;
    begin(&fx);
    fx.budget.ppm = 0;
    fx.load.kind_ns[UMIG_KIND_CPU] = 900 * MS;

    run(&fx, 600);

    assert_int_equal(fx.changes, 0);
}

static void test_budget_takes_a_turn_a_second_at_most(void **state)
{
    (void)state;
    struct fixture fx;
    begin(&fx);
    fx.load.kind_ns[UMIG_KIND_CPU] = 900 * MS;
    for (int i = 0; i < 1000; i++) { /* costs are measured for a status, too */
        fx.cost.time_ns += MS / 2;
        fx.cost.kind_cpu_ns[UMIG_KIND_CPU] += MS / 2;
        (void)umig_budget_feed(&fx.budget, &fx.cost, fx.is_asked);
    }

    assert_int_equal(fx.budget.turns, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_budget_within_it_nothing_is_slowed),
        cmocka_unit_test(test_budget_of_a_large_process_is_larger),
        cmocka_unit_test(test_budget_short_session_is_not_slowed),
        cmocka_unit_test(test_budget_what_happens_once_slows_nothing),
        cmocka_unit_test(test_budget_kinds_are_slowed_in_their_order),
        cmocka_unit_test(test_budget_passes_over_what_would_not_help),
        cmocka_unit_test(test_budget_goes_as_far_as_it_takes_and_no_further),
        cmocka_unit_test(test_budget_goes_no_further_than_its_owner_lets_it),
        cmocka_unit_test(test_budget_gives_back_when_there_is_room_for_long),
        cmocka_unit_test(test_budget_does_not_swing),
        cmocka_unit_test(test_budget_is_kept_under_a_changing_load),
        cmocka_unit_test(test_budget_forgets_kinds_that_nobody_asks_for),
        cmocka_unit_test(test_budget_of_any_cpu_slows_nothing),
        cmocka_unit_test(test_budget_takes_a_turn_a_second_at_most),
    };
    return cmocka_run_group_tests_name("unit.agent.budget", tests, NULL, NULL);
}
