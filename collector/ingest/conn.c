#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collector/ingest/ingest_private.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/log.h"
#include "core/socket.h"

#define HELLO_NS   (5 * UMIG_NS_PER_S)
#define FRAME_NS   (30 * UMIG_NS_PER_S)
#define CLOSING_NS (1 * UMIG_NS_PER_S)

enum {
    OUT_MAX_BYTES = 64 * 1024, /* a peer that lets more pile up does not read */
    READS_A_TURN = 8,          /* then the other connections get theirs */
    REFUSE_BYTES = 1024,
};

/* A peer whose host vanished is noticed within 15 s: 5 s of silence, then 5 probes 2 s apart. */
static void keep_alive(int fd)
{
    const struct {
        int level;
        int option;
        int value;
    } options[] = {
        {SOL_SOCKET, SO_KEEPALIVE, 1},          {IPPROTO_TCP, TCP_KEEPIDLE, 5},
        {IPPROTO_TCP, TCP_KEEPINTVL, 2},        {IPPROTO_TCP, TCP_KEEPCNT, 5},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, 15000},
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        /* Fails on a unix socket, which needs none of it. */
        (void)setsockopt(fd, options[i].level, options[i].option, &options[i].value, sizeof(int));
    }
}

static int watch(struct umig_ingest *ingest, struct umig_conn *conn, int operation)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = conn};
    if (conn->wants_write) {
        event.events |= EPOLLOUT;
    }
    return epoll_ctl(ingest->epoll_fd, operation, conn->fd, &event);
}

void umig_conn_accept(struct umig_ingest *ingest, int fd, uint64_t now_ns)
{
    struct umig_peer peer = {.is_known = false};
    struct umig_conn *conn = NULL;
    if (ingest->conn_count < UMIG_INGEST_MAX_CONNECTIONS &&
        umig_socket_peer(fd, &peer, NULL) == UMIG_OK) {
        conn = calloc(1, sizeof *conn);
    }
    if (conn == NULL) {
        close(fd);
        return;
    }
    conn->source = UMIG_SOURCE_CONN;
    conn->state = UMIG_CONN_NEW;
    conn->fd = fd;
    conn->uid = peer.is_known ? (int64_t)peer.uid : -1;
    conn->out.limit = OUT_MAX_BYTES;
    conn->deadline_ns = now_ns + HELLO_NS;
    umig_frame_reader_init(&conn->reader, UMIG_INGEST_FIRST_FRAME_BYTES);
    if (!peer.is_known) {
        keep_alive(fd);
    }
    if (watch(ingest, conn, EPOLL_CTL_ADD) != 0) {
        close(fd);
        free(conn);
        return;
    }
    conn->next = ingest->conns;
    ingest->conns = conn;
    ingest->conn_count++;
    atomic_fetch_add(&ingest->counters.connections, 1);
}

static void detach(struct umig_ingest *ingest, struct umig_conn *conn)
{
    if (conn->live != NULL) {
        conn->live->conn = NULL;
        conn->live->gone_at_ns = umig_clock_monotonic_ns();
        conn->live = NULL;
        atomic_fetch_sub(&ingest->counters.agents, 1);
    }
}

void umig_conn_kill(struct umig_ingest *ingest, struct umig_conn *conn)
{
    if (conn->state == UMIG_CONN_DEAD) {
        return;
    }
    detach(ingest, conn);
    conn->state = UMIG_CONN_DEAD;
    if (conn->fd >= 0) {
        close(conn->fd);
        conn->fd = -1;
    }
    /* The reader may have lent a payload to whoever is killing: it goes with the connection. */
}

static void destroy(struct umig_ingest *ingest, struct umig_conn *conn)
{
    ingest->buffer_bytes -= conn->charged_bytes;
    ingest->conn_count--;
    atomic_fetch_sub(&ingest->counters.connections, 1);
    umig_frame_reader_fini(&conn->reader);
    umig_buf_fini(&conn->out);
    free(conn);
}

