#include "analysis/work_pools.h"

#include <stdlib.h>

#include "analysis/label.h"
#include "core/err.h"

enum {
    PRICE_READINGS = 3,
    PRICE_PERCENT = 10
};

static int compare(double a, double b)
{
    return a > b ? -1 : a < b;
}

static int by_need(const void *a, const void *b)
{
    const struct umig_work_pool *left = a;
    const struct umig_work_pool *right = b;
    int order = compare(left->full_share, right->full_share);
    order = order != 0 ? order : compare(left->active_mean, right->active_mean);
    order = order != 0 ? order : compare(left->size_mean, right->size_mean);
    return order != 0 ? order : compare(right->sums->number, left->sums->number);
}

static struct umig_work_pool read_pool(const struct umig_profile_work_pool *sums)
{
    const double readings = (double)sums->readings;
    struct umig_work_pool pool = {
        .sums = sums,
        .size_mean = (double)sums->size / readings,
        .active_mean = (double)sums->active / readings,
        .queued_mean =
            sums->queue_readings > 0 ? (double)sums->queued / (double)sums->queue_readings : -1,
        .utilisation = sums->size > 0 ? (double)sums->active / (double)sums->size : 0,
        .full_share = (double)sums->full_readings / readings,
        .has_completed =
            sums->first_completed != UMIG_POOL_UNKNOWN && sums->last.completed != UMIG_POOL_UNKNOWN,
    };
    if (pool.has_completed && sums->last.completed > sums->first_completed) {
        pool.completed = sums->last.completed - sums->first_completed;
    }
    return pool;
}

int umig_work_pools_read(const struct umig_profile *profile,
                         struct umig_work_pools *out_pools,
                         struct umig_err *err)
{
    struct umig_work_pools pools = {.items =
                                        calloc(profile->work_pools.count + 1, sizeof *pools.items)};
    if (pools.items == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for the pools");
    }
    for (size_t i = 0; i < profile->work_pools.count; i++) {
        if (profile->work_pools.items[i].readings > 0) {
            pools.items[pools.count++] = read_pool(&profile->work_pools.items[i]);
        }
    }
    qsort(pools.items, pools.count, sizeof *pools.items, by_need);
    *out_pools = pools;
    return UMIG_OK;
}

void umig_work_pools_fini(struct umig_work_pools *pools)
{
    free(pools->items);
    *pools = (struct umig_work_pools){0};
}

const char *umig_work_pool_kind_key(enum umig_pool_kind kind)
{
    switch (kind) {
#define POOL_KEY(name, number, key, text) \
 case UMIG_POOL_##name:                   \
  return key;
        UMIG_POOL_TABLE(POOL_KEY)
#undef POOL_KEY
    case UMIG_POOL_KINDS:
    default:
        return "unknown";
    }
}

const char *umig_work_pool_kind_text(enum umig_pool_kind kind)
{
    switch (kind) {
#define POOL_TEXT(name, number, key, text) \
 case UMIG_POOL_##name:                    \
  return text;
        UMIG_POOL_TABLE(POOL_TEXT)
#undef POOL_TEXT
    case UMIG_POOL_KINDS:
    default:
        return "a pool of a kind that is not known here";
    }
}

void umig_work_pool_put_name(const struct umig_profile *profile,
                             const struct umig_work_pool *pool,
                             struct umig_buf *out)
{
    if (pool->sums->name != 0) {
        umig_buf_text(out, umig_profile_text(profile, pool->sums->name));
    } else {
        umig_buf_printf(out, "unnamed %s %u", umig_work_pool_kind_key(pool->sums->kind),
                        pool->sums->number);
    }
}

static bool is_price(const struct umig_work_pool *pool)
{
    return pool->sums->kind != UMIG_POOL_SCHEDULED && pool->sums->full_readings >= PRICE_READINGS &&
           pool->sums->full_readings * 100 >= pool->sums->readings * PRICE_PERCENT;
}

const struct umig_work_pool *umig_work_pools_price(const struct umig_work_pools *pools)
{
    for (size_t i = 0; i < pools->count; i++) {
        if (is_price(&pools->items[i])) {
            return &pools->items[i];
        }
    }
    return NULL;
}

void umig_work_pools_put_price(const struct umig_profile *profile,
                               const struct umig_work_pool *pool,
                               struct umig_buf *out)
{
    const bool is_hikari = pool->sums->kind == UMIG_POOL_HIKARI;
    umig_buf_text(out, "pool ");
    umig_work_pool_put_name(profile, pool, out);
    umig_buf_text(out, " was full for ");
    umig_label_share(pool->sums->full_readings, pool->sums->readings, out);
    umig_buf_printf(out, " of the time, all of its %.0f %s %s and %.1f %s waiting on average",
                    pool->size_mean, is_hikari ? "connections" : "threads",
                    is_hikari ? "lent" : "busy", pool->queued_mean,
                    is_hikari ? "threads" : "tasks");
}
