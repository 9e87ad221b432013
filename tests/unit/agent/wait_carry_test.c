/* Short waits add up to what they were, by thread, by place and by number. */
#include <math.h>
#include <stdlib.h>

#include "agent/signal/wait_carry.h"
#include "core/clock.h"
#include "tests/support/test.h"

#define INTERVAL_NS UMIG_NS_PER_MS

/* xorshift64 (Marsaglia). */
static uint64_t draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void test_wait_carry_tells_a_long_wait_as_it_was(void **state)
{
    (void)state;
    struct umig_wait_carry carry = {0};
    const struct umig_wait_share wait = {.wait_ns = INTERVAL_NS, .count = 1};

    const struct umig_wait_share share = umig_wait_carry_add(&carry, INTERVAL_NS, wait, 7);

    assert_int_equal(share.wait_ns, INTERVAL_NS);
    assert_int_equal(share.count, 1);
    assert_false(carry.has_begun);
}

static void test_wait_carry_of_one_thread_differs_by_less_than_an_interval(void **state)
{
    (void)state;
    struct umig_wait_carry carry = {0};
    uint64_t random = 42;
    uint64_t waited = 0;
    uint64_t told = 0;
    uint64_t waits = 0;
    uint64_t told_waits = 0;

    for (int i = 0; i < 100000; i++) {
        /* One in eight is long; of them the carry of the short ones knows nothing. */
        const struct umig_wait_share wait = {
            .wait_ns = i % 8 == 0 ? 5 * INTERVAL_NS + 1 : draw(&random) % INTERVAL_NS, .count = 1};
        const struct umig_wait_share share =
            umig_wait_carry_add(&carry, INTERVAL_NS, wait, draw(&random));
        waited += wait.wait_ns;
        waits++;
        told += share.wait_ns;
        told_waits += share.count;
        assert_true(waited + INTERVAL_NS > told && told + INTERVAL_NS > waited);
    }

    assert_true(fabs((double)told_waits / (double)waits - 1) < 0.01);
}

/* A thread in a place, each for one wait of its own length: what is told of each length is right.
 */
static void test_wait_carry_of_short_lives_is_right_on_average(void **state)
{
    (void)state;
    enum {
        LIVES = 200000
    };
    uint64_t random = 42;
    for (uint64_t wait_ns = INTERVAL_NS / 10; wait_ns < INTERVAL_NS; wait_ns += INTERVAL_NS / 5) {
        const struct umig_wait_share wait = {.wait_ns = wait_ns, .count = 1};
        double told = 0;
        double told_waits = 0;
        for (int i = 0; i < LIVES; i++) {
            struct umig_wait_carry carry = {0};
            const struct umig_wait_share share =
                umig_wait_carry_add(&carry, INTERVAL_NS, wait, draw(&random));
            told += (double)share.wait_ns;
            told_waits += share.count;
        }
        /* Standard deviation: sqrt((1 - p) / p / LIVES) with p = wait / interval, 0.7 % at most. */
        assert_true(fabs(told / ((double)wait_ns * LIVES) - 1) < 0.025);
        assert_true(fabs(told_waits / LIVES - 1) < 0.02);
    }
}

static void test_wait_carry_goes_on_with_another_interval(void **state)
{
    (void)state;
    struct umig_wait_carry carry = {.part = UINT32_MAX / 2, .has_begun = true, .has_told = true};
    const struct umig_wait_share wait = {.wait_ns = INTERVAL_NS / 10 * 3, .count = 1};

    assert_int_equal(umig_wait_carry_add(&carry, INTERVAL_NS, wait, 0).wait_ns, 0);
    assert_int_equal(umig_wait_carry_add(&carry, 2 * INTERVAL_NS, wait, 0).wait_ns, 0);
    const struct umig_wait_share share = umig_wait_carry_add(&carry, 3 * INTERVAL_NS, wait, 0);

    assert_int_equal(share.wait_ns, 3 * INTERVAL_NS);
    assert_int_equal(share.count, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wait_carry_tells_a_long_wait_as_it_was),
        cmocka_unit_test(test_wait_carry_of_one_thread_differs_by_less_than_an_interval),
        cmocka_unit_test(test_wait_carry_of_short_lives_is_right_on_average),
        cmocka_unit_test(test_wait_carry_goes_on_with_another_interval),
    };
    return cmocka_run_group_tests_name("wait_carry", tests, NULL, NULL);
}
