#include "agent/uplink/stream.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/err.h"

enum {
    SEND_MAX_BYTES = 256 * 1024, /* in one call: the loop thread has other sockets, too */
};

void umig_uplink_stream_reset(struct umig_uplink *uplink, uint64_t now_ns)
{
    umig_frame_reader_fini(&uplink->in);
    umig_frame_reader_init(&uplink->in, UMIG_FRAME_MAX_SMALL_BYTES);
    uplink->in_since_ns = now_ns;
    uplink->in_bytes = 0;
    uplink->heard_ns = now_ns;
    uplink->pinged_ns = now_ns;
    uplink->is_ping_open = false;
    uplink->small_len = 0;
    uplink->small_sent = 0;
    uplink->last = (struct umig_spool_frame){0};
    uplink->last_sent = 0;
    uplink->is_rewinding = false;
    uplink->window_bytes = 0;
    uplink->peer_acked = 0;
    uplink->rest_until_ns = 0;
    uplink->is_bye_queued = false;
}

int umig_uplink_stream_queue(struct umig_uplink *uplink,
                             enum umig_frame_type type,
                             const uint8_t *payload,
                             size_t payload_bytes)
{
    if (payload_bytes + UMIG_FRAME_HEADER_BYTES > sizeof uplink->small - uplink->small_len) {
        return UMIG_E_LIMIT;
    }
    uint8_t *at = uplink->small + uplink->small_len;
    const struct umig_frame_header header = {
        .type = (uint8_t)type,
        .epoch = uplink->spool.epoch,
    };
    umig_frame_encode(&header, payload, (uint32_t)payload_bytes, at);
    if (payload_bytes > 0) {
        memcpy(at + UMIG_FRAME_HEADER_BYTES, payload, payload_bytes);
    }
    uplink->small_len += UMIG_FRAME_HEADER_BYTES + payload_bytes;
    return UMIG_OK;
}

static bool is_mid_batch(const struct umig_uplink *uplink)
{
    return uplink->last.bytes != NULL && uplink->last_sent < uplink->last.len;
}

/* The batch to send next. UMIG_OK or UMIG_END. */
static int next_batch(const struct umig_uplink *uplink, struct umig_spool_frame *out)
{
    if (uplink->last.bytes == NULL || uplink->last.sequence < uplink->spool.first) {
        return umig_spool_first(&uplink->spool, out);
    }
    return umig_spool_after(&uplink->spool, &uplink->last, out);
}

/* A window that is empty takes a frame of any size. */
static bool may_begin_batch(const struct umig_uplink *uplink,
                            uint64_t now_ns,
                            struct umig_spool_frame *out)
{
    return uplink->state == UMIG_UPLINK_OPEN && now_ns >= uplink->rest_until_ns &&
           next_batch(uplink, out) == UMIG_OK &&
           (uplink->window_bytes == 0 ||
            uplink->window_bytes + out->len <= UMIG_UPLINK_WINDOW_BYTES);
}

bool umig_uplink_stream_has_output(const struct umig_uplink *uplink, uint64_t now_ns)
{
    struct umig_spool_frame next;
    return is_mid_batch(uplink) || uplink->small_len > 0 || may_begin_batch(uplink, now_ns, &next);
}

static int begin_batch(struct umig_uplink *uplink,
                       const struct umig_spool_frame *batch,
                       struct umig_err *err)
{
    const size_t payload_bytes = batch->len - UMIG_FRAME_HEADER_BYTES;
    if (payload_bytes > uplink->peer_max_bytes) {
        return umig_err_set(err, UMIG_E_LIMIT,
                            "the collector takes batches of %u bytes, one of %zu is waiting",
                            uplink->peer_max_bytes, payload_bytes);
    }
    uplink->last = *batch;
    uplink->last_sent = 0;
    uplink->window_bytes += batch->len;
    if (batch->sequence <= uplink->sent_to) {
        uplink->resent_count++;
    } else {
        uplink->sent_to = batch->sequence;
    }
    return UMIG_OK;
}

/* Frees what is acknowledged, but never the batch that send() is reading from. */
static void apply_ack(struct umig_uplink *uplink)
{
    uint64_t upto = uplink->peer_acked;
    if (is_mid_batch(uplink) && upto >= uplink->last.sequence) {
        upto = uplink->last.sequence - 1;
    }
    const size_t before = uplink->spool.used_bytes;
    if (umig_spool_ack(&uplink->spool, upto) != UMIG_OK) {
        return; /* cannot be: umig_uplink_stream_ack() checked against what was sent */
    }
    const size_t freed = before - uplink->spool.used_bytes;
    uplink->window_bytes -= freed < uplink->window_bytes ? freed : uplink->window_bytes;
}

