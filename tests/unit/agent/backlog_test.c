/* What an armed session keeps: whole at every moment, whatever is forgotten, stripped or carried.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/session/backlog.h"
#include "core/units.h"
#include "tests/support/test.h"

enum {
    STACK_ROOM = 600
};

#define INTERVAL_NS (10 * UMIG_NS_PER_MS)

struct fixture {
    struct umig_memory memory;
    struct umig_sessions sessions;
    struct umig_session *session;
    struct umig_batch batch;
    struct umig_cost cost;
    struct umig_dictionary from, to;
    struct umig_carry carry;
    void *dictionary_memory[3];
};

static int setup(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    fx->memory.limit_bytes = 4 << 20; /* a backlog gets the eighth: 512 KiB */
    umig_sessions_init(&fx->sessions, &fx->memory, 1);
    struct umig_session_spec spec = {.before_ns = 60 * UMIG_NS_PER_S};
    snprintf(spec.id, sizeof spec.id, "full");
    spec.kinds.has_kind[UMIG_KIND_CPU] = true;
    spec.kinds.has_kind[UMIG_KIND_LOCKS] = true;
    spec.kinds.has_kind[UMIG_KIND_GC] = true;
    spec.kinds.has_kind[UMIG_KIND_HEAP] = true;
    spec.kinds.interval_ns[UMIG_KIND_CPU] = INTERVAL_NS;
    spec.kinds.interval_ns[UMIG_KIND_LOCKS] = UMIG_NS_PER_MS;
    assert_int_equal(umig_trigger_parse(umig_span_of("heap > 90%"), &spec.when, NULL), UMIG_OK);
    assert_int_equal(umig_sessions_open(&fx->sessions, &spec, 5, &fx->session, NULL), UMIG_OK);
    umig_session_begin(&fx->sessions, fx->session, 7);
    umig_backlog_begin(fx->session->backlog, &fx->cost, 7);
    for (int i = 0; i < 2; i++) {
        fx->dictionary_memory[i] = calloc(1, umig_dictionary_bytes(STACK_ROOM));
        umig_dictionary_init(i == 0 ? &fx->from : &fx->to, fx->dictionary_memory[i], STACK_ROOM);
    }
    fx->dictionary_memory[2] = calloc(1, umig_carry_bytes(STACK_ROOM));
    umig_carry_init(&fx->carry, &fx->from, &fx->to, fx->dictionary_memory[2]);
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fx = *state;
    umig_session_close(fx->session);
    assert_int_equal(atomic_load(&fx->memory.used_bytes), 0);
    for (int i = 0; i < 3; i++) {
        free(fx->dictionary_memory[i]);
    }
    free(fx);
    return 0;
}

/* A sample as the pump gives one. */
static void add_sample(struct fixture *fx, uint32_t session, uint64_t time_ns, uint32_t stack)
{
    fx->batch.samples[fx->batch.sample_count++] = (struct umig_batch_sample){
        .session = session,
        .kind = UMIG_KIND_CPU,
        .time_ns = time_ns,
        .thread = 1,
        .stack = stack,
        .value = INTERVAL_NS,
    };
    if (session == fx->session->number) {
        fx->session->tallies[UMIG_KIND_CPU].produced += INTERVAL_NS;
        fx->session->tallies[UMIG_KIND_CPU].samples++;
        fx->session->outcomes[UMIG_OUTCOME_OK]++;
    }
}

static void add_wait(struct fixture *fx, uint32_t stack, uint64_t wait_ns)
{
    fx->batch.waits[fx->batch.wait_count++] =
        (struct umig_batch_wait){.session = fx->session->number,
                                 .thread = 1,
                                 .stack = stack,
                                 .wait_ns = wait_ns,
                                 .count = 1};
    fx->session->tallies[UMIG_KIND_LOCKS].produced += wait_ns;
    fx->session->tallies[UMIG_KIND_LOCKS].samples++;
}

