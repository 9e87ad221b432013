/*
 * What a batch may say. The rules stand in docs/wire-format.md; each refusal names the message, the
 * column and the row, so that the writer of an agent finds the fault without a debugger.
 */
#include <inttypes.h>
#include <stdbool.h>

#include "collector/batch/batch.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/parse.h"
#include "include/umig/gc_events.h"
#include "include/umig/kinds.h"
#include "include/umig/pools.h"

/* Further from its batch's base than this, a time is a mistake. */
#define MAX_SPAN_NS (UINT64_C(86400) * UMIG_NS_PER_S)

static int check_length(const char *column, size_t length, size_t expected, struct umig_err *err)
{
    if (length != expected) {
        return umig_err_set(err, UMIG_E_PROTO, "%s has %zu rows, its siblings have %zu", column,
                            length, expected);
    }
    return UMIG_OK;
}

/* Every id of a column is at most highest; 0 means "none" where that is allowed. */
static int check_ids(const char *column,
                     const uint32_t *ids,
                     size_t count,
                     uint32_t highest,
                     bool none_allowed,
                     struct umig_err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (ids[i] > highest || (ids[i] == 0 && !none_allowed)) {
            return umig_err_set(err, UMIG_E_PROTO,
                                "%s[%zu] is %" PRIu32 "; known are %d to %" PRIu32, column, i,
                                ids[i], none_allowed ? 0 : 1, highest);
        }
    }
    return UMIG_OK;
}

/* A column of numbers out of a table of include/umig/kinds.h. */
static int check_table(const char *column,
                       const uint32_t *numbers,
                       size_t count,
                       uint32_t lowest,
                       uint32_t beyond,
                       struct umig_err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (numbers[i] < lowest || numbers[i] >= beyond) {
            return umig_err_set(err, UMIG_E_PROTO,
                                "%s[%zu] is %" PRIu32 "; this collector knows %" PRIu32
                                " to %" PRIu32,
                                column, i, numbers[i], lowest, beyond - 1);
        }
    }
    return UMIG_OK;
}

static int check_time(const char *what, uint64_t time_ns, struct umig_err *err)
{
    if (time_ns == 0 || time_ns > INT64_MAX) {
        return umig_err_set(err, UMIG_E_PROTO,
                            "%s is %" PRIu64 "; a time is above 0 and below 2^63", what, time_ns);
    }
    return UMIG_OK;
}

/* Deltas run from base on; where they lead must stay near it, so sums cannot overflow. */
static int check_deltas(const char *what,
                        uint64_t base_ns,
                        const int64_t *deltas,
                        size_t count,
                        uint64_t unit_ns,
                        struct umig_err *err)
{
    const int rc = check_time(what, base_ns, err);
    if (rc != UMIG_OK) {
        return rc;
    }
    const int64_t span = (int64_t)(MAX_SPAN_NS / unit_ns);
    int64_t offset = 0;
    for (size_t i = 0; i < count; i++) {
        if (deltas[i] > 2 * span || deltas[i] < -2 * span) {
            return umig_err_set(err, UMIG_E_PROTO, "%s: delta %zu is over two days", what, i);
        }
        offset += deltas[i];
        if (offset > span || offset < -span || base_ns > INT64_MAX - MAX_SPAN_NS ||
            (int64_t)base_ns + offset * (int64_t)unit_ns <= 0) {
            return umig_err_set(err, UMIG_E_PROTO, "%s: row %zu is over a day from its base", what,
                                i);
        }
    }
    return UMIG_OK;
}

/* New ids must follow the known ones; *known moves on by count. */
static int check_growth(const char *group,
                        uint32_t first,
                        size_t count,
                        uint32_t *known,
                        struct umig_err *err)
{
    if (count == 0) {
        return UMIG_OK;
    }
    if (first != *known + 1) {
        return umig_err_set(err, UMIG_E_PROTO,
                            "Dictionary: %s begin at %" PRIu32 ", the next id is %" PRIu32, group,
                            first, *known + 1);
    }
    if (count > UMIG_BATCH_MAX_IDS - *known) {
        return umig_err_set(err, UMIG_E_LIMIT,
                            "Dictionary: over %u %s in one generation; begin a new one",
                            UMIG_BATCH_MAX_IDS, group);
    }
    *known += (uint32_t)count;
    return UMIG_OK;
}

