/*
 * A cell's packed list of (stack, count, value):
 *
 *   varint  1, the version of this layout
 *   varint  number of entries
 *   varint  unit: a divisor of every value, at least 1
 *   then for each entry, by ascending stack:
 *     varint  stack - the stack before (the first: - 0)
 *     varint  count
 *     varint  zigzag(value / unit - count)
 *
 * The value of a CPU sample is a multiple of the interval, mostly the interval itself: then the
 * last number is 0 and an entry takes 3 or 4 bytes.
 */
#ifndef UMIG_COLLECTOR_STORE_CELL_H
#define UMIG_COLLECTOR_STORE_CELL_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Longest packed list; beyond, entries are refused (a hostile agent's doing). */
#define UMIG_CELL_MAX_BYTES (16u << 20)

struct umig_cell_entry {
    uint32_t stack;
    uint64_t count;
    uint64_t value;
};

/** A growing list of entries. Zeroed is empty; free items. */
struct umig_cell {
    struct umig_cell_entry *items;
    size_t count;
    size_t room;
};

/** Appends an entry. UMIG_OK or UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_cell_add(struct umig_cell *cell, struct umig_cell_entry entry);

/** Sorts by stack and adds equal stacks up. Sums stop at 2^64 - 1. */
void umig_cell_normalise(struct umig_cell *cell);

/**
 * Appends the packed form of a normalised cell. UMIG_OK, UMIG_E_NOMEM or UMIG_E_LIMIT (also in
 * out->failed).
 */
UMIG_NODISCARD int umig_cell_pack(const struct umig_cell *cell, struct umig_buf *out);

/** Appends the entries of a packed cell. UMIG_OK, UMIG_E_NOMEM, UMIG_E_DB (not a packed cell). */
UMIG_NODISCARD int umig_cell_unpack(struct umig_cell *cell,
                                    const uint8_t *bytes,
                                    size_t byte_count);

#endif