static void add_pause(struct fixture *fx)
{
    fx->batch.pauses[fx->batch.pause_count++] =
        (struct umig_batch_pause){.session = fx->session->number, .duration_ns = 3};
    fx->session->tallies[UMIG_KIND_GC].produced++;
    fx->session->tallies[UMIG_KIND_GC].samples++;
}

static void add_gc_event(struct fixture *fx, uint32_t session, uint32_t name)
{
    fx->batch.gc_events[fx->batch.gc_event_count++] = (struct umig_batch_gc_event){
        .session = session, .kind = 3, .name = name, .detail = name, .duration_ns = 8};
}

static void add_pool(struct fixture *fx, uint32_t session, uint32_t name)
{
    fx->batch.pools[fx->batch.pool_count++] =
        (struct umig_batch_pool){.session = session, .number = 4, .name = name, .size = 8};
    if (session == fx->session->number) {
        fx->session->tallies[UMIG_KIND_POOLS].produced++;
        fx->session->tallies[UMIG_KIND_POOLS].samples++;
    }
}

static void cut(struct fixture *fx, uint64_t now_ns)
{
    fx->cost.agent_cpu_ns = now_ns / 100;
    umig_backlog_cut(fx->session, &fx->batch, &fx->cost, now_ns);
}

/* A second with so many samples; drops one besides. */
static void add_second(struct fixture *fx, uint64_t second, uint32_t samples)
{
    for (uint32_t i = 0; i < samples; i++) {
        add_sample(fx, fx->session->number, second * UMIG_NS_PER_S - 1, i + 1);
    }
    umig_session_lost(fx->session, UMIG_KIND_CPU, UMIG_DROP_RING_FULL, INTERVAL_NS);
    cut(fx, second * UMIG_NS_PER_S);
}

static uint64_t dropped(const struct umig_tally *tally)
{
    uint64_t sum = 0;
    for (int cause = 0; cause < UMIG_DROP_COUNT; cause++) {
        sum += tally->dropped[cause];
    }
    return sum;
}

/* Takes everything; the rows of the last batch stay in it. Returns the value of CPU samples. */
static uint64_t take_all(struct fixture *fx)
{
    uint64_t stored = 0;
    memset(&fx->batch, 0, sizeof fx->batch);
    while (umig_backlog_take(fx->session, &fx->batch)) {
        for (uint32_t i = 0; i < fx->batch.sample_count; i++) {
            stored += fx->batch.samples[i].value;
        }
        fx->batch.sample_count = 0;
    }
    return stored;
}

static void assert_whole(struct fixture *fx, uint64_t stored)
{
    const struct umig_tally *tally = &fx->session->tallies[UMIG_KIND_CPU];
    assert_int_equal(tally->produced, stored + dropped(tally));
    assert_int_equal(tally->samples * INTERVAL_NS, stored);
}

static void test_backlog_cut_takes_the_sessions_rows_and_leaves_the_others(void **state)
{
    struct fixture *fx = *state;
    add_sample(fx, 99, 1, 11);
    add_sample(fx, fx->session->number, 2, 12);
    add_sample(fx, 99, 3, 13);
    add_wait(fx, 5, 2 * UMIG_NS_PER_MS);
    add_pause(fx);
    add_gc_event(fx, fx->session->number, 1);
    add_gc_event(fx, 99, 2);
    add_pool(fx, fx->session->number, 1);
    add_pool(fx, 99, 2);

    cut(fx, UMIG_NS_PER_S);

    assert_int_equal(fx->batch.pool_count, 1);
    assert_int_equal(fx->batch.pools[0].name, 2);
    assert_int_equal(fx->batch.gc_event_count, 1);
    assert_int_equal(fx->batch.gc_events[0].name, 2);
    assert_int_equal(fx->batch.sample_count, 2);
    assert_int_equal(fx->batch.samples[0].stack, 11);
    assert_int_equal(fx->batch.samples[1].stack, 13);
    assert_int_equal(fx->batch.wait_count, 0);
    assert_int_equal(fx->batch.pause_count, 0);
    assert_int_equal(fx->session->tallies[UMIG_KIND_CPU].produced, 0);
    assert_int_equal(fx->session->backlog->rows, 5);
    assert_int_equal(umig_backlog_first(fx->session->backlog)->from_ns, 7);
    assert_int_equal(umig_backlog_first(fx->session->backlog)->until_ns, UMIG_NS_PER_S);
}

