#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/session/pump.h"
#include "agent/session/session.h"
#include "core/clock.h"
#include "tests/support/test.h"

enum {
    SLOTS = 1024
};

struct fixture {
    struct umig_memory memory;
    struct umig_sessions sessions;
};

static int setup(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    fx->memory.limit_bytes = 64 << 20;
    umig_sessions_init(&fx->sessions, &fx->memory, 42);
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fx = *state;
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        if (fx->sessions.session[i].is_open) {
            umig_session_close(&fx->sessions.session[i]);
        }
    }
    assert_int_equal(atomic_load(&fx->memory.used_bytes), 0);
    free(fx);
    return 0;
}

static struct umig_session *open_session(struct fixture *fx,
                                         const char *id,
                                         enum umig_kind kind,
                                         uint64_t interval_ns)
{
    struct umig_session_spec spec = {0};
    snprintf(spec.id, sizeof spec.id, "%s", id);
    spec.kinds.has_kind[kind] = true;
    spec.kinds.interval_ns[kind] = interval_ns;
    struct umig_session *session = NULL;
    struct umig_err err = UMIG_ERR_INIT;
    assert_int_equal(umig_sessions_open(&fx->sessions, &spec, 1000, &session, &err), UMIG_OK);
    umig_session_begin(&fx->sessions, session, 1000);
    return session;
}

static int open_with_budget(struct fixture *fx,
                            const char *id,
                            uint32_t ppm,
                            struct umig_session **out_session,
                            struct umig_err *err)
{
    struct umig_session_spec spec = {.has_budget = true, .budget_ppm = ppm};
    snprintf(spec.id, sizeof spec.id, "%s", id);
    spec.kinds.has_kind[UMIG_KIND_GC] = true;
    return umig_sessions_open(&fx->sessions, &spec, 1000, out_session, err);
}

static void test_sessions_that_say_a_budget_say_the_same(void **state)
{
    struct fixture *fx = *state;
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_session *first = NULL;
    struct umig_session *second = NULL;
    (void)open_session(fx, "silent", UMIG_KIND_GC, 0);
    assert_null(umig_sessions_budget(&fx->sessions));
    assert_int_equal(open_with_budget(fx, "a", 5000, &first, &err), UMIG_OK);
    assert_ptr_equal(umig_sessions_budget(&fx->sessions), first);

    assert_int_equal(open_with_budget(fx, "b", 20000, &second, &err), UMIG_E_ARG);
    assert_non_null(strstr(err.text, "session 'a' runs under another budget, 0.5 % of CPU"));
    assert_int_equal(open_with_budget(fx, "off", 0, &second, &err), UMIG_E_ARG);
    assert_int_equal(open_with_budget(fx, "same", 5000, &second, &err), UMIG_OK);

    first->ended = UMIG_END_STOPPED;
    assert_ptr_equal(umig_sessions_budget(&fx->sessions), second);
    umig_session_close(second);
    assert_ptr_equal(umig_sessions_budget(&fx->sessions), first); /* until its end is written */
    assert_int_equal(open_with_budget(fx, "b", 20000, &second, &err), UMIG_OK);
    assert_ptr_equal(umig_sessions_budget(&fx->sessions), second);
}

static struct umig_record cpu_record(uint32_t slot, uint64_t value_ns)
{
    return (struct umig_record){
        .type = UMIG_RECORD_CPU, .slot = slot, .slot_serial = 1, .value_ns = value_ns};
}

static void test_session_at_the_engines_interval_takes_every_sample_whole(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a", UMIG_KIND_CPU, 10 * UMIG_NS_PER_MS);
    const struct umig_record one = cpu_record(3, 10 * UMIG_NS_PER_MS);
    const struct umig_record three = cpu_record(3, 30 * UMIG_NS_PER_MS);

    assert_int_equal(umig_session_share_cpu(&fx->sessions, session, &one), 10 * UMIG_NS_PER_MS);
    assert_int_equal(umig_session_share_cpu(&fx->sessions, session, &three), 30 * UMIG_NS_PER_MS);
    assert_int_equal(session->tallies[UMIG_KIND_CPU].produced, 40 * UMIG_NS_PER_MS);
}

