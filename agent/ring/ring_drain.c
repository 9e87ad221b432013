/* The consumer's side. */
#include "agent/ring/ring.h"

void umig_ring_init(struct umig_ring *ring, uint8_t *bytes, uint32_t size, void *scratch)
{
    atomic_flag_clear(&ring->lock);
    atomic_init(&ring->head, 0);
    atomic_init(&ring->tail, 0);
    ring->bytes = bytes;
    ring->size = size;
    ring->reserved_at = 0;
    ring->scratch = scratch;
}

uint64_t umig_ring_end(struct umig_ring *ring)
{
    /* Acquire: pairs with the release in umig_ring_commit(). */
    return atomic_load_explicit(&ring->head, memory_order_acquire);
}

const struct umig_record *umig_ring_peek(struct umig_ring *ring)
{
    return umig_ring_peek_before(ring, umig_ring_end(ring));
}

const struct umig_record *umig_ring_peek_before(struct umig_ring *ring, uint64_t end)
{
    for (;;) {
        const uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
        if (tail >= end) {
            return NULL;
        }
        const struct umig_record *record =
            (const struct umig_record *)(const void *)(ring->bytes + (tail & (ring->size - 1)));
        if (record->type != UMIG_RECORD_PAD) {
            return record;
        }
        umig_ring_release(ring, record);
    }
}

void umig_ring_release(struct umig_ring *ring, const struct umig_record *record)
{
    const uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    /* Release: pairs with the acquire in umig_ring_reserve(); our reads are done. */
    atomic_store_explicit(&ring->tail, tail + record->byte_count, memory_order_release);
}