static void test_backlog_take_gives_rows_in_order_under_the_new_number(void **state)
{
    struct fixture *fx = *state;
    add_sample(fx, fx->session->number, 2, 12);
    add_wait(fx, 5, 2 * UMIG_NS_PER_MS);
    add_pause(fx);
    add_gc_event(fx, fx->session->number, 1);
    add_pool(fx, fx->session->number, 1);
    cut(fx, UMIG_NS_PER_S);
    add_sample(fx, fx->session->number, 3, 13);
    cut(fx, 2 * UMIG_NS_PER_S);
    memset(&fx->batch, 0, sizeof fx->batch);
    fx->session->number = 77;

    assert_true(umig_backlog_take(fx->session, &fx->batch));

    assert_int_equal(fx->batch.sample_count, 1);
    assert_int_equal(fx->batch.samples[0].session, 77);
    assert_int_equal(fx->batch.samples[0].stack, 12);
    assert_int_equal(fx->batch.waits[0].session, 77);
    assert_int_equal(fx->batch.pauses[0].session, 77);
    assert_int_equal(fx->batch.pool_count, 1);
    assert_int_equal(fx->batch.pools[0].session, 77);
    assert_int_equal(fx->batch.pools[0].size, 8);
    assert_int_equal(fx->batch.gc_event_count, 1);
    assert_int_equal(fx->batch.gc_events[0].session, 77);
    assert_int_equal(fx->batch.gc_events[0].duration_ns, 8);
    assert_int_equal(fx->session->tallies[UMIG_KIND_POOLS].produced, 1);
    assert_int_equal(fx->session->tallies[UMIG_KIND_CPU].produced, INTERVAL_NS);
    assert_int_equal(fx->session->tallies[UMIG_KIND_LOCKS].produced, 2 * UMIG_NS_PER_MS);
    assert_int_equal(fx->session->tallies[UMIG_KIND_GC].produced, 1);
    assert_int_equal(fx->session->outcomes[UMIG_OUTCOME_OK], 1);
    assert_int_equal(umig_backlog_first(fx->session->backlog)->agent_cpu_ns, UMIG_NS_PER_S / 100);
    assert_true(umig_backlog_take(fx->session, &fx->batch));
    assert_int_equal(fx->batch.samples[1].stack, 13);
    assert_false(umig_backlog_take(fx->session, &fx->batch));
}

static void test_backlog_forget_takes_the_books_along(void **state)
{
    struct fixture *fx = *state;
    for (uint64_t second = 1; second <= 10; second++) {
        add_second(fx, second, 5);
    }

    umig_backlog_forget(fx->session->backlog, 8 * UMIG_NS_PER_S);

    assert_int_equal(umig_backlog_first(fx->session->backlog)->from_ns, 7 * UMIG_NS_PER_S);
    assert_int_equal(fx->session->backlog->rows, 3 * 5);
    assert_int_equal(take_all(fx), 3 * 5 * INTERVAL_NS);
    assert_whole(fx, 3 * 5 * INTERVAL_NS);
    assert_int_equal(fx->session->tallies[UMIG_KIND_CPU].dropped[UMIG_DROP_RING_FULL],
                     3 * INTERVAL_NS);
}

