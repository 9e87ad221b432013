/* One good batch; each case spoils one thing and must be told which. */
#include <string.h>

#include "collector/batch/batch.h"
#include "include/umig/gc_events.h"
#include "include/umig/kinds.h"
#include "tests/support/test.h"

/* A batch with two of everything, built in place so that a case can spoil it. */
struct good {
    Umig__V1__Batch batch;
    Umig__V1__Dictionary dictionary;
    Umig__V1__SessionStart start;
    Umig__V1__KindOption kind;
    Umig__V1__Samples samples;
    Umig__V1__Waits waits;
    Umig__V1__GcEvents events;
    Umig__V1__PoolReading pools;
    Umig__V1__Tally tally;
    Umig__V1__Cost cost;
    Umig__V1__SessionProblem problem;
    Umig__V1__SessionEnd end;
    Umig__V1__SessionStart *starts[1];
    Umig__V1__KindOption *kinds[1];
    Umig__V1__Samples *samples_list[1];
    Umig__V1__Waits *waits_list[1];
    Umig__V1__GcEvents *events_list[1];
    Umig__V1__PoolReading *pools_list[1];
    Umig__V1__Tally *tallies[1];
    Umig__V1__Cost *costs[1];
    Umig__V1__SessionProblem *problems[1];
    Umig__V1__SessionEnd *ends[1];
    char *strings[2];
    uint32_t one[2], two[2], nine[2], frame_kind[2], parent[1], length[1], thread_kind[2],
        outcome[2], drop[1];
    int64_t delta[2];
    uint64_t value[2], start_ns[2];
    uint32_t tid[2];
    uint64_t virtual_id[2];
    uint32_t cost_kind[2];
    struct umig_known known;
};

static char text_a[] = "a.B";
static char text_b[] = "run";
static char id[] = "s-1";

static void fill_dictionary(struct good *g)
{
    Umig__V1__Dictionary *d = &g->dictionary;
    umig__v1__dictionary__init(d);
    g->strings[0] = text_a;
    g->strings[1] = text_b;
    d->first_string = d->first_method = d->first_frame = d->first_stack = d->first_thread = 1;
    d->n_strings = 2;
    d->strings = g->strings;
    d->n_method_class = d->n_method_name = d->n_method_file = 2;
    d->method_class = d->method_name = d->method_file = g->one;
    d->n_frame_kind = d->n_frame_method = d->n_frame_line = 2;
    d->frame_kind = g->frame_kind;
    d->frame_method = d->frame_line = g->one;
    d->n_stack_frame = 2;
    d->n_chain_parent = d->n_chain_length = 1;
    d->chain_parent = g->parent;
    d->chain_length = g->length;
    d->stack_frame = g->one;
    d->n_thread_tid = d->n_thread_kind = d->n_thread_name = 2;
    d->thread_tid = g->tid;
    d->thread_name = g->one;
    d->thread_kind = g->thread_kind;
    d->n_thread_virtual_id = 2;
    d->thread_virtual_id = g->virtual_id;
}

