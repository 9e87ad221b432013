/* Rows of one batch on their way into a day file. */
#include <inttypes.h>
#include <stdlib.h>

#include "collector/batch/columns.h"
#include "collector/store/fold_private.h"
#include "collector/store/schema.h"
#include "collector/store/time.h"
#include "collector/store/varint.h"
#include "core/clock.h"
#include "core/err.h"
#include "include/umig/kinds.h"

enum {
    FIRST_ROOM = 1024,
    MAX_BLOB_BYTES = 1024 * 1024
};

void umig_fold_rows_clear(struct umig_fold_rows *rows)
{
    rows->sample_count = 0;
    rows->total_count = 0;
    rows->cell.count = 0;
}

void umig_fold_rows_fini(struct umig_fold_rows *rows)
{
    free(rows->samples);
    free(rows->totals);
    free(rows->cell.items);
    *rows = (struct umig_fold_rows){.samples = NULL};
}

/* Room for one more item; NULL when out of memory. */
static void *grow(void *items, size_t count, size_t *room, size_t item_bytes)
{
    if (count < *room) {
        return items;
    }
    const size_t wanted = *room == 0 ? FIRST_ROOM : *room * 2;
    void *grown = realloc(items, wanted * item_bytes);
    if (grown != NULL) {
        *room = wanted;
    }
    return grown;
}

static int add_sample(struct umig_fold_rows *rows, const struct umig_fold_sample *sample)
{
    void *items = grow(rows->samples, rows->sample_count, &rows->sample_room, sizeof *sample);
    if (items == NULL) {
        return UMIG_E_NOMEM;
    }
    rows->samples = items;
    rows->samples[rows->sample_count++] = *sample;
    return UMIG_OK;
}

/* Samples of a thread mostly come in runs: then they add up without a new item. */
static int add_total(struct umig_fold_rows *rows, const struct umig_fold_total *total)
{
    struct umig_fold_total *last =
        rows->total_count > 0 ? &rows->totals[rows->total_count - 1] : NULL;
    if (last != NULL && last->session == total->session && last->kind == total->kind &&
        last->thread == total->thread) {
        last->count += total->count;
        last->value += total->value;
        return UMIG_OK;
    }
    void *items = grow(rows->totals, rows->total_count, &rows->total_room, sizeof *total);
    if (items == NULL) {
        return UMIG_E_NOMEM;
    }
    rows->totals = items;
    rows->totals[rows->total_count++] = *total;
    return UMIG_OK;
}

static int session_key(struct umig_folder *folder,
                       const struct umig_fold_stream *stream,
                       uint32_t number,
                       int64_t *out_key,
                       struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&folder->main, UMIG_READ_SESSION_KEY);
    sqlite3_bind_int64(statement, 1, stream->key);
    sqlite3_bind_int64(statement, 2, number);
    const int rc = umig_db_step(&folder->main, statement, err);
    if (rc == UMIG_OK) {
        *out_key = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
        return UMIG_OK;
    }
    /* A session that retention forgot while a batch of it waited: its rows have no owner. */
    *out_key = 0;
    return rc == UMIG_END ? UMIG_OK : umig_err_trace(err, rc);
}

static int64_t unix_of(const struct umig_fold_stream *stream, uint64_t monotonic_ns)
{
    return (int64_t)umig_store_unix_at(stream->anchor_monotonic_ns, stream->anchor_unix_ns,
                                       monotonic_ns);
}

static int out_of_memory(struct umig_err *err)
{
    return umig_err_set(err, UMIG_E_NOMEM, "no memory to fold a batch");
}

