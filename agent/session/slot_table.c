#include "agent/session/slot_table.h"

#include <string.h>

enum {
    ROOM_MIN = 128
};

static size_t bytes_of(uint32_t room, uint32_t value_bytes)
{
    return (size_t)room * (value_bytes + sizeof(uint32_t));
}

static int take(struct umig_slot_table *table, uint32_t room)
{
    uint8_t *values = umig_memory_take(table->memory, bytes_of(room, table->value_bytes));
    if (values == NULL) {
        return UMIG_E_NOMEM;
    }
    table->values = values;
    table->keys = (uint32_t *)(void *)(values + (size_t)room * table->value_bytes);
    table->room = room;
    table->count = 0;
    return UMIG_OK;
}

int umig_slot_table_open(struct umig_slot_table *table,
                         struct umig_memory *memory,
                         uint32_t value_bytes)
{
    struct umig_slot_table opened = {.memory = memory, .value_bytes = value_bytes};
    const int rc = take(&opened, ROOM_MIN);
    if (rc == UMIG_OK) {
        *table = opened;
    }
    return rc;
}

void umig_slot_table_close(struct umig_slot_table *table)
{
    if (table->values != NULL) {
        umig_memory_give(table->memory, table->values, bytes_of(table->room, table->value_bytes));
    }
    *table = (struct umig_slot_table){.values = NULL};
}

static void *value_at(const struct umig_slot_table *table, uint32_t at)
{
    return table->values + (size_t)at * table->value_bytes;
}

/* Fibonacci hashing. */
static uint32_t home_of(const struct umig_slot_table *table, uint32_t slot)
{
    return slot * 2654435769u >> 7 & (table->room - 1);
}

/* Where the slot is, or would be. */
static uint32_t find(const struct umig_slot_table *table, uint32_t slot)
{
    uint32_t at = home_of(table, slot);
    while (table->keys[at] != 0 && table->keys[at] != slot + 1) {
        at = (at + 1) & (table->room - 1);
    }
    return at;
}

static int grow(struct umig_slot_table *table)
{
    struct umig_slot_table grown = *table;
    if (take(&grown, table->room * 2) != UMIG_OK) {
        return UMIG_E_NOMEM;
    }
    for (uint32_t at = 0; at < table->room; at++) {
        if (table->keys[at] != 0) {
            const uint32_t to = find(&grown, table->keys[at] - 1);
            grown.keys[to] = table->keys[at];
            memcpy(value_at(&grown, to), value_at(table, at), table->value_bytes);
            grown.count++;
        }
    }
    umig_slot_table_close(table);
    *table = grown;
    return UMIG_OK;
}

void *umig_slot_table_at(struct umig_slot_table *table, uint32_t slot)
{
    uint32_t at = find(table, slot);
    if (table->keys[at] != 0) {
        return value_at(table, at);
    }
    if (table->count >= table->room / 4 * 3) {
        if (grow(table) != UMIG_OK) {
            return NULL;
        }
        at = find(table, slot);
    }
    table->keys[at] = slot + 1;
    table->count++;
    return value_at(table, at);
}

/* Knuth, TAOCP 6.4, algorithm R: what was put behind the gap for want of room moves into it. */
static void close_gap(struct umig_slot_table *table, uint32_t gap)
{
    const uint32_t mask = table->room - 1;
    for (uint32_t at = (gap + 1) & mask; table->keys[at] != 0; at = (at + 1) & mask) {
        const uint32_t home = home_of(table, table->keys[at] - 1);
        if (((at - home) & mask) >= ((at - gap) & mask)) {
            table->keys[gap] = table->keys[at];
            memcpy(value_at(table, gap), value_at(table, at), table->value_bytes);
            gap = at;
        }
    }
    table->keys[gap] = 0;
    memset(value_at(table, gap), 0, table->value_bytes);
    table->count--;
}

void umig_slot_table_remove(struct umig_slot_table *table, uint32_t slot)
{
    const uint32_t at = table->values == NULL ? 0 : find(table, slot);
    if (table->values != NULL && table->keys[at] != 0) {
        close_gap(table, at);
    }
}