static void fill_rows(struct good *g)
{
    umig__v1__samples__init(&g->samples);
    g->samples.session = 1;
    g->samples.kind = UMIG_KIND_CPU;
    g->samples.base_ns = 1000;
    g->samples.n_time_delta_ms = g->samples.n_thread = g->samples.n_stack = 2;
    g->samples.n_outcome = g->samples.n_units = 2;
    g->samples.unit = 10;
    g->samples.time_delta_ms = g->delta;
    g->samples.thread = g->samples.stack = g->one;
    g->samples.outcome = g->outcome;
    g->samples.units = g->value;
    umig__v1__waits__init(&g->waits);
    g->waits.session = 1;
    g->waits.base_ns = 1000;
    g->waits.n_time_delta_ns = g->waits.n_thread = g->waits.n_stack = g->waits.n_holder = 2;
    g->waits.n_monitor_class = g->waits.n_wait_ns = g->waits.n_count = 2;
    g->waits.time_delta_ns = g->delta;
    g->waits.thread = g->waits.stack = g->waits.holder = g->waits.monitor_class = g->one;
    g->waits.wait_ns = g->value;
    g->waits.count = g->one;
    umig__v1__gc_events__init(&g->events);
    g->events.session = 1;
    g->events.n_kind = g->events.n_start_ns = g->events.n_duration_ns = g->events.n_name = 2;
    g->events.n_detail = g->events.n_before = g->events.n_after = g->events.n_thread = 2;
    g->events.kind = g->events.name = g->events.detail = g->events.thread = g->one;
    g->events.start_ns = g->start_ns;
    g->events.duration_ns = g->events.before = g->events.after = g->value;
    umig__v1__pool_reading__init(&g->pools);
    g->pools.session = 1;
    g->pools.time_ns = 1000;
    g->pools.n_pool = g->pools.n_kind = g->pools.n_name = g->pools.n_size = 2;
    g->pools.n_maximum = g->pools.n_active = g->pools.n_queued = g->pools.n_completed = 2;
    g->pools.pool = g->pools.kind = g->pools.name = g->one;
    g->pools.size = g->pools.maximum = g->pools.active = g->value;
    g->pools.queued = g->pools.completed = g->value;
    umig__v1__tally__init(&g->tally);
    g->tally.session = 1;
    g->tally.kind = UMIG_KIND_CPU;
    g->tally.time_ns = 1000;
    g->tally.n_drop_cause = g->tally.n_drop_value = 1;
    g->tally.drop_cause = g->drop;
    g->tally.drop_value = g->value;
    umig__v1__cost__init(&g->cost);
    g->cost.session = 1;
    g->cost.time_ns = 1000;
    g->cost.n_kind = g->cost.n_cpu_ns = g->cost.n_divisor = 2;
    g->cost.kind = g->cost_kind;
    g->cost.cpu_ns = g->value;
    g->cost.divisor = g->one;
}

static void make_good(struct good *g)
{
    memset(g, 0, sizeof *g);
    g->one[0] = g->one[1] = 1;
    g->nine[0] = g->nine[1] = 9;
    g->start_ns[0] = g->start_ns[1] = 1000;
    g->two[0] = g->two[1] = 2;
    g->frame_kind[0] = g->frame_kind[1] = UMIG_FRAME_COMPILED;
    g->length[0] = 2;
    g->thread_kind[0] = UMIG_THREAD_JAVA;
    g->thread_kind[1] = UMIG_THREAD_VIRTUAL;
    g->tid[0] = 77;
    g->virtual_id[1] = 42;
    g->drop[0] = UMIG_DROP_RING_FULL;
    fill_dictionary(g);
    fill_rows(g);
    umig__v1__session_start__init(&g->start);
    umig__v1__kind_option__init(&g->kind);
    umig__v1__session_end__init(&g->end);
    g->kind.kind = UMIG_KIND_CPU;
    g->kinds[0] = &g->kind;
    g->start.session = 1;
    g->start.id = id;
    g->start.start_ns = 1000;
    g->start.n_kinds = 1;
    g->start.kinds = g->kinds;
    umig__v1__session_problem__init(&g->problem);
    g->problem.session = 1;
    g->end.session = 1;
    g->end.end_ns = 2000;
    g->end.reason = UMIG_END_STOPPED;
    umig__v1__batch__init(&g->batch);
    g->batch.generation = 1;
    g->batch.created_ns = 1000;
    g->batch.dictionary = &g->dictionary;
    g->starts[0] = &g->start;
    g->samples_list[0] = &g->samples;
    g->waits_list[0] = &g->waits;
    g->events_list[0] = &g->events;
    g->batch.n_gc_events = 1;
    g->batch.gc_events = g->events_list;
    g->pools_list[0] = &g->pools;
    g->tallies[0] = &g->tally;
    g->costs[0] = &g->cost;
    g->cost_kind[1] = UMIG_KIND_POOLS; /* 0 stands for what serves all */
    g->problems[0] = &g->problem;
    g->ends[0] = &g->end;
    g->batch.n_pool_readings = g->batch.n_costs = 1;
    g->batch.costs = g->costs;
    g->batch.pool_readings = g->pools_list;
    g->batch.n_starts = g->batch.n_samples = g->batch.n_waits = 1;
    g->batch.n_tallies = g->batch.n_problems = g->batch.n_ends = 1;
    g->batch.problems = g->problems;
    g->batch.starts = g->starts;
    g->batch.samples = g->samples_list;
    g->batch.waits = g->waits_list;
    g->batch.tallies = g->tallies;
    g->batch.ends = g->ends;
}