static int check_methods(const Umig__V1__Dictionary *d,
                         struct umig_known *known,
                         struct umig_err *err)
{
    const size_t count = d->n_method_name;
    int rc = check_length("Dictionary.method_class", d->n_method_class, count, err);
    rc = rc != UMIG_OK ? rc : check_length("Dictionary.method_file", d->n_method_file, count, err);
    rc = rc != UMIG_OK ? rc : check_growth("methods", d->first_method, count, &known->methods, err);
    const uint32_t strings = known->strings;
    rc = rc != UMIG_OK
             ? rc
             : check_ids("Dictionary.method_class", d->method_class, count, strings, true, err);
    rc = rc != UMIG_OK
             ? rc
             : check_ids("Dictionary.method_name", d->method_name, count, strings, true, err);
    return rc != UMIG_OK
               ? rc
               : check_ids("Dictionary.method_file", d->method_file, count, strings, true, err);
}

/* Dispatch is made by analysis: nobody may send it. */
static int check_no_dispatch(const uint32_t *kinds, size_t count, struct umig_err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (kinds[i] == UMIG_FRAME_DISPATCH) {
            return umig_err_set(err, UMIG_E_PROTO,
                                "Dictionary.frame_kind[%zu] is %d, which is never sent", i,
                                UMIG_FRAME_DISPATCH);
        }
    }
    return UMIG_OK;
}

static int check_frames(const Umig__V1__Dictionary *d,
                        struct umig_known *known,
                        struct umig_err *err)
{
    const size_t count = d->n_frame_method;
    int rc = check_length("Dictionary.frame_kind", d->n_frame_kind, count, err);
    rc = rc != UMIG_OK ? rc : check_length("Dictionary.frame_line", d->n_frame_line, count, err);
    rc = rc != UMIG_OK ? rc : check_growth("frames", d->first_frame, count, &known->frames, err);
    rc = rc != UMIG_OK
             ? rc
             : check_table("Dictionary.frame_kind", d->frame_kind, count, 1, UMIG_FRAME_COUNT, err);
    rc = rc != UMIG_OK ? rc : check_no_dispatch(d->frame_kind, count, err);
    return rc != UMIG_OK ? rc
                         : check_ids("Dictionary.frame_method", d->frame_method, count,
                                     known->methods, false, err);
}

/* A parent comes before its child: then no stack can be its own caller. */
static int check_chains(const Umig__V1__Dictionary *d, struct umig_err *err)
{
    const uint64_t end = (uint64_t)d->first_stack + d->n_stack_frame;
    uint64_t id = d->first_stack;
    for (size_t i = 0; i < d->n_chain_length; i++) {
        if (d->chain_length[i] == 0 || d->chain_length[i] > end - id) {
            return umig_err_set(err, UMIG_E_PROTO,
                                "Dictionary.chain_length[%zu] is %" PRIu32 " where %" PRIu64
                                " stacks are left",
                                i, d->chain_length[i], end - id);
        }
        if (d->chain_parent[i] >= id) {
            return umig_err_set(err, UMIG_E_PROTO,
                                "Dictionary.chain_parent[%zu] is %" PRIu32
                                "; a parent comes before its child %" PRIu64,
                                i, d->chain_parent[i], id);
        }
        id += d->chain_length[i];
    }
    if (id != end) {
        return umig_err_set(err, UMIG_E_PROTO,
                            "Dictionary.chain_length adds up to %" PRIu64
                            ", stack_frame has %zu rows",
                            id - d->first_stack, d->n_stack_frame);
    }
    return UMIG_OK;
}

