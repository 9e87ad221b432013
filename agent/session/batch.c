#include "agent/session/batch.h"

#include "agent/session/backlog.h"
#include "agent/session/session_cost.h"
#include "core/divisor.h"
#include "core/units.h"

bool umig_batch_is_full(const struct umig_batch *batch, const struct umig_dictionary *dictionary)
{
    return batch->sample_count + UMIG_SESSIONS_MAX > UMIG_BATCH_SAMPLES ||
           batch->wait_count + UMIG_SESSIONS_MAX > UMIG_BATCH_WAITS ||
           batch->pause_count + UMIG_SESSIONS_MAX > UMIG_BATCH_PAUSES ||
           batch->gc_event_count + UMIG_SESSIONS_MAX > UMIG_BATCH_GC_EVENTS ||
           batch->heap_point_count + UMIG_SESSIONS_MAX > UMIG_BATCH_HEAP_POINTS ||
           batch->pool_count == UMIG_BATCH_POOL_ROWS ||
           umig_dictionary_delta_bytes(dictionary) > UMIG_BATCH_DELTA_BYTES;
}

/* Does the collector hear of it now? */
static bool is_told(const struct umig_session *session)
{
    return session->is_armed && !session->is_held;
}

/* Has it ended, and has all of it gone out or is in this batch? */
static bool is_over(const struct umig_session *session)
{
    return session->ended != UMIG_END_RUNNING &&
           (session->backlog == NULL || umig_backlog_first(session->backlog) == NULL);
}

bool umig_batch_is_due(const struct umig_batch *batch, const struct umig_sessions *sessions)
{
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        const struct umig_session *session = &sessions->session[i];
        if (is_told(session) && (!session->is_start_sent || session->is_problem_due ||
                                 session->ended != UMIG_END_RUNNING)) {
            return true;
        }
    }
    return batch->sample_count + batch->wait_count + batch->pause_count + batch->gc_event_count +
               batch->heap_point_count + batch->pool_count >
           0;
}

static void write_kinds(const struct umig_session *session, struct umig_pb_writer *writer)
{
    for (uint32_t kind = 0; kind < UMIG_KIND_COUNT; kind++) {
        if (session->spec.kinds.has_kind[kind]) {
            const size_t option = umig_pb_open(writer, 5);
            umig_pb_uint(writer, 1, kind);
            umig_pb_uint(writer, 2, session->spec.kinds.interval_ns[kind]);
            umig_pb_close(writer, option);
        }
    }
}

static void write_start(const struct umig_session *session, struct umig_pb_writer *writer)
{
    const size_t start = umig_pb_open(writer, 4);
    umig_pb_uint(writer, 1, session->number);
    umig_pb_str(writer, 2, session->spec.id);
    umig_pb_uint(writer, 3, session->told_start_ns);
    for (size_t i = 0; i < session->spec.label_count; i++) {
        const size_t label = umig_pb_open(writer, 4);
        umig_pb_str(writer, 1, session->spec.labels[i].key);
        umig_pb_str(writer, 2, session->spec.labels[i].value);
        umig_pb_close(writer, label);
    }
    write_kinds(session, writer);
    umig_pb_uint(writer, 6, session->spec.duration_ns);
    umig_pb_uint(writer, 7, session->spec.native);
    umig_pb_str(writer, 8, umig_walker_word(session->walker));
    umig_pb_str(writer, 9, session->problem);
    umig_pb_str(writer, 10,
                session->clock != UMIG_CLOCK_AUTO ? umig_clock_word(session->clock) : "");
    umig_pb_str(writer, 11, session->spec.threads);
    umig_pb_str(writer, 12, session->spec.when.text);
    umig_pb_str(writer, 13, session->because);
    umig_pb_uint(writer, 14, session->fired_ns);
    umig_pb_uint(writer, 15, session->spec.has_mutexes);
    umig_pb_close(writer, start);
}

static void write_problem(const struct umig_session *session, struct umig_pb_writer *writer)
{
    const size_t problem = umig_pb_open(writer, 12);
    umig_pb_uint(writer, 1, session->number);
    umig_pb_str(writer, 2, session->problem);
    umig_pb_close(writer, problem);
}

/* Columns of sample rows: their field numbers. */
enum sample_column {
    SAMPLE_THREAD = 5,
    SAMPLE_STACK = 6,
    SAMPLE_OUTCOME = 7,
    SAMPLE_UNITS = 11,
    SAMPLE_COUNTS = 12
};

