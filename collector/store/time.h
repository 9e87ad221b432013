/* From an agent's monotonic clock to unix time, by the anchor of its first Hello. */
#ifndef UMIG_COLLECTOR_STORE_TIME_H
#define UMIG_COLLECTOR_STORE_TIME_H

#include <stdint.h>

#include "collector/store/store.h"
#include "core/units.h"

/** Length of the slots of time that samples are added up in. */
#define UMIG_STORE_SLOT_NS (10 * UMIG_NS_PER_S)

/** The slot of a moment. */
static inline int64_t umig_store_slot_of(uint64_t unix_ns)
{
    return (int64_t)(unix_ns / UMIG_STORE_SLOT_NS);
}

/**
 * Unix time of a moment, never below 1 and never above 2^63 - 1.
 *
 * @param monotonic_ns  below 2^63, as umig_batch_check() saw to
 */
static inline uint64_t umig_store_unix_at(uint64_t anchor_monotonic_ns,
                                          uint64_t anchor_unix_ns,
                                          uint64_t monotonic_ns)
{
    if (monotonic_ns >= anchor_monotonic_ns) {
        const uint64_t later = monotonic_ns - anchor_monotonic_ns;
        return later < INT64_MAX - anchor_unix_ns ? anchor_unix_ns + later : INT64_MAX;
    }
    const uint64_t earlier = anchor_monotonic_ns - monotonic_ns;
    return earlier < anchor_unix_ns ? anchor_unix_ns - earlier : 1;
}

/** As umig_store_unix_at() with a stream's anchor. */
static inline uint64_t umig_store_unix_of(const struct umig_stream *stream, uint64_t monotonic_ns)
{
    return umig_store_unix_at(stream->anchor_monotonic_ns, stream->anchor_unix_ns, monotonic_ns);
}

#endif