/* 60 slices of 1000 rows of 48 bytes are 2.8 MB, and there are 512 KiB. */
static void test_backlog_without_room_drops_the_oldest_rows_and_says_so(void **state)
{
    struct fixture *fx = *state;
    for (uint64_t second = 1; second <= 60; second++) {
        add_second(fx, second, 1000);
    }
    const uint64_t kept = fx->session->backlog->rows;

    assert_in_range(kept, 5000, 12000);
    assert_int_equal(umig_backlog_first(fx->session->backlog)->from_ns, 7); /* nothing aged */
    const uint64_t stored = take_all(fx);
    assert_int_equal(stored, kept * INTERVAL_NS);
    assert_whole(fx, stored);
    const struct umig_tally *tally = &fx->session->tallies[UMIG_KIND_CPU];
    assert_int_equal(tally->produced, 60 * 1001 * INTERVAL_NS);
    assert_int_equal(tally->dropped[UMIG_DROP_RING_FULL], 60 * INTERVAL_NS);
    assert_int_equal(tally->dropped[UMIG_DROP_BACKLOG_FULL], (60000 - kept) * INTERVAL_NS);
}

/* A session that is armed for a day at the bound of its memory grows by nothing. */
static void test_backlog_at_its_bound_for_long_stays_whole(void **state)
{
    struct fixture *fx = *state;
    for (uint64_t second = 1; second <= 3000; second++) {
        add_second(fx, second, second % 7 == 0 ? 3000 : 100);
        if (second > 60) {
            umig_backlog_forget(fx->session->backlog, (second - 60) * UMIG_NS_PER_S);
        }
    }

    const uint64_t first_ns = umig_backlog_first(fx->session->backlog)->from_ns;
    assert_int_equal(first_ns, 2939 * UMIG_NS_PER_S);
    const uint64_t stored = take_all(fx);
    assert_whole(fx, stored);
    assert_int_equal(fx->session->tallies[UMIG_KIND_CPU].dropped[UMIG_DROP_RING_FULL],
                     61 * INTERVAL_NS);
}

static uint32_t push(struct umig_dictionary *dictionary, uint32_t parent, const char *name)
{
    const uint32_t method = umig_dictionary_method(
        dictionary, 0, umig_dictionary_string(dictionary, name, strlen(name)), 0);
    return umig_dictionary_stack(dictionary, parent,
                                 umig_dictionary_frame(dictionary, UMIG_FRAME_JAVA, method, 1));
}

static void test_backlog_carry_names_the_same_in_another_dictionary(void **state)
{
    struct fixture *fx = *state;
    const uint32_t root = push(&fx->from, 0, "run");
    const uint32_t leaf = push(&fx->from, root, "all");
    const uint32_t thread = umig_dictionary_thread(&fx->from, 4242, UMIG_THREAD_JAVA,
                                                   umig_dictionary_string(&fx->from, "main", 4), 0);
    (void)push(&fx->to, 0, "other"); /* ids are not the same */
    add_sample(fx, fx->session->number, 2, leaf);
    fx->batch.samples[0].thread = thread;
    add_pool(fx, fx->session->number, umig_dictionary_string(&fx->from, "main", 4));
    add_gc_event(fx, fx->session->number, umig_dictionary_string(&fx->from, "mark", 4));
    cut(fx, UMIG_NS_PER_S);
    memset(&fx->batch, 0, sizeof fx->batch);

    umig_backlog_carry(fx->session->backlog, &fx->carry);

    assert_true(umig_backlog_take(fx->session, &fx->batch));
    assert_int_equal(fx->batch.pools[0].name, umig_dictionary_string(&fx->to, "main", 4));
    assert_int_equal(fx->batch.gc_events[0].name, umig_dictionary_string(&fx->to, "mark", 4));
    assert_int_equal(fx->batch.gc_events[0].detail, fx->batch.gc_events[0].name);
    const uint32_t there = push(&fx->to, push(&fx->to, 0, "run"), "all");
    assert_int_equal(fx->batch.samples[0].stack, there);
    assert_int_equal(fx->batch.samples[0].thread,
                     umig_dictionary_thread(&fx->to, 4242, UMIG_THREAD_JAVA,
                                            umig_dictionary_string(&fx->to, "main", 4), 0));
}

