/* Pools of threads and of connections over a session: how full they were, and what waited. */
#ifndef UMIG_ANALYSIS_WORK_POOLS_H
#define UMIG_ANALYSIS_WORK_POOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile.h"
#include "core/buf.h"

/** One pool; means are over the readings. */
struct umig_work_pool {
    const struct umig_profile_work_pool *sums; /* borrowed from the profile */
    double size_mean, active_mean;
    double queued_mean; /* below 0: not known */
    double utilisation; /* of what there was, 0 to 1 */
    double full_share;  /* of the readings: all at work and something that waited */
    bool has_completed;
    uint64_t completed; /* between its first and its last reading */
};

/** Those that were full come first, then those with most at work. */
struct umig_work_pools {
    struct umig_work_pool *items;
    size_t count;
};

/** Reads them; free with umig_work_pools_fini(). UMIG_OK, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_work_pools_read(const struct umig_profile *profile,
                                        struct umig_work_pools *out_pools,
                                        struct umig_err *err);

/** Frees the rows. */
void umig_work_pools_fini(struct umig_work_pools *pools);

/** How a kind is called: "executor". */
const char *umig_work_pool_kind_key(enum umig_pool_kind kind);

/** What a kind is: a sentence without its stop. */
const char *umig_work_pool_kind_text(enum umig_pool_kind kind);

/** Appends the pool's name; what to say of one without. */
void umig_work_pool_put_name(const struct umig_profile *profile,
                             const struct umig_work_pool *pool,
                             struct umig_buf *out);

/**
 * The pool that is a price: full for a tenth of at least three readings, the worst of them. A
 * scheduled pool is none: what is to come waits in its queue.
 *
 * @return NULL: there is none
 */
const struct umig_work_pool *umig_work_pools_price(const struct umig_work_pools *pools);

/** Appends why, without a capital and a stop: "pool a (10 threads) was full for 83 % of the time".
 */
void umig_work_pools_put_price(const struct umig_profile *profile,
                               const struct umig_work_pool *pool,
                               struct umig_buf *out);

#endif
