/*
 * Streams that are connected, or were a moment ago: their watermarks, and when a stream that went
 * away without a word counts as lost. The time is an argument.
 */
#ifndef UMIG_COLLECTOR_INGEST_STREAMS_H
#define UMIG_COLLECTOR_INGEST_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/store/store.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

struct umig_conn;

struct umig_live {
    struct umig_stream now; /* with the batches of the open transaction */
    struct umig_stream
        committed;          /* without: what a rollback returns to, what may be acknowledged */
    struct umig_conn *conn; /* NULL: nobody is connected */
    uint64_t gone_at_ns;    /* since when; monotonic */
    uint8_t *hello;         /* payload of the Hello, for the first batch */
    size_t hello_bytes;
    bool is_dirty; /* part of the open transaction */
    struct umig_live *next;
};

enum {
    UMIG_STREAM_BUCKETS = 256
};

/** Zeroed is empty. */
struct umig_streams {
    struct umig_live *buckets[UMIG_STREAM_BUCKETS];
    size_t count;
};

/** Finds a stream; NULL if it is not there. */
struct umig_live *umig_streams_find(const struct umig_streams *streams, uint64_t epoch);

/** Adds a stream that is not there yet, not connected. NULL: out of memory. */
struct umig_live *umig_streams_add(struct umig_streams *streams,
                                   const struct umig_stream *stream,
                                   uint64_t now_ns);

/** Keeps a copy of the Hello's payload. UMIG_OK or UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_live_set_hello(struct umig_live *live,
                                       const uint8_t *payload,
                                       size_t bytes);

/** Takes a stream out and frees it. */
void umig_streams_remove(struct umig_streams *streams, struct umig_live *live);

/** Frees everything. */
void umig_streams_fini(struct umig_streams *streams);

/**
 * Some stream that nobody is connected to for lost_after_ns, or that needs no waiting for: it said
 * BYE, or nothing of it is in the store. Never one that is part of the open transaction.
 *
 * @return NULL when there is none
 */
struct umig_live *umig_streams_expired(const struct umig_streams *streams,
                                       uint64_t now_ns,
                                       uint64_t lost_after_ns);

#endif
