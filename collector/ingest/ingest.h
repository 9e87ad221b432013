/*
 * The ingest thread: every connection of every listener, the store's one writer, acknowledgements.
 *
 *   accept -> first frame HELLO or QUERY -> batches: bound, decode, check, put
 *          -> at most 50 ms or 4 MiB of batches, of all connections: one commit -> ACK
 *
 * An ACK leaves only after the commit returned. docs/wire-format.md has the protocol.
 */
#ifndef UMIG_COLLECTOR_INGEST_INGEST_H
#define UMIG_COLLECTOR_INGEST_INGEST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/store/store.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Largest payload of the first frame: a Hello with its labels. */
#define UMIG_INGEST_FIRST_FRAME_BYTES (16u << 10)

/** Bounds of one collector. */
#define UMIG_INGEST_MAX_CONNECTIONS  1024u
#define UMIG_INGEST_MAX_LISTENERS    16u
#define UMIG_INGEST_MAX_BUFFER_BYTES (32u << 20) /* all connections' large buffers */

/** A Query frame, to be answered by somebody else. */
struct umig_ingest_query {
    int fd;      /* non-blocking; the taker owns it */
    int64_t uid; /* of the peer; -1 over TCP */
    const Umig__V1__Query *query;
};

/** What the ingest thread asks of the daemon. */
struct umig_ingest_hooks {
    void *context;
    /** Takes a query over. False: too many are waiting; the fd stays with the ingest. */
    bool (*query)(void *context, const struct umig_ingest_query *query);
    /** Something was committed: so many payload bytes wait for the fold by now. */
    void (*committed)(void *context, uint64_t inbox_bytes);
    /**
     * Called on the ingest thread when umig_ingest_wake() was called: the daemon brings the store
     * in line with what was folded and dropped, in the open transaction.
     */
    int (*woken)(void *context, struct umig_store *store, struct umig_err *err);
};

struct umig_ingest_options {
    struct umig_store *store; /* borrowed; belongs to the ingest thread while it runs */
    struct umig_ingest_hooks hooks;
    uint64_t group_ns;      /* a batch waits for others so long at most; 0: 50 ms */
    uint64_t lost_after_ns; /* a stream gone so long is lost; 0: 15 s */
};

/** Counters for the status; read from any thread. */
struct umig_ingest_counters {
    atomic_uint_fast64_t connections; /* open now */
    atomic_uint_fast64_t agents;      /* of them, with a Hello */
    atomic_uint_fast64_t batches;     /* stored */
    atomic_uint_fast64_t duplicates;
    atomic_uint_fast64_t refused; /* frames refused for good */
    atomic_uint_fast64_t samples; /* stored */
    atomic_uint_fast64_t bytes;   /* payload stored */
    atomic_uint_fast64_t commits;
    atomic_uint_fast64_t full_disk; /* commits refused by a full disk */
    atomic_uint_fast64_t
        full_since_ns; /* monotonic; of the first since batches were stored, 0: none */
    atomic_uint_fast64_t full_last_ns; /* of the last */
};

struct umig_ingest;

/** Makes an ingest without listeners. UMIG_OK, UMIG_E_NOMEM, UMIG_E_IO. */
UMIG_NODISCARD int umig_ingest_create(const struct umig_ingest_options *options,
                                      struct umig_ingest **out_ingest,
                                      struct umig_err *err);

/** Closes every connection and listener; takes NULL; returns NULL. */
struct umig_ingest *umig_ingest_destroy(struct umig_ingest *ingest);

/** Adds a listening socket; it is closed by umig_ingest_destroy(). UMIG_OK, E_LIMIT, E_IO. */
UMIG_NODISCARD int umig_ingest_listen(struct umig_ingest *ingest, int fd, struct umig_err *err);

/**
 * Serves until umig_ingest_stop(), then commits and acknowledges what is open.
 *
 * @return UMIG_OK, or the failure of the store that forbids going on (UMIG_E_IO, UMIG_E_DB ...)
 */
UMIG_NODISCARD int umig_ingest_run(struct umig_ingest *ingest, struct umig_err *err);

/** Makes umig_ingest_run() return. Any thread; async-signal-safe. */
void umig_ingest_stop(struct umig_ingest *ingest);

/** Makes the ingest thread call hooks.woken soon. Any thread. */
void umig_ingest_wake(struct umig_ingest *ingest);

/** The counters; borrowed. */
const struct umig_ingest_counters *umig_ingest_counters(const struct umig_ingest *ingest);

#endif
