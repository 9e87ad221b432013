/* Batches against protobuf-c: every row arrives, under its session, in columns of equal length. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <umig/v1/stream.pb-c.h>

#include "agent/session/batch.h"
#include "agent/session/session_cost.h"
#include "core/units.h"
#include "tests/support/test.h"

enum {
    STACKS = 4096
};

struct fixture {
    struct umig_memory memory;
    struct umig_sessions sessions;
    struct umig_dictionary dictionary;
    struct umig_batch batch;
    struct umig_cost cost;
    void *dictionary_memory;
    uint8_t payload[UMIG_BATCH_MAX_BYTES];
};

static int setup(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    fx->memory.limit_bytes = 16 << 20;
    umig_sessions_init(&fx->sessions, &fx->memory, 1);
    fx->dictionary_memory = calloc(1, umig_dictionary_bytes(STACKS));
    umig_dictionary_init(&fx->dictionary, fx->dictionary_memory, STACKS);
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
    free(fx->dictionary_memory);
    free(fx);
    return 0;
}

static struct umig_session *open_session(struct fixture *fx, const char *id)
{
    struct umig_session_spec spec = {0};
    snprintf(spec.id, sizeof spec.id, "%s", id);
    spec.kinds.has_kind[UMIG_KIND_CPU] = true;
    spec.kinds.interval_ns[UMIG_KIND_CPU] = 10000000;
    spec.kinds.has_kind[UMIG_KIND_GC] = true;
    spec.label_count = 1;
    snprintf(spec.labels[0].key, sizeof spec.labels[0].key, "build");
    snprintf(spec.labels[0].value, sizeof spec.labels[0].value, "42");
    struct umig_session *session = NULL;
    assert_int_equal(umig_sessions_open(&fx->sessions, &spec, 5, &session, NULL), UMIG_OK);
    umig_session_begin(&fx->sessions, session, 7);
    return session;
}

static Umig__V1__Batch *write_batch(struct fixture *fx)
{
    struct umig_pb_writer writer;
    umig_pb_writer_init(&writer, fx->payload, sizeof fx->payload);
    umig_batch_write(&fx->batch, &fx->dictionary, &fx->sessions, &fx->cost, 99, &writer);
    assert_false(writer.is_full);
    Umig__V1__Batch *batch = umig__v1__batch__unpack(NULL, writer.len, writer.bytes);
    assert_non_null(batch);
    return batch;
}

static void add_sample(struct fixture *fx, uint32_t session, uint64_t time_ns, uint32_t stack)
{
    fx->batch.samples[fx->batch.sample_count++] = (struct umig_batch_sample){
        .session = session,
        .kind = UMIG_KIND_CPU,
        .time_ns = time_ns,
        .thread = 1,
        .stack = stack,
        .outcome = stack % 3,
        .value = stack * 10000000ull,
    };
}

static void test_batch_groups_samples_by_session(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *a = open_session(fx, "a");
    struct umig_session *b = open_session(fx, "b");
    add_sample(fx, a->number, 5000000, 1);
    add_sample(fx, b->number, 5100000, 2);
    add_sample(fx, a->number, 2000001,
               3); /* rings are drained one after the other: time may go back */

    Umig__V1__Batch *batch = write_batch(fx);

    assert_int_equal(batch->n_samples, 2);
    const Umig__V1__Samples *first = batch->samples[0];
    assert_int_equal(first->session, a->number);
    assert_int_equal(first->base_ns, 5000000);
    assert_int_equal(first->n_time_delta_ms, 2);
    assert_int_equal(first->time_delta_ms[0], 0);
    assert_int_equal(first->time_delta_ms[1], -2);
    assert_int_equal(first->n_stack, 2);
    assert_int_equal(first->stack[1], 3);
    assert_int_equal(first->n_outcome, 2);
    assert_int_equal(first->outcome[1], 0);
    assert_int_equal(first->unit, 10000000);
    assert_int_equal(first->n_units, 2);
    assert_int_equal(first->units[1], 3);
    assert_int_equal(batch->samples[1]->n_stack, 1);
    umig__v1__batch__free_unpacked(batch, NULL);
}

