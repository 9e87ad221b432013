/* Readings of pools, on their way from the attached thread to sessions. */
#include <string.h>

#include "agent/session/pump.h"

/* Unknown, or without a bound, is 0; all else is one more. */
static uint64_t known(uint64_t figure)
{
    return figure == UMIG_POOL_UNKNOWN ? 0 : figure + 1;
}

static void put_row(struct umig_pump *pump,
                    struct umig_session *session,
                    uint64_t time_ns,
                    const struct umig_pool_row *row)
{
    struct umig_tally *tally = &session->tallies[UMIG_KIND_POOLS];
    const uint32_t name = umig_dictionary_string(&pump->dictionary, row->name, strlen(row->name));
    if (name == 0 && row->name[0] != '\0') {
        tally->dropped[UMIG_DROP_DICTIONARY_FULL]++;
        return;
    }
    tally->samples++;
    pump->batch->pools[pump->batch->pool_count++] = (struct umig_batch_pool){
        .session = session->number,
        .time_ns = time_ns,
        .number = row->number,
        .kind = (uint32_t)row->kind,
        .name = name,
        .size = row->figures.size,
        .maximum = known(row->figures.maximum),
        .active = row->figures.active,
        .queued = known(row->figures.queued),
        .completed = known(row->figures.completed),
    };
}

void umig_pump_pools(struct umig_pump *pump,
                     struct umig_session *session,
                     const struct umig_pool_reading *reading,
                     uint64_t now_ns)
{
    struct umig_tally *tally = &session->tallies[UMIG_KIND_POOLS];
    tally->produced += reading->count + reading->left_out;
    tally->dropped[UMIG_DROP_TABLE_FULL] += reading->left_out;
    for (uint32_t i = 0; i < reading->count; i++) {
        if (umig_pump_make_room(pump, now_ns)) {
            put_row(pump, session, reading->time_ns, &reading->rows[i]);
        } else {
            tally->dropped[UMIG_DROP_SPOOL_FULL]++;
        }
    }
}