int umig_uplink_stream_ack(struct umig_uplink *uplink, uint64_t sequence, struct umig_err *err)
{
    if (sequence > uplink->sent_to) {
        return umig_err_set(err, UMIG_E_PROTO,
                            "the collector acknowledged batch %llu, the last sent was %llu",
                            (unsigned long long)sequence, (unsigned long long)uplink->sent_to);
    }
    if (sequence > uplink->peer_acked) {
        uplink->peer_acked = sequence;
    }
    apply_ack(uplink);
    return UMIG_OK;
}

static void end_batch(struct umig_uplink *uplink)
{
    if (uplink->is_rewinding) {
        uplink->last = (struct umig_spool_frame){0};
        uplink->last_sent = 0;
        uplink->window_bytes = 0;
        uplink->is_rewinding = false;
    }
    apply_ack(uplink);
}

void umig_uplink_stream_rewind(struct umig_uplink *uplink)
{
    uplink->is_rewinding = true;
    if (!is_mid_batch(uplink)) {
        end_batch(uplink);
    }
}

/* Sends some bytes. Returns how many, 0 when the socket is full, -1 with err. */
static ssize_t send_some(int fd, const uint8_t *bytes, size_t len, struct umig_err *err)
{
    const ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
        return n;
    }
    if (errno == EAGAIN || errno == EINTR) {
        return 0;
    }
    umig_err_set_cause(err, UMIG_E_IO, errno, "the connection broke while sending: %s",
                       umig_errno_text(errno));
    return -1;
}

static ssize_t send_batch(struct umig_uplink *uplink, struct umig_err *err)
{
    const ssize_t n = send_some(uplink->fd, uplink->last.bytes + uplink->last_sent,
                                uplink->last.len - uplink->last_sent, err);
    if (n > 0) {
        uplink->last_sent += (size_t)n;
        if (!is_mid_batch(uplink)) {
            end_batch(uplink);
        }
    }
    return n;
}

static ssize_t send_small(struct umig_uplink *uplink, struct umig_err *err)
{
    const ssize_t n = send_some(uplink->fd, uplink->small + uplink->small_sent,
                                uplink->small_len - uplink->small_sent, err);
    if (n > 0) {
        uplink->small_sent += (size_t)n;
        if (uplink->small_sent == uplink->small_len) {
            uplink->small_sent = 0;
            uplink->small_len = 0;
        }
    }
    return n;
}

int umig_uplink_stream_send(struct umig_uplink *uplink, uint64_t now_ns, struct umig_err *err)
{
    size_t sent = 0;
    while (sent < SEND_MAX_BYTES) {
        ssize_t n = 0;
        struct umig_spool_frame next;
        if (is_mid_batch(uplink)) {
            n = send_batch(uplink, err);
        } else if (uplink->small_len > 0) {
            n = send_small(uplink, err);
        } else if (may_begin_batch(uplink, now_ns, &next)) {
            const int rc = begin_batch(uplink, &next, err);
            if (rc != UMIG_OK) {
                return umig_err_trace(err, rc);
            }
            continue;
        }
        if (n < 0) {
            return umig_err_trace(err, UMIG_E_IO);
        }
        if (n == 0) {
            break;
        }
        sent += (size_t)n;
    }
    return UMIG_OK;
}

/* A collector has little to say; one that says much is none, or is broken. */
static int count_received(struct umig_uplink *uplink,
                          size_t len,
                          uint64_t now_ns,
                          struct umig_err *err)
{
    if (now_ns - uplink->in_since_ns >= UMIG_NS_PER_S) {
        uplink->in_since_ns = now_ns;
        uplink->in_bytes = 0;
    }
    uplink->in_bytes += len;
    if (uplink->in_bytes > UMIG_UPLINK_IN_MAX_BYTES) {
        return umig_err_set(err, UMIG_E_PROTO, "the collector sent more than %u bytes in a second",
                            UMIG_UPLINK_IN_MAX_BYTES);
    }
    return UMIG_OK;
}

int umig_uplink_stream_read(struct umig_uplink *uplink, uint64_t now_ns, struct umig_err *err)
{
    size_t room = 0;
    uint8_t *space = umig_frame_reader_space(&uplink->in, &room);
    if (space == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory to read from the collector");
    }
    const ssize_t n = recv(uplink->fd, space, room, MSG_DONTWAIT);
    if (n > 0) {
        umig_frame_reader_filled(&uplink->in, (size_t)n);
        return count_received(uplink, (size_t)n, now_ns, err);
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return UMIG_AGAIN;
    }
    const int cause = n == 0 ? 0 : errno;
    return umig_err_set_cause(err, UMIG_E_IO, cause, "the collector closed the connection%s%s",
                              cause != 0 ? ": " : "", cause != 0 ? umig_errno_text(cause) : "");
}