/* What the rows of one session and kind have in common: a column that says nothing is left out. */
struct common {
    const struct umig_batch_sample *first; /* NULL: no rows */
    uint64_t unit;                         /* the greatest that divides every value */
    bool has_outcomes;                     /* not all are OK */
    bool has_units;                        /* not all values are equal */
    bool has_counts;                       /* not all are 1 */
};

static bool is_row_of(const struct umig_batch_sample *row, uint32_t session, uint32_t kind)
{
    return row->session == session && row->kind == kind;
}

static struct common find_common(const struct umig_batch *batch, uint32_t session, uint32_t kind)
{
    struct common common = {.first = NULL};
    for (uint32_t i = 0; i < batch->sample_count; i++) {
        const struct umig_batch_sample *row = &batch->samples[i];
        if (!is_row_of(row, session, kind)) {
            continue;
        }
        common.first = common.first == NULL ? row : common.first;
        common.unit = umig_common_divisor(common.unit, row->value);
        common.has_outcomes = common.has_outcomes || row->outcome != UMIG_OUTCOME_OK;
        common.has_units = common.has_units || row->value != common.first->value;
        common.has_counts = common.has_counts || row->count > 1;
    }
    return common;
}

static uint64_t sample_member(const struct umig_batch_sample *row,
                              const struct common *common,
                              enum sample_column column)
{
    switch (column) {
    case SAMPLE_THREAD:
        return row->thread;
    case SAMPLE_STACK:
        return row->stack;
    case SAMPLE_OUTCOME:
        return row->outcome;
    case SAMPLE_COUNTS:
        return row->count > 0 ? row->count : 1;
    case SAMPLE_UNITS:
    default:
        return row->value / common->unit;
    }
}

static void write_sample_column(const struct umig_batch *batch,
                                const struct common *common,
                                enum sample_column column,
                                struct umig_pb_writer *writer)
{
    const size_t opened = umig_pb_open(writer, column);
    for (uint32_t i = 0; i < batch->sample_count; i++) {
        const struct umig_batch_sample *row = &batch->samples[i];
        if (is_row_of(row, common->first->session, common->first->kind)) {
            umig_pb_item(writer, sample_member(row, common, column));
        }
    }
    umig_pb_close(writer, opened);
}

/* Each time is rounded by itself, not the step to it: the error stays below a millisecond. */
static void write_sample_times(const struct umig_batch *batch,
                               const struct umig_batch_sample *first,
                               struct umig_pb_writer *writer)
{
    const size_t column = umig_pb_open(writer, 9);
    int64_t before_ms = 0;
    for (uint32_t i = 0; i < batch->sample_count; i++) {
        const struct umig_batch_sample *row = &batch->samples[i];
        if (is_row_of(row, first->session, first->kind)) {
            const int64_t at_ms =
                (int64_t)(row->time_ns - first->time_ns) / (int64_t)UMIG_NS_PER_MS;
            umig_pb_item_s64(writer, at_ms - before_ms);
            before_ms = at_ms;
        }
    }
    umig_pb_close(writer, column);
}

static void write_samples(const struct umig_batch *batch,
                          uint32_t session,
                          uint32_t kind,
                          struct umig_pb_writer *writer)
{
    const struct common common = find_common(batch, session, kind);
    if (common.first == NULL) {
        return;
    }
    const size_t samples = umig_pb_open(writer, 5);
    umig_pb_uint(writer, 1, session);
    umig_pb_uint(writer, 2, kind);
    umig_pb_uint(writer, 3, common.first->time_ns);
    write_sample_column(batch, &common, SAMPLE_THREAD, writer);
    write_sample_column(batch, &common, SAMPLE_STACK, writer);
    if (common.has_outcomes) {
        write_sample_column(batch, &common, SAMPLE_OUTCOME, writer);
    }
    write_sample_times(batch, common.first, writer);
    umig_pb_uint(writer, 10, common.unit);
    if (common.has_units) {
        write_sample_column(batch, &common, SAMPLE_UNITS, writer);
    }
    if (common.has_counts) {
        write_sample_column(batch, &common, SAMPLE_COUNTS, writer);
    }
    umig_pb_close(writer, samples);
}