static int check_stacks(const Umig__V1__Dictionary *d,
                        struct umig_known *known,
                        struct umig_err *err)
{
    const size_t count = d->n_stack_frame;
    int rc = check_length("Dictionary.chain_length", d->n_chain_length, d->n_chain_parent, err);
    rc = rc != UMIG_OK ? rc : check_growth("stacks", d->first_stack, count, &known->stacks, err);
    rc = rc != UMIG_OK ? rc
                       : check_ids("Dictionary.stack_frame", d->stack_frame, count, known->frames,
                                   false, err);
    return rc != UMIG_OK ? rc : check_chains(d, err);
}

/* A row is a thread of the system's, or a virtual one; both have positive numbers. */
static int check_virtual_ids(const Umig__V1__Dictionary *d, struct umig_err *err)
{
    if (d->n_thread_virtual_id == 0) {
        return UMIG_OK;
    }
    const int rc =
        check_length("Dictionary.thread_virtual_id", d->n_thread_virtual_id, d->n_thread_tid, err);
    for (size_t i = 0; rc == UMIG_OK && i < d->n_thread_virtual_id; i++) {
        const uint64_t id = d->thread_virtual_id[i];
        if (id > INT64_MAX) {
            return umig_err_set(
                err, UMIG_E_PROTO,
                "Dictionary.thread_virtual_id[%zu] is %" PRIu64 "; ids are below 2^63", i, id);
        }
        if (id != 0 && (d->thread_tid[i] != 0 || d->thread_kind[i] != UMIG_THREAD_VIRTUAL)) {
            return umig_err_set(err, UMIG_E_PROTO,
                                "Dictionary.thread_virtual_id[%zu] is %" PRIu64
                                " of a thread with tid %" PRIu32 " and kind %" PRIu32
                                "; it goes with tid 0 and kind %d",
                                i, id, d->thread_tid[i], d->thread_kind[i], UMIG_THREAD_VIRTUAL);
        }
    }
    return rc;
}

static int check_threads(const Umig__V1__Dictionary *d,
                         struct umig_known *known,
                         struct umig_err *err)
{
    const size_t count = d->n_thread_tid;
    int rc = check_length("Dictionary.thread_kind", d->n_thread_kind, count, err);
    rc = rc != UMIG_OK ? rc : check_length("Dictionary.thread_name", d->n_thread_name, count, err);
    rc = rc != UMIG_OK ? rc : check_growth("threads", d->first_thread, count, &known->threads, err);
    rc = rc != UMIG_OK ? rc
                       : check_table("Dictionary.thread_kind", d->thread_kind, count, 0,
                                     UMIG_THREAD_COUNT, err);
    rc = rc != UMIG_OK ? rc
                       : check_ids("Dictionary.thread_name", d->thread_name, count, known->strings,
                                   true, err);
    return rc != UMIG_OK ? rc : check_virtual_ids(d, err);
}

static int check_dictionary(const Umig__V1__Dictionary *d,
                            struct umig_known *known,
                            struct umig_err *err)
{
    int rc = check_growth("strings", d->first_string, d->n_strings, &known->strings, err);
    rc = rc != UMIG_OK ? rc : check_methods(d, known, err);
    rc = rc != UMIG_OK ? rc : check_frames(d, known, err);
    rc = rc != UMIG_OK ? rc : check_stacks(d, known, err);
    return rc != UMIG_OK ? rc : check_threads(d, known, err);
}

static int check_generation(uint32_t generation, struct umig_known *known, struct umig_err *err)
{
    if (known->generation != 0 && generation == known->generation) {
        return UMIG_OK;
    }
    if (generation != known->generation + 1) {
        return umig_err_set(err, UMIG_E_PROTO,
                            "Batch.generation is %" PRIu32 " after %" PRIu32
                            "; generations count up by 1",
                            generation, known->generation);
    }
    *known = (struct umig_known){.generation = generation, .sessions = known->sessions};
    return UMIG_OK;
}

