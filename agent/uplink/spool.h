/*
 * Batches that are not acknowledged yet, as whole frames in one block of memory, first in first
 * out. The spool keeps what it took until it is acknowledged; what does not fit is the caller's to
 * drop and count before it is encoded (UMIG_DROP_SPOOL_FULL).
 *
 * The block is a ring in which no frame wraps: one that does not fit before the end begins at 0,
 * and wrap_at remembers where the upper part ended.
 *
 *     begin <= end   [ free | begin ... end | free ]
 *     begin >  end   [ ... end | free | begin ... wrap_at | unused ]
 */
#ifndef UMIG_AGENT_UPLINK_SPOOL_H
#define UMIG_AGENT_UPLINK_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/umig/attr.h"
#include "include/umig/status.h"

/** A spool over borrowed memory; fields are the spool's own. */
struct umig_spool {
    uint8_t *bytes;
    size_t size;
    size_t begin;   /* of the oldest frame */
    size_t end;     /* behind the newest */
    size_t wrap_at; /* end of the upper part while begin > end or is_wrapped */
    bool is_wrapped;
    uint64_t epoch;
    uint64_t first; /* sequence of the oldest frame; next when there is none */
    uint64_t next;  /* sequence of the next batch */
    size_t used_bytes;
};

/** A frame of the spool; zero-initialised it is none. Valid until that frame is acknowledged. */
struct umig_spool_frame {
    const uint8_t *bytes;
    size_t len;
    uint64_t sequence;
};

/**
 * An empty spool; the first batch gets sequence 1.
 *
 * @param bytes  memory the caller keeps, and keeps alive
 * @param size   of it; a batch needs its payload and UMIG_FRAME_HEADER_BYTES
 * @param epoch  of the process; stands in every frame
 *
 * Thread: a spool belongs to one thread, or to whoever holds the caller's lock; all functions.
 */
void umig_spool_init(struct umig_spool *spool, uint8_t *bytes, size_t size, uint64_t epoch);

/** Largest payload that umig_spool_put() takes now, at most UMIG_FRAME_MAX_BYTES. */
size_t umig_spool_room(const struct umig_spool *spool);

/**
 * Keeps a batch as the next frame.
 *
 * @param payload       the encoded message; copied
 * @param out_sequence  its sequence; may be NULL
 * @return UMIG_OK, or UMIG_E_LIMIT when payload_bytes is above umig_spool_room()
 */
UMIG_NODISCARD int umig_spool_put(struct umig_spool *spool,
                                  const uint8_t *payload,
                                  size_t payload_bytes,
                                  uint64_t *out_sequence);

/**
 * Frees every batch up to and including this sequence; one that is freed already changes nothing.
 *
 * @return UMIG_OK, or UMIG_E_PROTO when no batch has that sequence yet
 */
UMIG_NODISCARD int umig_spool_ack(struct umig_spool *spool, uint64_t sequence);

/** The oldest batch. UMIG_OK, or UMIG_END when there is none. */
UMIG_NODISCARD int umig_spool_first(const struct umig_spool *spool,
                                    struct umig_spool_frame *out_frame);

/** The batch after one that is still in the spool. UMIG_OK, or UMIG_END after the last. */
UMIG_NODISCARD int umig_spool_after(const struct umig_spool *spool,
                                    const struct umig_spool_frame *frame,
                                    struct umig_spool_frame *out_frame);

/** Number of batches. */
uint64_t umig_spool_count(const struct umig_spool *spool);

/** Highest sequence that was acknowledged; 0 before the first. */
uint64_t umig_spool_acked(const struct umig_spool *spool);

#endif
