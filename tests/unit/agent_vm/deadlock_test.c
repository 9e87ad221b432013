#include "agent/vm/deadlock.h"
#include "tests/support/test.h"

/* Of a thread that waits for another, or for nobody that waits. */
static struct umig_deadlock_wait wait_of(int32_t tid, int32_t holder_tid)
{
    return (struct umig_deadlock_wait){
        .tid = tid, .serial = 1, .holder_tid = holder_tid, .since_ns = 100 * (uint64_t)tid};
}

static void test_two_that_hold_each_other_up_are_a_cycle(void **state)
{
    (void)state;
    struct umig_deadlock_wait waits[] = {wait_of(1, 2), wait_of(2, 1), wait_of(3, 1), wait_of(4, 9),
                                         wait_of(5, 0)};

    assert_int_equal(umig_deadlock_find(waits, 5), 1);
    assert_int_equal(waits[0].cycle, 1);
    assert_int_equal(waits[1].cycle, 1);
    assert_int_equal(waits[2].cycle, 0); /* held up by it, and not in it */
    assert_int_equal(waits[3].cycle, 0); /* the holder runs */
    assert_int_equal(waits[4].cycle, 0);
}

static void test_cycles_of_any_length_are_told_apart(void **state)
{
    (void)state;
    struct umig_deadlock_wait waits[] = {wait_of(7, 1), wait_of(1, 2), wait_of(2, 3),
                                         wait_of(3, 1), wait_of(4, 5), wait_of(5, 4)};

    assert_int_equal(umig_deadlock_find(waits, 6), 2);
    assert_int_equal(waits[0].cycle, 0);
    for (int i = 1; i < 4; i++) {
        assert_int_equal(waits[i].cycle, 1);
    }
    assert_int_equal(waits[4].cycle, 2);
    assert_int_equal(waits[5].cycle, 2);
}

static void test_chain_without_return_is_none(void **state)
{
    (void)state;
    struct umig_deadlock_wait waits[] = {wait_of(1, 2), wait_of(2, 3), wait_of(3, 4)};

    assert_int_equal(umig_deadlock_find(waits, 3), 0);
    assert_int_equal(umig_deadlock_find(waits, 0), 0);
}

static void test_cycle_is_believed_when_its_waits_are_the_same(void **state)
{
    (void)state;
    struct umig_deadlock_memory memory = {.count = 0};
    struct umig_deadlock_wait waits[] = {wait_of(1, 2), wait_of(2, 1), wait_of(3, 4),
                                         wait_of(4, 3)};

    assert_int_equal(umig_deadlock_find(waits, 4), 2);
    assert_int_equal(umig_deadlock_confirm(&memory, waits, 4), 0);

    assert_int_equal(umig_deadlock_find(waits, 4), 2);
    waits[3].since_ns++; /* it came round by chance: another wait */
    assert_int_equal(umig_deadlock_confirm(&memory, waits, 4), 2);
    assert_int_equal(waits[0].cycle, 1);
    assert_int_equal(waits[1].cycle, 1);
    assert_int_equal(waits[2].cycle, 0);
    assert_int_equal(waits[3].cycle, 0);
}

static void test_other_thread_with_the_same_tid_is_another(void **state)
{
    (void)state;
    struct umig_deadlock_memory memory = {.count = 0};
    struct umig_deadlock_wait waits[] = {wait_of(1, 2), wait_of(2, 1)};

    assert_int_equal(umig_deadlock_find(waits, 2), 1);
    assert_int_equal(umig_deadlock_confirm(&memory, waits, 2), 0);
    waits[1].serial++;
    assert_int_equal(umig_deadlock_find(waits, 2), 1);
    assert_int_equal(umig_deadlock_confirm(&memory, waits, 2), 0);
}

static void test_cycle_beyond_the_memory_is_never_believed(void **state)
{
    (void)state;
    enum {
        THREADS = UMIG_DEADLOCK_THREADS_MAX + 1
    };
    struct umig_deadlock_memory memory = {.count = 0};
    struct umig_deadlock_wait waits[THREADS];
    for (int i = 0; i < THREADS; i++) {
        waits[i] = wait_of(i + 1, (i + 1) % THREADS + 1);
    }

    for (int look = 0; look < 3; look++) {
        assert_int_equal(umig_deadlock_find(waits, THREADS), 1);
        assert_int_equal(umig_deadlock_confirm(&memory, waits, THREADS), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_that_hold_each_other_up_are_a_cycle),
        cmocka_unit_test(test_cycles_of_any_length_are_told_apart),
        cmocka_unit_test(test_chain_without_return_is_none),
        cmocka_unit_test(test_cycle_is_believed_when_its_waits_are_the_same),
        cmocka_unit_test(test_other_thread_with_the_same_tid_is_another),
        cmocka_unit_test(test_cycle_beyond_the_memory_is_never_believed),
    };
    return cmocka_run_group_tests_name("unit.agent_vm.deadlock", tests, NULL, NULL);
}
