/* What each frame of a peer means. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "collector/batch/batch.h"
#include "collector/ingest/ingest_private.h"
#include "core/clock.h"
#include "core/err.h"
#include "include/umig/version.h"

/* A commit does not wait for more than this; one batch more always fits. */
#define GROUP_MAX_BYTES (4u << 20)

/* Features of a Hello that this collector must understand to take the stream. */
#define KNOWN_FEATURES UINT64_C(0)

enum {
    TEXT_BYTES = 512,
    WELCOME_BYTES = 256
};

static void refuse(struct umig_ingest *ingest, struct umig_conn *conn, int rc, const char *text)
{
    const Umig__V1__RefuseCode code = rc == UMIG_E_LIMIT ? UMIG__V1__REFUSE_CODE__REFUSE_LIMIT
                                                         : UMIG__V1__REFUSE_CODE__REFUSE_PROTOCOL;
    /* Batches before the bad one are good: their acknowledgement goes out before the refusal. */
    (void)umig_ingest_group_commit(ingest);
    umig_conn_refuse(ingest, conn, code, text, 0);
}

static void welcome(struct umig_ingest *ingest,
                    struct umig_conn *conn,
                    const struct umig_live *live)
{
    char version[] = UMIG_VERSION;
    Umig__V1__Welcome message = UMIG__V1__WELCOME__INIT;
    message.protocol = UMIG_PROTOCOL;
    message.features = KNOWN_FEATURES;
    message.acked = live->committed.watermark;
    message.max_frame_bytes = UMIG_FRAME_MAX_BYTES;
    message.collector_version = version;
    uint8_t payload[WELCOME_BYTES];
    const size_t payload_bytes = umig__v1__welcome__pack(&message, payload);
    const struct umig_frame_header header = {.type = UMIG_FRAME_WELCOME, .epoch = live->now.epoch};
    umig_conn_send(ingest, conn, &header, payload, payload_bytes);
}

/* The stream of an epoch: live, in the store, or new. NULL: the store failed or memory is out. */
static struct umig_live *find_live(struct umig_ingest *ingest,
                                   uint64_t epoch,
                                   int64_t uid,
                                   uint64_t now_ns)
{
    struct umig_live *live = umig_streams_find(&ingest->streams, epoch);
    if (live != NULL) {
        return live;
    }
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_stream stream = {.epoch = epoch, .uid = uid};
    const int rc = umig_store_find_stream(ingest->store, epoch, &stream, &err);
    if (rc < 0) {
        umig_ingest_store_failed(ingest, rc, &err);
        return NULL;
    }
    return umig_streams_add(&ingest->streams, &stream, now_ns);
}

/* A refusal that concerns versions; false: none. */
static bool refuse_version(struct umig_ingest *ingest,
                           struct umig_conn *conn,
                           const Umig__V1__Hello *hello)
{
    char text[TEXT_BYTES];
    const uint64_t unknown = hello->required_features & ~KNOWN_FEATURES;
    if (hello->protocol != UMIG_PROTOCOL) {
        snprintf(text, sizeof text,
                 "protocol %" PRIu32 " is not spoken here; this collector (umig %s) speaks %d",
                 hello->protocol, UMIG_VERSION, UMIG_PROTOCOL);
    } else if (unknown != 0) {
        snprintf(text, sizeof text,
                 "the agent requires features 0x%" PRIx64 " that this collector (umig %s) lacks",
                 unknown, UMIG_VERSION);
    } else {
        return false;
    }
    umig_conn_refuse(ingest, conn, UMIG__V1__REFUSE_CODE__REFUSE_VERSION, text, 0);
    return true;
}

/* Makes a connection the one and only of its stream. */
static void attach(struct umig_ingest *ingest, struct umig_conn *conn, struct umig_live *live)
{
    if (live->conn != NULL) {
        umig_conn_kill(ingest, live->conn); /* fenced: two connections never speak for one epoch */
    }
    live->conn = conn;
    conn->live = live;
    conn->state = UMIG_CONN_AGENT;
    conn->deadline_ns = 0;
    conn->reader.max_payload_bytes = UMIG_FRAME_MAX_BYTES;
    atomic_fetch_add(&ingest->counters.agents, 1);
}

static bool reopen(struct umig_ingest *ingest, struct umig_live *live, uint64_t now_ns)
{
    struct umig_err err = UMIG_ERR_INIT;
    if (live->now.key == 0 || live->now.has_ended) {
        return true;
    }
    const int rc = umig_store_reopen_sessions(ingest->store, live->now.key, &err);
    if (rc != UMIG_OK) {
        umig_ingest_store_failed(ingest, rc, &err);
        return rc == UMIG_E_LIMIT; /* a full disk does not forbid to say hello */
    }
    umig_ingest_group_open(ingest, now_ns);
    return true;
}

