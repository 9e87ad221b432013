/* The table of objects that are followed, with references that are numbers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/vm/live.h"
#include "tests/support/test.h"

enum {
    ROOM = 1024,
    OBJECTS_MAX = 65536
};

/* A heap of numbered objects: which are reachable, and how often each reference was deleted. */
struct fixture {
    struct umig_live live;
    struct umig_live_ops ops;
    bool is_dead[OBJECTS_MAX];
    unsigned deleted[OBJECTS_MAX];
    uint32_t handles[OBJECTS_MAX];
    uint32_t made;
};

static bool is_gone(void *ctx, void *reference)
{
    const struct fixture *fx = ctx;
    return fx->is_dead[(uintptr_t)reference];
}

static void forget(void *ctx, void *reference)
{
    struct fixture *fx = ctx;
    fx->deleted[(uintptr_t)reference]++;
}

static int setup(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    fx->ops = (struct umig_live_ops){.ctx = fx, .is_gone = is_gone, .forget = forget};
    umig_live_init(&fx->live, calloc(1, umig_live_bytes(ROOM)), ROOM);
    atomic_store(&fx->live.is_on, true);
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fx = *state;
    free(fx->live.entries);
    free(fx);
    return 0;
}

/* Allocates an object; its handle, or 0 when it is not followed. */
static uint32_t allocate_bytes(struct fixture *fx, uint64_t bytes, uint64_t time_ns)
{
    struct umig_live_entry *entry = NULL;
    const uint32_t object = fx->made++;
    if (umig_live_claim(&fx->live, bytes, &entry) != UMIG_LIVE_TAKEN) {
        return 0;
    }
    entry->bytes = bytes;
    entry->interval = 1000;
    entry->time_ns = time_ns;
    entry->collection = 0;
    entry->reference = (void *)(uintptr_t)object;
    fx->handles[object] = umig_live_publish(&fx->live, entry);
    return fx->handles[object];
}

static uint32_t allocate(struct fixture *fx, uint64_t time_ns)
{
    return allocate_bytes(fx, 100, time_ns);
}

static void allocate_and_follow(struct fixture *fx, uint64_t time_ns)
{
    const uint32_t handle = allocate(fx, time_ns);
    if (handle != 0) {
        (void)umig_live_follow(&fx->live, handle, 1);
    }
}

static void sweep(struct fixture *fx, uint32_t collections)
{
    (void)umig_live_sweep(&fx->live, &fx->ops, collections, 0);
    umig_live_reap(&fx->live);
}

/* How many objects the entries stand for. */
static double estimate(struct fixture *fx)
{
    double sum = 0;
    for (uint32_t i = 0; i < ROOM; i++) {
        const struct umig_live_entry *entry = umig_live_at(&fx->live, i);
        sum += entry != NULL ? (double)(1u << atomic_load(&entry->shift)) : 0;
    }
    return sum;
}

static void assert_each_is_deleted_once(const struct fixture *fx)
{
    for (uint32_t i = 0; i < fx->made; i++) {
        assert_int_equal(fx->deleted[i], fx->handles[i] != 0 ? 1 : 0);
    }
    assert_int_equal(atomic_load(&fx->live.references), 0);
}

static void test_live_object_is_followed_until_it_is_collected(void **state)
{
    struct fixture *fx = *state;
    const uint32_t handle = allocate(fx, 1);
    const struct umig_live_entry *entry = umig_live_follow(&fx->live, handle, 7);
    assert_non_null(entry);
    assert_int_equal(entry->stack, 7);

    sweep(fx, 1);
    assert_int_equal(atomic_load(&fx->live.followed), 1);
    assert_int_equal(atomic_load(&fx->live.checked), 1);
    fx->is_dead[0] = true;
    sweep(fx, 2);

    assert_int_equal(atomic_load(&fx->live.followed), 0);
    assert_int_equal(atomic_load(&fx->live.used), 0);
    assert_each_is_deleted_once(fx);
}

static void test_live_handle_of_an_earlier_object_is_nobodys(void **state)
{
    struct fixture *fx = *state;
    uint32_t first = allocate(fx, 1);
    umig_live_drop(&fx->live, first, &fx->ops);
    assert_int_equal(atomic_load(&fx->live.used), 0);
    for (int i = 0; i < 2 * ROOM; i++) { /* every place is used again */
        const uint32_t handle = allocate(fx, 1);
        assert_int_not_equal(handle, first);
        assert_null(umig_live_follow(&fx->live, first, 1));
        umig_live_drop(&fx->live, first, &fx->ops);
        umig_live_drop(&fx->live, handle, &fx->ops);
    }
    assert_null(umig_live_follow(&fx->live, 0, 1));
    assert_each_is_deleted_once(fx);
}

