/* Deadlocks that the agent found: whose waits they are, for what, and what each thread holds. */
#ifndef UMIG_ANALYSIS_DEADLOCKS_H
#define UMIG_ANALYSIS_DEADLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/profile.h"

/** A thread of a deadlock. */
struct umig_deadlock_thread {
    uint32_t number; /* of the deadlock, in the agent's life */
    uint32_t thread;
    uint32_t waits_for; /* class, a string; 0 unknown */
    uint32_t holder;    /* thread that has it; 0 unknown */
    uint32_t holds; /* class of what the thread has that another one of them waits for; 0 unknown */
    uint32_t stack;
    uint64_t wait_ns; /* since it began to wait, as far as it was told */
};

/** By number; each thread of a deadlock is followed by the one that holds what it waits for. */
struct umig_deadlocks {
    struct umig_deadlock_thread *threads;
    size_t count;
    size_t deadlocks;
};

/** Reads them off the waits; free with umig_deadlocks_fini(). UMIG_OK, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_deadlocks_read(const struct umig_profile *profile,
                                       struct umig_deadlocks *out_deadlocks,
                                       struct umig_err *err);

/** Frees the threads. */
void umig_deadlocks_fini(struct umig_deadlocks *deadlocks);

#endif
