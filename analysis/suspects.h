/*
 * Leak suspects: classes and lines of which more and more stays alive, old objects and new ones.
 *
 * A suspect has grown through the session's snapshots and still does, beyond what chance does to an
 * estimate, and its objects are of many ages. So a cache that has filled up, sessions that end, a
 * batch that has passed, and what is made once are none. Garbage of the old generation counts as
 * alive until that is collected: so only snapshots behind such a collection are looked at. What
 * still fills cannot be told from a leak; what only soft references hold can where a search has
 * looked at the heap's references (analysis/retained.h).
 */
#ifndef UMIG_ANALYSIS_SUSPECTS_H
#define UMIG_ANALYSIS_SUSPECTS_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/profile.h"
#include "analysis/retained.h"
#include "analysis/survivors.h"
#include "core/buf.h"

/** Most that are named. */
#define UMIG_SUSPECTS_MAX 16

/**
 * Fewest snapshots to say anything. Only those count since whose forerunner old objects were
 * collected, too.
 */
#define UMIG_SUSPECTS_SNAPSHOTS 5

/** Fewest collections that the oldest objects have survived. */
#define UMIG_SUSPECTS_COLLECTIONS 8

/** A class and a line of the application, or where there is none the frame that allocated. */
struct umig_suspect {
    struct umig_survivors_row row;
    uint64_t bytes_per_hour; /* it grew by, since the session's middle */
};

/** By growth, most first. */
struct umig_suspects {
    struct umig_suspect items[UMIG_SUSPECTS_MAX];
    size_t count;
    struct umig_suspect cleared[UMIG_SUSPECTS_MAX]; /* as items, by umig_suspects_clear() */
    size_t cleared_count;
    const char *lack; /* why nothing can be said; NULL: it can. Static */
};

/** Looks at all snapshots. UMIG_OK, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_suspects_find(const struct umig_profile *profile,
                                      struct umig_suspects *out_suspects,
                                      struct umig_err *err);

/** Takes out what a search has found held by soft references, or in collections that have a bound.
 */
void umig_suspects_clear(const struct umig_profile *profile,
                         const struct umig_retained *retained,
                         struct umig_suspects *suspects);

/**
 * Does a series of estimates grow, and does it still?
 *
 * @param bytes  one a snapshot, at least UMIG_SUSPECTS_SNAPSHOTS
 * @param times  of the snapshots, rising: they may come in any rhythm
 * @param unit   bytes that one followed object stands for, above 0
 */
bool umig_suspects_grows(const double *bytes, const uint32_t *times, size_t count, double unit);

#endif
