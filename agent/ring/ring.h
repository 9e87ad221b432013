/*
 * The rings between handlers and the drainer.
 *
 * A few rings serve all threads. A producer takes the first ring whose try-lock it gets, writes one
 * record, publishes it by moving head, and unlocks; it never waits. The single consumer reads up to
 * head and moves tail. Positions count bytes for ever; the index is the position modulo the size.
 *
 *   byte:  FREE -> RESERVED (by the lock's holder) -> COMMITTED (head passes) -> FREE (tail passes)
 *
 * A record is contiguous: what does not fit before the end of the ring leaves a pad record there.
 * Also the scratch space for the walk belongs to the ring, so that holding the lock is all a
 * producer needs.
 */
#ifndef UMIG_AGENT_RING_RING_H
#define UMIG_AGENT_RING_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/umig/attr.h"
#include "include/umig/sample.h"

/** Rings serving all threads; more than threads that can be inside a handler at once is enough. */
#define UMIG_RING_COUNT 8u

/** Record type of the padding before the ring's end. */
#define UMIG_RECORD_PAD 0xffu

struct umig_ring {
    atomic_flag lock;
    atomic_uint_fast64_t head; /* written by the lock's holder */
    atomic_uint_fast64_t tail; /* written by the consumer */
    uint8_t *bytes;
    uint32_t size;        /* a power of two */
    uint64_t reserved_at; /* position of the open reservation; holder only */
    void *scratch;        /* walk buffer of the lock's holder */
};

struct umig_rings {
    struct umig_ring ring[UMIG_RING_COUNT];
};

/**
 * Sets one ring up in memory of the caller.
 *
 * @param bytes    size bytes, 8-byte aligned; borrowed
 * @param size     a power of two, at least 64 KiB
 * @param scratch  walk buffer handed to whoever holds the ring; borrowed
 *
 * Signal: not from a handler.
 */
void umig_ring_init(struct umig_ring *ring, uint8_t *bytes, uint32_t size, void *scratch);

/**
 * Takes a ring nobody holds, beginning with the one that hint prefers.
 *
 * @return the ring, or NULL if all are taken; give it back with umig_ring_unlock()
 *
 * Signal: async-signal-safe; at most UMIG_RING_COUNT tries.
 */
UMIG_SIGNAL_SAFE UMIG_NODISCARD struct umig_ring *umig_rings_lock(struct umig_rings *rings,
                                                                  uint32_t hint);

/** Gives a ring back. Signal: async-signal-safe. */
UMIG_SIGNAL_SAFE void umig_ring_unlock(struct umig_ring *ring);

/**
 * Reserves contiguous room for one record; invisible to the consumer until committed.
 *
 * @param byte_count  a multiple of 8, at most a quarter of the ring
 * @return where to write, or NULL when there is no room
 *
 * Thread: the lock's holder, one reservation at a time. Signal: async-signal-safe, no loop.
 */
UMIG_SIGNAL_SAFE UMIG_NODISCARD void *umig_ring_reserve(struct umig_ring *ring,
                                                        uint32_t byte_count);

/**
 * Publishes the reserved record, whose byte_count field must be what was reserved.
 *
 * Thread: the lock's holder. Signal: async-signal-safe.
 */
UMIG_SIGNAL_SAFE void umig_ring_commit(struct umig_ring *ring, uint32_t byte_count);

/**
 * The oldest record that is committed, or NULL. Valid until umig_ring_release().
 *
 * Thread: the consumer. Signal: not from a handler.
 */
const struct umig_record *umig_ring_peek(struct umig_ring *ring);

/** Where the next record will be committed. Thread: the consumer. Signal: not from a handler. */
uint64_t umig_ring_end(struct umig_ring *ring);

/**
 * As umig_ring_peek(), but only what lies before such an end: who drains to the end there is at
 * first comes to one, however fast samples are taken.
 *
 * Thread: the consumer. Signal: not from a handler.
 */
const struct umig_record *umig_ring_peek_before(struct umig_ring *ring, uint64_t end);

/** Gives the peeked record's room back. Thread: the consumer. Signal: not from a handler. */
void umig_ring_release(struct umig_ring *ring, const struct umig_record *record);

#endif