static int check_labels(const Umig__V1__SessionStart *start, struct umig_err *err)
{
    if (start->n_labels > UMIG_BATCH_MAX_LABELS) {
        return umig_err_set(err, UMIG_E_LIMIT, "SessionStart.labels: %zu (at most %u)",
                            start->n_labels, UMIG_BATCH_MAX_LABELS);
    }
    for (size_t i = 0; i < start->n_labels; i++) {
        if (umig_span_of(start->labels[i]->key).len > UMIG_BATCH_MAX_LABEL_BYTES ||
            umig_span_of(start->labels[i]->value).len > UMIG_BATCH_MAX_LABEL_BYTES) {
            return umig_err_set(err, UMIG_E_LIMIT, "SessionStart.labels[%zu] is over %u bytes", i,
                                UMIG_BATCH_MAX_LABEL_BYTES);
        }
    }
    return UMIG_OK;
}

static int check_kinds(const Umig__V1__SessionStart *start, struct umig_err *err)
{
    uint32_t seen = 0;
    for (size_t i = 0; i < start->n_kinds; i++) {
        const uint32_t kind = start->kinds[i]->kind;
        const int rc = check_table("SessionStart.kinds", &kind, 1, 1, UMIG_KIND_COUNT, err);
        if (rc != UMIG_OK) {
            return rc;
        }
        if ((seen >> kind & 1) != 0) {
            return umig_err_set(err, UMIG_E_PROTO, "SessionStart.kinds: kind %" PRIu32 " twice",
                                kind);
        }
        seen |= 1u << kind;
    }
    return UMIG_OK;
}

static int check_means(const Umig__V1__SessionStart *start, struct umig_err *err)
{
    if (umig_span_of(start->walker).len > UMIG_BATCH_MAX_LABEL_BYTES ||
        umig_span_of(start->problem).len > UMIG_BATCH_MAX_LABEL_BYTES ||
        umig_span_of(start->clock).len > UMIG_BATCH_MAX_LABEL_BYTES ||
        umig_span_of(start->threads).len > UMIG_BATCH_MAX_LABEL_BYTES ||
        umig_span_of(start->when).len > UMIG_BATCH_MAX_LABEL_BYTES ||
        umig_span_of(start->because).len > UMIG_BATCH_MAX_LABEL_BYTES) {
        return umig_err_set(
            err, UMIG_E_LIMIT,
            "SessionStart.walker, .problem, .clock, .threads, .when or .because is over "
            "%u bytes",
            UMIG_BATCH_MAX_LABEL_BYTES);
    }
    return UMIG_OK;
}

static int check_start(const Umig__V1__SessionStart *start,
                       struct umig_known *known,
                       struct umig_err *err)
{
    if (start->session <= known->sessions) {
        return umig_err_set(err, UMIG_E_PROTO,
                            "SessionStart.session %" PRIu32
                            " was used before; the highest is %" PRIu32,
                            start->session, known->sessions);
    }
    if (!umig_name_is_valid(umig_span_of(start->id))) {
        return umig_err_set(err, UMIG_E_PROTO,
                            "SessionStart.id '%.70s' is no name: 1 to 64 letters, digits, . _ -",
                            start->id);
    }
    int rc = check_time("SessionStart.start_ns", start->start_ns, err);
    rc = rc != UMIG_OK ? rc : check_labels(start, err);
    rc = rc != UMIG_OK ? rc : check_kinds(start, err);
    rc = rc != UMIG_OK ? rc : check_means(start, err);
    if (rc == UMIG_OK) {
        known->sessions = start->session;
    }
    return rc;
}

/* Does a session number lie in the range that was started? */
static int check_session(const char *what,
                         uint32_t session,
                         const struct umig_known *known,
                         struct umig_err *err)
{
    return check_ids(what, &session, 1, known->sessions, false, err);
}

