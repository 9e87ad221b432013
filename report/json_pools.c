#include "report/json_parts.h"

static void put_known(struct umig_json *json, const char *key, uint64_t figure)
{
    if (figure != UMIG_POOL_UNKNOWN) {
        umig_json_number(json, key, figure);
    }
}

/* As the pool's own beans have it. */
static void put_last(struct umig_json *json, const struct umig_profile_work_pool *sums)
{
    const struct umig_pool_figures *last = &sums->last;
    umig_json_object(json, "last");
    umig_json_number(json, "unix_ns", sums->last_unix_ns);
    umig_json_number(json, "size", last->size);
    put_known(json, "maximum", last->maximum);
    umig_json_number(json, "active", last->active);
    put_known(json, "queued", last->queued);
    put_known(json, "completed", last->completed);
    umig_json_object_end(json);
}

/* Of parts of the session's time that have a reading. */
static void put_over_time(struct umig_json *json,
                          const struct umig_profile_session *session,
                          const struct umig_work_pool *pool)
{
    const uint64_t part_ns =
        (session->end_unix_ns - session->start_unix_ns) / UMIG_PROFILE_WORK_PARTS + 1;
    umig_json_array(json, "over_time");
    for (uint32_t i = 0; i < UMIG_PROFILE_WORK_PARTS; i++) {
        const double readings = (double)pool->sums->parts[i].readings;
        if (readings == 0) {
            continue;
        }
        umig_json_object(json, NULL);
        umig_json_number(json, "after_ns", i * part_ns);
        umig_json_decimal(json, "size", (double)pool->sums->parts[i].size / readings);
        umig_json_decimal(json, "active", (double)pool->sums->parts[i].active / readings);
        if (pool->queued_mean >= 0) {
            umig_json_decimal(json, "queued", (double)pool->sums->parts[i].queued / readings);
        }
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_pool(struct umig_json *json,
                     const struct umig_profile *profile,
                     const struct umig_work_pool *pool)
{
    const struct umig_profile_work_pool *sums = pool->sums;
    umig_json_object(json, NULL);
    umig_json_number(json, "number", sums->number);
    umig_json_known(json, "name", umig_profile_text(profile, sums->name));
    umig_json_text(json, "kind", umig_work_pool_kind_key(sums->kind));
    umig_json_number(json, "readings", sums->readings);
    umig_json_decimal(json, "utilisation", pool->utilisation);
    umig_json_decimal(json, "full_share", pool->full_share);
    umig_json_decimal(json, "size_mean", pool->size_mean);
    umig_json_number(json, "size_most", sums->size_most);
    umig_json_decimal(json, "active_mean", pool->active_mean);
    umig_json_number(json, "active_most", sums->active_most);
    if (pool->queued_mean >= 0) {
        umig_json_decimal(json, "queued_mean", pool->queued_mean);
        umig_json_number(json, "queued_most", sums->queued_most);
    }
    if (pool->has_completed) {
        umig_json_number(json, "completed", pool->completed);
    }
    put_last(json, sums);
    put_over_time(json, &profile->session, pool);
    umig_json_object_end(json);
}

void umig_report_json_pools(struct umig_json *json, const struct umig_figures *figures)
{
    umig_json_array(json, "pools");
    for (size_t i = 0; i < figures->work_pools.count; i++) {
        put_pool(json, figures->profile, &figures->work_pools.items[i]);
    }
    umig_json_array_end(json);
}