static void test_check_of_good_batch_moves_known_ids_on(void **state)
{
    (void)state;
    struct good g;
    struct umig_known after = {.generation = 0};
    make_good(&g);

    assert_int_equal(umig_batch_check(&g.batch, &g.known, &after, NULL), UMIG_OK);

    assert_int_equal(after.generation, 1);
    assert_int_equal(after.strings, 2);
    assert_int_equal(after.stacks, 2);
    assert_int_equal(after.threads, 2);
    assert_int_equal(after.sessions, 1);
}

static void test_check_of_batch_without_optional_columns_passes(void **state)
{
    (void)state;
    struct good g;
    struct umig_known after = {.generation = 0};
    make_good(&g);
    g.samples.n_outcome = g.samples.n_units = 0;
    g.dictionary.n_thread_virtual_id = 0;

    assert_int_equal(umig_batch_check(&g.batch, &g.known, &after, NULL), UMIG_OK);
}

/* clang-format off */
static void generation_0(struct good *g) { g->batch.generation = 0; }
static void generation_jump(struct good *g) { g->batch.generation = 2; }
static void created_0(struct good *g) { g->batch.created_ns = 0; }
static void string_gap(struct good *g) { g->dictionary.first_string = 2; }
static void string_again(struct good *g) { g->known.generation = 1; g->known.strings = 1; }
static void too_many(struct good *g)
{ g->known.generation = 1; g->known.strings = UMIG_BATCH_MAX_IDS - 1;
  g->dictionary.first_string = UMIG_BATCH_MAX_IDS; }