/* A column that may be left out. */
static int check_optional(const char *column, size_t length, size_t expected, struct umig_err *err)
{
    return length == 0 ? UMIG_OK : check_length(column, length, expected, err);
}

/* What a sample stands for must fit 64 bits. */
static int check_units(const Umig__V1__Samples *s, struct umig_err *err)
{
    if (s->unit == 0) {
        return umig_err_set(err, UMIG_E_PROTO, "Samples.unit is 0; values are multiples of it");
    }
    for (size_t i = 0; i < s->n_units; i++) {
        if (s->units[i] > UINT64_MAX / s->unit) {
            return umig_err_set(err, UMIG_E_PROTO,
                                "Samples.units[%zu] is %" PRIu64 ", each of %" PRIu64
                                ": over 64 bits",
                                i, s->units[i], s->unit);
        }
    }
    return UMIG_OK;
}

static int check_sample_columns(const Umig__V1__Samples *s, struct umig_err *err)
{
    const size_t count = s->n_stack;
    int rc = check_length("Samples.time_delta_ms", s->n_time_delta_ms, count, err);
    rc = rc != UMIG_OK ? rc : check_length("Samples.thread", s->n_thread, count, err);
    rc = rc != UMIG_OK ? rc : check_optional("Samples.outcome", s->n_outcome, count, err);
    rc = rc != UMIG_OK ? rc : check_optional("Samples.units", s->n_units, count, err);
    rc = rc != UMIG_OK ? rc : check_optional("Samples.counts", s->n_counts, count, err);
    return rc != UMIG_OK ? rc : check_units(s, err);
}

static int check_samples(const Umig__V1__Samples *s,
                         const struct umig_known *known,
                         struct umig_err *err)
{
    const size_t count = s->n_stack;
    int rc = check_session("Samples.session", s->session, known, err);
    rc = rc != UMIG_OK ? rc : check_table("Samples.kind", &s->kind, 1, 1, UMIG_KIND_COUNT, err);
    rc = rc != UMIG_OK ? rc : check_sample_columns(s, err);
    rc = rc != UMIG_OK ? rc
                       : check_ids("Samples.thread", s->thread, count, known->threads, false, err);
    rc = rc != UMIG_OK ? rc : check_ids("Samples.stack", s->stack, count, known->stacks, true, err);
    rc = rc != UMIG_OK
             ? rc
             : check_table("Samples.outcome", s->outcome, s->n_outcome, 0, UMIG_OUTCOME_COUNT, err);
    return rc != UMIG_OK ? rc
                         : check_deltas("Samples.base_ns", s->base_ns, s->time_delta_ms, count,
                                        UMIG_NS_PER_MS, err);
}

static int check_pauses(const Umig__V1__GcPauses *p,
                        const struct umig_known *known,
                        struct umig_err *err)
{
    const size_t count = p->n_start_ns;
    int rc = check_session("GcPauses.session", p->session, known, err);
    rc = rc != UMIG_OK ? rc : check_length("GcPauses.duration_ns", p->n_duration_ns, count, err);
    rc = rc != UMIG_OK ? rc : check_length("GcPauses.collection", p->n_collection, count, err);
    rc = rc != UMIG_OK ? rc : check_length("GcPauses.cause", p->n_cause, count, err);
    rc = rc != UMIG_OK ? rc : check_length("GcPauses.heap_before", p->n_heap_before, count, err);
    rc = rc != UMIG_OK ? rc : check_length("GcPauses.heap_after", p->n_heap_after, count, err);
    rc = rc != UMIG_OK
             ? rc
             : check_ids("GcPauses.collection", p->collection, count, known->strings, true, err);
    rc = rc != UMIG_OK ? rc
                       : check_ids("GcPauses.cause", p->cause, count, known->strings, true, err);
    for (size_t i = 0; rc == UMIG_OK && i < count; i++) {
        rc = check_time("GcPauses.start_ns", p->start_ns[i], err);
    }
    return rc;
}