static void test_batch_keeps_kinds_apart(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a");
    session->spec.kinds.has_kind[UMIG_KIND_WALL] = true;
    add_sample(fx, session->number, 5000000, 1);
    add_sample(fx, session->number, 5000000, 2);
    fx->batch.samples[0].kind = UMIG_KIND_WALL;
    fx->batch.samples[0].value = 7;

    Umig__V1__Batch *batch = write_batch(fx);

    assert_int_equal(batch->n_samples, 2);
    assert_int_equal(batch->samples[0]->kind, UMIG_KIND_CPU);
    assert_int_equal(batch->samples[0]->stack[0], 2);
    assert_int_equal(batch->samples[0]->unit, 20000000);
    assert_int_equal(batch->samples[1]->kind, UMIG_KIND_WALL);
    assert_int_equal(batch->samples[1]->stack[0], 1);
    assert_int_equal(batch->samples[1]->unit, 7);
    umig__v1__batch__free_unpacked(batch, NULL);
}

/* Two kinds of one session go apart; only allocation counts objects. */
static void test_batch_tells_kinds_of_samples_apart(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a");
    session->spec.kinds.has_kind[UMIG_KIND_ALLOC] = true;
    add_sample(fx, session->number, 5000000, 3);
    for (uint64_t i = 1; i <= 2; i++) {
        fx->batch.samples[fx->batch.sample_count++] =
            (struct umig_batch_sample){.session = session->number,
                                       .kind = UMIG_KIND_ALLOC,
                                       .time_ns = 6000000,
                                       .thread = 1,
                                       .stack = 7,
                                       .value = 1000 * i,
                                       .count = 10 * i};
    }

    Umig__V1__Batch *batch = write_batch(fx);

    assert_int_equal(batch->n_samples, 2);
    assert_int_equal(batch->samples[0]->kind, UMIG_KIND_CPU);
    assert_int_equal(batch->samples[0]->n_stack, 1);
    assert_int_equal(batch->samples[0]->n_counts, 0);
    const Umig__V1__Samples *alloc = batch->samples[1];
    assert_int_equal(alloc->kind, UMIG_KIND_ALLOC);
    assert_int_equal(alloc->base_ns, 6000000);
    assert_int_equal(alloc->n_stack, 2);
    assert_int_equal(alloc->n_outcome, 0);
    assert_int_equal(alloc->unit, 1000);
    assert_int_equal(alloc->units[1], 2);
    assert_int_equal(alloc->n_counts, 2);
    assert_int_equal(alloc->counts[0], 10);
    assert_int_equal(alloc->counts[1], 20);
    umig__v1__batch__free_unpacked(batch, NULL);
}

static void test_batch_leaves_out_columns_that_say_nothing(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a");
    for (uint64_t i = 0; i < 5; i++) {
        add_sample(fx, session->number, 1000 + i, 3); /* OK; worth the same */
    }

    Umig__V1__Batch *batch = write_batch(fx);

    const Umig__V1__Samples *samples = batch->samples[0];
    assert_int_equal(samples->n_stack, 5);
    assert_int_equal(samples->n_thread, 5);
    assert_int_equal(samples->n_outcome, 0);
    assert_int_equal(samples->unit, 30000000);
    assert_int_equal(samples->n_units, 0);
    umig__v1__batch__free_unpacked(batch, NULL);
}

/* A millisecond is what a time may be off, over a batch of any length. */
static void test_batch_times_do_not_drift(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a");
    const uint64_t step_ns = 1999999;
    for (uint64_t i = 0; i < 1000; i++) {
        add_sample(fx, session->number, 77 + i * step_ns, 3);
    }

    Umig__V1__Batch *batch = write_batch(fx);

    const Umig__V1__Samples *samples = batch->samples[0];
    int64_t at_ns = (int64_t)samples->base_ns;
    for (size_t i = 0; i < samples->n_time_delta_ms; i++) {
        at_ns += samples->time_delta_ms[i] * 1000000;
        assert_in_range(77 + i * step_ns - (uint64_t)at_ns, 0, 999999);
    }
    assert_int_equal(samples->n_time_delta_ms, 1000);
    umig__v1__batch__free_unpacked(batch, NULL);
}

