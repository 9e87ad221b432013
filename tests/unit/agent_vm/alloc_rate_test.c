#include "agent/vm/alloc_rate.h"
#include "core/units.h"
#include "tests/support/test.h"

#define TURN UMIG_ALLOC_TURN_NS

enum {
    ASKED = 64 * 1024
};

/* One turn of a process that uses one processor, with samples that cost so much at the asked rate.
 */
static void turn(struct umig_alloc_rate *rate, uint64_t at, uint64_t cost_at_asked_ns)
{
    uint32_t told = 0;
    if (at > 0) {
        umig_alloc_rate_spend(rate, cost_at_asked_ns * ASKED / atomic_load(&rate->wanted));
    }
    umig_alloc_rate_turn(rate, (at + 1) * TURN, at * TURN);
    (void)umig_alloc_rate_take(rate, &told);
}

static uint32_t settle(struct umig_alloc_rate *rate, uint64_t cost_at_asked_ns)
{
    for (uint64_t at = 0; at < 20; at++) {
        turn(rate, at, cost_at_asked_ns);
    }
    return atomic_load(&rate->applied);
}

/* What a turn costs in the end where the process itself uses no CPU. */
static uint64_t spend_quietly(struct umig_alloc_rate *rate)
{
    const uint64_t at_asked_ns = TURN / 50;
    uint32_t told = 0;
    umig_alloc_rate_turn(rate, 1, 0);
    for (uint64_t at = 1; at < 100; at++) {
        umig_alloc_rate_spend(rate, at_asked_ns * ASKED / atomic_load(&rate->wanted));
        umig_alloc_rate_turn(rate, 1 + at * TURN, 0);
        (void)umig_alloc_rate_take(rate, &told);
    }
    return at_asked_ns * ASKED / atomic_load(&rate->wanted);
}

static void test_rate_stays_where_it_is_asked_while_it_is_cheap(void **state)
{
    (void)state;
    struct umig_alloc_rate rate = {0};
    umig_alloc_rate_ask(&rate, ASKED);

    assert_int_equal(settle(&rate, TURN / 101), ASKED);
}

static void test_rate_settles_below_a_hundredth_of_the_cpu(void **state)
{
    (void)state;
    for (uint64_t percent = 2; percent < 3000; percent *= 3) {
        struct umig_alloc_rate rate = {0};
        umig_alloc_rate_ask(&rate, ASKED);

        const uint32_t interval = settle(&rate, TURN / 100 * percent);

        const double spent = (double)percent * ASKED / interval;
        assert_true(spent <= 1);
        assert_true(spent > 0.5); /* and does not give away more than it must */
    }
}

static void test_rate_comes_back_when_the_load_goes(void **state)
{
    (void)state;
    struct umig_alloc_rate rate = {0};
    umig_alloc_rate_ask(&rate, ASKED);
    assert_true(settle(&rate, TURN / 2) > ASKED);

    rate.next_ns = 0;
    assert_int_equal(settle(&rate, TURN / 1000), ASKED);
}

/* A quiet process: no hundredth of its own CPU is left, but some of the machine's. */
static void test_quiet_process_is_sampled_more_where_objects_are_followed(void **state)
{
    (void)state;
    uint64_t spent_ns[2];
    for (int follows = 0; follows < 2; follows++) {
        struct umig_alloc_rate rate = {0};
        umig_alloc_rate_ask(&rate, ASKED);
        umig_alloc_rate_follow(&rate, follows != 0);
        spent_ns[follows] = spend_quietly(&rate);
    }
    assert_true(spent_ns[0] <= TURN / 2000);
    assert_true(spent_ns[1] > 2 * spent_ns[0] && spent_ns[1] <= TURN / 500);
}

/* A burst between two looks of the loop: who allocates doubles the interval, share by share. */
static void test_rate_doubles_at_once_when_a_turn_is_overspent(void **state)
{
    (void)state;
    struct umig_alloc_rate rate = {0};
    umig_alloc_rate_ask(&rate, ASKED);
    umig_alloc_rate_turn(&rate, 1, 0);

    umig_alloc_rate_spend(&rate, 2 * (TURN / 100));
    assert_int_equal(atomic_load(&rate.wanted), ASKED);
    umig_alloc_rate_spend(&rate, 1);
    assert_int_equal(atomic_load(&rate.wanted), 2 * ASKED);
    umig_alloc_rate_spend(&rate, TURN / 100);
    assert_int_equal(atomic_load(&rate.wanted), 2 * ASKED);
    umig_alloc_rate_spend(&rate, 1);
    assert_int_equal(atomic_load(&rate.wanted), 4 * ASKED);
}

static void test_rate_is_told_once_for_each_change(void **state)
{
    (void)state;
    struct umig_alloc_rate rate = {0};
    uint32_t told = 0;
    assert_false(umig_alloc_rate_take(&rate, &told)); /* nothing is asked for */
    umig_alloc_rate_ask(&rate, ASKED);

    assert_true(umig_alloc_rate_take(&rate, &told));
    assert_int_equal(told, ASKED);
    assert_false(umig_alloc_rate_take(&rate, &told));
}

/* What the last session has found out need not be paid for again. */
static void test_rate_begins_where_it_was_left(void **state)
{
    (void)state;
    struct umig_alloc_rate rate = {0};
    umig_alloc_rate_ask(&rate, ASKED);
    const uint32_t found = settle(&rate, TURN / 2);

    umig_alloc_rate_ask(&rate, 0);
    assert_false(umig_alloc_rate_is_due(&rate, UINT64_MAX));
    umig_alloc_rate_ask(&rate, ASKED);
    assert_int_equal(atomic_load(&rate.wanted), found);
    umig_alloc_rate_ask(&rate, ASKED / 2);
    assert_int_equal(atomic_load(&rate.wanted), ASKED / 2);
    umig_alloc_rate_ask(&rate, 8 * found);
    assert_int_equal(atomic_load(&rate.wanted), 8 * found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate_stays_where_it_is_asked_while_it_is_cheap),
        cmocka_unit_test(test_rate_settles_below_a_hundredth_of_the_cpu),
        cmocka_unit_test(test_rate_comes_back_when_the_load_goes),
        cmocka_unit_test(test_quiet_process_is_sampled_more_where_objects_are_followed),
        cmocka_unit_test(test_rate_doubles_at_once_when_a_turn_is_overspent),
        cmocka_unit_test(test_rate_is_told_once_for_each_change),
        cmocka_unit_test(test_rate_begins_where_it_was_left),
    };
    return cmocka_run_group_tests_name("alloc_rate", tests, NULL, NULL);
}
