/* What the JVM's log says of collections, on its way into a day file. */
#include "collector/store/fold_private.h"
#include "collector/store/schema.h"
#include "collector/store/time.h"
#include "collector/store/varint.h"
#include "core/err.h"

enum {
    MAX_BLOB_BYTES = 4 * 1024 * 1024
};

static uint64_t unix_of(const struct umig_fold_stream *stream, uint64_t monotonic_ns)
{
    return umig_store_unix_at(stream->anchor_monotonic_ns, stream->anchor_unix_ns, monotonic_ns);
}

static uint64_t latest_start(const Umig__V1__GcEvents *e)
{
    uint64_t latest_ns = 0;
    for (size_t i = 0; i < e->n_start_ns; i++) {
        latest_ns = e->start_ns[i] > latest_ns ? e->start_ns[i] : latest_ns;
    }
    return latest_ns;
}

static void put_event(const struct umig_fold_stream *stream,
                      const Umig__V1__GcEvents *e,
                      size_t row,
                      uint64_t latest_unix_ns,
                      struct umig_buf *out)
{
    const uint64_t numbers[] = {
        latest_unix_ns - unix_of(stream, e->start_ns[row]),
        e->kind[row],
        e->duration_ns[row],
        umig_ids_get(&stream->map->strings, e->name[row]),
        umig_ids_get(&stream->map->strings, e->detail[row]),
        e->before[row],
        e->after[row],
        row < e->n_thread ? umig_ids_get(&stream->map->threads, e->thread[row]) : 0,
        row < e->n_stack ? umig_ids_get(&stream->map->stacks, e->stack[row]) : 0,
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        umig_varint_put(out, numbers[i]);
    }
}

int umig_fold_gc_events(struct umig_folder *folder,
                        const struct umig_fold_stream *stream,
                        int64_t session,
                        const Umig__V1__GcEvents *e,
                        struct umig_err *err)
{
    struct umig_buf events = UMIG_BUF_INIT(MAX_BLOB_BYTES);
    const uint64_t latest_unix_ns = unix_of(stream, latest_start(e));
    for (size_t i = 0; i < e->n_kind; i++) {
        put_event(stream, e, i, latest_unix_ns, &events);
    }
    if (events.failed != UMIG_OK) {
        umig_buf_fini(&events);
        return umig_err_set(err, UMIG_E_NOMEM, "no memory to fold a batch");
    }
    sqlite3_stmt *statement = umig_db_statement(&folder->day.db, UMIG_DAY_GC_EVENTS_INSERT);
    sqlite3_bind_int64(statement, 1, session);
    sqlite3_bind_int64(statement, 2, (int64_t)latest_unix_ns);
    umig_db_bind_bytes(statement, 3, events.bytes, events.len);
    const int rc = umig_db_run(&folder->day.db, statement, err);
    umig_buf_fini(&events);
    return rc;
}
