/* Collections and safepoints. */
#include "report/json_parts.h"
#include "report/json_put.h"

/* Steps of one pause: a full one has some dozen at most. */
#define PAUSE_STEPS_MAX 32u

static void put_rows(struct umig_json *json, const struct umig_figures *figures)
{
    umig_json_array(json, "rows");
    for (size_t i = 0; i < figures->gc.row_count; i++) {
        const struct umig_gc_row *row = &figures->gc.rows[i];
        umig_json_object(json, NULL);
        umig_json_put_name(json, figures->profile, "collection", row->collection);
        umig_json_put_name(json, figures->profile, "cause", row->cause);
        umig_json_number(json, "pauses", row->count);
        umig_json_number(json, "total_ns", row->total_ns);
        umig_json_number(json, "longest_ns", row->longest_ns);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

/* detail: what the sums' detail is called; NULL: they have none. */
static void put_sums(struct umig_json *json,
                     const struct umig_profile *profile,
                     const char *key,
                     const struct umig_gc_sums *sums,
                     const char *detail)
{
    umig_json_array(json, key);
    for (size_t i = 0; i < sums->count; i++) {
        const struct umig_profile_gc_sum *sum = sums->items[i];
        umig_json_object(json, NULL);
        umig_json_text(json, "name", umig_profile_text(profile, sum->name));
        umig_json_put_name(json, profile, "pause", sum->pause);
        if (detail != NULL) {
            umig_json_put_name(json, profile, detail, sum->detail);
        }
        umig_json_number(json, "count", sum->count);
        umig_json_number(json, "total_ns", sum->total_ns);
        umig_json_number(json, "longest_ns", sum->longest_ns);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_known_bytes(struct umig_json *json, const char *key, uint64_t bytes)
{
    if (bytes != UMIG_BYTES_UNKNOWN) {
        umig_json_number(json, key, bytes);
    }
}

static void put_pause_steps(struct umig_json *json,
                            const struct umig_profile *profile,
                            uint32_t pause)
{
    const struct umig_profile_gc_step *steps[PAUSE_STEPS_MAX];
    const size_t count = umig_gc_depth_steps(profile, pause, PAUSE_STEPS_MAX, steps);
    umig_json_array(json, "steps");
    for (size_t i = 0; i < count; i++) {
        umig_json_object(json, NULL);
        umig_json_text(json, "name", umig_profile_text(profile, steps[i]->name));
        umig_json_number(json, "duration_ns", steps[i]->duration_ns);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

/* The longest pauses, each with what it was made of. */
static void put_longest(struct umig_json *json, const struct umig_profile *profile)
{
    uint32_t pauses[UMIG_PROFILE_LONG_PAUSES];
    const uint32_t count = umig_profile_long_pauses(profile, pauses);
    umig_json_array(json, "longest");
    for (uint32_t i = 0; i < count; i++) {
        const struct umig_profile_pause *pause = &profile->pauses.items[pauses[i]];
        umig_json_object(json, NULL);
        umig_json_number(json, "start_unix_ns", pause->start_unix_ns);
        umig_json_number(json, "duration_ns", pause->duration_ns);
        umig_json_put_name(json, profile, "collection", pause->collection);
        umig_json_put_name(json, profile, "cause", pause->cause);
        put_known_bytes(json, "before_bytes", pause->before_bytes);
        put_known_bytes(json, "after_bytes", pause->after_bytes);
        put_pause_steps(json, profile, pauses[i]);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_depth(struct umig_json *json, const struct umig_figures *figures)
{
    const struct umig_profile *profile = figures->profile;
    const struct umig_gc_depth *depth = &figures->gc_depth;
    const struct umig_gc_sums *of = depth->of;
    if (depth->allocated_over_ns > 0) {
        umig_json_number(json, "allocated_bytes", depth->allocated_bytes);
        umig_json_number(json, "allocated_over_ns", depth->allocated_over_ns);
    }
    if (of[UMIG_GC_EVENT_PROMOTION].events > 0) {
        umig_json_number(json, "promotions", of[UMIG_GC_EVENT_PROMOTION].events);
        umig_json_number(json, "promoted_bytes", depth->promoted_bytes);
    }
    umig_json_number(json, "humongous_highest_bytes", depth->humongous_most_bytes);
    umig_json_number(json, "humongous_freed_bytes", depth->humongous_freed_bytes);
    put_longest(json, profile);
    put_sums(json, profile, "phases", &of[UMIG_GC_EVENT_PHASE], NULL);
    put_sums(json, profile, "cycles", &of[UMIG_GC_EVENT_CYCLE], "cause");
    put_sums(json, profile, "concurrent", &of[UMIG_GC_EVENT_CONCURRENT], NULL);
    put_sums(json, profile, "stalls", &of[UMIG_GC_EVENT_STALL], "pool");
    put_sums(json, profile, "failures", &of[UMIG_GC_EVENT_FAILURE], NULL);
}

void umig_report_json_gc(struct umig_json *json, const struct umig_figures *figures)
{
    const struct umig_gc *gc = &figures->gc;
    umig_json_object(json, "gc");
    umig_json_number(json, "pauses", gc->count);
    umig_json_number(json, "total_ns", gc->total_ns);
    umig_json_number(json, "median_ns", gc->median_ns);
    umig_json_number(json, "p99_ns", gc->p99_ns);
    umig_json_number(json, "longest_ns", gc->longest_ns);
    umig_json_number(json, "session_ns", gc->session_ns);
    umig_json_number(json, "reclaimed_bytes", gc->reclaimed_bytes);
    if (gc->after_count > 0) {
        umig_json_number(json, "heap_after_first_bytes", gc->after_first_bytes);
        umig_json_number(json, "heap_after_last_bytes", gc->after_last_bytes);
        umig_json_number(json, "heap_after_highest_bytes", gc->after_highest_bytes);
    }
    put_rows(json, figures);
    put_depth(json, figures);
    umig_json_object_end(json);
}

static void put_operations(struct umig_json *json,
                           const struct umig_profile *profile,
                           const struct umig_gc_sums *sums)
{
    umig_json_array(json, "rows");
    for (size_t i = 0; i < sums->count; i++) {
        const struct umig_profile_gc_sum *sum = sums->items[i];
        umig_json_object(json, NULL);
        umig_json_text(json, "operation", umig_profile_text(profile, sum->name));
        umig_json_number(json, "count", sum->count);
        umig_json_number(json, "reach_ns", sum->before);
        umig_json_number(json, "reach_longest_ns", sum->before_most);
        umig_json_number(json, "total_ns", sum->total_ns);
        umig_json_number(json, "longest_ns", sum->longest_ns);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_late(struct umig_json *json,
                     const struct umig_profile *profile,
                     const struct umig_gc_sums *late)
{
    umig_json_array(json, "late");
    for (size_t i = 0; i < late->count; i++) {
        const struct umig_profile_gc_sum *sum = late->items[i];
        umig_json_object(json, NULL);
        umig_json_text(json, "operation", umig_profile_text(profile, sum->name));
        umig_json_put_name(json, profile, "pool", sum->detail);
        umig_json_number(json, "count", sum->count);
        umig_json_number(json, "reach_ns", sum->total_ns);
        umig_json_number(json, "reach_longest_ns", sum->longest_ns);
        umig_json_put_stack(json, profile, sum->stack);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

void umig_report_json_safepoints(struct umig_json *json, const struct umig_figures *figures)
{
    const struct umig_gc_depth *depth = &figures->gc_depth;
    const struct umig_gc_sums *sums = &depth->of[UMIG_GC_EVENT_SAFEPOINT];
    umig_json_object(json, "safepoints");
    umig_json_number(json, "count", sums->events);
    umig_json_number(json, "reach_ns", depth->reach_ns);
    umig_json_number(json, "reach_longest_ns", depth->reach_longest_ns);
    umig_json_number(json, "total_ns", sums->total_ns);
    put_operations(json, figures->profile, sums);
    put_late(json, figures->profile, &depth->of[UMIG_GC_EVENT_LATE]);
    umig_json_object_end(json);
}
