#include "analysis/pools.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/label.h"
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

bool umig_pools_is_heap(const char *name)
{
    static const char *const others[] = {"RSS", "Metaspace", "Compressed Class", "Code", "Direct"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strncmp(name, others[i], strlen(others[i])) == 0) {
            return false;
        }
    }
    return true;
}

/* Its counters are filled by the first collection. */
static bool is_known(const struct umig_profile_pool_point *point)
{
    return point->used_bytes != 0 || point->committed_bytes != 0 ||
           (point->maximum_bytes != UMIG_BYTES_UNKNOWN && point->maximum_bytes != 0);
}

static void add_point(struct umig_pool *pool, const struct umig_profile_pool_point *point)
{
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

/* --- beside the pools --- */

/* All pools at one moment. */
struct moment {
    bool is_whole;
    uint64_t resident, committed;
};

/* The moment of point *at; *at moves behind its points. */
static struct moment read_moment(const struct umig_profile *profile, size_t *at)
{
    struct moment moment = {.is_whole = true};
    const uint64_t unix_ns = profile->pool_points.items[*at].unix_ns;
    for (; *at < profile->pool_points.count; ++*at) {
        const struct umig_profile_pool_point *point = &profile->pool_points.items[*at];
        if (point->unix_ns != unix_ns) {
            break;
        }
        if (strcmp(umig_profile_text(profile, point->pool), "RSS") == 0) {
            moment.resident = point->used_bytes;
        } else {
            moment.committed += point->committed_bytes;
            moment.is_whole = moment.is_whole && is_known(point);
        }
    }
    moment.is_whole = moment.is_whole && moment.resident > 0 && moment.committed > 0;
    return moment;
}

static struct umig_beside_pools read_beside(const struct umig_profile *profile)
{
    struct umig_beside_pools beside = {.is_known = false};
    for (size_t at = 0; at < profile->pool_points.count;) {
        const struct moment moment = read_moment(profile, &at);
        if (!moment.is_whole) {
            continue;
        }
        beside.resident_bytes = moment.resident;
        beside.committed_bytes = moment.committed;
        beside.last_bytes =
            moment.resident > moment.committed ? moment.resident - moment.committed : 0;
        beside.first_bytes = beside.is_known ? beside.first_bytes : beside.last_bytes;
        beside.is_known = true;
    }
    return beside;
}

void umig_pools_put_beside(const struct umig_beside_pools *beside, struct umig_buf *out)
{
    if (!beside->is_known) {
        return;
    }
    umig_buf_text(out, "Of ");
    umig_label_value(UMIG_KIND_HEAP, beside->resident_bytes, out);
    umig_buf_text(out, " resident ");
    if (beside->last_bytes == 0) {
        umig_buf_text(out, "all may be in the pools, which have ");
        umig_label_value(UMIG_KIND_HEAP, beside->committed_bytes, out);
        umig_buf_text(out, " committed and not all of it in use.");
        return;
    }
    umig_buf_text(out, "at least ");
    umig_label_value(UMIG_KIND_HEAP, beside->last_bytes, out);
    umig_buf_text(out, " are in no pool: threads' stacks, the collector's tables, libraries and "
                       "what they allocate (at first ");
    umig_label_value(UMIG_KIND_HEAP, beside->first_bytes, out);
    umig_buf_text(out, ").");
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
        if (pool != NULL && is_known(point)) {
            add_point(pool, point);
        }
    }
    pools.beside = read_beside(profile);
    *out_pools = pools;
    return UMIG_OK;
}

void umig_pools_fini(struct umig_pools *pools)
{
    free(pools->items);
    *pools = (struct umig_pools){0};
}