static void test_live_object_without_a_stack_is_given_up(void **state)
{
    struct fixture *fx = *state;
    assert_null(umig_live_follow(&fx->live, allocate(fx, 1), 0));
    assert_null(umig_live_at(&fx->live, 0));

    sweep(fx, 0);

    assert_int_equal(atomic_load(&fx->live.used), 0);
    assert_each_is_deleted_once(fx);
}

static void test_live_off_deletes_every_reference(void **state)
{
    struct fixture *fx = *state;
    for (int i = 0; i < 100; i++) {
        allocate_and_follow(fx, 1);
    }
    const uint32_t waiting = allocate(fx, 1); /* its sample is still in a ring */
    struct umig_live_entry *claimed = NULL;
    assert_int_equal(umig_live_claim(&fx->live, 100, &claimed), UMIG_LIVE_TAKEN);
    atomic_store(&fx->live.is_on, false);

    assert_false(umig_live_sweep(&fx->live, &fx->ops, 1, 0)); /* one is being made yet */
    umig_live_unclaim(&fx->live, claimed);
    assert_true(umig_live_sweep(&fx->live, &fx->ops, 1, 0));
    umig_live_reap(&fx->live);

    assert_null(umig_live_follow(&fx->live, waiting, 1));
    assert_int_equal(atomic_load(&fx->live.used), 0);
    assert_each_is_deleted_once(fx);
}

static void test_live_objects_from_before_every_session_are_given_up(void **state)
{
    struct fixture *fx = *state;
    allocate_and_follow(fx, 10);
    allocate_and_follow(fx, 20);
    sweep(fx, 0);
    assert_false(umig_live_is_due(&fx->live, 0));

    atomic_store(&fx->live.since_ns, 15);
    assert_true(umig_live_is_due(&fx->live, 0));
    sweep(fx, 0);

    assert_int_equal(fx->deleted[0], 1);
    assert_int_equal(fx->deleted[1], 0);
    assert_int_equal(atomic_load(&fx->live.followed), 1);
    assert_false(umig_live_is_due(&fx->live, 0));
}

static void test_live_full_table_refuses_and_counts(void **state)
{
    struct fixture *fx = *state;
    uint32_t refused = 0;
    while (fx->made < 4 * ROOM) { /* nobody sweeps: half of them are thinned out at once, by draw */
        refused += allocate(fx, 1) == 0;
    }
    assert_int_equal(atomic_load(&fx->live.shift), 1);
    assert_true(atomic_load(&fx->live.used) <= ROOM);
    assert_true(atomic_load(&fx->live.refused) > 0);
    assert_true(atomic_load(&fx->live.refused) < refused);
    assert_true(umig_live_is_due(&fx->live, 0));
}

/*
 * Objects come and go; the table is thinned and fills again, many times over. What its entries
 * stand for is what is alive: of old ones, allocated before any thinning, as of new ones.
 */
static void test_live_thinned_table_stands_for_what_is_alive(void **state)
{
    struct fixture *fx = *state;
    double old = 0;
    double worst = 0;
    enum {
        OLD = 4000,
        ALIVE = 20000
    };
    for (uint32_t collections = 0; fx->made < OBJECTS_MAX; collections++) {
        for (int i = 0; i < 100 && fx->made < OBJECTS_MAX; i++) {
            allocate_and_follow(fx, fx->made);
        }
        for (uint32_t i = OLD; i + ALIVE < fx->made; i++) {
            fx->is_dead[i] = true; /* but for the first, the last ones are alive */
        }
        while (umig_live_is_due(&fx->live, collections)) {
            sweep(fx, collections);
        }
        const double alive = fx->made < OLD + ALIVE ? fx->made : OLD + ALIVE;
        worst = fmax(worst, fabs(estimate(fx) / alive - 1));
    }
    for (uint32_t i = 0; i < ROOM; i++) {
        const struct umig_live_entry *entry = umig_live_at(&fx->live, i);
        old +=
            entry != NULL && entry->time_ns < OLD ? (double)(1u << atomic_load(&entry->shift)) : 0;
    }

    /* Some 400 to 700 entries: one standard deviation is 5 %; of the old ones, a sixth, 11 %. */
    print_message("  worst %.1f %%, old %.0f of %d\n", 100 * worst, old, OLD);
    assert_true(worst < 0.25);
    assert_true(fabs(old / OLD - 1) < 0.4);
    assert_int_equal(atomic_load(&fx->live.refused), 0);
    atomic_store(&fx->live.is_on, false);
    assert_true(umig_live_sweep(&fx->live, &fx->ops, 1, 0));
    assert_each_is_deleted_once(fx);
}