static void test_batch_says_a_start_once_and_an_end_last(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a");
    assert_true(umig_batch_is_due(&fx->batch, &fx->sessions));

    Umig__V1__Batch *batch = write_batch(fx);
    assert_int_equal(batch->n_starts, 1);
    assert_string_equal(batch->starts[0]->id, "a");
    assert_int_equal(batch->starts[0]->start_ns, 7);
    assert_int_equal(batch->starts[0]->n_kinds, 2);
    assert_string_equal(batch->starts[0]->labels[0]->value, "42");
    assert_int_equal(batch->n_tallies, 2);
    umig__v1__batch__free_unpacked(batch, NULL);
    umig_batch_clear(&fx->batch, &fx->sessions, &fx->cost);
    assert_false(umig_batch_is_due(&fx->batch, &fx->sessions));

    session->ended = UMIG_END_STOPPED;
    session->end_ns = 1234;
    assert_true(umig_batch_is_due(&fx->batch, &fx->sessions));
    batch = write_batch(fx);
    assert_int_equal(batch->n_starts, 0);
    assert_int_equal(batch->n_ends, 1);
    assert_int_equal(batch->ends[0]->end_ns, 1234);
    assert_int_equal(batch->ends[0]->reason, UMIG_END_STOPPED);
    umig__v1__batch__free_unpacked(batch, NULL);
    umig_batch_clear(&fx->batch, &fx->sessions, &fx->cost);
    assert_false(session->is_open);
}

static void test_batch_carries_the_books(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a");
    session->tallies[UMIG_KIND_CPU].produced = 500;
    session->tallies[UMIG_KIND_CPU].dropped[UMIG_DROP_RING_FULL] = 20;
    session->tallies[UMIG_KIND_CPU].dropped[UMIG_DROP_SPOOL_FULL] = 30;
    session->agent_cpu_at_start_ns = 100;
    fx->cost =
        (struct umig_cost){.agent_cpu_ns = 150, .process_cpu_ns = 4000, .agent_memory_bytes = 12};

    Umig__V1__Batch *batch = write_batch(fx);

    const Umig__V1__Tally *tally = batch->tallies[0];
    assert_int_equal(tally->kind, UMIG_KIND_CPU);
    assert_int_equal(tally->produced, 500);
    assert_int_equal(tally->n_drop_cause, 2);
    assert_int_equal(tally->drop_cause[1], UMIG_DROP_SPOOL_FULL);
    assert_int_equal(tally->drop_value[1], 30);
    assert_int_equal(tally->agent_cpu_ns, 50);
    umig__v1__batch__free_unpacked(batch, NULL);
}

static void test_batch_tells_the_cost_by_kind_since_the_start(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a");
    fx->cost.kind_cpu_ns[0] = 100;
    fx->cost.kind_cpu_ns[UMIG_KIND_CPU] = 40;
    fx->cost.process_cpu_ns = 5000;
    umig_session_begin_cost(session, &fx->cost);
    fx->cost.time_ns = session->start_ns + 2 * UMIG_NS_PER_S;
    fx->cost.kind_cpu_ns[0] = 107;
    fx->cost.kind_cpu_ns[UMIG_KIND_CPU] = 49;
    fx->cost.process_cpu_ns = 6000;
    fx->cost.agent_memory_bytes = 12;
    fx->cost.budget_ppm = 10000;
    fx->cost.budget_memory_bytes = 64;
    fx->cost.divisors[UMIG_KIND_WALL] = 4; /* it took nothing, and that is why */

    Umig__V1__Batch *batch = write_batch(fx);

    assert_int_equal(batch->n_costs, 1);
    const Umig__V1__Cost *cost = batch->costs[0];
    assert_int_equal(cost->session, session->number);
    assert_int_equal(cost->time_ns, fx->cost.time_ns);
    assert_int_equal(cost->n_kind, 3);
    assert_int_equal(cost->kind[0], 0);
    assert_int_equal(cost->cpu_ns[0], 7);
    assert_int_equal(cost->kind[1], UMIG_KIND_CPU);
    assert_int_equal(cost->cpu_ns[1], 9);
    assert_int_equal(cost->divisor[1], 1);
    assert_int_equal(cost->kind[2], UMIG_KIND_WALL);
    assert_int_equal(cost->cpu_ns[2], 0);
    assert_int_equal(cost->divisor[2], 4);
    assert_int_equal(cost->process_cpu_ns, 1000);
    assert_int_equal(cost->memory_bytes, 12);
    assert_int_equal(cost->budget_ppm, 10000);
    assert_int_equal(cost->budget_memory_bytes, 64);
    umig__v1__batch__free_unpacked(batch, NULL);
}

