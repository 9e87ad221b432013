/* Pauses, what the log says beside them, and memory pools on their way into batches. */
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

/* who: late; NULL: none. */
static void give_event(struct umig_pump *pump,
                       struct umig_session *session,
                       const struct umig_gc_event *event,
                       const struct umig_late_sample *who)
{
    session->tallies[UMIG_KIND_GC].samples++;
    pump->batch->gc_events[pump->batch->gc_event_count++] = (struct umig_batch_gc_event){
        .session = session->number,
        .kind = (uint32_t)event->kind,
        .start_ns = event->start_ns,
        .duration_ns = event->duration_ns,
        .name = text_id(pump, event->name),
        .detail = text_id(pump, event->detail),
        .before = event->before,
        .after = event->after,
        .thread = who != NULL ? who->thread : 0,
        .stack = who != NULL ? who->stack : 0,
    };
}

/* Making room may begin a generation: who was late is looked up behind it. */
static void share_event(struct umig_pump *pump, const struct umig_gc_event *event, uint64_t now_ns)
{
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &pump->sessions->session[i];
        if (!umig_session_takes(session, UMIG_KIND_GC) || event->start_ns < session->start_ns) {
            continue;
        }
        session->tallies[UMIG_KIND_GC].produced++;
        if (!umig_pump_make_room(pump, now_ns)) {
            session->tallies[UMIG_KIND_GC].dropped[UMIG_DROP_SPOOL_FULL]++;
            continue;
        }
        struct umig_late_sample who;
        const bool is_known = event->kind == UMIG_GC_EVENT_LATE && pump->late != NULL &&
                              umig_late_find(pump->late, pump->dictionary.generation,
                                             event->start_ns, event->duration_ns, &who);
        give_event(pump, session, event, is_known ? &who : NULL);
    }
}

void umig_pump_tell_late(struct umig_pump *pump, uint64_t now_ns)
{
    for (uint32_t i = 0; i < pump->slow_count; i++) {
        struct umig_gc_event event = pump->slow[i];
        event.kind = UMIG_GC_EVENT_LATE;
        event.duration_ns = event.before; /* what it took to reach it */
        event.before = 0;
        share_event(pump, &event, now_ns);
    }
    pump->slow_count = 0;
}

void umig_pump_gc_event(struct umig_pump *pump, const struct umig_gc_event *event, uint64_t now_ns)
{
    share_event(pump, event, now_ns);
    if (event->kind != UMIG_GC_EVENT_SAFEPOINT || event->before < UMIG_LATE_REACH_NS) {
        return;
    }
    if (pump->slow_count == UMIG_PUMP_LATE_MAX) {
        umig_pump_tell_late(pump, now_ns); /* by the samples that are there */
    }
    pump->slow[pump->slow_count++] = *event;
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
        /* All three nothing stands for unknown (HeapPoint in stream.proto). */
        const bool is_known =
            pool->used != UMIG_HEAP_UNKNOWN && pool->committed != UMIG_HEAP_UNKNOWN;
        point->pools[point->pool_count].name = text_id(pump, pool->name);
        point->pools[point->pool_count].used = is_known ? pool->used : 0;
        point->pools[point->pool_count].committed = is_known ? pool->committed : 0;
        point->pools[point->pool_count].maximum =
            known(is_known ? pool->maximum : UMIG_HEAP_UNKNOWN);
        point->pool_count++;
    }
}
