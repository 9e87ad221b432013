/*
 * Virtual threads of a session: how many are told one by one and what the others used, how many
 * were made, how many carriers ran them, which kept theirs though they waited.
 */
#ifndef UMIG_ANALYSIS_VIRTUAL_THREADS_H
#define UMIG_ANALYSIS_VIRTUAL_THREADS_H

#include "analysis/jvm.h"
#include "analysis/pins.h"
#include "analysis/profile.h"
#include "analysis/work_pools.h"
#include "core/buf.h"

struct umig_virtual_threads {
    size_t told_count;     /* rows with an id */
    uint64_t told_value;   /* CPU of these */
    uint64_t shared_value; /* CPU of virtual threads in rows that several may share */
    uint32_t busiest;      /* thread; 0: none is told */
    uint64_t busiest_value;
};

/** Adds up what the threads' totals say of CPU. */
struct umig_virtual_threads umig_virtual_threads_read(const struct umig_profile *profile);

/**
 * Appends it in words: "3 virtual threads are told one by one, the busiest, orders-7 (id 33), has
 * 14 %; 2 % is of others, told by pool or carrier." Nothing if there were none.
 *
 * @param whole  what shares are of
 */
void umig_virtual_threads_put(const struct umig_profile *profile,
                              uint64_t whole,
                              struct umig_buf *out);

/** What no kind tells of them, for whoever reads their figures. */
#define UMIG_VIRTUAL_THREADS_UNSEEN                                                                \
 "Not measured: what virtual threads wait for, unless they are pinned (they leave their carriers " \
 "without a call that can be listened to cheaply), so contention is without them; pins in "        \
 "monitors and in Object.wait; when each thread ended."

/** What is known of them beside their CPU. */
struct umig_virtual_figures {
    bool are_there;                        /* something tells that there were any */
    uint64_t made;                         /* UMIG_JVM_COUNTER_UNKNOWN: not known */
    const struct umig_work_pool *carriers; /* borrowed; NULL: not read, or there were none */
};

/**
 * Reads it. Made are ids that were dealt out to threads, less platform threads that were started:
 * exact but for platform threads that are made at one time and started at another, or never, and
 * for threads of the JVM's own that begin meanwhile (compilers).
 */
struct umig_virtual_figures umig_virtual_figures_read(const struct umig_profile *profile,
                                                      const struct umig_jvm *jvm,
                                                      const struct umig_work_pools *pools,
                                                      const struct umig_pins *pins);

/**
 * Appends who carried them: "1.3 of 2 carriers were at work on average, 2 at most; 0.4 virtual
 * threads were ready and waited for one, 12 at most.". Nothing where it is not known.
 */
void umig_virtual_figures_put_carriers(const struct umig_virtual_figures *figures,
                                       struct umig_buf *out);

/** What to say beside waits for locks, which have none of virtual threads; NULL: there were none.
 */
const char *umig_virtual_figures_of_locks(const struct umig_profile *profile,
                                          const struct umig_virtual_figures *figures);

/** Appends which kinds would tell more than this session has: "--heap tells ...". */
void umig_virtual_figures_put_lack(const struct umig_profile *profile,
                                   const struct umig_virtual_figures *figures,
                                   struct umig_buf *out);

#endif
