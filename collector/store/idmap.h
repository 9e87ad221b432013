/*
 * From an agent's dictionary ids to those of one day file. A map lives as long as its day file is
 * open and can be made again at any time from the dictionary deltas in umig.db; so it is a cache,
 * with a bound on memory. Private to collector/store.
 */
#ifndef UMIG_COLLECTOR_STORE_IDMAP_H
#define UMIG_COLLECTOR_STORE_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/batch/batch.h"
#include "collector/store/day.h"

/** Maps of all streams together take at most this, beyond the one in use. */
#define UMIG_IDMAP_MAX_BYTES (16u << 20)

/** ids[agent's id] is the day's id; ids[0] is 0. */
struct umig_ids {
    uint32_t *ids;
    uint32_t count;
    uint32_t room;
};

struct umig_idmap {
    int64_t stream;
    uint32_t generation;
    uint64_t used_at; /* for the choice of which to forget */
    struct umig_ids strings, methods, frames, stacks, threads;
    struct umig_ids groups; /* by the agent's thread id: string of the thread's group */
};

#define UMIG_IDMAP_SLOTS 512

struct umig_idmaps {
    struct umig_idmap *slots[UMIG_IDMAP_SLOTS];
    uint64_t clock;
};

/** Forgets every map: another day file, or a transaction that was rolled back. */
void umig_idmaps_clear(struct umig_idmaps *maps);

/**
 * Finds the map of a stream's generation or makes an empty one; forgets others that were not used
 * for longest while all together are over the bound.
 *
 * @param out_is_new  the caller must replay the deltas before the batch
 * @return the map, NULL when out of memory; borrowed until the next call
 */
struct umig_idmap *umig_idmaps_get(struct umig_idmaps *maps,
                                   int64_t stream,
                                   uint32_t generation,
                                   bool *out_is_new);

/**
 * Adds a dictionary delta: its content gets ids in the day file. What the map has already is
 * skipped.
 *
 * @return UMIG_OK, UMIG_E_BUG (a delta is missing before this one), or as the day file says
 */
UMIG_NODISCARD int umig_idmap_add(struct umig_idmap *map,
                                  struct umig_day *day,
                                  const Umig__V1__Dictionary *dictionary,
                                  struct umig_err *err);

/** Day's id of an agent's id; ids beyond the map are 0 ("none"). */
static inline uint32_t umig_ids_get(const struct umig_ids *ids, uint32_t id)
{
    return id < ids->count ? ids->ids[id] : 0;
}

#endif