static int check_stream(const struct umig_conn *conn,
                        const struct umig_live *live,
                        const Umig__V1__Hello *hello,
                        Umig__V1__RefuseCode *out_code,
                        struct umig_err *err)
{
    if (live->now.uid != conn->uid) {
        *out_code = UMIG__V1__REFUSE_CODE__REFUSE_DENIED;
        return umig_err_set(err, UMIG_E_DENIED,
                            "this stream belongs to uid %lld; the peer is uid %lld",
                            (long long)live->now.uid, (long long)conn->uid);
    }
    if (hello->first_unacked > live->now.watermark + 1) {
        *out_code = UMIG__V1__REFUSE_CODE__REFUSE_UNKNOWN_STREAM;
        return umig_err_set(err, UMIG_E_PROTO,
                            "batches %" PRIu64 " to %" PRIu64
                            " of this stream are not in this store; go on with a new epoch",
                            live->now.watermark + 1, hello->first_unacked - 1);
    }
    return UMIG_OK;
}

static void on_hello(struct umig_ingest *ingest,
                     struct umig_conn *conn,
                     const struct umig_frame_header *header,
                     const uint8_t *payload,
                     uint64_t now_ns)
{
    struct umig_err err = UMIG_ERR_INIT;
    const Umig__V1__Hello *hello = NULL;
    int rc = umig_hello_decode(&ingest->arena, payload, header->payload_bytes, &hello, &err);
    if (rc != UMIG_OK || header->epoch == 0) {
        refuse(ingest, conn, rc, rc != UMIG_OK ? err.text : "HELLO with epoch 0");
        return;
    }
    if (refuse_version(ingest, conn, hello)) {
        return;
    }
    struct umig_live *live = find_live(ingest, header->epoch, conn->uid, now_ns);
    if (live == NULL) {
        umig_conn_kill(ingest, conn);
        return;
    }
    Umig__V1__RefuseCode code = UMIG__V1__REFUSE_CODE__REFUSE_PROTOCOL;
    if (check_stream(conn, live, hello, &code, &err) != UMIG_OK) {
        umig_conn_refuse(ingest, conn, code, err.text, 0);
        return;
    }
    if (live->now.key == 0) {
        live->now.anchor_monotonic_ns = hello->anchor->monotonic_ns;
        live->now.anchor_unix_ns = hello->anchor->unix_ns;
        live->committed = live->now;
        if (umig_live_set_hello(live, payload, header->payload_bytes) != UMIG_OK) {
            umig_conn_kill(ingest, conn);
            return;
        }
    }
    if (!reopen(ingest, live, now_ns)) {
        return;
    }
    attach(ingest, conn, live);
    welcome(ingest, conn, live);
}

/* Is a batch's sequence the next? Answers for every other case. */
static bool is_next(struct umig_ingest *ingest, struct umig_conn *conn, uint64_t sequence)
{
    const struct umig_live *live = conn->live;
    if (sequence <= live->now.watermark && sequence > 0) {
        atomic_fetch_add(&ingest->counters.duplicates, 1);
        if (sequence <= live->committed.watermark) {
            const struct umig_frame_header ack = {.type = UMIG_FRAME_ACK,
                                                  .epoch = live->committed.epoch,
                                                  .sequence = live->committed.watermark};
            umig_conn_send(ingest, conn, &ack, NULL, 0);
        }
        return false;
    }
    if (sequence == live->now.watermark + 1 && !live->now.has_ended) {
        conn->awaits_resend = false;
        return true;
    }
    if (!conn->awaits_resend) {
        char text[TEXT_BYTES];
        snprintf(text, sizeof text,
                 live->now.has_ended ? "batch %" PRIu64 " after BYE (last %" PRIu64 ")"
                                     : "batch %" PRIu64 " after batch %" PRIu64
                                       ": some are missing",
                 sequence, live->now.watermark);
        refuse(ingest, conn, UMIG_E_PROTO, text);
    }
    return false;
}

static void put_batch(struct umig_ingest *ingest,
                      struct umig_conn *conn,
                      const struct umig_store_batch *in,
                      uint64_t now_ns)
{
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_live *live = conn->live;
    const struct umig_stream before = live->now;
    const int rc = umig_store_put(ingest->store, &live->now, in, &err);
    if (rc == UMIG_E_PROTO) {
        live->now = before;
        refuse(ingest, conn, rc, err.text);
        return;
    }
    live->is_dirty = true;
    if (rc != UMIG_OK) {
        umig_ingest_store_failed(ingest, rc, &err);
        return;
    }
    umig_ingest_group_open(ingest, now_ns);
    ingest->group_bytes += in->payload_bytes;
    ingest->group_samples += in->batch->samples;
    ingest->group_batches++;
    if (ingest->group_bytes >= GROUP_MAX_BYTES) {
        (void)umig_ingest_group_commit(ingest);
    }
}