static int add_samples(struct umig_folder *folder,
                       const struct umig_fold_stream *stream,
                       int64_t session,
                       const Umig__V1__Samples *s,
                       struct umig_err *err)
{
    const struct umig_idmap *map = stream->map;
    uint64_t at_ns = s->base_ns;
    for (size_t i = 0; i < s->n_stack; i++) {
        const uint64_t value = umig_samples_value(s, i);
        at_ns += (uint64_t)s->time_delta_ms[i] * UMIG_NS_PER_MS;
        const struct umig_fold_sample sample = {
            .key = {.session = session,
                    .slot = umig_store_slot_of((uint64_t)unix_of(stream, at_ns)),
                    .kind = s->kind,
                    .group = umig_ids_get(&map->groups, s->thread[i]),
                    .outcome = umig_samples_outcome(s, i)},
            .entry = {.stack = umig_ids_get(&map->stacks, s->stack[i]),
                      .count = umig_samples_count(s, i),
                      .value = value},
        };
        const struct umig_fold_total total = {
            .session = session,
            .kind = s->kind,
            .thread = umig_ids_get(&map->threads, s->thread[i]),
            .count = 1,
            .value = value,
        };
        if (add_sample(&folder->rows, &sample) != UMIG_OK ||
            add_total(&folder->rows, &total) != UMIG_OK) {
            return out_of_memory(err);
        }
    }
    return UMIG_OK;
}

static int write_pauses(struct umig_folder *folder,
                        const struct umig_fold_stream *stream,
                        int64_t session,
                        const Umig__V1__GcPauses *p,
                        struct umig_err *err)
{
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < p->n_start_ns; i++) {
        const int64_t numbers[] = {
            session,
            unix_of(stream, p->start_ns[i]),
            (int64_t)p->duration_ns[i],
            umig_ids_get(&stream->map->strings, p->collection[i]),
            umig_ids_get(&stream->map->strings, p->cause[i]),
            (int64_t)p->heap_before[i],
            (int64_t)p->heap_after[i],
        };
        rc = umig_day_write(&folder->day, UMIG_DAY_PAUSE_INSERT, numbers, 7, err);
    }
    return rc;
}

static int write_heap_point(struct umig_folder *folder,
                            const struct umig_fold_stream *stream,
                            int64_t session,
                            const Umig__V1__HeapPoint *h,
                            struct umig_err *err)
{
    struct umig_buf pools = UMIG_BUF_INIT((size_t)MAX_BLOB_BYTES * 4);
    for (size_t i = 0; i < h->n_pool; i++) {
        umig_varint_put(&pools, umig_ids_get(&stream->map->strings, h->pool[i]));
        umig_varint_put(&pools, h->used[i]);
        umig_varint_put(&pools, h->committed[i]);
        umig_varint_put(&pools, h->maximum[i]);
    }
    for (size_t i = 0; i < h->n_counter; i++) {
        umig_varint_put(&pools, 0);
        umig_varint_put(&pools, h->counter[i]);
        umig_varint_put(&pools, h->counter_value[i]);
        umig_varint_put(&pools, 0);
    }
    if (pools.failed != UMIG_OK) {
        umig_buf_fini(&pools);
        return out_of_memory(err);
    }
    sqlite3_stmt *statement = umig_db_statement(&folder->day.db, UMIG_DAY_HEAP_INSERT);
    sqlite3_bind_int64(statement, 1, session);
    sqlite3_bind_int64(statement, 2, unix_of(stream, h->time_ns));
    sqlite3_bind_int64(statement, 3, (int64_t)h->rss_bytes);
    umig_db_bind_bytes(statement, 4, pools.bytes, pools.len);
    const int rc = umig_db_run(&folder->day.db, statement, err);
    umig_buf_fini(&pools);
    return rc;
}

static int write_pool_reading(struct umig_folder *folder,
                              const struct umig_fold_stream *stream,
                              int64_t session,
                              const Umig__V1__PoolReading *r,
                              struct umig_err *err)
{
    struct umig_buf pools = UMIG_BUF_INIT((size_t)MAX_BLOB_BYTES * 4);
    for (size_t i = 0; i < r->n_pool; i++) {
        const uint64_t numbers[] = {
            r->pool[i],   r->kind[i],     umig_ids_get(&stream->map->strings, r->name[i]),
            r->size[i],   r->maximum[i],  r->active[i],
            r->queued[i], r->completed[i]};
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
            umig_varint_put(&pools, numbers[k]);
        }
    }
    if (pools.failed != UMIG_OK) {
        umig_buf_fini(&pools);
        return out_of_memory(err);
    }
    sqlite3_stmt *statement = umig_db_statement(&folder->day.db, UMIG_DAY_POOLS_INSERT);
    sqlite3_bind_int64(statement, 1, session);
    sqlite3_bind_int64(statement, 2, unix_of(stream, r->time_ns));
    umig_db_bind_bytes(statement, 3, pools.bytes, pools.len);
    const int rc = umig_db_run(&folder->day.db, statement, err);
    umig_buf_fini(&pools);
    return rc;
}