/* Columns of pauses and waits by field number; returns 0 behind the last. */
static uint64_t pause_member(const struct umig_batch_pause *row, uint32_t field)
{
    const uint64_t members[] = {row->start_ns, row->duration_ns, row->collection,
                                row->cause,    row->heap_before, row->heap_after};
    return members[field - 2];
}

static void write_pauses(const struct umig_batch *batch,
                         uint32_t session,
                         struct umig_pb_writer *writer)
{
    const struct umig_pb_mark nothing = umig_pb_mark(writer);
    uint32_t rows = 0;
    const size_t pauses = umig_pb_open(writer, 6);
    umig_pb_uint(writer, 1, session);
    for (uint32_t field = 2; field <= 7; field++) {
        const size_t column = umig_pb_open(writer, field);
        for (uint32_t i = 0; i < batch->pause_count; i++) {
            if (batch->pauses[i].session == session) {
                umig_pb_item(writer, pause_member(&batch->pauses[i], field));
                rows++;
            }
        }
        umig_pb_close(writer, column);
    }
    umig_pb_close(writer, pauses);
    if (rows == 0) {
        umig_pb_rollback(writer, nothing);
    }
}

/* Columns by field number: 2 kind, 3 start, ... 10 stack. */
static uint64_t gc_event_member(const struct umig_batch_gc_event *row, uint32_t field)
{
    const uint64_t members[] = {row->kind,  row->start_ns, row->duration_ns,
                                row->name,  row->detail,   row->before,
                                row->after, row->thread,   row->stack};
    return members[field - 2];
}

/* The last columns are left out where they say nothing: threads and stacks are rare. */
static bool has_gc_event_column(const struct umig_batch *batch, uint32_t session, uint32_t field)
{
    bool has_any = field <= 8;
    for (uint32_t i = 0; i < batch->gc_event_count && !has_any; i++) {
        has_any = batch->gc_events[i].session == session &&
                  gc_event_member(&batch->gc_events[i], field) != 0;
    }
    return has_any;
}

static void write_gc_events(const struct umig_batch *batch,
                            uint32_t session,
                            struct umig_pb_writer *writer)
{
    const struct umig_pb_mark nothing = umig_pb_mark(writer);
    uint32_t rows = 0;
    const size_t events = umig_pb_open(writer, 14);
    umig_pb_uint(writer, 1, session);
    for (uint32_t field = 2; field <= 10; field++) {
        if (!has_gc_event_column(batch, session, field)) {
            continue;
        }
        const size_t column = umig_pb_open(writer, field);
        for (uint32_t i = 0; i < batch->gc_event_count; i++) {
            if (batch->gc_events[i].session == session) {
                umig_pb_item(writer, gc_event_member(&batch->gc_events[i], field));
                rows++;
            }
        }
        umig_pb_close(writer, column);
    }
    umig_pb_close(writer, events);
    if (rows == 0) {
        umig_pb_rollback(writer, nothing);
    }
}

static uint64_t wait_member(const struct umig_batch_wait *row, uint32_t field)
{
    const uint64_t members[] = {row->thread,  row->stack, row->monitor_class, row->holder,
                                row->wait_ns, row->count, row->holder_stack,  row->deadlock};
    return members[field - 4];
}

/* The first columns are always there, of the others those that say something. */
static bool has_wait_column(const struct umig_batch *batch, uint32_t session, uint32_t field)
{
    bool has_any = field <= 9;
    for (uint32_t i = 0; i < batch->wait_count && !has_any; i++) {
        has_any = batch->waits[i].session == session && wait_member(&batch->waits[i], field) != 0;
    }
    return has_any;
}

static void write_wait_columns(const struct umig_batch *batch,
                               uint32_t session,
                               struct umig_pb_writer *writer)
{
    for (uint32_t field = 4; field <= 11; field++) {
        if (!has_wait_column(batch, session, field)) {
            continue;
        }
        const size_t column = umig_pb_open(writer, field);
        for (uint32_t i = 0; i < batch->wait_count; i++) {
            if (batch->waits[i].session == session) {
                umig_pb_item(writer, wait_member(&batch->waits[i], field));
            }
        }
        umig_pb_close(writer, column);
    }
}

