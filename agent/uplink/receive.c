#include <stdio.h>

#include "agent/uplink/messages.h"
#include "agent/uplink/stream.h"
#include "core/err.h"
#include "include/umig/version.h"

enum {
    READS_MAX = 16, /* in one call; 64 KiB */
};

static int on_welcome(struct umig_uplink *uplink,
                      const uint8_t *payload,
                      size_t payload_bytes,
                      uint64_t now_ns,
                      struct umig_err *err)
{
    struct umig_welcome welcome;
    int rc = umig_welcome_read(payload, payload_bytes, &welcome, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (welcome.protocol != UMIG_PROTOCOL) {
        return umig_err_set(err, UMIG_E_PROTO, "the collector speaks protocol %u, this agent %d",
                            welcome.protocol, UMIG_PROTOCOL);
    }
    rc = umig_uplink_stream_ack(uplink, welcome.acked, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    uplink->peer_max_bytes = welcome.max_frame_bytes;
    uplink->state = UMIG_UPLINK_OPEN;
    uplink->opened_ns = now_ns;
    uplink->connect_count++;
    uplink->is_stream_unknown = false;
    uplink->problem_rank = UMIG_UPLINK_NO_PROBLEM;
    uplink->problem[0] = '\0';
    return UMIG_OK;
}

static int on_refuse(struct umig_uplink *uplink,
                     const uint8_t *payload,
                     size_t payload_bytes,
                     uint64_t now_ns,
                     struct umig_err *err)
{
    struct umig_refuse refuse;
    const int rc = umig_refuse_read(payload, payload_bytes, &refuse, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    uplink->refuse_count++;
    uint64_t retry_ns = refuse.retry_after_ms * UMIG_NS_PER_MS;
    retry_ns = retry_ns < UMIG_UPLINK_RETRY_MAX_NS ? retry_ns : UMIG_UPLINK_RETRY_MAX_NS;
    if (uplink->state == UMIG_UPLINK_OPEN && retry_ns > 0) {
        uplink->rest_until_ns = now_ns + retry_ns;
        umig_uplink_stream_rewind(uplink);
        snprintf(uplink->problem, sizeof uplink->problem, "the collector waits: %s", refuse.text);
        return UMIG_OK;
    }
    uplink->is_refused = uplink->is_refused || retry_ns == 0;
    uplink->is_stream_unknown = refuse.code == UMIG_REFUSE_UNKNOWN_STREAM;
    uplink->retry_ns = retry_ns;
    return umig_err_set(err, UMIG_E_DENIED, "the collector refused (code %u): %s", refuse.code,
                        refuse.text);
}

static int on_ack(struct umig_uplink *uplink,
                  uint64_t sequence,
                  uint64_t now_ns,
                  struct umig_err *err)
{
    const int rc = umig_uplink_stream_ack(uplink, sequence, err);
    if (rc == UMIG_OK && now_ns >= uplink->rest_until_ns) {
        uplink->problem[0] = '\0';
    }
    return umig_err_trace(err, rc);
}

static int on_pong(struct umig_uplink *uplink, struct umig_err *err)
{
    if (!uplink->is_ping_open) {
        return umig_err_set(err, UMIG_E_PROTO, "the collector answered a ping nobody sent");
    }
    uplink->is_ping_open = false;
    return UMIG_OK;
}

static int on_frame(struct umig_uplink *uplink,
                    const struct umig_frame_header *header,
                    const uint8_t *payload,
                    uint64_t now_ns,
                    struct umig_err *err)
{
    const bool is_open = uplink->state == UMIG_UPLINK_OPEN;
    if (header->epoch != 0 && header->epoch != uplink->spool.epoch) {
        return umig_err_set(err, UMIG_E_PROTO, "the collector answered another agent (epoch)");
    }
    if (header->type == UMIG_FRAME_REFUSE) {
        return on_refuse(uplink, payload, header->payload_bytes, now_ns, err);
    }
    if (header->type == UMIG_FRAME_WELCOME && !is_open) {
        return on_welcome(uplink, payload, header->payload_bytes, now_ns, err);
    }
    if (header->type == UMIG_FRAME_ACK && is_open) {
        return on_ack(uplink, header->sequence, now_ns, err);
    }
    if (header->type == UMIG_FRAME_PONG && is_open) {
        return on_pong(uplink, err);
    }
    return umig_err_set(err, UMIG_E_PROTO, "the collector sent a frame of type %u, not expected %s",
                        header->type, is_open ? "here" : "before WELCOME");
}

static int take_frames(struct umig_uplink *uplink, uint64_t now_ns, struct umig_err *err)
{
    int rc = UMIG_OK;
    while (rc == UMIG_OK) {
        struct umig_frame_header header;
        const uint8_t *payload = NULL;
        rc = umig_frame_reader_next(&uplink->in, &header, &payload, err);
        if (rc == UMIG_OK) {
            uplink->heard_ns = now_ns; /* a whole frame: single bytes are no sign of life */
            rc = on_frame(uplink, &header, payload, now_ns, err);
        }
    }
    return rc == UMIG_AGAIN ? UMIG_OK : umig_err_trace(err, rc);
}

int umig_uplink_receive(struct umig_uplink *uplink, uint64_t now_ns, struct umig_err *err)
{
    for (int i = 0; i < READS_MAX; i++) {
        int rc = umig_uplink_stream_read(uplink, now_ns, err);
        if (rc == UMIG_AGAIN) {
            return UMIG_OK;
        }
        if (rc == UMIG_OK) {
            rc = take_frames(uplink, now_ns, err);
        }
        if (rc != UMIG_OK) {
            return umig_err_trace(err, rc);
        }
    }
    return UMIG_OK;
}
