/* Group commit: one fsync for the batches of many connections, and the acknowledgements after it.
 */
#include <stdio.h>

#include "collector/ingest/ingest_private.h"
#include "collector/store/failpoint.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/log.h"

enum {
    RETRY_AFTER_MS = 1000
};

void umig_ingest_group_open(struct umig_ingest *ingest, uint64_t now_ns)
{
    if (!ingest->has_group) {
        ingest->has_group = true;
        ingest->group_deadline_ns = now_ns + ingest->group_ns;
    }
}

static void reset_group(struct umig_ingest *ingest)
{
    ingest->has_group = false;
    ingest->group_bytes = 0;
    ingest->group_batches = 0;
    ingest->group_samples = 0;
}

static void acknowledge(struct umig_ingest *ingest, struct umig_live *live)
{
    if (live->conn != NULL && live->conn->state == UMIG_CONN_AGENT) {
        const struct umig_frame_header ack = {.type = UMIG_FRAME_ACK,
                                              .epoch = live->committed.epoch,
                                              .sequence = live->committed.watermark};
        umig_conn_send(ingest, live->conn, &ack, NULL, 0);
    }
}

/* Calls back with every stream of the open transaction and takes it out of it. */
static void for_dirty(struct umig_ingest *ingest,
                      void (*act)(struct umig_ingest *, struct umig_live *))
{
    for (size_t i = 0; i < UMIG_STREAM_BUCKETS; i++) {
        for (struct umig_live *live = ingest->streams.buckets[i]; live != NULL; live = live->next) {
            if (live->is_dirty) {
                live->is_dirty = false;
                act(ingest, live);
            }
        }
    }
}

static void settle(struct umig_ingest *ingest, struct umig_live *live)
{
    const bool has_more = live->now.watermark > live->committed.watermark;
    live->committed = live->now;
    if (has_more) {
        acknowledge(ingest, live);
    }
}

static void take_back(struct umig_ingest *ingest, struct umig_live *live)
{
    live->now = live->committed;
    if (live->conn != NULL && live->conn->state == UMIG_CONN_AGENT) {
        umig_conn_refuse(ingest, live->conn, UMIG__V1__REFUSE_CODE__REFUSE_STORE_FULL,
                         "the collector's disk is full", RETRY_AFTER_MS);
    }
}

static void note_full(struct umig_ingest_counters *counters)
{
    const uint64_t now_ns = umig_clock_monotonic_ns();
    atomic_fetch_add(&counters->full_disk, 1);
    atomic_store(&counters->full_last_ns, now_ns);
    if (atomic_load(&counters->full_since_ns) == 0) {
        atomic_store(&counters->full_since_ns, now_ns);
    }
}

void umig_ingest_store_failed(struct umig_ingest *ingest, int rc, const struct umig_err *err)
{
    umig_store_rollback(ingest->store);
    reset_group(ingest);
    if (rc != UMIG_E_LIMIT) {
        ingest->fatal = rc;
        ingest->fatal_err = *err;
        return;
    }
    note_full(&ingest->counters);
    umig_log(UMIG_LOG_ERROR, "nothing can be stored: %s; agents keep what they have and retry",
             err->text);
    for_dirty(ingest, take_back);
}

static void count_group(struct umig_ingest *ingest)
{
    struct umig_ingest_counters *counters = &ingest->counters;
    atomic_fetch_add(&counters->commits, 1);
    atomic_fetch_add(&counters->batches, ingest->group_batches);
    atomic_fetch_add(&counters->samples, ingest->group_samples);
    atomic_fetch_add(&counters->bytes, ingest->group_bytes);
    if (ingest->group_batches > 0) {
        atomic_store(&counters->full_since_ns, 0);
    }
    ingest->inbox_bytes += ingest->group_bytes;
}

int umig_ingest_group_commit(struct umig_ingest *ingest)
{
    if (!ingest->has_group) {
        return UMIG_OK;
    }
    struct umig_err err = UMIG_ERR_INIT;
    const int rc = umig_store_commit(ingest->store, &err);
    if (rc != UMIG_OK) {
        umig_ingest_store_failed(ingest, rc, &err);
        return rc;
    }
    count_group(ingest);
    const bool had_batches = ingest->group_batches > 0;
    reset_group(ingest);
    /* Only a kill can be meant here: what is committed cannot be refused any more. */
    (void)!umig_failpoint("after_commit_before_ack", NULL);
    for_dirty(ingest, settle);
    (void)!umig_failpoint("after_ack", NULL);
    if (had_batches) {
        ingest->hooks.committed(ingest->hooks.context, ingest->inbox_bytes);
    }
    return UMIG_OK;
}