/* A coarse session beside a fine one gets what its threads used, whatever the engine's interval. */
static void test_session_coarser_than_the_engine_gets_its_exact_share(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a", UMIG_KIND_CPU, 25 * UMIG_NS_PER_MS);
    uint64_t used = 0;
    uint64_t taken = 0;

    for (uint32_t i = 0; i < 10000; i++) {
        const struct umig_record record = cpu_record(i % 7, (1 + i % 3) * 4 * UMIG_NS_PER_MS);
        const uint64_t share = umig_session_share_cpu(&fx->sessions, session, &record);
        assert_int_equal(share % (25 * UMIG_NS_PER_MS), 0);
        used += record.value_ns;
        taken += share;
    }

    /* Seven threads, each with less than one interval at either end. */
    const int64_t off = (int64_t)(used - taken);
    assert_true(llabs(off) <= (int64_t)(7 * 25 * UMIG_NS_PER_MS));
    assert_int_equal(session->tallies[UMIG_KIND_CPU].produced, taken);
}

/* Threads that use less than an interval are represented by their share of all of them. */
static void test_session_short_threads_are_sampled_in_proportion(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a", UMIG_KIND_CPU, 100 * UMIG_NS_PER_MS);
    uint64_t taken = 0;
    enum {
        THREADS = 20000
    };

    for (uint32_t i = 0; i < THREADS; i++) {
        struct umig_record record = cpu_record(i % SLOTS, 4 * UMIG_NS_PER_MS);
        record.slot_serial = 1 + i / SLOTS;
        taken += umig_session_share_cpu(&fx->sessions, session, &record);
    }

    /* 80 s of CPU; the standard deviation of the estimate is 100 ms * sqrt(20000 * 0.04 * 0.96). */
    const double seconds = (double)taken / 1e9;
    assert_true(seconds > 80 - 3 * 2.8 && seconds < 80 + 3 * 2.8);
}

static struct umig_record wait_record(uint32_t slot, uint64_t value_ns, uint32_t count)
{
    return (struct umig_record){.type = UMIG_RECORD_WAIT,
                                .time_ns = UMIG_NS_PER_S,
                                .slot = slot,
                                .slot_serial = 1,
                                .value_ns = value_ns,
                                .wait_count = count};
}

static void test_session_takes_of_short_waits_what_they_are_on_average(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a", UMIG_KIND_LOCKS, UMIG_NS_PER_MS);
    const struct umig_tally *tally = &session->tallies[UMIG_KIND_LOCKS];
    enum {
        THREADS = 20000
    };
    uint64_t waited = 0;
    uint64_t count = 0;

    for (uint32_t i = 0; i < THREADS; i++) { /* two waits, in one record, in a thread's life */
        struct umig_record record = wait_record(i % SLOTS, 200 * UMIG_NS_PER_US, 2);
        record.slot_serial = 1 + i / SLOTS;
        const struct umig_wait_share share =
            umig_session_share_wait(&fx->sessions, session, &record);
        assert_true(share.wait_ns == 0 || share.wait_ns == UMIG_NS_PER_MS);
        waited += share.wait_ns;
        count += share.count;
    }

    /* 4 s; the standard deviation is 1 ms * sqrt(20000 * 0.2 * 0.8). */
    const double seconds = (double)waited / 1e9;
    assert_true(seconds > 4 - 3 * 0.057 && seconds < 4 + 3 * 0.057);
    assert_true(count > 2 * THREADS * 0.957 && count < 2 * THREADS * 1.043);
    assert_int_equal(tally->produced, waited);
}

static void test_session_takes_long_waits_as_they_were(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a", UMIG_KIND_LOCKS, UMIG_NS_PER_MS);
    const struct umig_record record = wait_record(5, 1234 * UMIG_NS_PER_US, 1);

    const struct umig_wait_share share = umig_session_share_wait(&fx->sessions, session, &record);

    assert_int_equal(share.wait_ns, 1234 * UMIG_NS_PER_US);
    assert_int_equal(share.count, 1);
}