static int check_gc_event_columns(const Umig__V1__GcEvents *e, struct umig_err *err)
{
    const size_t count = e->n_kind;
    int rc = check_length("GcEvents.start_ns", e->n_start_ns, count, err);
    rc = rc != UMIG_OK ? rc : check_length("GcEvents.duration_ns", e->n_duration_ns, count, err);
    rc = rc != UMIG_OK ? rc : check_length("GcEvents.name", e->n_name, count, err);
    rc = rc != UMIG_OK ? rc : check_length("GcEvents.detail", e->n_detail, count, err);
    rc = rc != UMIG_OK ? rc : check_length("GcEvents.before", e->n_before, count, err);
    rc = rc != UMIG_OK ? rc : check_length("GcEvents.after", e->n_after, count, err);
    rc = rc != UMIG_OK ? rc : check_optional("GcEvents.thread", e->n_thread, count, err);
    return rc != UMIG_OK ? rc : check_optional("GcEvents.stack", e->n_stack, count, err);
}

static int check_gc_events(const Umig__V1__GcEvents *e,
                           const struct umig_known *known,
                           struct umig_err *err)
{
    const size_t count = e->n_kind;
    int rc = check_session("GcEvents.session", e->session, known, err);
    rc = rc != UMIG_OK ? rc : check_gc_event_columns(e, err);
    rc = rc != UMIG_OK ? rc
                       : check_table("GcEvents.kind", e->kind, count, 1, UMIG_GC_EVENT_KINDS, err);
    rc = rc != UMIG_OK ? rc : check_ids("GcEvents.name", e->name, count, known->strings, true, err);
    rc = rc != UMIG_OK ? rc
                       : check_ids("GcEvents.detail", e->detail, count, known->strings, true, err);
    rc = rc != UMIG_OK
             ? rc
             : check_ids("GcEvents.thread", e->thread, e->n_thread, known->threads, true, err);
    rc = rc != UMIG_OK
             ? rc
             : check_ids("GcEvents.stack", e->stack, e->n_stack, known->stacks, true, err);
    for (size_t i = 0; rc == UMIG_OK && i < count; i++) {
        rc = check_time("GcEvents.start_ns", e->start_ns[i], err);
    }
    return rc;
}

static int check_heap_point(const Umig__V1__HeapPoint *h,
                            const struct umig_known *known,
                            struct umig_err *err)
{
    const size_t count = h->n_pool;
    int rc = check_session("HeapPoint.session", h->session, known, err);
    rc = rc != UMIG_OK ? rc : check_time("HeapPoint.time_ns", h->time_ns, err);
    rc = rc != UMIG_OK ? rc : check_length("HeapPoint.used", h->n_used, count, err);
    rc = rc != UMIG_OK ? rc : check_length("HeapPoint.committed", h->n_committed, count, err);
    rc = rc != UMIG_OK ? rc : check_length("HeapPoint.maximum", h->n_maximum, count, err);
    rc = rc != UMIG_OK
             ? rc
             : check_length("HeapPoint.counter_value", h->n_counter_value, h->n_counter, err);
    return rc != UMIG_OK ? rc
                         : check_ids("HeapPoint.pool", h->pool, count, known->strings, false, err);
}

static int check_pool_columns(const Umig__V1__PoolReading *r, struct umig_err *err)
{
    const size_t count = r->n_pool;
    int rc = check_length("PoolReading.kind", r->n_kind, count, err);
    rc = rc != UMIG_OK ? rc : check_length("PoolReading.name", r->n_name, count, err);
    rc = rc != UMIG_OK ? rc : check_length("PoolReading.size", r->n_size, count, err);
    rc = rc != UMIG_OK ? rc : check_length("PoolReading.maximum", r->n_maximum, count, err);
    rc = rc != UMIG_OK ? rc : check_length("PoolReading.active", r->n_active, count, err);
    rc = rc != UMIG_OK ? rc : check_length("PoolReading.queued", r->n_queued, count, err);
    return rc != UMIG_OK ? rc : check_length("PoolReading.completed", r->n_completed, count, err);
}

