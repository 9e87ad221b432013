#include "agent/native/unwind_table.h"

#include <string.h>

#include "agent/native/peek.h"

/*
 * .eh_frame_hdr as GNU ld, gold and lld write it:
 *
 *   offset 0   u8  version, 1
 *   offset 1   u8  encoding of eh_frame_ptr: 0x1b, signed 4 bytes relative to itself
 *   offset 2   u8  encoding of the count: 0x03, unsigned 4 bytes
 *   offset 3   u8  encoding of the table: 0x3b, signed 4 bytes relative to .eh_frame_hdr
 *   offset 4   i32 eh_frame_ptr
 *   offset 8   u32 count
 *   offset 12  count times: i32 first pc of a function, i32 its frame description; by pc
 */
enum {
    HEADER_BYTES = 12,
    ENTRY_BYTES = 8,
    EH_FRAME_PTR_AT = 4,
    COUNT_AT = 8,
    LENGTH_BYTES = 4,    /* of a frame description, before it */
    CIE_POINTER_AT = 4,  /* from the description's length */
    AUGMENTATION_AT = 9, /* from the common information's length */
    ENTRIES_MAX = 4 << 20,
    FDE_MAX_BYTES = 1 << 20
};

static const uint8_t known_encodings[4] = {1, 0x1b, 0x03, 0x3b};

struct bounds {
    uintptr_t low;
    uintptr_t high;
};

static bool is_within(struct umig_unwind_place place, uintptr_t address, size_t byte_count)
{
    return address >= place.segment_low && address <= place.segment_high &&
           byte_count <= place.segment_high - address;
}

static int32_t signed_at(const uint8_t *bytes)
{
    int32_t number;
    memcpy(&number, bytes, sizeof number);
    return number;
}

static uint32_t unsigned_at(const uint8_t *bytes)
{
    uint32_t number;
    memcpy(&number, bytes, sizeof number);
    return number;
}

static uintptr_t relative(uintptr_t base, int32_t offset)
{
    return base + (uintptr_t)(intptr_t)offset;
}

/* The last description ends .eh_frame as far as anybody looks things up in it. */
static int find_end(const uint8_t *entries,
                    uint32_t count,
                    struct umig_unwind_place place,
                    uintptr_t *out_end)
{
    int32_t last = INT32_MIN;
    for (uint32_t i = 0; i < count; i++) {
        const int32_t offset = signed_at(entries + (size_t)i * ENTRY_BYTES + 4);
        last = offset > last ? offset : last;
    }
    const uintptr_t fde = relative(place.header, last);
    uint32_t length = 0;
    if (!is_within(place, fde, LENGTH_BYTES) || !umig_peek(fde, &length, sizeof length) ||
        length > FDE_MAX_BYTES || !is_within(place, fde, LENGTH_BYTES + (size_t)length)) {
        return UMIG_E_UNSUPPORTED;
    }
    *out_end = fde + LENGTH_BYTES + length;
    return UMIG_OK;
}

/* Entries are read into a block of their own first: only they say how far .eh_frame goes. */
static int find_bounds(const struct umig_unwind_table *table,
                       struct umig_unwind_place place,
                       uintptr_t eh_frame,
                       struct umig_quota *quota,
                       struct bounds *out_bounds)
{
    const size_t byte_count = (size_t)table->entry_count * ENTRY_BYTES;
    uint8_t *entries = umig_quota_take(quota, byte_count);
    if (entries == NULL) {
        return UMIG_E_NOMEM;
    }
    uintptr_t end = 0;
    int rc = umig_peek(table->entries, entries, byte_count) ? UMIG_OK : UMIG_E_IO;
    if (rc == UMIG_OK) {
        rc = find_end(entries, table->entry_count, place, &end);
    }
    umig_quota_give(quota, entries, byte_count);
    if (rc == UMIG_OK) {
        const uintptr_t table_end = table->entries + byte_count;
        out_bounds->low = (eh_frame < place.header ? eh_frame : place.header) & ~(uintptr_t)7;
        out_bounds->high = end > table_end ? end : table_end;
    }
    return rc;
}

