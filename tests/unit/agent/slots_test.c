#include <stdlib.h>
#include <string.h>

#include "agent/signal/slots.h"
#include "tests/support/test.h"

enum {
    COUNT = 256
};

static int setup(void **state)
{
    struct umig_slots *table = calloc(1, sizeof *table);
    umig_slots_init(table, calloc(COUNT, sizeof(struct umig_slot)), COUNT);
    *state = table;
    return 0;
}

static int teardown(void **state)
{
    struct umig_slots *table = *state;
    free(table->slots);
    free(table);
    return 0;
}

static void test_slots_register_twice_gives_one_slot(void **state)
{
    struct umig_slots *table = *state;

    struct umig_slot *first = umig_slots_register_locked(table, 4711);
    struct umig_slot *again = umig_slots_register_locked(table, 4711);

    assert_non_null(first);
    assert_ptr_equal(first, again);
    assert_ptr_equal(umig_slots_find(table, 4711), first);
    assert_int_equal(atomic_load(&table->live), 1);
    assert_int_equal(first->timer, -1);
}

static void test_slots_find_unknown_gives_null(void **state)
{
    assert_null(umig_slots_find(*state, 12));
}

static void test_slots_ended_is_not_found_and_tid_may_come_again(void **state)
{
    struct umig_slots *table = *state;
    struct umig_slot *old = umig_slots_register_locked(table, 100);
    const unsigned serial = atomic_load(&old->serial);

    atomic_store(&old->state, UMIG_SLOT_ENDED);
    struct umig_slot *fresh = umig_slots_register_locked(table, 100);

    assert_non_null(fresh);
    assert_ptr_not_equal(fresh, old);
    assert_ptr_equal(umig_slots_find(table, 100), fresh);
    assert_true(umig_slots_free_locked(table, old));
    struct umig_slot *third = umig_slots_register_locked(table, 356);
    assert_non_null(third);
    if (third == old) {
        assert_int_not_equal(atomic_load(&third->serial), serial);
    }
}

static void test_slots_keep_who_is_in_the_handler(void **state)
{
    struct umig_slots *table = *state;
    struct umig_slot *slot = umig_slots_register_locked(table, 100);
    atomic_store(&slot->state, UMIG_SLOT_DRAINED);
    atomic_store(&slot->in_handler, true);

    assert_false(umig_slots_free_locked(table, slot));
    assert_int_equal(atomic_load(&slot->tid), 100);
    atomic_store(&slot->in_handler, false);
    assert_true(umig_slots_free_locked(table, slot));
    assert_int_equal(atomic_load(&table->live), 0);
}

static void test_slots_know_the_innermost_guard_whatever_their_state(void **state)
{
    struct umig_slots *table = *state;
    int guards[2]; /* on a stack, the later one below */
    struct umig_slot *old = umig_slots_register_locked(table, 100);
    assert_null(umig_slots_guard(table, 100));
    atomic_store(&old->guard, &guards[1]);

    atomic_store(&old->state, UMIG_SLOT_ENDED);
    assert_ptr_equal(umig_slots_guard(table, 100), &guards[1]);
    struct umig_slot *fresh = umig_slots_register_locked(table, 100);
    assert_ptr_equal(umig_slots_guard(table, 100), &guards[1]);
    atomic_store(&fresh->guard, &guards[0]);
    assert_ptr_equal(umig_slots_guard(table, 100), &guards[0]);
    assert_null(umig_slots_guard(table, 101));
}

static void test_slots_that_callbacks_hold_are_not_freed(void **state)
{
    struct umig_slots *table = *state;
    struct umig_slot *slot = umig_slots_register_locked(table, 100);
    struct umig_slot *held = umig_slots_hold(table, 100);
    assert_ptr_equal(held, slot);
    atomic_store(&slot->state, UMIG_SLOT_DRAINED);

    assert_false(umig_slots_free_locked(table, slot));
    assert_int_equal(atomic_load(&slot->state), UMIG_SLOT_DRAINED);
    assert_true(umig_slot_is_of(slot, 100));
    umig_slot_release(held);
    assert_true(umig_slots_free_locked(table, slot));

    assert_false(umig_slot_is_of(slot, 100));
    assert_null(umig_slots_hold(table, 100));
    umig_slot_release(NULL);
}

/* A late signal's handler says so in a slot that is being given to another thread. */
static void test_slots_registration_leaves_alone_who_is_in_it(void **state)
{
    struct umig_slots *table = *state;
    struct umig_slot *slot = umig_slots_register_locked(table, 100);
    assert_true(umig_slots_free_locked(table, slot));
    atomic_store(&slot->in_handler, true);
    atomic_store(&slot->held, 1);

    struct umig_slot *fresh = umig_slots_register_locked(table, 100);

    assert_ptr_equal(fresh, slot);
    assert_true(atomic_load(&fresh->in_handler));
    assert_int_equal(atomic_load(&fresh->held), 1);
}

static void test_slots_full_window_refuses_and_counts(void **state)
{
    struct umig_slots *table = *state;
    int registered = 0;

    for (int tid = 1; tid <= 2 * COUNT; tid++) {
        registered += umig_slots_register_locked(table, tid) != NULL;
    }

    assert_true(registered <= COUNT);
    assert_int_equal(registered, (int)atomic_load(&table->live));
    assert_int_equal(atomic_load(&table->refused), 2 * COUNT - registered);
}

static void test_slots_churn_never_runs_out(void **state)
{
    struct umig_slots *table = *state;

    for (int tid = 1; tid < 100000; tid++) {
        struct umig_slot *slot = umig_slots_register_locked(table, tid);
        assert_non_null(slot);
        if (tid > 32) {
            struct umig_slot *gone = umig_slots_find(table, tid - 32);
            assert_non_null(gone);
            assert_true(umig_slots_free_locked(table, gone));
        }
    }

    assert_int_equal(atomic_load(&table->live), 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_slots_register_twice_gives_one_slot, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slots_find_unknown_gives_null, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slots_ended_is_not_found_and_tid_may_come_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_slots_keep_who_is_in_the_handler, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slots_know_the_innermost_guard_whatever_their_state,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_slots_that_callbacks_hold_are_not_freed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_slots_registration_leaves_alone_who_is_in_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_slots_full_window_refuses_and_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slots_churn_never_runs_out, setup, teardown),
    };
    return cmocka_run_group_tests_name("slots", tests, NULL, NULL);
}