static int check_pool_reading(const Umig__V1__PoolReading *r,
                              const struct umig_known *known,
                              struct umig_err *err)
{
    int rc = check_session("PoolReading.session", r->session, known, err);
    rc = rc != UMIG_OK ? rc : check_time("PoolReading.time_ns", r->time_ns, err);
    rc = rc != UMIG_OK ? rc : check_pool_columns(r, err);
    rc = rc != UMIG_OK
             ? rc
             : check_table("PoolReading.kind", r->kind, r->n_kind, 1, UMIG_POOL_KINDS, err);
    return rc != UMIG_OK
               ? rc
               : check_ids("PoolReading.name", r->name, r->n_name, known->strings, true, err);
}

static int check_waits(const Umig__V1__Waits *w,
                       const struct umig_known *known,
                       struct umig_err *err)
{
    const size_t count = w->n_stack;
    int rc = check_session("Waits.session", w->session, known, err);
    rc = rc != UMIG_OK ? rc : check_length("Waits.time_delta_ns", w->n_time_delta_ns, count, err);
    rc = rc != UMIG_OK ? rc : check_length("Waits.thread", w->n_thread, count, err);
    rc = rc != UMIG_OK ? rc : check_length("Waits.monitor_class", w->n_monitor_class, count, err);
    rc = rc != UMIG_OK ? rc : check_length("Waits.holder", w->n_holder, count, err);
    rc = rc != UMIG_OK ? rc : check_length("Waits.wait_ns", w->n_wait_ns, count, err);
    rc = rc != UMIG_OK ? rc : check_length("Waits.count", w->n_count, count, err);
    rc = rc != UMIG_OK ? rc : check_optional("Waits.deadlock", w->n_deadlock, count, err);
    rc = rc != UMIG_OK ? rc : check_optional("Waits.holder_stack", w->n_holder_stack, count, err);
    rc = rc != UMIG_OK ? rc
                       : check_ids("Waits.holder_stack", w->holder_stack, w->n_holder_stack,
                                   known->stacks, true, err);
    rc = rc != UMIG_OK ? rc
                       : check_ids("Waits.thread", w->thread, count, known->threads, false, err);
    rc =
        rc != UMIG_OK ? rc : check_ids("Waits.holder", w->holder, count, known->threads, true, err);
    rc = rc != UMIG_OK ? rc : check_ids("Waits.stack", w->stack, count, known->stacks, true, err);
    rc = rc != UMIG_OK
             ? rc
             : check_ids("Waits.monitor_class", w->monitor_class, count, known->strings, true, err);
    return rc != UMIG_OK
               ? rc
               : check_deltas("Waits.base_ns", w->base_ns, w->time_delta_ns, count, 1, err);
}

static int check_tally(const Umig__V1__Tally *t,
                       const struct umig_known *known,
                       struct umig_err *err)
{
    int rc = check_session("Tally.session", t->session, known, err);
    rc = rc != UMIG_OK ? rc : check_table("Tally.kind", &t->kind, 1, 1, UMIG_KIND_COUNT, err);
    rc = rc != UMIG_OK ? rc : check_time("Tally.time_ns", t->time_ns, err);
    rc = rc != UMIG_OK ? rc
                       : check_length("Tally.drop_value", t->n_drop_value, t->n_drop_cause, err);
    return rc != UMIG_OK ? rc
                         : check_table("Tally.drop_cause", t->drop_cause, t->n_drop_cause, 1,
                                       UMIG_DROP_COUNT, err);
}

