/* Memory pools over a session: what each used at its start, at its end and at most; and how much of
 * the process's memory is none of theirs. */
#ifndef UMIG_ANALYSIS_POOLS_H
#define UMIG_ANALYSIS_POOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile.h"
#include "core/buf.h"

/** One pool; "RSS" is the process's resident memory. */
struct umig_pool {
    uint32_t pool;                                   /* string */
    uint64_t points;                                 /* 0: never known, and no figure below is */
    uint64_t first_bytes, last_bytes, highest_bytes; /* used */
    uint64_t committed_bytes;                        /* at the last point */
    uint64_t maximum_bytes;                          /* at the last point, or UMIG_BYTES_UNKNOWN */
};

/**
 * Memory beside the pools: stacks of threads, the collector's own tables, libraries and what they
 * allocate. Of a pool not all that is committed need be resident, so it is at least the difference
 * of what is resident and what all pools have committed.
 */
struct umig_beside_pools {
    bool is_known;                            /* there was a moment when every pool was */
    uint64_t resident_bytes, committed_bytes; /* at the last such moment */
    uint64_t first_bytes, last_bytes;         /* at least; 0: nothing can be told */
};

/** Pools in the order they first appear. */
struct umig_pools {
    struct umig_pool *items;
    size_t count;
    struct umig_beside_pools beside;
};

/** Adds up; free with umig_pools_fini(). UMIG_OK, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_pools_read(const struct umig_profile *profile,
                                   struct umig_pools *out_pools,
                                   struct umig_err *err);

/** Frees the rows. */
void umig_pools_fini(struct umig_pools *pools);

/** Is a pool of this name part of the Java heap? */
bool umig_pools_is_heap(const char *name);

/** Appends a sentence on the memory beside the pools; nothing where nothing is known. */
void umig_pools_put_beside(const struct umig_beside_pools *beside, struct umig_buf *out);

#endif