/* Batches that tell the cost, of so many that are a second apart. */
static uint32_t count_costs(struct fixture *fx, struct umig_session *session, uint32_t seconds)
{
    uint32_t told = 0;
    for (uint32_t i = 1; i <= seconds; i++) {
        fx->cost.time_ns = session->start_ns + i * UMIG_NS_PER_S;
        Umig__V1__Batch *batch = write_batch(fx);
        told += (uint32_t)batch->n_costs;
        umig__v1__batch__free_unpacked(batch, NULL);
        umig_batch_clear(&fx->batch, &fx->sessions, &fx->cost);
    }
    return told;
}

static void test_batch_tells_the_cost_each_second_then_each_ten(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a");

    assert_int_equal(count_costs(fx, session, 30), 30);
    session->last_cost_ns = session->start_ns + 3600 * UMIG_NS_PER_S;
    for (uint32_t i = 1; i <= 10; i++) {
        fx->cost.time_ns = session->last_cost_ns + i * UMIG_NS_PER_S;
        assert_int_equal(umig_session_is_cost_due(session, &fx->cost, false), i == 10);
        assert_true(umig_session_is_cost_due(session, &fx->cost, true)); /* it is over */
    }
    fx->cost.time_ns = session->last_cost_ns; /* not measured since */
    assert_false(umig_session_is_cost_due(session, &fx->cost, true));
}

static void test_batch_pauses_waits_and_heap_arrive(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a");
    fx->batch.pauses[fx->batch.pause_count++] = (struct umig_batch_pause){
        .session = session->number, .start_ns = 10, .duration_ns = 5, .heap_after = 101};
    fx->batch.waits[fx->batch.wait_count++] = (struct umig_batch_wait){
        .session = session->number, .time_ns = 20, .stack = 4, .wait_ns = 77, .count = 3};
    fx->batch.waits[fx->batch.wait_count++] = (struct umig_batch_wait){
        .session = session->number, .time_ns = 21, .stack = 4, .wait_ns = 78, .holder_stack = 6};
    struct umig_batch_heap_point *point = &fx->batch.heap_points[fx->batch.heap_point_count++];
    point->session = session->number;
    point->time_ns = 30;
    point->rss_bytes = 4096;
    point->pool_count = 2;
    point->pools[0].used = 1;
    point->pools[1].used = 2;
    for (uint32_t i = 0; i < UMIG_JVM_COUNTERS; i++) {
        point->counters.values[i] = UMIG_JVM_COUNTER_UNKNOWN;
    }
    point->counters.values[UMIG_JVM_SAFEPOINTS] = 0;
    point->counters.values[UMIG_JVM_LOADED] = 512;

    Umig__V1__Batch *batch = write_batch(fx);

    assert_int_equal(batch->n_gc_pauses, 1);
    assert_int_equal(batch->gc_pauses[0]->n_start_ns, 1);
    assert_int_equal(batch->gc_pauses[0]->heap_after[0], 101);
    assert_int_equal(batch->gc_pauses[0]->n_cause, 1);
    assert_int_equal(batch->n_waits, 1);
    assert_int_equal(batch->waits[0]->wait_ns[0], 77);
    assert_int_equal(batch->waits[0]->count[0], 3);
    assert_int_equal(batch->waits[0]->n_holder_stack, 2);
    assert_int_equal(batch->waits[0]->holder_stack[0], 0);
    assert_int_equal(batch->waits[0]->holder_stack[1], 6);
    assert_int_equal(batch->waits[0]->n_deadlock, 0); /* none says anything */
    assert_int_equal(batch->n_heap_points, 1);
    assert_int_equal(batch->heap_points[0]->n_used, 2);
    assert_int_equal(batch->heap_points[0]->used[1], 2);
    assert_int_equal(batch->heap_points[0]->n_counter, 2);
    assert_int_equal(batch->heap_points[0]->n_counter_value, 2);
    assert_int_equal(batch->heap_points[0]->counter[0], UMIG_JVM_SAFEPOINTS);
    assert_int_equal(batch->heap_points[0]->counter_value[0], 0);
    assert_int_equal(batch->heap_points[0]->counter[1], UMIG_JVM_LOADED);
    assert_int_equal(batch->heap_points[0]->counter_value[1], 512);
    umig__v1__batch__free_unpacked(batch, NULL);
}

