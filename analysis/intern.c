#include "analysis/intern.h"

#include <stdlib.h>

#define SLOTS_MIN 16

void umig_intern_fini(struct umig_intern *index)
{
    free(index->slots);
    *index = (struct umig_intern){0};
}

/* Slots after one more item: as many as now, or twice as many. */
static size_t next_count(const struct umig_intern *index)
{
    if (index->slot_count == 0) {
        return SLOTS_MIN;
    }
    const bool is_full = (index->used + 1) * 4 > index->slot_count * 3;
    return is_full ? index->slot_count * 2 : index->slot_count;
}

size_t umig_intern_next_bytes(const struct umig_intern *index)
{
    return (next_count(index) - index->slot_count) * sizeof *index->slots;
}

static void place(struct umig_intern_slot *slots, size_t slot_count, struct umig_intern_slot slot)
{
    size_t at = slot.hash & (slot_count - 1);
    while (slots[at].id != 0) {
        at = (at + 1) & (slot_count - 1);
    }
    slots[at] = slot;
}

bool umig_intern_reserve(struct umig_intern *index)
{
    const size_t slot_count = next_count(index);
    if (slot_count == index->slot_count) {
        return true;
    }
    struct umig_intern_slot *slots = calloc(slot_count, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < index->slot_count; i++) {
        if (index->slots[i].id != 0) {
            place(slots, slot_count, index->slots[i]);
        }
    }
    free(index->slots);
    index->slots = slots;
    index->slot_count = slot_count;
    return true;
}

uint32_t umig_intern_find(const struct umig_intern *index,
                          uint32_t hash,
                          umig_intern_same *same,
                          const void *items,
                          const void *key)
{
    if (index->slot_count == 0) {
        return 0;
    }
    const size_t mask = index->slot_count - 1;
    for (size_t at = hash & mask; index->slots[at].id != 0; at = (at + 1) & mask) {
        if (index->slots[at].hash == hash && same(items, index->slots[at].id, key)) {
            return index->slots[at].id;
        }
    }
    return 0;
}

void umig_intern_put(struct umig_intern *index, uint32_t hash, uint32_t id)
{
    place(index->slots, index->slot_count, (struct umig_intern_slot){.hash = hash, .id = id});
    index->used++;
}

uint32_t umig_intern_hash(const void *bytes, size_t byte_count)
{
    const unsigned char *at = bytes;
    uint64_t hash = 0xCBF29CE484222325u;
    for (size_t i = 0; i < byte_count; i++) {
        hash = (hash ^ at[i]) * 0x100000001B3u;
    }
    hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9u;
    hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBu;
    return (uint32_t)(hash ^ (hash >> 31));
}
