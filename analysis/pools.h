/* Memory pools over a session: what each used at its start, at its end and at most. */
#ifndef UMIG_ANALYSIS_POOLS_H
#define UMIG_ANALYSIS_POOLS_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/profile.h"

/**
 * One pool; "RSS" is the process's resident memory. A point with nothing used and nothing committed
 * is none: the JVM has not filled that pool's counters yet.
 */
struct umig_pool {
    uint32_t pool;   /* string */
    uint64_t points; /* 0: never read, and no figure below is known */
    uint64_t first_bytes, last_bytes, highest_bytes; /* used */
    uint64_t committed_bytes;                        /* at the last point */
    uint64_t maximum_bytes;                          /* at the last point, or UMIG_BYTES_UNKNOWN */
};

/** Pools in the order they first appear. */
struct umig_pools {
    struct umig_pool *items;
    size_t count;
};

/** Adds up; free with umig_pools_fini(). UMIG_OK, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_pools_read(const struct umig_profile *profile,
                                   struct umig_pools *out_pools,
                                   struct umig_err *err);

/** Frees the rows. */
void umig_pools_fini(struct umig_pools *pools);

#endif