void umig_conns_sweep(struct umig_ingest *ingest, uint64_t now_ns)
{
    struct umig_conn **at = &ingest->conns;
    while (*at != NULL) {
        struct umig_conn *conn = *at;
        if (conn->state != UMIG_CONN_DEAD && conn->deadline_ns != 0 &&
            now_ns >= conn->deadline_ns) {
            if (conn->state == UMIG_CONN_CLOSING) {
                umig_conn_kill(ingest, conn);
            } else {
                umig_conn_refuse(ingest, conn, UMIG__V1__REFUSE_CODE__REFUSE_PROTOCOL,
                                 conn->state == UMIG_CONN_NEW
                                     ? "no HELLO or QUERY came within 5 s"
                                     : "the rest of a frame did not come within 30 s",
                                 0);
            }
        }
        if (conn->state == UMIG_CONN_DEAD) {
            *at = conn->next;
            destroy(ingest, conn);
        } else {
            at = &conn->next;
        }
    }
}

/* Sends what the socket takes; the rest waits for EPOLLOUT. */
static void flush(struct umig_ingest *ingest, struct umig_conn *conn)
{
    while (conn->out_sent < conn->out.len) {
        const ssize_t sent = send(conn->fd, conn->out.bytes + conn->out_sent,
                                  conn->out.len - conn->out_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0 && errno == EAGAIN) {
            break;
        }
        if (sent < 0) {
            umig_conn_kill(ingest, conn);
            return;
        }
        conn->out_sent += (size_t)sent;
    }
    const bool is_done = conn->out_sent == conn->out.len;
    if (is_done) {
        umig_buf_clear(&conn->out);
        conn->out_sent = 0;
    }
    if (conn->wants_write == is_done) {
        conn->wants_write = !is_done;
        (void)watch(ingest, conn, EPOLL_CTL_MOD);
    }
    if (is_done && conn->state == UMIG_CONN_CLOSING) {
        (void)shutdown(conn->fd, SHUT_WR);
    }
}

void umig_conn_send(struct umig_ingest *ingest,
                    struct umig_conn *conn,
                    const struct umig_frame_header *header,
                    const uint8_t *payload,
                    size_t payload_bytes)
{
    if (conn->state == UMIG_CONN_DEAD) {
        return;
    }
    uint8_t head[UMIG_FRAME_HEADER_BYTES];
    umig_frame_encode(header, payload, (uint32_t)payload_bytes, head);
    (void)umig_buf_put(&conn->out, head, sizeof head);
    if (payload_bytes > 0) {
        (void)umig_buf_put(&conn->out, payload, payload_bytes);
    }
    if (conn->out.failed != UMIG_OK) {
        umig_conn_kill(ingest, conn);
        return;
    }
    flush(ingest, conn);
}

void umig_conn_refuse(struct umig_ingest *ingest,
                      struct umig_conn *conn,
                      Umig__V1__RefuseCode code,
                      const char *text,
                      uint32_t retry_after_ms)
{
    if (conn->state == UMIG_CONN_DEAD || conn->state == UMIG_CONN_CLOSING) {
        return;
    }
    char copy[512];
    snprintf(copy, sizeof copy, "%s", text);
    Umig__V1__Refuse refuse = UMIG__V1__REFUSE__INIT;
    refuse.code = code;
    refuse.text = copy;
    refuse.retry_after_ms = retry_after_ms;
    uint8_t payload[REFUSE_BYTES];
    const size_t payload_bytes = umig__v1__refuse__pack(&refuse, payload);
    const struct umig_frame_header header = {
        .type = UMIG_FRAME_REFUSE, .epoch = conn->live != NULL ? conn->live->now.epoch : 0};
    if (retry_after_ms > 0) {
        conn->awaits_resend = true;
        umig_conn_send(ingest, conn, &header, payload, payload_bytes);
        return;
    }
    atomic_fetch_add(&ingest->counters.refused, 1);
    umig_log(UMIG_LOG_WARN, "refused a peer (uid %lld): %s", (long long)conn->uid, copy);
    detach(ingest, conn);
    conn->state = UMIG_CONN_CLOSING;
    conn->deadline_ns = umig_clock_monotonic_ns() + CLOSING_NS;
    umig_conn_send(ingest, conn, &header, payload, payload_bytes);
}