static int copy_bytes(struct umig_unwind_table *table,
                      struct bounds bounds,
                      bool stays,
                      struct umig_quota *quota)
{
    /* Read by whole words: the last one is filled up with zeros. */
    const size_t used = bounds.high - bounds.low;
    const size_t byte_count = (used + 7) & ~(size_t)7;
    if (stays) {
        table->bytes = (uint8_t *)bounds.low; /* a page has whole words */
        table->is_in_place = true;
        table->byte_count = byte_count;
        table->address = bounds.low;
        return UMIG_OK;
    }
    uint8_t *bytes = umig_quota_take(quota, byte_count);
    if (bytes == NULL) {
        return UMIG_E_NOMEM;
    }
    if (!umig_peek(bounds.low, bytes, used)) {
        umig_quota_give(quota, bytes, byte_count);
        return UMIG_E_IO;
    }
    table->bytes = bytes;
    table->byte_count = byte_count;
    table->address = bounds.low;
    return UMIG_OK;
}

int umig_unwind_table_copy(struct umig_unwind_table *out_table,
                           struct umig_unwind_place place,
                           bool stays,
                           struct umig_quota *quota)
{
    uint8_t header[HEADER_BYTES];
    if (!is_within(place, place.header, sizeof header)) {
        return UMIG_E_UNSUPPORTED;
    }
    if (!umig_peek(place.header, header, sizeof header)) {
        return UMIG_E_IO;
    }
    struct umig_unwind_table table = {
        .header = place.header,
        .entries = place.header + HEADER_BYTES,
        .entry_count = unsigned_at(header + COUNT_AT),
    };
    const uintptr_t eh_frame =
        relative(place.header + EH_FRAME_PTR_AT, signed_at(header + EH_FRAME_PTR_AT));
    if (memcmp(header, known_encodings, sizeof known_encodings) != 0 || table.entry_count == 0 ||
        table.entry_count > ENTRIES_MAX || !is_within(place, eh_frame, LENGTH_BYTES) ||
        !is_within(place, table.entries, (size_t)table.entry_count * ENTRY_BYTES)) {
        return UMIG_E_UNSUPPORTED;
    }
    struct bounds bounds = {0, 0};
    int rc = find_bounds(&table, place, eh_frame, quota, &bounds);
    if (rc == UMIG_OK) {
        rc = copy_bytes(&table, bounds, stays, quota);
    }
    if (rc == UMIG_OK) {
        *out_table = table;
    }
    return rc;
}

void umig_unwind_table_fini(struct umig_unwind_table *table, struct umig_quota *quota)
{
    if (!table->is_in_place) {
        umig_quota_give(quota, table->bytes, table->byte_count);
    }
    *table = (struct umig_unwind_table){.bytes = NULL};
}

/* Bytes of the copy at an address; NULL unless byte_count of them are there. */
static const uint8_t *bytes_at(const struct umig_unwind_table *table,
                               uintptr_t address,
                               size_t byte_count)
{
    const uintptr_t offset = address - table->address;
    if (address < table->address || offset > table->byte_count ||
        byte_count > table->byte_count - offset) {
        return NULL;
    }
    return table->bytes + offset;
}

/* Does the common information of a description carry an 'S'? */
static bool is_signal_frame(const struct umig_unwind_table *table, uintptr_t fde)
{
    const uint8_t *cie_pointer = bytes_at(table, fde + CIE_POINTER_AT, 4);
    if (cie_pointer == NULL) {
        return false;
    }
    const uintptr_t cie = fde + CIE_POINTER_AT - unsigned_at(cie_pointer);
    const uint8_t *augmentation = bytes_at(table, cie + AUGMENTATION_AT, 8);
    const uint8_t *end = augmentation == NULL ? NULL : memchr(augmentation, '\0', 8);
    return end != NULL && memchr(augmentation, 'S', (size_t)(end - augmentation)) != NULL;
}

bool umig_unwind_table_find(const struct umig_unwind_table *table,
                            uintptr_t pc,
                            struct umig_unwind_entry *out_entry)
{
    const int64_t wanted = (int64_t)(pc - table->header);
    const uint8_t *entries =
        bytes_at(table, table->entries, (size_t)table->entry_count * ENTRY_BYTES);
    uint32_t low = 0;
    uint32_t high = entries == NULL ? 0 : table->entry_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (signed_at(entries + (size_t)middle * ENTRY_BYTES) <= wanted) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return false;
    }
    const size_t found = (size_t)(low - 1) * ENTRY_BYTES;
    out_entry->address = table->entries + found;
    out_entry->is_signal_frame =
        is_signal_frame(table, relative(table->header, signed_at(entries + found + 4)));
    return true;
}

bool umig_unwind_table_word(const struct umig_unwind_table *table,
                            uintptr_t address,
                            uint64_t *out_word)
{
    const uint8_t *bytes = bytes_at(table, address, sizeof *out_word);
    if (bytes == NULL) {
        return false;
    }
    memcpy(out_word, bytes, sizeof *out_word);
    return true;
}
