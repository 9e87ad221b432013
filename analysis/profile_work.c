/* Readings of pools of threads and of connections, added up as they come: there may be many. */
#include "analysis/profile_private.h"

static uint64_t add_capped(uint64_t a, uint64_t b)
{
    uint64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Rows come reading by reading in the same order: the pool is mostly the one behind the last. */
static struct umig_profile_work_pool *find(struct umig_profile *profile, uint32_t number)
{
    const size_t count = profile->work_pools.count;
    for (size_t i = 0; i < count; i++) {
        const size_t at = (profile->next_work_pool + i) % count;
        if (profile->work_pools.items[at].number == number) {
            profile->next_work_pool = at + 1;
            return &profile->work_pools.items[at];
        }
    }
    return NULL;
}

static void add(struct umig_profile *profile,
                struct umig_profile_work_pool *pool,
                const struct umig_profile_work_row *row)
{
    const struct umig_pool_figures *figures = &row->figures;
    const bool has_queue = figures->queued != UMIG_POOL_UNKNOWN;
    const uint64_t queued = has_queue ? figures->queued : 0;
    const uint32_t part =
        umig_profile_part(&profile->session, UMIG_PROFILE_WORK_PARTS, row->unix_ns);
    pool->readings++;
    pool->queue_readings += has_queue;
    pool->full_readings +=
        queued > 0 && figures->size > 0 && figures->active >= figures->size ? 1 : 0;
    pool->size = add_capped(pool->size, figures->size);
    pool->active = add_capped(pool->active, figures->active);
    pool->queued = add_capped(pool->queued, queued);
    pool->size_most = larger(pool->size_most, figures->size);
    pool->active_most = larger(pool->active_most, figures->active);
    pool->queued_most = larger(pool->queued_most, queued);
    pool->parts[part].readings++;
    pool->parts[part].size += (float)figures->size;
    pool->parts[part].active += (float)figures->active;
    pool->parts[part].queued += (float)queued;
    if (row->unix_ns >= pool->last_unix_ns) {
        pool->last_unix_ns = row->unix_ns;
        pool->last = *figures;
        pool->name = row->name;
    }
}

int umig_profile_add_work_pool(struct umig_profile *profile,
                               const struct umig_profile_work_pool *pool)
{
    if (pool->name >= profile->strings.count || (unsigned)pool->kind >= UMIG_POOL_KINDS) {
        return UMIG_E_ARG;
    }
    const int rc = umig_profile_reserve(profile, UMIG_PROFILE_LIST_OF(&profile->work_pools));
    if (rc == UMIG_OK) {
        profile->work_pools.items[profile->work_pools.count++] = *pool;
    }
    return rc;
}

int umig_profile_add_work_row(struct umig_profile *profile, const struct umig_profile_work_row *row)
{
    struct umig_profile_work_pool *pool = find(profile, row->number);
    if (pool == NULL) {
        const struct umig_profile_work_pool empty = {.number = row->number,
                                                     .name = row->name,
                                                     .kind = row->kind,
                                                     .first_unix_ns = row->unix_ns,
                                                     .first_completed = row->figures.completed};
        const int rc = umig_profile_add_work_pool(profile, &empty);
        if (rc != UMIG_OK) {
            return rc;
        }
        pool = &profile->work_pools.items[profile->work_pools.count - 1];
        profile->next_work_pool = profile->work_pools.count;
    }
    add(profile, pool, row);
    return UMIG_OK;
}