static int check_cost(const Umig__V1__Cost *c, const struct umig_known *known, struct umig_err *err)
{
    int rc = check_session("Cost.session", c->session, known, err);
    rc = rc != UMIG_OK ? rc : check_time("Cost.time_ns", c->time_ns, err);
    rc = rc != UMIG_OK ? rc : check_length("Cost.cpu_ns", c->n_cpu_ns, c->n_kind, err);
    rc = rc != UMIG_OK ? rc : check_length("Cost.divisor", c->n_divisor, c->n_kind, err);
    return rc != UMIG_OK ? rc
                         : check_table("Cost.kind", c->kind, c->n_kind, 0, UMIG_KIND_COUNT, err);
}

static int check_end(const Umig__V1__SessionEnd *e,
                     const struct umig_known *known,
                     struct umig_err *err)
{
    int rc = check_session("SessionEnd.session", e->session, known, err);
    rc = rc != UMIG_OK ? rc : check_time("SessionEnd.end_ns", e->end_ns, err);
    return rc != UMIG_OK ? rc
                         : check_table("SessionEnd.reason", &e->reason, 1, UMIG_END_STOPPED,
                                       UMIG_END_COUNT, err);
}

static int check_problem(const Umig__V1__SessionProblem *p,
                         const struct umig_known *known,
                         struct umig_err *err)
{
    if (umig_span_of(p->problem).len > UMIG_BATCH_MAX_LABEL_BYTES) {
        return umig_err_set(err, UMIG_E_LIMIT, "SessionProblem.problem is over %u bytes",
                            UMIG_BATCH_MAX_LABEL_BYTES);
    }
    return check_session("SessionProblem.session", p->session, known, err);
}

/* What refers to sessions, after the starts of this batch are known. */
static int check_rows(const Umig__V1__Batch *b,
                      const struct umig_known *known,
                      struct umig_err *err)
{
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < b->n_samples; i++) {
        rc = check_samples(b->samples[i], known, err);
    }
    for (size_t i = 0; rc == UMIG_OK && i < b->n_gc_pauses; i++) {
        rc = check_pauses(b->gc_pauses[i], known, err);
    }
    for (size_t i = 0; rc == UMIG_OK && i < b->n_gc_events; i++) {
        rc = check_gc_events(b->gc_events[i], known, err);
    }
    for (size_t i = 0; rc == UMIG_OK && i < b->n_heap_points; i++) {
        rc = check_heap_point(b->heap_points[i], known, err);
    }
    for (size_t i = 0; rc == UMIG_OK && i < b->n_pool_readings; i++) {
        rc = check_pool_reading(b->pool_readings[i], known, err);
    }
    for (size_t i = 0; rc == UMIG_OK && i < b->n_waits; i++) {
        rc = check_waits(b->waits[i], known, err);
    }
    for (size_t i = 0; rc == UMIG_OK && i < b->n_tallies; i++) {
        rc = check_tally(b->tallies[i], known, err);
    }
    for (size_t i = 0; rc == UMIG_OK && i < b->n_costs; i++) {
        rc = check_cost(b->costs[i], known, err);
    }
    for (size_t i = 0; rc == UMIG_OK && i < b->n_problems; i++) {
        rc = check_problem(b->problems[i], known, err);
    }
    for (size_t i = 0; rc == UMIG_OK && i < b->n_ends; i++) {
        rc = check_end(b->ends[i], known, err);
    }
    return rc;
}

int umig_batch_check(const Umig__V1__Batch *batch,
                     const struct umig_known *known,
                     struct umig_known *out_known,
                     struct umig_err *err)
{
    struct umig_known after = *known;
    int rc = check_time("Batch.created_ns", batch->created_ns, err);
    rc = rc != UMIG_OK ? rc : check_generation(batch->generation, &after, err);
    if (rc == UMIG_OK && batch->dictionary != NULL) {
        rc = check_dictionary(batch->dictionary, &after, err);
    }
    for (size_t i = 0; rc == UMIG_OK && i < batch->n_starts; i++) {
        rc = check_start(batch->starts[i], &after, err);
    }
    rc = rc != UMIG_OK ? rc : check_rows(batch, &after, err);
    if (rc == UMIG_OK) {
        *out_known = after;
    }
    return rc;
}
