/* The producer's side: part of umig_sigsafe. */
#include "agent/ring/ring.h"
#include "agent/signal/sigsafe_only.h"

struct umig_ring *umig_rings_lock(struct umig_rings *rings, uint32_t hint)
{
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        struct umig_ring *ring = &rings->ring[(hint + i) % UMIG_RING_COUNT];
        /* Acquire: pairs with the release in umig_ring_unlock(). */
        if (!atomic_flag_test_and_set_explicit(&ring->lock, memory_order_acquire)) {
            return ring;
        }
    }
    return NULL;
}

void umig_ring_unlock(struct umig_ring *ring)
{
    atomic_flag_clear_explicit(&ring->lock, memory_order_release);
}

void *umig_ring_reserve(struct umig_ring *ring, uint32_t byte_count)
{
    const uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    /* Acquire: pairs with the release in umig_ring_release(); the room is really free. */
    const uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    const uint32_t at = (uint32_t)head & (ring->size - 1);
    const uint32_t to_end = ring->size - at;
    const uint32_t pad = to_end < byte_count ? to_end : 0;
    if (byte_count > ring->size / 4 || ring->size - (head - tail) < pad + byte_count) {
        return NULL;
    }
    if (pad > 0) {
        /* Every position is a multiple of 8, so the first two fields always fit. */
        struct umig_record *filler = (struct umig_record *)(void *)(ring->bytes + at);
        filler->byte_count = pad;
        filler->type = UMIG_RECORD_PAD;
    }
    ring->reserved_at = head + pad;
    return ring->bytes + (ring->reserved_at & (ring->size - 1));
}

void umig_ring_commit(struct umig_ring *ring, uint32_t byte_count)
{
    /* Release: pairs with the acquire in umig_ring_peek(); publishes the record and any pad. */
    atomic_store_explicit(&ring->head, ring->reserved_at + byte_count, memory_order_release);
}
