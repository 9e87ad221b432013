/*
 * HotSpot's UNSIGNED5: up to five bytes of 6-bit groups, lowest first; a byte below 192 is the
 * last. From JDK 20 each byte carries an excess of 1, so that 0 never occurs inside a number.
 */
#ifndef UMIG_AGENT_WALK_UNSIGNED5_H
#define UMIG_AGENT_WALK_UNSIGNED5_H

#include <stdint.h>

#include "agent/walk/hotspot.h"
#include "include/umig/attr.h"

/** Reads a number and moves *at behind it. Signal: async-signal-safe, under the guard. */
UMIG_SIGNAL_SAFE static inline uint32_t umig_unsigned5_read(const struct umig_hotspot *hotspot,
                                                            uintptr_t *at)
{
    enum {
        LAST_BELOW = 192,
        GROUP_BITS = 6,
        GROUPS_MAX = 5
    };
    uint32_t sum = 0;
    for (uint32_t i = 0; i < GROUPS_MAX; i++) {
        const uint32_t byte = umig_hs_u8((*at)++, 0);
        sum += (byte - hotspot->unsigned5_base) << (i * GROUP_BITS);
        if (byte < LAST_BELOW) {
            break;
        }
    }
    return sum;
}

#endif