static void test_session_without_threads_that_are_gone_does_not_grow(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *locks = open_session(fx, "a", UMIG_KIND_LOCKS, UMIG_NS_PER_MS);
    struct umig_session *cpu = open_session(fx, "b", UMIG_KIND_CPU, 20 * UMIG_NS_PER_MS);
    const size_t before = atomic_load(&fx->memory.used_bytes);

    for (uint32_t i = 0; i < SLOTS; i++) {
        const struct umig_record sample = cpu_record(i, 4 * UMIG_NS_PER_MS);
        const struct umig_record wait = wait_record(i, 400 * UMIG_NS_PER_US, 1);
        (void)umig_session_share_cpu(&fx->sessions, cpu, &sample);
        (void)umig_session_share_wait(&fx->sessions, locks, &wait);
        umig_sessions_forget_slot(&fx->sessions, i);
    }

    assert_int_equal(atomic_load(&fx->memory.used_bytes), before);
}

static struct umig_wait_share share_wait(struct fixture *fx,
                                         struct umig_session *session,
                                         uint64_t time_ns,
                                         uint64_t value_ns,
                                         bool has_ended)
{
    const struct umig_record record = {.type = UMIG_RECORD_WAIT,
                                       .slot = 5,
                                       .slot_serial = 1,
                                       .time_ns = time_ns,
                                       .value_ns = value_ns,
                                       .wait_count = has_ended,
                                       .has_told_wait = has_ended};
    return umig_session_share_wait(&fx->sessions, session, &record);
}

static void test_session_takes_each_part_of_a_wait_and_counts_it_once(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a", UMIG_KIND_LOCKS, 50 * UMIG_NS_PER_MS);
    const uint64_t second = UMIG_NS_PER_S;
    const struct umig_tally *tally = &session->tallies[UMIG_KIND_LOCKS];

    /* It began long before the session did. */
    struct umig_wait_share share = share_wait(fx, session, 1000 + second, 90 * second, false);
    assert_int_equal(share.wait_ns, second);
    assert_int_equal(share.count, 0);
    share = share_wait(fx, session, 1000 + 2 * second, second, false);
    assert_int_equal(share.wait_ns, second);
    assert_int_equal(share.count, 0);
    /* The rest is below the interval: carried, the wait would seem to go on. */
    share = share_wait(fx, session, 1100 + 2 * second, 100, true);
    assert_int_equal(share.wait_ns, 100);
    assert_int_equal(share.count, 1);
    assert_int_equal(tally->produced, 2 * second + 100);

    share = share_wait(fx, session, 3 * second, 100, true);
    assert_int_equal(share.wait_ns, 0);
}

static void test_session_losses_are_thinned_like_samples(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a", UMIG_KIND_CPU, 10 * UMIG_NS_PER_MS);
    const struct umig_tally *tally = &session->tallies[UMIG_KIND_CPU];

    for (int i = 0; i < 10; i++) {
        umig_session_lost(session, UMIG_KIND_CPU, UMIG_DROP_RING_FULL, 4 * UMIG_NS_PER_MS);
    }

    assert_int_equal(tally->dropped[UMIG_DROP_RING_FULL], 40 * UMIG_NS_PER_MS);
    assert_int_equal(tally->produced, 40 * UMIG_NS_PER_MS);
}

