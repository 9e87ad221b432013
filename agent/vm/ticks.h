/*
 * What makes a thread be sampled after so much time on a CPU: a timer on its CPU clock, a perf
 * event, or the agent's looking (docs/adr/0014-clocks.md). One clock is asked for all threads; what
 * a thread cannot have, the next one stands in for:
 *
 *   perf     a descriptor and 8 KiB of the kernel's memory a thread; for as many as a quarter of
 *            RLIMIT_NOFILE and of memory= give: 1,024 unless said
 *   cputime  a signal's place a thread (RLIMIT_SIGPENDING)
 *   wall     nothing but the agent's own time, of which it takes a hundredth
 *
 * Slots are armed and disarmed under the thread table's mutex.
 */
#ifndef UMIG_AGENT_VM_TICKS_H
#define UMIG_AGENT_VM_TICKS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/signal/slots.h"
#include "include/umig/attr.h"
#include "include/umig/kinds.h"

struct umig_ticks {
    uint64_t memory_bytes;            /* the agent's bound */
    int signo;                        /* that is sent; under the slots' mutex */
    atomic_uint_fast64_t interval_ns; /* 0: nothing ticks */
    atomic_int clock;                 /* enum umig_clock that is asked for; never AUTO */
    atomic_uint_fast64_t random;

    atomic_uint_fast64_t timers_refused; /* timers the kernel did not give */
    atomic_uint_fast64_t perf_refused;   /* perf events that it, or our bounds, did not give */
    atomic_uint_fast64_t *stopped_ns;    /* where ticks go that no sample will say */
    atomic_uint live[UMIG_CLOCK_WALL + 1];
    atomic_uint retired; /* rings that are still mapped */
    uint32_t perf_max;

    uint64_t next_sweep_ns; /* the loop's */
};

/**
 * Sets up; nothing ticks.
 *
 * @param memory_bytes  the agent's bound; rings of perf events may have a quarter of it, beside it
 * @param stopped_ns    is added what ticks of a clock stood for that is taken before a sample said
 *                      it (UMIG_DROP_STOPPING); borrowed
 */
void umig_ticks_init(struct umig_ticks *ticks,
                     uint64_t memory_bytes,
                     atomic_uint_fast64_t *stopped_ns);

/** Gives a thread the clock that is asked for, or the next one; takes the one it has before. */
void umig_ticks_arm_locked(struct umig_ticks *ticks, struct umig_slot *slot);

/** Takes a thread's clock. A ring of its stays mapped until umig_ticks_release_locked(). */
void umig_ticks_disarm_locked(struct umig_ticks *ticks, struct umig_slot *slot);

/** Unmaps a ring that was taken, if no handler is in it. False: there is one still. */
bool umig_ticks_release_locked(struct umig_ticks *ticks, struct umig_slot *slot);

/**
 * The clock wall: sends a signal to each thread that has run since and runs, or would.
 *
 * @return when to call again (CLOCK_MONOTONIC); UINT64_MAX: no thread is sampled so
 *
 * Thread: the native loop.
 */
uint64_t umig_ticks_sweep(struct umig_ticks *ticks, struct umig_slots *slots, uint64_t now_ns);

#endif
