#include "agent/uplink/spool.h"

#include <string.h>

#include "wire/frame.h"

void umig_spool_init(struct umig_spool *spool, uint8_t *bytes, size_t size, uint64_t epoch)
{
    *spool = (struct umig_spool){
        .bytes = bytes,
        .size = size,
        .epoch = epoch,
        .first = 1,
        .next = 1,
    };
}

/* Free bytes in one piece behind the newest frame. */
static size_t free_behind(const struct umig_spool *spool)
{
    return (spool->is_wrapped ? spool->begin : spool->size) - spool->end;
}

/* Free bytes at the start of the block, for a frame that does not fit behind the newest. */
static size_t free_at_start(const struct umig_spool *spool)
{
    return spool->is_wrapped ? 0 : spool->begin;
}

size_t umig_spool_room(const struct umig_spool *spool)
{
    const size_t behind = free_behind(spool);
    const size_t at_start = free_at_start(spool);
    const size_t most = behind > at_start ? behind : at_start;
    if (most < UMIG_FRAME_HEADER_BYTES) {
        return 0;
    }
    const size_t payload = most - UMIG_FRAME_HEADER_BYTES;
    return payload < UMIG_FRAME_MAX_BYTES ? payload : UMIG_FRAME_MAX_BYTES;
}

int umig_spool_put(struct umig_spool *spool,
                   const uint8_t *payload,
                   size_t payload_bytes,
                   uint64_t *out_sequence)
{
    const size_t len = UMIG_FRAME_HEADER_BYTES + payload_bytes;
    if (payload_bytes > UMIG_FRAME_MAX_BYTES) {
        return UMIG_E_LIMIT;
    }
    if (len > free_behind(spool)) {
        if (len > free_at_start(spool)) {
            return UMIG_E_LIMIT;
        }
        spool->wrap_at = spool->end;
        spool->is_wrapped = true;
        spool->end = 0;
    }
    uint8_t *at = spool->bytes + spool->end;
    const struct umig_frame_header header = {
        .type = UMIG_FRAME_BATCH,
        .epoch = spool->epoch,
        .sequence = spool->next,
    };
    umig_frame_encode(&header, payload, (uint32_t)payload_bytes, at);
    if (payload_bytes > 0) {
        memcpy(at + UMIG_FRAME_HEADER_BYTES, payload, payload_bytes);
    }
    if (out_sequence != NULL) {
        *out_sequence = spool->next;
    }
    spool->end += len;
    spool->used_bytes += len;
    spool->next++;
    return UMIG_OK;
}

/* Length of a frame of ours, by the payload length at offset 8 of its header. */
static size_t frame_len(const uint8_t *frame)
{
    const uint32_t payload_bytes = (uint32_t)frame[8] | (uint32_t)frame[9] << 8 |
                                   (uint32_t)frame[10] << 16 | (uint32_t)frame[11] << 24;
    return UMIG_FRAME_HEADER_BYTES + (size_t)payload_bytes;
}

static void free_first(struct umig_spool *spool)
{
    const size_t len = frame_len(spool->bytes + spool->begin);
    spool->begin += len;
    spool->used_bytes -= len;
    spool->first++;
    if (spool->is_wrapped && spool->begin == spool->wrap_at) {
        spool->begin = 0;
        spool->is_wrapped = false;
    }
    if (spool->used_bytes == 0) {
        spool->begin = 0; /* the largest frame fits again */
        spool->end = 0;
    }
}

int umig_spool_ack(struct umig_spool *spool, uint64_t sequence)
{
    if (sequence >= spool->next) {
        return UMIG_E_PROTO;
    }
    while (spool->first <= sequence) {
        free_first(spool);
    }
    return UMIG_OK;
}

static struct umig_spool_frame frame_at(const struct umig_spool *spool,
                                        size_t offset,
                                        uint64_t sequence)
{
    const uint8_t *bytes = spool->bytes + offset;
    return (struct umig_spool_frame){bytes, frame_len(bytes), sequence};
}

int umig_spool_first(const struct umig_spool *spool, struct umig_spool_frame *out_frame)
{
    if (spool->first == spool->next) {
        return UMIG_END;
    }
    *out_frame = frame_at(spool, spool->begin, spool->first);
    return UMIG_OK;
}

int umig_spool_after(const struct umig_spool *spool,
                     const struct umig_spool_frame *frame,
                     struct umig_spool_frame *out_frame)
{
    if (frame->sequence + 1 >= spool->next) {
        return UMIG_END;
    }
    size_t offset = (size_t)(frame->bytes - spool->bytes) + frame->len;
    if (spool->is_wrapped && offset == spool->wrap_at) {
        offset = 0;
    }
    *out_frame = frame_at(spool, offset, frame->sequence + 1);
    return UMIG_OK;
}

uint64_t umig_spool_count(const struct umig_spool *spool)
{
    return spool->next - spool->first;
}

uint64_t umig_spool_acked(const struct umig_spool *spool)
{
    return spool->first - 1;
}