static void put_gc_event(struct fixture *fx, uint32_t session, uint32_t kind)
{
    fx->batch.gc_events[fx->batch.gc_event_count++] = (struct umig_batch_gc_event){
        .session = session,
        .kind = kind,
        .start_ns = 10 * kind,
        .duration_ns = 7,
        .before = UINT64_C(1) << 40,
        .after = kind,
    };
}

/* The columns of threads and stacks are there when one has them. */
static void test_batch_gc_events_arrive_by_column(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a");
    put_gc_event(fx, session->number, 1);
    put_gc_event(fx, 99, 2); /* of a session that is gone */
    put_gc_event(fx, session->number, 9);
    assert_true(umig_batch_is_due(&fx->batch, &fx->sessions));

    Umig__V1__Batch *batch = write_batch(fx);
    assert_int_equal(batch->n_gc_events, 1);
    const Umig__V1__GcEvents *events = batch->gc_events[0];
    assert_int_equal(events->session, session->number);
    assert_int_equal(events->n_kind, 2);
    assert_int_equal(events->kind[1], 9);
    assert_int_equal(events->start_ns[1], 90);
    assert_int_equal(events->n_duration_ns, 2);
    assert_int_equal(events->n_name, 2);
    assert_int_equal(events->n_detail, 2);
    assert_true(events->before[0] == UINT64_C(1) << 40);
    assert_int_equal(events->after[1], 9);
    assert_int_equal(events->n_thread, 0);
    assert_int_equal(events->n_stack, 0);
    umig__v1__batch__free_unpacked(batch, NULL);

    fx->batch.gc_events[2].thread = 3;
    fx->batch.gc_events[2].stack = 4;
    batch = write_batch(fx);
    assert_int_equal(batch->gc_events[0]->n_thread, 2);
    assert_int_equal(batch->gc_events[0]->thread[1], 3);
    assert_int_equal(batch->gc_events[0]->stack[1], 4);
    umig__v1__batch__free_unpacked(batch, NULL);
    umig_batch_clear(&fx->batch, &fx->sessions, &fx->cost);
    assert_int_equal(fx->batch.gc_event_count, 0);
}

static void test_batch_is_full_of_gc_events(void **state)
{
    struct fixture *fx = *state;
    fx->batch.gc_event_count = UMIG_BATCH_GC_EVENTS - UMIG_SESSIONS_MAX;
    assert_false(umig_batch_is_full(&fx->batch, &fx->dictionary));
    fx->batch.gc_event_count++;
    assert_true(umig_batch_is_full(&fx->batch, &fx->dictionary));
}

static void put_pool(struct fixture *fx, uint32_t session, uint64_t time_ns, uint32_t number)
{
    fx->batch.pools[fx->batch.pool_count++] = (struct umig_batch_pool){
        .session = session,
        .time_ns = time_ns,
        .number = number,
        .kind = 2,
        .size = 4,
        .active = number,
        .queued = 1,
        .completed = UINT64_C(1) << 40,
    };
}