static void test_sessions_refuse_what_cannot_be(void **state)
{
    struct fixture *fx = *state;
    struct umig_session_spec spec = {.id = "ok"};
    struct umig_session *session = NULL;
    struct umig_err err = UMIG_ERR_INIT;

    assert_int_equal(umig_sessions_open(&fx->sessions, &spec, 0, &session, &err), UMIG_E_ARG);
    assert_non_null(strstr(err.text, "at least one"));
    spec.kinds.has_kind[UMIG_KIND_GC] = true;
    snprintf(spec.id, sizeof spec.id, "%s", "no/slashes");
    assert_int_equal(umig_sessions_open(&fx->sessions, &spec, 0, &session, &err), UMIG_E_ARG);
    assert_non_null(strstr(err.text, "no/slashes"));
    open_session(fx, "taken", UMIG_KIND_GC, 0);
    snprintf(spec.id, sizeof spec.id, "%s", "taken");
    assert_int_equal(umig_sessions_open(&fx->sessions, &spec, 0, &session, &err), UMIG_E_ARG);
    assert_non_null(strstr(err.text, "already running"));
    for (int i = 1; i < UMIG_SESSIONS_MAX; i++) {
        char id[16];
        snprintf(id, sizeof id, "s%d", i);
        open_session(fx, id, UMIG_KIND_GC, 0);
    }
    snprintf(spec.id, sizeof spec.id, "%s", "one-more");
    assert_int_equal(umig_sessions_open(&fx->sessions, &spec, 0, &session, &err), UMIG_E_LIMIT);
    assert_null(session);
}

static void test_sessions_refuse_over_the_memory_bound(void **state)
{
    struct fixture *fx = *state;
    fx->memory.limit_bytes = 1024;
    struct umig_session_spec spec = {.id = "big"};
    struct umig_session *session = NULL;
    struct umig_err err = UMIG_ERR_INIT;
    spec.kinds.has_kind[UMIG_KIND_LOCKS] = true;

    assert_int_equal(umig_sessions_open(&fx->sessions, &spec, 0, &session, &err), UMIG_E_NOMEM);

    assert_non_null(strstr(err.text, "memory="));
    assert_int_equal(atomic_load(&fx->memory.used_bytes), 0);
}

static void test_sessions_finest_interval_follows_what_runs(void **state)
{
    struct fixture *fx = *state;
    assert_int_equal(umig_sessions_finest(&fx->sessions, UMIG_KIND_CPU), 0);
    struct umig_session *coarse = open_session(fx, "a", UMIG_KIND_CPU, 20 * UMIG_NS_PER_MS);
    struct umig_session *fine = open_session(fx, "b", UMIG_KIND_CPU, 5 * UMIG_NS_PER_MS);
    assert_int_equal(umig_sessions_finest(&fx->sessions, UMIG_KIND_CPU), 5 * UMIG_NS_PER_MS);

    fine->ended = UMIG_END_STOPPED;

    assert_int_equal(umig_sessions_finest(&fx->sessions, UMIG_KIND_CPU), 20 * UMIG_NS_PER_MS);
    assert_ptr_equal(umig_sessions_find(&fx->sessions, "a"), coarse);
    assert_null(umig_sessions_find(&fx->sessions, "b"));
}

static void test_lost_pauses_are_produced_and_dropped_once(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *gc = open_session(fx, "gc", UMIG_KIND_GC, 1);
    struct umig_session *heap = open_session(fx, "heap", UMIG_KIND_HEAP, 1000);
    struct umig_pump pump = {.sessions = &fx->sessions};

    umig_pump_lost_pauses(&pump, 3);
    umig_pump_lost_pauses(&pump, 3);
    umig_pump_lost_pauses(&pump, 5);

    assert_int_equal(gc->tallies[UMIG_KIND_GC].produced, 5);
    assert_int_equal(gc->tallies[UMIG_KIND_GC].dropped[UMIG_DROP_RING_FULL], 5);
    assert_int_equal(heap->tallies[UMIG_KIND_GC].produced, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sessions_that_say_a_budget_say_the_same, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_session_at_the_engines_interval_takes_every_sample_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(test_session_coarser_than_the_engine_gets_its_exact_share,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_session_short_threads_are_sampled_in_proportion, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_session_takes_of_short_waits_what_they_are_on_average,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_session_takes_long_waits_as_they_were, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_session_without_threads_that_are_gone_does_not_grow,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_session_takes_each_part_of_a_wait_and_counts_it_once,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_session_losses_are_thinned_like_samples, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_sessions_refuse_what_cannot_be, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sessions_refuse_over_the_memory_bound, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_sessions_finest_interval_follows_what_runs, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_lost_pauses_are_produced_and_dropped_once, setup,
                                        teardown),
    };
    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
