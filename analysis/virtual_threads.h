/* Virtual threads of a session: how many are told one by one, and what the others used. */
#ifndef UMIG_ANALYSIS_VIRTUAL_THREADS_H
#define UMIG_ANALYSIS_VIRTUAL_THREADS_H

#include "analysis/profile.h"
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

#endif
