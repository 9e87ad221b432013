/*
 * CompressedLineNumberReadStream of HotSpot: one byte "bci delta << 3 | line delta" for the common
 * small steps; 0xff escapes to two signed numbers in UNSIGNED5; 0 ends the table.
 */
#include "agent/walk/lines.h"

#include "agent/signal/sigsafe_only.h"
#include "agent/walk/unsigned5.h"

enum {
    ESCAPE = 0xff
};

/* The sign lives in the lowest bit. */
static int32_t read_signed5(const struct umig_hotspot *hs, uintptr_t *at)
{
    const uint32_t value = umig_unsigned5_read(hs, at);
    return (int32_t)(value >> 1) ^ -(int32_t)(value & 1);
}

static bool has_lines(const struct umig_hotspot *hs, uintptr_t const_method)
{
    const uint32_t flags = hs->const_flags_bytes == 2 ? umig_hs_u16(const_method, hs->const_flags)
                                                      : umig_hs_u32(const_method, hs->const_flags);
    return (flags & hs->const_has_lines) != 0;
}

uint32_t umig_lines_of_bci(const struct umig_hotspot *hotspot, uintptr_t const_method, int32_t bci)
{
    if (bci < 0 || hotspot->const_has_lines == 0 || !has_lines(hotspot, const_method)) {
        return 0;
    }
    uintptr_t at =
        const_method + hotspot->const_bytes + umig_hs_u16(const_method, hotspot->const_code_size);
    int32_t table_bci = 0;
    int32_t line = 0;
    int32_t best_bci = -1;
    int32_t best_line = 0;
    for (int i = 0; i < UMIG_LINES_MAX; i++) {
        const uint32_t next = umig_hs_u8(at++, 0);
        if (next == 0) {
            break;
        }
        if (next == ESCAPE) {
            table_bci += read_signed5(hotspot, &at);
            line += read_signed5(hotspot, &at);
        } else {
            table_bci += (int32_t)(next >> 3);
            line += (int32_t)(next & 7);
        }
        /* The entries need not be in order: the nearest one at or before wins. */
        if (table_bci <= bci && table_bci >= best_bci) {
            best_bci = table_bci;
            best_line = line;
        }
    }
    return best_line > 0 ? (uint32_t)best_line : 0;
}
