#include "collector/store/cell.h"

#include <stdlib.h>

#include "collector/store/varint.h"
#include "core/divisor.h"

enum {
    LAYOUT = 1,
    FIRST_ROOM = 64
};

int umig_cell_add(struct umig_cell *cell, struct umig_cell_entry entry)
{
    if (cell->count == cell->room) {
        const size_t room = cell->room == 0 ? FIRST_ROOM : cell->room * 2;
        struct umig_cell_entry *items = realloc(cell->items, room * sizeof *items);
        if (items == NULL) {
            return UMIG_E_NOMEM;
        }
        cell->items = items;
        cell->room = room;
    }
    cell->items[cell->count++] = entry;
    return UMIG_OK;
}

static int by_stack(const void *a, const void *b)
{
    const struct umig_cell_entry *left = a;
    const struct umig_cell_entry *right = b;
    return left->stack < right->stack ? -1 : left->stack > right->stack;
}

static uint64_t add_up(uint64_t a, uint64_t b)
{
    return a <= UINT64_MAX - b ? a + b : UINT64_MAX;
}

void umig_cell_normalise(struct umig_cell *cell)
{
    if (cell->count == 0) {
        return;
    }
    qsort(cell->items, cell->count, sizeof *cell->items, by_stack);
    size_t last = 0;
    for (size_t i = 1; i < cell->count; i++) {
        if (cell->items[i].stack == cell->items[last].stack) {
            cell->items[last].count = add_up(cell->items[last].count, cell->items[i].count);
            cell->items[last].value = add_up(cell->items[last].value, cell->items[i].value);
        } else {
            cell->items[++last] = cell->items[i];
        }
    }
    cell->count = last + 1;
}

int umig_cell_pack(const struct umig_cell *cell, struct umig_buf *out)
{
    uint64_t unit = 0;
    for (size_t i = 0; i < cell->count && unit != 1; i++) {
        unit = umig_common_divisor(unit, cell->items[i].value);
    }
    unit = unit == 0 ? 1 : unit;
    umig_varint_put(out, LAYOUT);
    umig_varint_put(out, cell->count);
    umig_varint_put(out, unit);
    uint32_t before = 0;
    for (size_t i = 0; i < cell->count; i++) {
        const struct umig_cell_entry *entry = &cell->items[i];
        umig_varint_put(out, entry->stack - before);
        umig_varint_put(out, entry->count);
        /* Modulo 2^64 both ways: the difference of any two values comes back exactly. */
        umig_varint_put(out, umig_zigzag((int64_t)(entry->value / unit - entry->count)));
        before = entry->stack;
    }
    return out->failed;
}

int umig_cell_unpack(struct umig_cell *cell, const uint8_t *bytes, size_t byte_count)
{
    struct umig_varint_reader reader = {.at = bytes, .end = bytes + byte_count};
    uint64_t layout = 0;
    uint64_t entries = 0;
    uint64_t unit = 0;
    if (!umig_varint_get(&reader, &layout) || layout != LAYOUT ||
        !umig_varint_get(&reader, &entries) || !umig_varint_get(&reader, &unit)) {
        return UMIG_E_DB;
    }
    uint64_t stack = 0;
    for (uint64_t i = 0; i < entries; i++) {
        uint64_t step = 0;
        uint64_t count = 0;
        uint64_t surplus = 0;
        if (!umig_varint_get(&reader, &step) || !umig_varint_get(&reader, &count) ||
            !umig_varint_get(&reader, &surplus) || step > UINT32_MAX - stack) {
            return UMIG_E_DB;
        }
        stack += step;
        const uint64_t value = (count + (uint64_t)umig_unzigzag(surplus)) * unit;
        const int rc = umig_cell_add(
            cell,
            (struct umig_cell_entry){.stack = (uint32_t)stack, .count = count, .value = value});
        if (rc != UMIG_OK) {
            return rc;
        }
    }
    return reader.at == reader.end ? UMIG_OK : UMIG_E_DB;
}