static void method_short(struct good *g) { g->dictionary.n_method_file = 1; }
static void method_class(struct good *g) { g->one[1] = 3; }
static void frame_kind_0(struct good *g) { g->frame_kind[1] = 0; }
static void frame_dispatch(struct good *g) { g->frame_kind[1] = UMIG_FRAME_DISPATCH; }
static void frame_kind_new(struct good *g) { g->frame_kind[1] = UMIG_FRAME_COUNT; }
static void own_parent(struct good *g) { g->parent[0] = 1; }
static void chain_short(struct good *g) { g->length[0] = 1; }
static void chain_long(struct good *g) { g->length[0] = 3; }
static void chain_longest(struct good *g) { g->length[0] = UINT32_MAX; }
static void chain_empty(struct good *g) { g->length[0] = 0; }
static void chain_none(struct good *g)
{ g->dictionary.n_chain_length = g->dictionary.n_chain_parent = 0; }
static void chain_parentless(struct good *g) { g->dictionary.n_chain_parent = 0; }
static void thread_kind(struct good *g) { g->thread_kind[0] = UMIG_THREAD_COUNT; }
static void virtual_short(struct good *g) { g->dictionary.n_thread_virtual_id = 1; }
static void virtual_huge(struct good *g) { g->virtual_id[1] = UINT64_C(1) << 63; }
static void virtual_of_java(struct good *g) { g->thread_kind[1] = UMIG_THREAD_JAVA; }
static void virtual_with_tid(struct good *g) { g->tid[1] = 5; }
static void session_again(struct good *g) { g->known.sessions = 1; }
static void session_name(struct good *g) { static char bad[] = "a b"; g->start.id = bad; }
static char g_long_text[258];
static void problem_long(struct good *g)
{ memset(g_long_text, 'x', 257); g->start.problem = g_long_text; }
static void new_problem_long(struct good *g)
{ memset(g_long_text, 'x', 257); g->problem.problem = g_long_text; }
static void problem_of_nobody(struct good *g) { g->problem.session = 2; }
static void walker_long(struct good *g)
{ memset(g_long_text, 'x', 257); g->start.walker = g_long_text; }
static void session_unknown(struct good *g) { g->samples.session = 2; }
static void kind_unknown(struct good *g) { g->samples.kind = UMIG_KIND_COUNT; }
static void column_short(struct good *g) { g->samples.n_time_delta_ms = 1; }
static void units_short(struct good *g) { g->samples.n_units = 1; }
static void counts_short(struct good *g)
{
    g->samples.n_counts = 1;
    g->samples.counts = g->value;
}
static void unit_0(struct good *g) { g->samples.unit = 0; }
static void units_over(struct good *g) { g->value[1] = UINT64_MAX / 10 + 1; }
static void stack_unknown(struct good *g) { g->two[0] = 3; g->samples.stack = g->two; }
static void thread_none(struct good *g) { g->two[0] = 0; g->samples.thread = g->two; }
static void outcome_unknown(struct good *g) { g->outcome[0] = UMIG_OUTCOME_COUNT; }
static void delta_far(struct good *g) { g->delta[0] = INT64_MAX; }
static void delta_before_0(struct good *g) { g->delta[0] = -5; }
static void wait_short(struct good *g) { g->waits.n_holder = 0; }
static void wait_deadlock_short(struct good *g)
{
    g->waits.n_deadlock = 1;
    g->waits.deadlock = g->one;
}
static void wait_holder_stack_unknown(struct good *g)
{
    g->waits.n_holder_stack = 2;
    g->waits.holder_stack = g->nine;
}
static void events_of_nobody(struct good *g) { g->events.session = 2; }
static void events_short(struct good *g) { g->events.n_after = 1; }
static void events_thread_short(struct good *g) { g->events.n_thread = 1; }
static void events_time_0(struct good *g) { g->start_ns[1] = 0; }
static void events_kind_unknown(struct good *g)
{
    g->nine[1] = UMIG_GC_EVENT_KINDS;
    g->events.kind = g->nine;
}
static void events_name_unknown(struct good *g) { g->events.name = g->nine; }
static void events_detail_unknown(struct good *g) { g->events.detail = g->nine; }
static void events_thread_unknown(struct good *g) { g->events.thread = g->nine; }
static void events_stack_unknown(struct good *g)
{
    g->events.n_stack = 2;
    g->events.stack = g->nine;
}
static void pools_of_nobody(struct good *g) { g->pools.session = 2; }
static void pools_time_0(struct good *g) { g->pools.time_ns = 0; }
static void pools_short(struct good *g) { g->pools.n_queued = 1; }
static void pools_kind_unknown(struct good *g) { g->pools.kind = g->nine; }
static void pools_name_unknown(struct good *g) { g->pools.name = g->nine; }
static void cost_of_nobody(struct good *g) { g->cost.session = 2; }
static void cost_time_0(struct good *g) { g->cost.time_ns = 0; }
static void cost_short(struct good *g) { g->cost.n_cpu_ns = 1; }
static void cost_divisor_short(struct good *g) { g->cost.n_divisor = 1; }
static void cost_kind_unknown(struct good *g) { g->cost_kind[0] = UMIG_KIND_COUNT; }
static void drop_unknown(struct good *g) { g->drop[0] = UMIG_DROP_COUNT; }
static void end_running(struct good *g) { g->end.reason = UMIG_END_RUNNING; }
/* clang-format on */

