/* Pauses and memory pools on their way into batches. */
#include <string.h>

#include "agent/session/pump.h"

static uint64_t known(uint64_t bytes)
{
    return bytes == UMIG_HEAP_UNKNOWN ? 0 : bytes + 1;
}

static uint32_t text_id(struct umig_pump *pump, const char *text)
{
    return umig_dictionary_string(&pump->dictionary, text, strlen(text));
}

void umig_pump_pause(struct umig_pump *pump, const struct umig_gc_pause *pause, uint64_t now_ns)
{
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &pump->sessions->session[i];
        if (!umig_session_takes(session, UMIG_KIND_GC) || pause->start_ns < session->start_ns) {
            continue;
        }
        struct umig_tally *tally = &session->tallies[UMIG_KIND_GC];
        tally->produced++;
        if (!umig_pump_make_room(pump, now_ns)) {
            tally->dropped[UMIG_DROP_SPOOL_FULL]++;
            continue;
        }
        tally->samples++;
        pump->batch->pauses[pump->batch->pause_count++] = (struct umig_batch_pause){
            .session = session->number,
            .start_ns = pause->start_ns,
            .duration_ns = pause->duration_ns,
            .collection = text_id(pump, pause->kind),
            .cause = text_id(pump, pause->cause),
            .heap_before = known(pause->heap_before),
            .heap_after = known(pause->heap_after),
        };
    }
}

void umig_pump_lost_pauses(struct umig_pump *pump, uint64_t lost_count)
{
    const uint64_t lost = lost_count - pump->pauses_lost_seen;
    pump->pauses_lost_seen = lost_count;
    for (int i = 0; i < UMIG_SESSIONS_MAX && lost > 0; i++) {
        struct umig_session *session = &pump->sessions->session[i];
        if (umig_session_takes(session, UMIG_KIND_GC)) {
            umig_session_lost(session, UMIG_KIND_GC, UMIG_DROP_RING_FULL, lost);
        }
    }
}

void umig_pump_heap(struct umig_pump *pump,
                    struct umig_session *session,
                    const struct umig_heap_reading *reading,
                    const struct umig_jvm_reading *counters,
                    uint64_t now_ns)
{
    struct umig_tally *tally = &session->tallies[UMIG_KIND_HEAP];
    tally->produced++;
    if (!umig_pump_make_room(pump, now_ns)) {
        tally->dropped[UMIG_DROP_SPOOL_FULL]++;
        return;
    }
    tally->samples++;
    struct umig_batch_heap_point *point =
        &pump->batch->heap_points[pump->batch->heap_point_count++];
    *point = (struct umig_batch_heap_point){
        .session = session->number,
        .time_ns = reading->time_ns,
        .rss_bytes = reading->rss_bytes == UMIG_HEAP_UNKNOWN ? 0 : reading->rss_bytes,
        .counters = *counters,
    };
    for (size_t i = 0; i < reading->pool_count && i < UMIG_BATCH_POOLS; i++) {
        const struct umig_heap_pool *pool = &reading->pools[i];
        /* Nothing used and nothing committed stands for unknown (HeapPoint in stream.proto). */
        const bool is_known =
            pool->used != UMIG_HEAP_UNKNOWN && pool->committed != UMIG_HEAP_UNKNOWN;
        point->pools[point->pool_count].name = text_id(pump, pool->name);
        point->pools[point->pool_count].used = is_known ? pool->used : 0;
        point->pools[point->pool_count].committed = is_known ? pool->committed : 0;
        point->pools[point->pool_count].maximum = known(pool->maximum);
        point->pool_count++;
    }
}