static void write_waits(const struct umig_batch *batch,
                        uint32_t session,
                        struct umig_pb_writer *writer)
{
    uint64_t base = 0;
    for (uint32_t i = 0; i < batch->wait_count && base == 0; i++) {
        base = batch->waits[i].session == session ? batch->waits[i].time_ns : 0;
    }
    if (base == 0) {
        return;
    }
    const size_t waits = umig_pb_open(writer, 8);
    umig_pb_uint(writer, 1, session);
    umig_pb_uint(writer, 2, base);
    const size_t times = umig_pb_open(writer, 3);
    uint64_t before = base;
    for (uint32_t i = 0; i < batch->wait_count; i++) {
        if (batch->waits[i].session == session) {
            umig_pb_item_s64(writer, (int64_t)(batch->waits[i].time_ns - before));
            before = batch->waits[i].time_ns;
        }
    }
    umig_pb_close(writer, times);
    write_wait_columns(batch, session, writer);
    umig_pb_close(writer, waits);
}

/* Pools go out by column: 4 name, 5 used, 6 committed, 7 maximum. */
static void write_pools(const struct umig_batch_heap_point *point, struct umig_pb_writer *writer)
{
    for (uint32_t field = 4; field <= 7; field++) {
        const size_t column = umig_pb_open(writer, field);
        for (uint32_t i = 0; i < point->pool_count; i++) {
            const uint64_t members[] = {point->pools[i].name, point->pools[i].used,
                                        point->pools[i].committed, point->pools[i].maximum};
            umig_pb_item(writer, members[field - 4]);
        }
        umig_pb_close(writer, column);
    }
}

/* Those that the JVM keeps: 8 counter, 9 its value. */
static void write_counters(const struct umig_jvm_reading *reading, struct umig_pb_writer *writer)
{
    for (uint32_t field = 8; field <= 9; field++) {
        const size_t column = umig_pb_open(writer, field);
        for (uint32_t counter = 1; counter < UMIG_JVM_COUNTERS; counter++) {
            const uint64_t value = reading->values[counter];
            if (value != UMIG_JVM_COUNTER_UNKNOWN) {
                umig_pb_item(writer, field == 8 ? counter : value);
            }
        }
        umig_pb_close(writer, column);
    }
}

static void write_heap_points(const struct umig_batch *batch, struct umig_pb_writer *writer)
{
    for (uint32_t i = 0; i < batch->heap_point_count; i++) {
        const struct umig_batch_heap_point *row = &batch->heap_points[i];
        const size_t point = umig_pb_open(writer, 7);
        umig_pb_uint(writer, 1, row->session);
        umig_pb_uint(writer, 2, row->time_ns);
        umig_pb_uint(writer, 3, row->rss_bytes);
        write_pools(row, writer);
        write_counters(&row->counters, writer);
        umig_pb_close(writer, point);
    }
}

/* Columns of a reading by field number: 3 pool, 4 kind, ... 10 completed. */
static uint64_t pool_member(const struct umig_batch_pool *row, uint32_t field)
{
    const uint64_t members[] = {row->number,  row->kind,   row->name,   row->size,
                                row->maximum, row->active, row->queued, row->completed};
    return members[field - 3];
}

/* The rows of one reading, [first, end). */
static void write_pool_rows(const struct umig_batch *batch,
                            uint32_t first,
                            uint32_t end,
                            struct umig_pb_writer *writer)
{
    const size_t reading = umig_pb_open(writer, 13);
    umig_pb_uint(writer, 1, batch->pools[first].session);
    umig_pb_uint(writer, 2, batch->pools[first].time_ns);
    for (uint32_t field = 3; field <= 10; field++) {
        const size_t column = umig_pb_open(writer, field);
        for (uint32_t i = first; i < end; i++) {
            umig_pb_item(writer, pool_member(&batch->pools[i], field));
        }
        umig_pb_close(writer, column);
    }
    umig_pb_close(writer, reading);
}

static void write_pool_readings(const struct umig_batch *batch, struct umig_pb_writer *writer)
{
    for (uint32_t first = 0; first < batch->pool_count;) {
        const struct umig_batch_pool *row = &batch->pools[first];
        uint32_t end = first + 1;
        while (end < batch->pool_count && batch->pools[end].session == row->session &&
               batch->pools[end].time_ns == row->time_ns) {
            end++;
        }
        write_pool_rows(batch, first, end, writer);
        first = end;
    }
}

static void write_drops(const struct umig_tally *tally, struct umig_pb_writer *writer)
{
    for (uint32_t field = 5; field <= 6; field++) {
        const size_t column = umig_pb_open(writer, field);
        for (uint32_t cause = 0; cause < UMIG_DROP_COUNT; cause++) {
            if (tally->dropped[cause] > 0) {
                umig_pb_item(writer, field == 5 ? cause : tally->dropped[cause]);
            }
        }
        umig_pb_close(writer, column);
    }
}

