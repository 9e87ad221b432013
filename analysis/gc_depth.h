/*
 * Collections and safepoints in depth, from what the JVM's own log says of them: steps of pauses
 * and of concurrent cycles, threads that waited for memory, promotion, humongous objects, copying
 * that failed, how long it took until all threads stood, and who was last.
 */
#ifndef UMIG_ANALYSIS_GC_DEPTH_H
#define UMIG_ANALYSIS_GC_DEPTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile.h"
#include "core/buf.h"

/** Sums of one kind of event, by their total time, greatest first; borrowed from the profile. */
struct umig_gc_sums {
    const struct umig_profile_gc_sum **items;
    size_t count;
    uint64_t events; /* in all of them */
    uint64_t total_ns;
    uint64_t longest_ns;
};

/** Whom safepoints of one operation waited for at one place, by whatever way it was called. */
struct umig_gc_late {
    uint32_t operation; /* string */
    uint32_t group;     /* of the thread; 0: none was seen */
    uint32_t frame;     /* where it ran last; 0 unknown */
    uint64_t count;
    uint64_t total_ns, longest_ns;
};

struct umig_gc_depth {
    struct umig_gc_sums of[UMIG_GC_EVENT_KINDS]; /* by enum umig_gc_event_kind */
    bool has_any;

    uint64_t promoted_bytes;
    uint64_t humongous_most_bytes; /* in humongous regions before a pause */
    uint64_t humongous_freed_bytes;
    uint64_t reach_ns; /* until all threads stood, added up */
    uint64_t reach_longest_ns;

    /* Between the first and the last pause; 0 where the collector frees beside the application: the
     * heap then says nothing of what was allocated. */
    uint64_t allocated_bytes;
    uint64_t allocated_over_ns;
    uint64_t session_ns; /* 0 unknown */

    struct umig_gc_late *late; /* by total_ns, greatest first */
    size_t late_count;

    const struct umig_profile_gc_sum **all; /* what the lists are parts of */
};

/** Sorts and adds up; free with umig_gc_depth_fini(). UMIG_OK, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_gc_depth_read(const struct umig_profile *profile,
                                      struct umig_gc_depth *out_depth,
                                      struct umig_err *err);

/**
 * The longest steps of a pause, the longest first.
 *
 * @param out_steps  room for most; borrowed from the profile
 * @return how many there are
 */
size_t umig_gc_depth_steps(const struct umig_profile *profile,
                           uint32_t pause,
                           size_t most,
                           const struct umig_profile_gc_step **out_steps);

/** "phase" for UMIG_GC_EVENT_PHASE: the key of a kind. */
const char *umig_gc_event_key(enum umig_gc_event_kind kind);

/** Appends what is said in a sentence of what was promoted, allocated and humongous, of copying
 * that failed, and of the steps of the longest pause; nothing where nothing is known. */
void umig_gc_depth_sentence(const struct umig_profile *profile,
                            const struct umig_gc_depth *depth,
                            struct umig_buf *out);

/**
 * Appends what is part of a price: "; threads waited 12 ms until the collector had made room", and
 * whom the others waited for to stand if that took a hundredth of the session.
 */
void umig_gc_depth_put_price(const struct umig_profile *profile,
                             const struct umig_gc_depth *depth,
                             struct umig_buf *out);

/** Why it is not known who was late: nobody was sampled then, or in the whole session. */
const char *umig_gc_depth_unseen(const struct umig_profile *profile);

/** Frees the lists. */
void umig_gc_depth_fini(struct umig_gc_depth *depth);

#endif
