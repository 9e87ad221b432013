/*
 * What a thread's waits for locks add up to until they are told.
 *
 * A wait of an interval or longer is told as it was. Shorter ones are sampled as CPU time is: the
 * carry of a thread begins at a random part of the interval, each wait adds to it, and the one that
 * fills the interval is told with a whole one. So waits have the right sum by place and in all
 * even where each thread lives for one that is short: of those one in so many is told.
 */
#ifndef UMIG_AGENT_SIGNAL_WAIT_CARRY_H
#define UMIG_AGENT_SIGNAL_WAIT_CARRY_H

#include <stdbool.h>
#include <stdint.h>

/**
 * All zero: of a thread whose first wait is to come. Each slot of the thread table has three, so it
 * is small; what it has is in parts of an interval, and goes on where the interval changes.
 */
struct umig_wait_carry {
    uint32_t part;   /* of the interval, in 2^-32 */
    uint32_t waited; /* by its waits until one is told, in 2^-30 */
    uint32_t count;  /* of its waits since one was told last */
    bool has_begun;
    bool has_told;
};

/** What is told of waits. */
struct umig_wait_share {
    uint64_t wait_ns; /* 0: nothing this time */
    uint32_t count;   /* waits that ended; 0: the wait goes on */
};

/**
 * Adds a wait that ended.
 *
 * @param wait    as it was, or what a finer carry told of several
 * @param random  64 random bits: where the carry begins, and which way a count is rounded
 * @return what is to be told now: the wait, or an interval and as many waits as make it up on
 * average
 *
 * Thread: the carry's owner. Signal: async-signal-safe.
 */
struct umig_wait_share umig_wait_carry_add(struct umig_wait_carry *carry,
                                           uint64_t interval_ns,
                                           struct umig_wait_share wait,
                                           uint64_t random);

#endif