static const struct {
    void (*spoil)(struct good *g);
    const char *word;
} cases[] = {
    {generation_0, "Batch.generation"},
    {generation_jump, "Batch.generation"},
    {created_0, "Batch.created_ns"},
    {string_gap, "strings begin at 2"},
    {string_again, "strings begin at 1"},
    {too_many, "begin a new one"},
    {method_short, "method_file has 1 rows"},
    {method_class, "method_class[1] is 3"},
    {frame_kind_0, "frame_kind[1] is 0"},
    {frame_dispatch, "frame_kind[1] is 11"},
    {frame_kind_new, "frame_kind[1] is 19"},
    {own_parent, "before its child 1"},
    {chain_short, "chain_length adds up to 1, stack_frame has 2 rows"},
    {chain_long, "chain_length[0] is 3 where 2 stacks are left"},
    {chain_longest, "chain_length[0] is 4294967295"},
    {chain_empty, "chain_length[0] is 0"},
    {chain_none, "chain_length adds up to 0"},
    {chain_parentless, "chain_length has 1 rows"},
    {thread_kind, "thread_kind[0]"},
    {virtual_short, "thread_virtual_id has 1 rows"},
    {virtual_huge, "thread_virtual_id[1] is 9223372036854775808; ids are below 2^63"},
    {virtual_of_java, "thread_virtual_id[1] is 42 of a thread with tid 0 and kind 1"},
    {virtual_with_tid, "thread_virtual_id[1] is 42 of a thread with tid 5 and kind 7"},
    {session_again, "was used before"},
    {session_name, "'a b' is no name"},
    {problem_long,
     "SessionStart.walker, .problem, .clock, .threads, .when or .because is over 256 bytes"},
    {walker_long,
     "SessionStart.walker, .problem, .clock, .threads, .when or .because is over 256 bytes"},
    {new_problem_long, "SessionProblem.problem is over 256 bytes"},
    {problem_of_nobody, "SessionProblem.session"},
    {session_unknown, "Samples.session"},
    {kind_unknown, "Samples.kind"},
    {column_short, "Samples.time_delta_ms has 1"},
    {units_short, "Samples.units has 1"},
    {counts_short, "Samples.counts has 1"},
    {unit_0, "Samples.unit is 0"},
    {units_over, "Samples.units[1] is 1844674407370955162, each of 10"},
    {stack_unknown, "Samples.stack[0] is 3"},
    {thread_none, "Samples.thread[0] is 0"},
    {outcome_unknown, "Samples.outcome[0]"},
    {delta_far, "over two days"},
    {delta_before_0, "over a day from its"},
    {wait_short, "Waits.holder has 0"},
    {wait_deadlock_short, "Waits.deadlock has 1"},
    {wait_holder_stack_unknown, "Waits.holder_stack"},
    {events_of_nobody, "GcEvents.session"},
    {events_short, "GcEvents.after has 1 rows"},
    {events_thread_short, "GcEvents.thread has 1 rows"},
    {events_time_0, "GcEvents.start_ns is 0"},
    {events_kind_unknown, "GcEvents.kind[1] is 10"},
    {events_name_unknown, "GcEvents.name[0] is 9"},
    {events_detail_unknown, "GcEvents.detail[0] is 9"},
    {events_thread_unknown, "GcEvents.thread[0] is 9"},
    {events_stack_unknown, "GcEvents.stack[0] is 9"},
    {pools_of_nobody, "PoolReading.session"},
    {pools_time_0, "PoolReading.time_ns is 0"},
    {pools_short, "PoolReading.queued has 1 rows"},
    {pools_kind_unknown, "PoolReading.kind[0] is 9"},
    {pools_name_unknown, "PoolReading.name[0] is 9"},
    {cost_of_nobody, "Cost.session"},
    {cost_time_0, "Cost.time_ns is 0"},
    {cost_short, "Cost.cpu_ns has 1"},
    {cost_divisor_short, "Cost.divisor has 1"},
    {cost_kind_unknown, "Cost.kind[0] is 9"},
    {drop_unknown, "Tally.drop_cause[0]"},
    {end_running, "SessionEnd.reason[0]"},
};

static void test_check_of_spoiled_batch_names_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct good g;
        struct umig_err err = UMIG_ERR_INIT;
        struct umig_known after = {.strings = 77};
        make_good(&g);
        cases[i].spoil(&g);
        const int rc = umig_batch_check(&g.batch, &g.known, &after, &err);
        if (rc >= UMIG_OK || strstr(err.text, cases[i].word) == NULL) {
            fail_msg("case '%s': status %d, '%s'", cases[i].word, rc, err.text);
        }
        assert_int_equal(after.strings, 77); /* outputs are untouched on failure */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_of_good_batch_moves_known_ids_on),
        cmocka_unit_test(test_check_of_batch_without_optional_columns_passes),
        cmocka_unit_test(test_check_of_spoiled_batch_names_what_is_wrong),
    };
    return cmocka_run_group_tests_name("unit.collector.check", tests, NULL, NULL);
}