static void write_tallies(const struct umig_session *session,
                          const struct umig_cost *cost,
                          uint64_t now_ns,
                          struct umig_pb_writer *writer)
{
    for (uint32_t kind = 0; kind < UMIG_KIND_COUNT; kind++) {
        if (!session->spec.kinds.has_kind[kind]) {
            continue;
        }
        const size_t tally = umig_pb_open(writer, 9);
        umig_pb_uint(writer, 1, session->number);
        umig_pb_uint(writer, 2, kind);
        umig_pb_uint(writer, 3, now_ns);
        umig_pb_uint(writer, 4, session->tallies[kind].produced);
        write_drops(&session->tallies[kind], writer);
        umig_pb_uint(writer, 7, cost->agent_cpu_ns - session->agent_cpu_at_start_ns);
        umig_pb_uint(writer, 8, cost->agent_memory_bytes);
        umig_pb_uint(writer, 9, cost->process_cpu_ns - session->process_cpu_at_start_ns);
        umig_pb_close(writer, tally);
    }
}

static void write_end(const struct umig_session *session, struct umig_pb_writer *writer)
{
    const size_t end = umig_pb_open(writer, 10);
    umig_pb_uint(writer, 1, session->number);
    umig_pb_uint(writer, 2, session->end_ns);
    umig_pb_uint(writer, 3, session->ended);
    umig_pb_close(writer, end);
}

static void write_session(const struct umig_batch *batch,
                          const struct umig_session *session,
                          const struct umig_cost *cost,
                          uint64_t now_ns,
                          struct umig_pb_writer *writer)
{
    if (!session->is_start_sent) {
        write_start(session, writer);
    } else if (session->is_problem_due) {
        write_problem(session, writer);
    }
    for (uint32_t kind = 1; kind < UMIG_KIND_COUNT; kind++) {
        if (session->spec.kinds.has_kind[kind]) {
            write_samples(batch, session->number, kind, writer);
        }
    }
    write_pauses(batch, session->number, writer);
    write_gc_events(batch, session->number, writer);
    write_waits(batch, session->number, writer);
    write_tallies(session, cost, now_ns, writer);
    if (umig_session_is_cost_due(session, cost, is_over(session))) {
        umig_session_write_cost(session, cost, writer, 16);
    }
    if (is_over(session)) {
        write_end(session, writer);
    }
}

/* The session that follows one with this number; NULL behind the last. */
static const struct umig_session *next_session(const struct umig_sessions *sessions,
                                               uint32_t number)
{
    const struct umig_session *next = NULL;
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        const struct umig_session *session = &sessions->session[i];
        if (is_told(session) && session->number > number &&
            (next == NULL || session->number < next->number)) {
            next = session;
        }
    }
    return next;
}

void umig_batch_write(const struct umig_batch *batch,
                      const struct umig_dictionary *dictionary,
                      const struct umig_sessions *sessions,
                      const struct umig_cost *cost,
                      uint64_t now_ns,
                      struct umig_pb_writer *writer)
{
    umig_pb_uint(writer, 1, dictionary->generation);
    umig_pb_uint(writer, 2, now_ns);
    umig_dictionary_write_delta(dictionary, writer, 3);
    write_heap_points(batch, writer);
    write_pool_readings(batch, writer);
    /* Starts count up, whichever places the sessions have. */
    for (const struct umig_session *it = next_session(sessions, 0); it != NULL;
         it = next_session(sessions, it->number)) {
        write_session(batch, it, cost, now_ns, writer);
    }
}

void umig_batch_clear(struct umig_batch *batch,
                      struct umig_sessions *sessions,
                      const struct umig_cost *cost)
{
    batch->sample_count = 0;
    batch->wait_count = 0;
    batch->pause_count = 0;
    batch->gc_event_count = 0;
    batch->heap_point_count = 0;
    batch->pool_count = 0;
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &sessions->session[i];
        if (session->is_held) {
            continue;
        }
        session->is_start_sent = session->is_armed;
        if (umig_session_is_cost_due(session, cost, is_over(session))) {
            session->last_cost_ns = cost->time_ns;
        }
        session->is_problem_due = false;
        if (session->is_armed && is_over(session)) {
            umig_session_close(session);
        }
    }
}
