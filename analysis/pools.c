#include "analysis/pools.h"

#include <stdlib.h>

#include "core/err.h"

/* A JVM has some ten pools; what is beyond this is no pool of a JVM. */
#define POOLS_MAX 64

static struct umig_pool *find(struct umig_pools *pools, uint32_t pool)
{
    for (size_t i = 0; i < pools->count; i++) {
        if (pools->items[i].pool == pool) {
            return &pools->items[i];
        }
    }
    if (pools->count == POOLS_MAX) {
        return NULL;
    }
    struct umig_pool *added = &pools->items[pools->count++];
    *added = (struct umig_pool){.pool = pool};
    return added;
}

int umig_pools_read(const struct umig_profile *profile,
                    struct umig_pools *out_pools,
                    struct umig_err *err)
{
    struct umig_pools pools = {.items = calloc(POOLS_MAX, sizeof *pools.items)};
    if (pools.items == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for the memory pools");
    }
    for (size_t i = 0; i < profile->pool_points.count; i++) {
        const struct umig_profile_pool_point *point = &profile->pool_points.items[i];
        struct umig_pool *pool = find(&pools, point->pool);
        if (pool == NULL) {
            continue;
        }
        if (point->used_bytes == 0 && point->committed_bytes == 0) {
            continue; /* the JVM has not filled these counters yet */
        }
        if (pool->points++ == 0) {
            pool->first_bytes = point->used_bytes;
        }
        pool->last_bytes = point->used_bytes;
        pool->committed_bytes = point->committed_bytes;
        pool->maximum_bytes = point->maximum_bytes;
        if (point->used_bytes > pool->highest_bytes) {
            pool->highest_bytes = point->used_bytes;
        }
    }
    *out_pools = pools;
    return UMIG_OK;
}

void umig_pools_fini(struct umig_pools *pools)
{
    free(pools->items);
    *pools = (struct umig_pools){0};
}