static void on_batch(struct umig_ingest *ingest,
                     struct umig_conn *conn,
                     const struct umig_frame_header *header,
                     const uint8_t *payload,
                     uint64_t now_ns)
{
    if (!is_next(ingest, conn, header->sequence)) {
        return;
    }
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_batch batch;
    struct umig_store_batch in = {
        .sequence = header->sequence,
        .payload = payload,
        .payload_bytes = header->payload_bytes,
        .batch = &batch,
        .hello = conn->live->hello,
        .hello_bytes = conn->live->hello_bytes,
        .now_unix_ns = umig_clock_unix_ns(),
    };
    int rc = umig_batch_decode(&ingest->arena, payload, header->payload_bytes, &batch, &err);
    rc = rc != UMIG_OK ? rc
                       : umig_batch_check(batch.message, &conn->live->now.known, &in.known, &err);
    if (rc != UMIG_OK) {
        refuse(ingest, conn, rc, err.text);
        return;
    }
    put_batch(ingest, conn, &in, now_ns);
}

static void on_bye(struct umig_ingest *ingest, struct umig_conn *conn, uint64_t now_ns)
{
    struct umig_live *live = conn->live;
    struct umig_err err = UMIG_ERR_INIT;
    if (live->now.key != 0) {
        const int rc =
            umig_store_close_sessions(ingest->store, live->now.key, UMIG_END_VM_EXIT, &err);
        if (rc != UMIG_OK) {
            live->is_dirty = true;
            umig_ingest_store_failed(ingest, rc, &err);
            return;
        }
    }
    live->now.has_ended = true;
    live->is_dirty = true;
    umig_ingest_group_open(ingest, now_ns);
    ingest->group_deadline_ns = now_ns; /* a JVM is waiting to exit */
}

static void on_query(struct umig_ingest *ingest,
                     struct umig_conn *conn,
                     const struct umig_frame_header *header,
                     const uint8_t *payload)
{
    struct umig_err err = UMIG_ERR_INIT;
    const Umig__V1__Query *query = NULL;
    const int rc = umig_query_decode(&ingest->arena, payload, header->payload_bytes, &query, &err);
    if (rc != UMIG_OK) {
        refuse(ingest, conn, rc, err.text);
        return;
    }
    const struct umig_ingest_query handed = {.fd = conn->fd, .uid = conn->uid, .query = query};
    (void)epoll_ctl(ingest->epoll_fd, EPOLL_CTL_DEL, conn->fd, NULL);
    if (ingest->hooks.query(ingest->hooks.context, &handed)) {
        conn->fd = -1;
        umig_conn_kill(ingest, conn);
        return;
    }
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = conn};
    if (epoll_ctl(ingest->epoll_fd, EPOLL_CTL_ADD, conn->fd, &event) != 0) {
        umig_conn_kill(ingest, conn);
        return;
    }
    refuse(ingest, conn, UMIG_E_LIMIT, "too many queries are waiting; try again in a moment");
}

static void answer_ping(struct umig_ingest *ingest,
                        struct umig_conn *conn,
                        const struct umig_frame_header *header)
{
    const struct umig_frame_header pong = {
        .type = UMIG_FRAME_PONG, .epoch = header->epoch, .sequence = header->sequence};
    umig_conn_send(ingest, conn, &pong, NULL, 0);
}

static void on_first_frame(struct umig_ingest *ingest,
                           struct umig_conn *conn,
                           const struct umig_frame_header *header,
                           const uint8_t *payload,
                           uint64_t now_ns)
{
    if (header->type == UMIG_FRAME_HELLO) {
        on_hello(ingest, conn, header, payload, now_ns);
    } else if (header->type == UMIG_FRAME_QUERY) {
        on_query(ingest, conn, header, payload);
    } else if (header->type == UMIG_FRAME_PING) {
        answer_ping(ingest, conn, header); /* it opens nothing: the 5 s go on */
    } else {
        char text[TEXT_BYTES];
        snprintf(text, sizeof text, "a frame of type %u came first; HELLO or QUERY opens",
                 header->type);
        refuse(ingest, conn, UMIG_E_PROTO, text);
    }
}

void umig_peer_frame(struct umig_ingest *ingest,
                     struct umig_conn *conn,
                     const struct umig_frame_header *header,
                     const uint8_t *payload,
                     uint64_t now_ns)
{
    if (conn->state == UMIG_CONN_NEW) {
        on_first_frame(ingest, conn, header, payload, now_ns);
        return;
    }
    if (header->epoch != conn->live->now.epoch) {
        refuse(ingest, conn, UMIG_E_PROTO, "a frame with another epoch than the HELLO");
        return;
    }
    if (header->type == UMIG_FRAME_BATCH) {
        on_batch(ingest, conn, header, payload, now_ns);
    } else if (header->type == UMIG_FRAME_PING) {
        answer_ping(ingest, conn, header);
    } else if (header->type == UMIG_FRAME_BYE) {
        on_bye(ingest, conn, now_ns);
    } else if (header->type != UMIG_FRAME_PONG) {
        char text[TEXT_BYTES];
        snprintf(text, sizeof text, "a frame of type %u is not for a collector", header->type);
        refuse(ingest, conn, UMIG_E_PROTO, text);
    }
}