/* Rows of one session and time are a reading. */
static void test_batch_pools_arrive_by_reading(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a");
    assert_false(umig_batch_is_full(&fx->batch, &fx->dictionary));
    put_pool(fx, session->number, 10, 1);
    put_pool(fx, session->number, 10, 2);
    put_pool(fx, session->number, 20, 1);
    assert_true(umig_batch_is_due(&fx->batch, &fx->sessions));

    Umig__V1__Batch *batch = write_batch(fx);

    assert_int_equal(batch->n_pool_readings, 2);
    const Umig__V1__PoolReading *first = batch->pool_readings[0];
    assert_int_equal(first->session, session->number);
    assert_int_equal(first->time_ns, 10);
    assert_int_equal(first->n_pool, 2);
    assert_int_equal(first->pool[1], 2);
    assert_int_equal(first->n_maximum, 2);
    assert_int_equal(first->maximum[0], 0);
    assert_int_equal(first->active[1], 2);
    assert_int_equal(first->n_queued, 2);
    assert_true(first->completed[1] == UINT64_C(1) << 40);
    assert_int_equal(batch->pool_readings[1]->n_pool, 1);
    assert_int_equal(batch->pool_readings[1]->time_ns, 20);
    umig__v1__batch__free_unpacked(batch, NULL);
    umig_batch_clear(&fx->batch, &fx->sessions, &fx->cost);
    assert_int_equal(fx->batch.pool_count, 0);
}

static void test_batch_is_full_of_pools(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a");
    for (uint32_t i = 0; i < UMIG_BATCH_POOL_ROWS; i++) {
        assert_false(umig_batch_is_full(&fx->batch, &fx->dictionary));
        put_pool(fx, session->number, 10 + i / 256, i + 1);
    }

    assert_true(umig_batch_is_full(&fx->batch, &fx->dictionary));

    umig__v1__batch__free_unpacked(write_batch(fx), NULL);
}

/* Places are taken again, and who is stopped at once begins before who waits for the JVM. */
static void test_starts_count_up_whatever_came_first(void **state)
{
    struct fixture *fx = *state;
    struct umig_session_spec spec = {.kinds.has_kind = {[UMIG_KIND_GC] = true}};
    struct umig_session *sessions[3];
    for (int i = 0; i < 3; i++) {
        snprintf(spec.id, sizeof spec.id, "s%d", i);
        assert_int_equal(umig_sessions_open(&fx->sessions, &spec, 5, &sessions[i], NULL), UMIG_OK);
    }
    umig_session_begin(&fx->sessions, sessions[2], 7);
    umig_session_begin(&fx->sessions, sessions[0], 8);
    Umig__V1__Batch *batch = write_batch(fx);
    umig_batch_clear(&fx->batch, &fx->sessions, &fx->cost);
    assert_int_equal(batch->n_starts, 2);
    assert_string_equal(batch->starts[0]->id, "s2");
    assert_string_equal(batch->starts[1]->id, "s0");
    assert_true(batch->starts[0]->session < batch->starts[1]->session);
    const uint32_t highest = batch->starts[1]->session;
    umig__v1__batch__free_unpacked(batch, NULL);

    umig_session_begin(&fx->sessions, sessions[1], 9);
    batch = write_batch(fx);
    assert_int_equal(batch->n_starts, 1);
    assert_true(batch->starts[0]->session > highest);
    umig__v1__batch__free_unpacked(batch, NULL);
}

static void test_start_says_how_stacks_are_read_and_what_is_lacking(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a");
    session->spec.native = UMIG_NATIVE_ON;
    session->walker = UMIG_WALKER_AGCT;
    memset(session->problem, 'x', sizeof session->problem - 1);

    Umig__V1__Batch *batch = write_batch(fx);

    assert_int_equal(batch->n_starts, 1);
    assert_int_equal(batch->starts[0]->native, UMIG_NATIVE_ON);
    assert_string_equal(batch->starts[0]->walker, "agct");
    assert_int_equal(strlen(batch->starts[0]->problem), 255); /* collectors take 256 */
    umig__v1__batch__free_unpacked(batch, NULL);
}

/* Whatever else it lacks, and once where one reason keeps it from several. */
static void test_session_says_all_it_lacks_the_gravest_first(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a");
    umig_session_set_lack(session, UMIG_LACK_FRAMES, "no native frames");
    umig_session_set_lack(session, UMIG_LACK_WALL, "wall: none");
    assert_string_equal(session->problem, "wall: none; no native frames");

    umig_session_set_lack(session, UMIG_LACK_WALL, "wall: seldom");
    umig_session_set_lack(session, UMIG_LACK_POOLS, "pools: none");
    assert_string_equal(session->problem, "wall: seldom; pools: none; no native frames");

    umig_session_set_lack(session, UMIG_LACK_SAFETY, "off");
    umig_session_set_lack(session, UMIG_LACK_WALL, "off");
    umig_session_set_lack(session, UMIG_LACK_POOLS, "");
    assert_string_equal(session->problem, "off; no native frames");
}

