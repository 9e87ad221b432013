/* Whom the drains' CPU is charged to: the kinds of their records, by the bytes of these. */
#include <string.h>

#include "agent/session/pump.h"

enum umig_kind umig_pump_charged_kind(const struct umig_pump *pump,
                                      const struct umig_record *record)
{
    switch (record->type) {
    case UMIG_RECORD_WAIT:
    case UMIG_RECORD_HOLDER:
        return UMIG_KIND_LOCKS;
    case UMIG_RECORD_LOOK:
        return UMIG_KIND_WALL;
    case UMIG_RECORD_ALLOC:
        return umig_sessions_finest(pump->sessions, UMIG_KIND_ALLOC) > 0 ? UMIG_KIND_ALLOC
                                                                         : UMIG_KIND_LIVE;
    default:
        return UMIG_KIND_CPU;
    }
}

void umig_pump_charge(struct umig_pump *pump, uint64_t cpu_ns)
{
    uint64_t all = 0;
    for (int kind = 0; kind < UMIG_KIND_COUNT; kind++) {
        all += pump->drained_bytes[kind];
    }
    for (int kind = 0; kind < UMIG_KIND_COUNT && all > 0; kind++) {
        pump->drain_ns[kind] +=
            (uint64_t)((double)cpu_ns * (double)pump->drained_bytes[kind] / (double)all);
    }
    memset(pump->drained_bytes, 0, sizeof pump->drained_bytes);
}
