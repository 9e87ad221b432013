/* What ordinary threads do with the thread table: no part of umig_sigsafe. */
#include <string.h>

#include "agent/signal/slots.h"

void umig_slot_set_name(struct umig_slot *slot, const char *name)
{
    uint64_t words[UMIG_THREAD_NAME_BYTES / sizeof(uint64_t)] = {0};
    memcpy(words, name, strnlen(name, sizeof words - 1));
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        atomic_store_explicit(&slot->name[i], words[i], memory_order_relaxed);
    }
}

void umig_slot_name(const struct umig_slot *slot, char out_name[UMIG_THREAD_NAME_BYTES])
{
    for (size_t i = 0; i < UMIG_THREAD_NAME_BYTES / sizeof(uint64_t); i++) {
        const uint64_t word = atomic_load_explicit(&slot->name[i], memory_order_relaxed);
        memcpy(out_name + i * sizeof word, &word, sizeof word);
    }
    out_name[UMIG_THREAD_NAME_BYTES - 1] = '\0';
}

void umig_slots_init(struct umig_slots *table, void *memory, uint32_t count)
{
    table->slots = memory;
    table->count = count;
    pthread_mutex_init(&table->mutex, NULL);
    atomic_init(&table->live, 0);
    atomic_init(&table->refused, 0);
}