/* Large buffers of all connections together have a bound; a small one always fits. */
static bool charge(struct umig_ingest *ingest, struct umig_conn *conn)
{
    const size_t room = conn->reader.room;
    ingest->buffer_bytes = ingest->buffer_bytes - conn->charged_bytes + room;
    conn->charged_bytes = room;
    return ingest->buffer_bytes <= UMIG_INGEST_MAX_BUFFER_BYTES;
}

static void take_frames(struct umig_ingest *ingest, struct umig_conn *conn, uint64_t now_ns)
{
    while (conn->state == UMIG_CONN_NEW || conn->state == UMIG_CONN_AGENT) {
        struct umig_frame_header header;
        const uint8_t *payload = NULL;
        struct umig_err err = UMIG_ERR_INIT;
        const int rc = umig_frame_reader_next(&conn->reader, &header, &payload, &err);
        if (rc == UMIG_AGAIN) {
            break;
        }
        if (rc != UMIG_OK) {
            (void)umig_ingest_group_commit(ingest); /* what came before it is acknowledged first */
            umig_conn_refuse(ingest, conn, UMIG__V1__REFUSE_CODE__REFUSE_PROTOCOL, err.text, 0);
            return;
        }
        umig_peer_frame(ingest, conn, &header, payload, now_ns);
        if (conn->state == UMIG_CONN_AGENT) {
            conn->deadline_ns = 0;
        }
    }
    if (conn->state == UMIG_CONN_AGENT) {
        const bool is_partial = conn->reader.fill > conn->reader.taken;
        conn->deadline_ns = !is_partial              ? 0
                            : conn->deadline_ns == 0 ? now_ns + FRAME_NS
                                                     : conn->deadline_ns;
    }
}

/* True: there may be more to read at once. */
static bool read_some(struct umig_ingest *ingest, struct umig_conn *conn, uint64_t now_ns)
{
    size_t room = 0;
    uint8_t *space = umig_frame_reader_space(&conn->reader, &room);
    if (space == NULL || !charge(ingest, conn)) {
        umig_conn_refuse(ingest, conn, UMIG__V1__REFUSE_CODE__REFUSE_LIMIT,
                         "the collector has no room for a frame of this size now", 0);
        return false;
    }
    const ssize_t received = recv(conn->fd, space, room, MSG_DONTWAIT);
    if (received < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            umig_conn_kill(ingest, conn);
        }
        return false;
    }
    if (received == 0) {
        umig_conn_kill(ingest, conn);
        return false;
    }
    umig_frame_reader_filled(&conn->reader, (size_t)received);
    take_frames(ingest, conn, now_ns);
    return (size_t)received == room;
}

/* A closing connection is read to its end, so that the peer gets our last words, not a reset. */
static void drain(struct umig_ingest *ingest, struct umig_conn *conn)
{
    char ignored[4096];
    const ssize_t received = recv(conn->fd, ignored, sizeof ignored, MSG_DONTWAIT);
    if (received == 0 || (received < 0 && errno != EAGAIN && errno != EINTR)) {
        umig_conn_kill(ingest, conn);
    }
}

void umig_conn_ready(struct umig_ingest *ingest,
                     struct umig_conn *conn,
                     uint32_t events,
                     uint64_t now_ns)
{
    if (conn->state != UMIG_CONN_DEAD && (events & EPOLLOUT) != 0) {
        flush(ingest, conn);
    }
    if (conn->state == UMIG_CONN_CLOSING) {
        drain(ingest, conn);
        return;
    }
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) {
        return;
    }
    for (int i = 0; i < READS_A_TURN; i++) {
        if ((conn->state != UMIG_CONN_NEW && conn->state != UMIG_CONN_AGENT) ||
            ingest->fatal != UMIG_OK || !read_some(ingest, conn, now_ns)) {
            break;
        }
    }
}