/* Two numbers in one column: collector/store/schema.c. */
static int64_t packed(uint32_t low, uint32_t high)
{
    return (int64_t)((uint64_t)(high & INT32_MAX) << 32 | low);
}

static int write_waits(struct umig_folder *folder,
                       const struct umig_fold_stream *stream,
                       int64_t session,
                       const Umig__V1__Waits *w,
                       struct umig_err *err)
{
    const struct umig_idmap *map = stream->map;
    uint64_t at_ns = w->base_ns;
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < w->n_stack; i++) {
        at_ns += (uint64_t)w->time_delta_ns[i];
        const uint32_t thread = umig_ids_get(&map->threads, w->thread[i]);
        const uint32_t holder_stack =
            i < w->n_holder_stack ? umig_ids_get(&map->stacks, w->holder_stack[i]) : 0;
        const uint32_t deadlock = i < w->n_deadlock ? w->deadlock[i] : 0;
        const int64_t numbers[] = {
            session,
            unix_of(stream, at_ns),
            thread,
            packed(umig_ids_get(&map->threads, w->holder[i]), holder_stack),
            packed(umig_ids_get(&map->strings, w->monitor_class[i]), deadlock),
            umig_ids_get(&map->stacks, w->stack[i]),
            (int64_t)w->wait_ns[i],
            w->count[i],
        };
        rc = umig_day_write(&folder->day, UMIG_DAY_WAIT_INSERT, numbers, 8, err);
        const struct umig_fold_total total = {.session = session,
                                              .kind = UMIG_KIND_LOCKS,
                                              .thread = thread,
                                              .count = w->count[i],
                                              .value = w->wait_ns[i]};
        if (rc == UMIG_OK && add_total(&folder->rows, &total) != UMIG_OK) {
            rc = out_of_memory(err);
        }
    }
    return rc;
}

static int write_tally(struct umig_folder *folder,
                       int64_t session,
                       const Umig__V1__Tally *t,
                       struct umig_err *err)
{
    struct umig_buf dropped = UMIG_BUF_INIT((size_t)MAX_BLOB_BYTES * 2);
    for (size_t i = 0; i < t->n_drop_cause; i++) {
        umig_varint_put(&dropped, t->drop_cause[i]);
        umig_varint_put(&dropped, t->drop_value[i]);
    }
    if (dropped.failed != UMIG_OK) {
        umig_buf_fini(&dropped);
        return out_of_memory(err);
    }
    sqlite3_stmt *statement = umig_db_statement(&folder->day.db, UMIG_DAY_TALLY_PUT);
    sqlite3_bind_int64(statement, 1, session);
    sqlite3_bind_int64(statement, 2, t->kind);
    sqlite3_bind_int64(statement, 3, (int64_t)t->time_ns);
    sqlite3_bind_int64(statement, 4, (int64_t)t->produced);
    umig_db_bind_bytes(statement, 5, dropped.bytes, dropped.len);
    sqlite3_bind_int64(statement, 6, (int64_t)t->agent_cpu_ns);
    sqlite3_bind_int64(statement, 7, (int64_t)t->agent_memory_bytes);
    sqlite3_bind_int64(statement, 8, (int64_t)t->process_cpu_ns);
    const int rc = umig_db_run(&folder->day.db, statement, err);
    umig_buf_fini(&dropped);
    return rc;
}

