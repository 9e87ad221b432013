/*
 * Waits for contended locks, monitors and synchronizers of java.util.concurrent alike: for which
 * class, at which line, who held them and what the holder did. Virtual threads that kept their
 * carrier and waited for no lock are left out: analysis/pins.h.
 */
#ifndef UMIG_ANALYSIS_CONTENTION_H
#define UMIG_ANALYSIS_CONTENTION_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/profile.h"
#include "core/buf.h"

/** What is known of a holder that is not: the agent does not tell one from the other. */
#define UMIG_CONTENTION_NO_HOLDER \
 "unknown: not looked up (at most ten a second are), or none when looked"

/** Waits with one class, one site and one group of holders. */
struct umig_contention_row {
    uint32_t monitor_class; /* string; 0 unknown */
    uint32_t frame;         /* where the waiter waited, dispatch left out; 0 unknown */
    uint32_t holder_group;  /* string; 0 unknown */
    uint64_t count;
    uint64_t wait_ns;
    uint64_t longest_ns; /* the longest row of the profile; of one wait when it counts one, with all
                            that was told of it while it went on */
    uint32_t stack;      /* what the holder did, at the longest of them; 0 unknown */
};

/** By wait, longest first; each of the first three lists adds up to the whole. */
struct umig_contention {
    uint64_t count; /* waits, those that went on at the end included */
    uint64_t wait_ns;
    struct umig_contention_row *classes; /* only monitor_class is set */
    size_t class_count;
    struct umig_contention_row *sites; /* monitor_class and frame */
    size_t site_count;
    struct umig_contention_row *holders; /* only holder_group */
    size_t holder_count;
    /* Waits whose holder's stack is known: monitor_class, holder_group and stack are set, frame is
       where the holder was, in the application if it was anywhere there. */
    struct umig_contention_row *holding;
    size_t holding_count;
    /* What went on when the session ended, or now, while it runs: monitor_class, frame and
       holder_group are set, count is threads, wait_ns what they have waited so far. */
    struct umig_contention_row *open;
    size_t open_count;
    uint64_t open_threads;
};

/** Adds up; free with umig_contention_fini(). UMIG_OK, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_contention_read(const struct umig_profile *profile,
                                        struct umig_contention *out_contention,
                                        struct umig_err *err);

/** Appends "3 threads still waited ... when the session ended."; nothing when none did. */
void umig_contention_open_sentence(const struct umig_profile *profile,
                                   const struct umig_contention *contention,
                                   struct umig_buf *out);

/** Sentence for a session without a wait; where its end is missing it says so. */
const char *umig_contention_none(const struct umig_profile *profile);

/** Frees the rows. */
void umig_contention_fini(struct umig_contention *contention);

#endif