static void test_live_share_grows_back_when_there_is_space(void **state)
{
    struct fixture *fx = *state;
    while (atomic_load(&fx->live.shift) == 0) {
        allocate_and_follow(fx, 1);
    }
    sweep(fx, 1);
    assert_int_equal(atomic_load(&fx->live.shift), 1);
    memset(fx->is_dead, true, sizeof fx->is_dead);

    sweep(fx, 2);

    assert_int_equal(atomic_load(&fx->live.shift), 0);
    assert_false(umig_live_is_due(&fx->live, 2));
}

/* What the entries of objects of so many bytes stand for, and how many these are. */
static double estimate_of(struct fixture *fx, uint64_t bytes, uint32_t *out_entries)
{
    double sum = 0;
    *out_entries = 0;
    for (uint32_t at = 0; at < ROOM; at++) {
        const struct umig_live_entry *entry = umig_live_at(&fx->live, at);
        if (entry != NULL && entry->bytes == bytes) {
            sum += (double)(1u << atomic_load(&entry->shift));
            ++*out_entries;
        }
    }
    return sum;
}

enum {
    LARGE = 1000,
    LIMIT = 128, /* of them */
    SMALL_EVERY = 100
};

/* All of them stay. Large objects are thinned by bytes, and small ones beside them are not. */
static void test_live_large_objects_take_no_more_than_their_limit(void **state)
{
    struct fixture *fx = *state;
    enum {
        OBJECTS = 40000
    };
    uint32_t entries = 0;
    umig_live_set_large(&fx->live, LARGE - 1, LIMIT * LARGE);
    assert_false(umig_live_is_large(&fx->live, LARGE - 1));
    for (uint32_t i = 1; i <= OBJECTS; i++) {
        const uint32_t handle = allocate_bytes(fx, i % SMALL_EVERY == 0 ? LARGE - 1 : LARGE, 1);
        (void)umig_live_follow(&fx->live, handle, 1);
        if (i % 1000 == 0) {
            (void)estimate_of(fx, LARGE, &entries);
            assert_true(entries <= 3 * LIMIT);
            do {
                sweep(fx, i / 1000);
            } while (umig_live_is_due(&fx->live, i / 1000));
            (void)estimate_of(fx, LARGE, &entries);
            assert_true(entries <= 3 * LIMIT / 2);
        }
    }

    const double large = estimate_of(fx, LARGE, &entries);
    print_message("  %.0f by %u entries\n", large, entries);
    assert_true(entries > LIMIT / 4);
    /* One standard deviation is 12 %. */
    assert_true(fabs(large / (OBJECTS - OBJECTS / SMALL_EVERY) - 1) < 0.4);
    assert_true(estimate_of(fx, LARGE - 1, &entries) == OBJECTS / SMALL_EVERY);
    memset(fx->is_dead, true, sizeof fx->is_dead);
    for (uint32_t i = 0; i < UMIG_LIVE_SHIFT_MAX; i++) {
        sweep(fx, i);
    }
    assert_int_equal(umig_live_shift(&fx->live, LARGE), 0);
    assert_each_is_deleted_once(fx);
}

/* A few that stay are still there after a flood of others that went. */
static void test_live_large_objects_that_go_leave_those_that_stay(void **state)
{
    struct fixture *fx = *state;
    enum {
        STAY = 100,
        SWEEPS = 60
    };
    uint32_t entries = 0;
    umig_live_set_large(&fx->live, LARGE - 1, LIMIT * LARGE);
    for (uint32_t i = 0; i < STAY; i++) {
        (void)umig_live_follow(&fx->live, allocate_bytes(fx, LARGE, 1), 1);
    }
    (void)estimate_of(fx, LARGE, &entries);
    const uint32_t before = entries;
    for (uint32_t i = 0; i < SWEEPS; i++) {
        for (uint32_t j = 0; j < 1000; j++) {
            (void)umig_live_follow(&fx->live, allocate_bytes(fx, LARGE, 1), 1);
        }
        memset(fx->is_dead + STAY, true, sizeof fx->is_dead - STAY);
        sweep(fx, i);
    }

    (void)estimate_of(fx, LARGE, &entries);
    print_message("  %u of %u\n", entries, before);
    assert_true(entries == before && before > STAY / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_live_object_is_followed_until_it_is_collected, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_live_handle_of_an_earlier_object_is_nobodys, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_live_object_without_a_stack_is_given_up, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_live_off_deletes_every_reference, setup, teardown),
        cmocka_unit_test_setup_teardown(test_live_objects_from_before_every_session_are_given_up,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_live_full_table_refuses_and_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_live_thinned_table_stands_for_what_is_alive, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_live_share_grows_back_when_there_is_space, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_live_large_objects_take_no_more_than_their_limit,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_live_large_objects_that_go_leave_those_that_stay,
                                        setup, teardown),
    };
    return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