/* The bound of a batch holds with every list full and a delta at its limit. */
static void test_batch_says_what_is_lacking_once_it_changes(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a");
    umig_session_set_lack(session, UMIG_LACK_FRAMES, "nothing to walk with");
    Umig__V1__Batch *first = write_batch(fx);
    assert_int_equal(first->n_problems, 0); /* it stands in the start */
    assert_string_equal(first->starts[0]->problem, "nothing to walk with");
    umig_batch_clear(&fx->batch, &fx->sessions, &fx->cost);
    umig_session_set_lack(session, UMIG_LACK_FRAMES, "nothing to walk with");
    assert_false(umig_batch_is_due(&fx->batch, &fx->sessions));

    umig_session_set_lack(session, UMIG_LACK_FRAMES, "native frames are off");

    assert_true(umig_batch_is_due(&fx->batch, &fx->sessions));
    Umig__V1__Batch *second = write_batch(fx);
    assert_int_equal(second->n_starts, 0);
    assert_int_equal(second->n_problems, 1);
    assert_int_equal(second->problems[0]->session, session->number);
    assert_string_equal(second->problems[0]->problem, "native frames are off");
    umig_batch_clear(&fx->batch, &fx->sessions, &fx->cost);
    assert_false(umig_batch_is_due(&fx->batch, &fx->sessions));
    umig__v1__batch__free_unpacked(first, NULL);
    umig__v1__batch__free_unpacked(second, NULL);
}

static void test_batch_fullest_fits_its_bound(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *session = open_session(fx, "a");
    while (!umig_batch_is_full(&fx->batch, &fx->dictionary)) {
        fx->batch.samples[fx->batch.sample_count++] = (struct umig_batch_sample){
            .session = session->number,
            .kind = UMIG_KIND_CPU,
            .time_ns = fx->batch.sample_count % 2 == 0 ? 1 : UINT64_MAX / 4,
            .thread = UINT32_MAX,
            .stack = UINT32_MAX,
            .outcome = 19,
            .value = UINT64_MAX - fx->batch.sample_count,
            .count = UINT64_MAX - fx->batch.sample_count};
    }

    Umig__V1__Batch *batch = write_batch(fx);

    assert_int_equal(batch->samples[0]->n_stack, fx->batch.sample_count);
    umig__v1__batch__free_unpacked(batch, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_batch_groups_samples_by_session, setup, teardown),
        cmocka_unit_test_setup_teardown(test_batch_keeps_kinds_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_batch_tells_kinds_of_samples_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_batch_leaves_out_columns_that_say_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_batch_times_do_not_drift, setup, teardown),
        cmocka_unit_test_setup_teardown(test_batch_says_what_is_lacking_once_it_changes, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_batch_says_a_start_once_and_an_end_last, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_batch_carries_the_books, setup, teardown),
        cmocka_unit_test_setup_teardown(test_batch_tells_the_cost_by_kind_since_the_start, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_batch_tells_the_cost_each_second_then_each_ten, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_batch_pauses_waits_and_heap_arrive, setup, teardown),
        cmocka_unit_test_setup_teardown(test_batch_pools_arrive_by_reading, setup, teardown),
        cmocka_unit_test_setup_teardown(test_batch_is_full_of_pools, setup, teardown),
        cmocka_unit_test_setup_teardown(test_batch_gc_events_arrive_by_column, setup, teardown),
        cmocka_unit_test_setup_teardown(test_batch_is_full_of_gc_events, setup, teardown),
        cmocka_unit_test_setup_teardown(test_starts_count_up_whatever_came_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_session_says_all_it_lacks_the_gravest_first, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_start_says_how_stacks_are_read_and_what_is_lacking,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_batch_fullest_fits_its_bound, setup, teardown),
    };
    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