static int write_cost(struct umig_folder *folder,
                      const struct umig_fold_stream *stream,
                      int64_t session,
                      const Umig__V1__Cost *c,
                      struct umig_err *err)
{
    struct umig_buf kinds = UMIG_BUF_INIT((size_t)MAX_BLOB_BYTES);
    for (size_t i = 0; i < c->n_kind; i++) {
        umig_varint_put(&kinds, c->kind[i]);
        umig_varint_put(&kinds, c->cpu_ns[i]);
        umig_varint_put(&kinds, c->divisor[i]);
    }
    if (kinds.failed != UMIG_OK) {
        umig_buf_fini(&kinds);
        return out_of_memory(err);
    }
    sqlite3_stmt *statement = umig_db_statement(&folder->day.db, UMIG_DAY_COST_INSERT);
    sqlite3_bind_int64(statement, 1, session);
    sqlite3_bind_int64(statement, 2, unix_of(stream, c->time_ns));
    sqlite3_bind_int64(statement, 3, (int64_t)c->process_cpu_ns);
    sqlite3_bind_int64(statement, 4, (int64_t)c->memory_bytes);
    sqlite3_bind_int64(statement, 5, (int64_t)c->budget_ppm);
    sqlite3_bind_int64(statement, 6, (int64_t)c->budget_memory_bytes);
    umig_db_bind_bytes(statement, 7, kinds.bytes, kinds.len);
    const int rc = umig_db_run(&folder->day.db, statement, err);
    umig_buf_fini(&kinds);
    return rc;
}

/* Rows of sessions that still exist (key above 0); the others have nobody to belong to. */
static int add_stacks(struct umig_folder *folder,
                      const struct umig_fold_stream *stream,
                      const Umig__V1__Batch *batch,
                      struct umig_err *err)
{
    int64_t key = 0;
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < batch->n_samples; i++) {
        rc = session_key(folder, stream, batch->samples[i]->session, &key, err);
        if (rc == UMIG_OK && key > 0) {
            rc = add_samples(folder, stream, key, batch->samples[i], err);
        }
    }
    for (size_t i = 0; rc == UMIG_OK && i < batch->n_waits; i++) {
        rc = session_key(folder, stream, batch->waits[i]->session, &key, err);
        if (rc == UMIG_OK && key > 0) {
            rc = write_waits(folder, stream, key, batch->waits[i], err);
        }
    }
    return rc;
}

static int add_events(struct umig_folder *folder,
                      const struct umig_fold_stream *stream,
                      const Umig__V1__Batch *batch,
                      struct umig_err *err)
{
    int64_t key = 0;
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < batch->n_gc_pauses; i++) {
        rc = session_key(folder, stream, batch->gc_pauses[i]->session, &key, err);
        if (rc == UMIG_OK && key > 0) {
            rc = write_pauses(folder, stream, key, batch->gc_pauses[i], err);
        }
    }
    for (size_t i = 0; rc == UMIG_OK && i < batch->n_gc_events; i++) {
        rc = session_key(folder, stream, batch->gc_events[i]->session, &key, err);
        if (rc == UMIG_OK && key > 0) {
            rc = umig_fold_gc_events(folder, stream, key, batch->gc_events[i], err);
        }
    }
    for (size_t i = 0; rc == UMIG_OK && i < batch->n_heap_points; i++) {
        rc = session_key(folder, stream, batch->heap_points[i]->session, &key, err);
        if (rc == UMIG_OK && key > 0) {
            rc = write_heap_point(folder, stream, key, batch->heap_points[i], err);
        }
    }
    for (size_t i = 0; rc == UMIG_OK && i < batch->n_pool_readings; i++) {
        rc = session_key(folder, stream, batch->pool_readings[i]->session, &key, err);
        if (rc == UMIG_OK && key > 0) {
            rc = write_pool_reading(folder, stream, key, batch->pool_readings[i], err);
        }
    }
    for (size_t i = 0; rc == UMIG_OK && i < batch->n_costs; i++) {
        rc = session_key(folder, stream, batch->costs[i]->session, &key, err);
        if (rc == UMIG_OK && key > 0) {
            rc = write_cost(folder, stream, key, batch->costs[i], err);
        }
    }
    return rc;
}

static int add_tallies(struct umig_folder *folder,
                       const struct umig_fold_stream *stream,
                       const Umig__V1__Batch *batch,
                       struct umig_err *err)
{
    int64_t key = 0;
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < batch->n_tallies; i++) {
        rc = session_key(folder, stream, batch->tallies[i]->session, &key, err);
        if (rc == UMIG_OK && key > 0) {
            rc = write_tally(folder, key, batch->tallies[i], err);
        }
    }
    return rc;
}

