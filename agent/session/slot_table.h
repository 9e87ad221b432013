/*
 * Values by slot of the thread table, for the slots that are used: it grows with the threads that
 * live, where an array would be as long as the thread table, for each of two dozen sessions.
 *
 * Open addressing by the slot's number, with linear probing. The native loop's alone.
 */
#ifndef UMIG_AGENT_SESSION_SLOT_TABLE_H
#define UMIG_AGENT_SESSION_SLOT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "agent/memory.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Zero-initialised it is closed. */
struct umig_slot_table {
    struct umig_memory *memory;
    uint8_t *values; /* room of them, and behind them as many keys: slot + 1, 0 free */
    uint32_t *keys;
    uint32_t value_bytes;
    uint32_t room; /* a power of two */
    uint32_t count;
};

/**
 * Opens an empty one.
 *
 * @param value_bytes  of one value, a multiple of 8; each begins as zeroes
 * @return UMIG_OK, UMIG_E_NOMEM
 */
UMIG_NODISCARD int umig_slot_table_open(struct umig_slot_table *table,
                                        struct umig_memory *memory,
                                        uint32_t value_bytes);

/** Gives the memory back; also of a closed one. */
void umig_slot_table_close(struct umig_slot_table *table);

/**
 * The slot's value, a new one if it has none yet; valid until the next call. NULL: there is no
 * memory for a larger table.
 */
void *umig_slot_table_at(struct umig_slot_table *table, uint32_t slot);

/** Forgets a slot's value, if it has one; pointers to other values are no longer valid. */
void umig_slot_table_remove(struct umig_slot_table *table, uint32_t slot);

#endif
