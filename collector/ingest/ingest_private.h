/* Inside of struct umig_ingest; for the files of collector/ingest. */
#ifndef UMIG_COLLECTOR_INGEST_INGEST_PRIVATE_H
#define UMIG_COLLECTOR_INGEST_INGEST_PRIVATE_H

#include "collector/batch/arena.h"
#include "collector/ingest/ingest.h"
#include "collector/ingest/streams.h"
#include "core/buf.h"
#include "wire/frame.h"

/** What an epoll event points at begins with this. */
enum umig_source {
    UMIG_SOURCE_LISTENER,
    UMIG_SOURCE_CONN,
    UMIG_SOURCE_WAKE
};

struct umig_listener {
    enum umig_source source; /* first */
    int fd;
};

/*
 * One connection.
 *
 *   NEW      nothing but HELLO or QUERY may come, within 5 s
 *   AGENT    a stream is attached
 *   CLOSING  what is queued is sent, what comes is thrown away, for a second at most
 *   DEAD     closed; freed at the end of the turn
 */
enum umig_conn_state {
    UMIG_CONN_NEW,
    UMIG_CONN_AGENT,
    UMIG_CONN_CLOSING,
    UMIG_CONN_DEAD
};

struct umig_conn {
    enum umig_source source; /* first */
    enum umig_conn_state state;
    int fd;
    int64_t uid; /* -1 over TCP */
    struct umig_frame_reader reader;
    size_t charged_bytes; /* of the reader's room, in ingest->buffer_bytes */
    struct umig_buf out;
    size_t out_sent;
    bool wants_write;
    bool awaits_resend;   /* refused with a retry: what was on its way is thrown away */
    uint64_t deadline_ns; /* 0: none */
    struct umig_live *live;
    struct umig_conn *next;
};

struct umig_ingest {
    struct umig_store *store;
    struct umig_ingest_hooks hooks;
    uint64_t group_ns;
    uint64_t lost_after_ns;
    int epoll_fd;
    enum umig_source wake_source; /* what the wake event points at */
    int wake_fd;
    atomic_bool is_stopping;
    atomic_bool is_woken;

    struct umig_listener listeners[UMIG_INGEST_MAX_LISTENERS];
    size_t listener_count;
    uint64_t accept_again_ns; /* out of descriptors: no accept before; 0: accepting */
    struct umig_conn *conns;
    size_t conn_count;
    size_t buffer_bytes;

    struct umig_streams streams;
    struct umig_arena arena;
    bool has_group; /* a transaction is open */
    uint64_t group_deadline_ns;
    uint64_t group_bytes;
    uint64_t group_batches;
    uint64_t group_samples;
    uint64_t inbox_bytes; /* committed since the fold was last told */
    uint64_t next_sweep_ns;

    struct umig_ingest_counters counters;
    int fatal; /* UMIG_OK, or why the loop must end */
    struct umig_err fatal_err;
};

/* group.c */

/** Notes that the open transaction has something to commit, at the latest after group_ns. */
void umig_ingest_group_open(struct umig_ingest *ingest, uint64_t now_ns);

/**
 * Commits what is open and acknowledges; a full disk refuses it all, with a retry.
 *
 * @return UMIG_OK, or how the store failed (dealt with already)
 */
int umig_ingest_group_commit(struct umig_ingest *ingest);

/** Handles a failure of the store: a full disk refuses the group, anything else is fatal. */
void umig_ingest_store_failed(struct umig_ingest *ingest, int rc, const struct umig_err *err);

/* conn.c */

/** Takes an accepted socket. The fd is closed on failure. */
void umig_conn_accept(struct umig_ingest *ingest, int fd, uint64_t now_ns);

/** Handles readiness. */
void umig_conn_ready(struct umig_ingest *ingest,
                     struct umig_conn *conn,
                     uint32_t events,
                     uint64_t now_ns);

/** Queues a frame and sends what the socket takes. */
void umig_conn_send(struct umig_ingest *ingest,
                    struct umig_conn *conn,
                    const struct umig_frame_header *header,
                    const uint8_t *payload,
                    size_t payload_bytes);

/** Says why and closes; with retry_after_ms above 0 the connection stays. */
void umig_conn_refuse(struct umig_ingest *ingest,
                      struct umig_conn *conn,
                      Umig__V1__RefuseCode code,
                      const char *text,
                      uint32_t retry_after_ms);

/** Closes at once; the memory goes at the end of the turn. */
void umig_conn_kill(struct umig_ingest *ingest, struct umig_conn *conn);

/** Frees what was killed, kills what is over its deadline. */
void umig_conns_sweep(struct umig_ingest *ingest, uint64_t now_ns);

/* peer.c */

/** Acts on one whole frame. The connection may be dead afterwards. */
void umig_peer_frame(struct umig_ingest *ingest,
                     struct umig_conn *conn,
                     const struct umig_frame_header *header,
                     const uint8_t *payload,
                     uint64_t now_ns);

#endif