/* All of a session that starts here comes to this file: a file set aside before had none of it. */
static int note_starts(struct umig_folder *folder,
                       const struct umig_fold_stream *stream,
                       const Umig__V1__Batch *batch,
                       struct umig_err *err)
{
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < batch->n_starts; i++) {
        int64_t key = 0;
        rc = session_key(folder, stream, batch->starts[i]->session, &key, err);
        rc = rc != UMIG_OK ? rc : umig_day_write(&folder->day, UMIG_DAY_LOST_DELETE, &key, 1, err);
    }
    return rc;
}

int umig_fold_rows_add(struct umig_folder *folder,
                       const struct umig_fold_stream *stream,
                       const Umig__V1__Batch *batch,
                       struct umig_err *err)
{
    int rc = note_starts(folder, stream, batch, err);
    rc = rc != UMIG_OK ? rc : add_stacks(folder, stream, batch, err);
    rc = rc != UMIG_OK ? rc : add_events(folder, stream, batch, err);
    rc = rc != UMIG_OK ? rc : add_tallies(folder, stream, batch, err);
    return rc != UMIG_OK ? umig_err_trace(err, rc) : UMIG_OK;
}

static int compare(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_keys(const struct umig_cell_key *a, const struct umig_cell_key *b)
{
    int order = compare((uint64_t)a->session, (uint64_t)b->session);
    order = order != 0 ? order : compare((uint64_t)a->slot, (uint64_t)b->slot);
    order = order != 0 ? order : compare(a->kind, b->kind);
    order = order != 0 ? order : compare(a->group, b->group);
    return order != 0 ? order : compare(a->outcome, b->outcome);
}

static int by_key(const void *a, const void *b)
{
    const struct umig_fold_sample *left = a;
    const struct umig_fold_sample *right = b;
    return compare_keys(&left->key, &right->key);
}

static int write_cells(struct umig_folder *folder, struct umig_err *err)
{
    struct umig_fold_rows *rows = &folder->rows;
    if (rows->sample_count == 0) {
        return UMIG_OK;
    }
    qsort(rows->samples, rows->sample_count, sizeof *rows->samples, by_key);
    int rc = UMIG_OK;
    rows->cell.count = 0;
    for (size_t i = 0; rc == UMIG_OK && i < rows->sample_count; i++) {
        const struct umig_fold_sample *sample = &rows->samples[i];
        rc = umig_cell_add(&rows->cell, sample->entry);
        if (rc != UMIG_OK) {
            return out_of_memory(err);
        }
        if (i + 1 == rows->sample_count || compare_keys(&sample->key, &sample[1].key) != 0) {
            rc = umig_day_merge_cell(&folder->day, &sample->key, &rows->cell, err);
            rows->cell.count = 0;
        }
    }
    return rc;
}

static int by_thread(const void *a, const void *b)
{
    const struct umig_fold_total *left = a;
    const struct umig_fold_total *right = b;
    int order = compare((uint64_t)left->session, (uint64_t)right->session);
    order = order != 0 ? order : compare(left->kind, right->kind);
    return order != 0 ? order : compare(left->thread, right->thread);
}

static int write_totals(struct umig_folder *folder, struct umig_err *err)
{
    struct umig_fold_rows *rows = &folder->rows;
    if (rows->total_count == 0) {
        return UMIG_OK;
    }
    qsort(rows->totals, rows->total_count, sizeof *rows->totals, by_thread);
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < rows->total_count; i++) {
        struct umig_fold_total *total = &rows->totals[i];
        if (i + 1 < rows->total_count && by_thread(total, &total[1]) == 0) {
            total[1].count += total->count;
            total[1].value += total->value;
            continue;
        }
        const uint64_t most = UINT64_C(1) << 62;
        const int64_t numbers[] = {total->session, total->kind, total->thread,
                                   (int64_t)(total->count < most ? total->count : most),
                                   (int64_t)(total->value < most ? total->value : most)};
        rc = umig_day_write(&folder->day, UMIG_DAY_TOTAL_ADD, numbers, 5, err);
    }
    return rc;
}

int umig_fold_rows_write(struct umig_folder *folder, struct umig_err *err)
{
    int rc = write_cells(folder, err);
    rc = rc != UMIG_OK ? rc : write_totals(folder, err);
    umig_fold_rows_clear(&folder->rows);
    return rc != UMIG_OK ? umig_err_trace(err, rc) : UMIG_OK;
}