static void test_backlog_carry_nowhere_books_every_row(void **state)
{
    struct fixture *fx = *state;
    add_second(fx, 1, 20);
    add_wait(fx, 5, 2 * UMIG_NS_PER_MS);
    cut(fx, 2 * UMIG_NS_PER_S);

    umig_backlog_carry(fx->session->backlog, NULL);

    assert_int_equal(take_all(fx), 0);
    assert_whole(fx, 0);
    const struct umig_tally *tallies = fx->session->tallies;
    assert_int_equal(tallies[UMIG_KIND_CPU].dropped[UMIG_DROP_DICTIONARY_FULL], 20 * INTERVAL_NS);
    assert_int_equal(tallies[UMIG_KIND_LOCKS].dropped[UMIG_DROP_DICTIONARY_FULL],
                     2 * UMIG_NS_PER_MS);
    assert_int_equal(fx->batch.wait_count, 0);
}

/* One that has fired and waits for the spool grows by nothing while nothing is taken. */
static void test_backlog_cut_of_nothing_keeps_a_slice_only_while_it_waits(void **state)
{
    struct fixture *fx = *state;
    cut(fx, UMIG_NS_PER_S);
    const size_t armed = fx->session->backlog->end;
    assert_true(armed > 0);

    fx->session->is_waiting = false;
    cut(fx, 2 * UMIG_NS_PER_S);

    assert_int_equal(fx->session->backlog->end, armed);
}

/* Two dozen that keep little take little; one that finds no more keeps what it has. */
static void test_backlog_grows_as_it_is_needed_and_there_is_memory(void **state)
{
    struct fixture *fx = *state;
    struct umig_backlog *backlog = fx->session->backlog;
    assert_int_equal(backlog->room, UMIG_BACKLOG_MIN_BYTES);

    fx->memory.limit_bytes = atomic_load(&fx->memory.used_bytes) + 330 * 1024;
    for (uint64_t second = 1; second <= 20; second++) {
        add_second(fx, second, 500);
    }

    /* 128 KiB beside 64, 256 beside 128: the next would be 512 beside 256. */
    assert_int_equal(backlog->room, 256 * 1024);
    const uint64_t stored = take_all(fx);
    assert_true(stored > 4000 * INTERVAL_NS);
    assert_whole(fx, stored);
}

static void test_backlog_open_without_memory_takes_nothing(void **state)
{
    struct fixture *fx = *state;
    struct umig_backlog *backlog = NULL;
    struct umig_err err = UMIG_ERR_INIT;
    const size_t used = atomic_load(&fx->memory.used_bytes);

    fx->memory.limit_bytes = used + 40 * 1024;
    assert_int_equal(umig_backlog_open(&fx->memory, 4 << 20, &backlog, &err), UMIG_E_NOMEM);

    assert_non_null(strstr(err.text, "--before 0s"));
    assert_int_equal(atomic_load(&fx->memory.used_bytes), used);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_backlog_cut_takes_the_sessions_rows_and_leaves_the_others),
        TEST(test_backlog_take_gives_rows_in_order_under_the_new_number),
        TEST(test_backlog_forget_takes_the_books_along),
        TEST(test_backlog_without_room_drops_the_oldest_rows_and_says_so),
        TEST(test_backlog_at_its_bound_for_long_stays_whole),
        TEST(test_backlog_carry_names_the_same_in_another_dictionary),
        TEST(test_backlog_carry_nowhere_books_every_row),
        TEST(test_backlog_cut_of_nothing_keeps_a_slice_only_while_it_waits),
        TEST(test_backlog_grows_as_it_is_needed_and_there_is_memory),
        TEST(test_backlog_open_without_memory_takes_nothing),
    };
    return cmocka_run_group_tests_name("backlog", tests, NULL, NULL);
}
