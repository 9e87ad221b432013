#include "agent/signal/slots.h"

#include "agent/signal/sigsafe_only.h"

/* Fibonacci hashing (Knuth, TAOCP 6.4): thread ids come in runs, the product spreads them. */
static uint32_t home_of(const struct umig_slots *table, int tid)
{
    return ((uint32_t)tid * 2654435769u >> 7) & (table->count - 1);
}

struct umig_slot *umig_slots_find(const struct umig_slots *table, int tid)
{
    const uint32_t home = home_of(table, tid);
    for (uint32_t i = 0; i < UMIG_SLOT_WINDOW; i++) {
        struct umig_slot *slot = &table->slots[(home + i) & (table->count - 1)];
        if (atomic_load_explicit(&slot->tid, memory_order_acquire) == tid &&
            atomic_load_explicit(&slot->state, memory_order_relaxed) == UMIG_SLOT_LIVE) {
            return slot;
        }
    }
    return NULL;
}

void *umig_slots_guard(const struct umig_slots *table, int tid)
{
    const uint32_t home = home_of(table, tid);
    void *innermost = NULL;
    for (uint32_t i = 0; i < UMIG_SLOT_WINDOW; i++) {
        const struct umig_slot *slot = &table->slots[(home + i) & (table->count - 1)];
        if (atomic_load_explicit(&slot->tid, memory_order_acquire) != tid) {
            continue;
        }
        /* A thread that got a new slot may still have the old one; its stack grows downwards. */
        void *guard = atomic_load_explicit(&slot->guard, memory_order_relaxed);
        if (guard != NULL && (innermost == NULL || (uintptr_t)guard < (uintptr_t)innermost)) {
            innermost = guard;
        }
    }
    return innermost;
}

struct umig_slot *umig_slots_hold(const struct umig_slots *table, int tid)
{
    struct umig_slot *slot = umig_slots_find(table, tid);
    if (slot == NULL) {
        return NULL;
    }
    atomic_fetch_add(&slot->held, 1);
    if (!umig_slot_is_of(slot, tid)) {
        umig_slot_release(slot);
        return NULL;
    }
    return slot;
}

/* Zeroes all but who it is of. Whoever still has the pointer reads atomically meanwhile: so do we
 * write. */
static void clear(struct umig_slot *slot)
{
    _Static_assert(offsetof(struct umig_slot, kind) % sizeof(uint64_t) == 0 &&
                       sizeof *slot % sizeof(uint64_t) == 0,
                   "cleared by words");
    _Atomic(uint64_t) *word = (void *)((char *)slot + offsetof(struct umig_slot, kind));
    _Atomic(uint64_t) *const end = (void *)((char *)slot + sizeof *slot);
    for (; word < end; word++) {
        atomic_store_explicit(word, 0, memory_order_relaxed);
    }
}

struct umig_slot *umig_slots_register_locked(struct umig_slots *table, int tid)
{
    struct umig_slot *slot = umig_slots_find(table, tid);
    if (slot != NULL) {
        return slot;
    }
    const uint32_t home = home_of(table, tid);
    for (uint32_t i = 0; i < UMIG_SLOT_WINDOW; i++) {
        slot = &table->slots[(home + i) & (table->count - 1)];
        if (atomic_load_explicit(&slot->tid, memory_order_relaxed) != 0) {
            continue;
        }
        const unsigned serial = atomic_load_explicit(&slot->serial, memory_order_relaxed);
        clear(slot);
        slot->timer = -1;
        slot->perf.fd = -1;
        atomic_store_explicit(&slot->serial, serial + 1, memory_order_relaxed);
        /* Release: pairs with the acquire in umig_slots_find(); publishes the fresh slot. */
        atomic_store_explicit(&slot->tid, tid, memory_order_release);
        atomic_fetch_add(&table->live, 1);
        atomic_fetch_add(&table->registered, 1);
        return slot;
    }
    atomic_fetch_add(&table->refused, 1);
    return NULL;
}

bool umig_slots_free_locked(struct umig_slots *table, struct umig_slot *slot)
{
    const int before = atomic_exchange(&slot->state, UMIG_SLOT_LEAVING);
    if (atomic_load(&slot->in_handler) || atomic_load(&slot->held) > 0) {
        atomic_store(&slot->state, before);
        return false;
    }
    atomic_store_explicit(&slot->tid, 0, memory_order_release);
    atomic_fetch_sub(&table->live, 1);
    return true;
}
