/*
 * The sampling handler: runs on the thread that is to be sampled, by any of the clocks
 * (docs/adr/0014-clocks.md).
 *
 *   1. whose signal is it?   a timer, a perf event of ours or sent by us, else it goes to the
 *                            handler that was there before
 *   2. may I?                gate, nesting: each refusal is counted by cause, in ns of CPU
 *   3. walk                  under the guard, into the scratch of a ring that this thread locked
 *   4. name                  frames become ids while their classes cannot go
 *   5. record                one record into the ring; errno is as it was
 */
#ifndef UMIG_AGENT_SIGNAL_HANDLER_H
#define UMIG_AGENT_SIGNAL_HANDLER_H

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>

#include "agent/ring/ring.h"
#include "agent/signal/gate.h"
#include "agent/signal/slots.h"
#include "agent/signal/told.h"
#include "agent/walk/evidence.h"
#include "agent/walk/names.h"
#include "agent/walk/walk.h"
#include "include/umig/attr.h"
#include "include/umig/kinds.h"
#include "include/umig/status.h"

/** A thread that faulted while walked is not walked again for this long. */
#define UMIG_REST_NS (60 * UINT64_C(1000000000))

/** A walk gives up after so much CPU time of its thread. */
#define UMIG_WALK_NS_MAX (50 * UINT64_C(1000000))

/** Stack a walk needs below the interrupted frame, the JVM's guard zones included. */
#define UMIG_STACK_ROOM_BYTES (40 * 1024u)

/** All that handlers touch. Set up before the gate opens. */
struct umig_sampler {
    struct umig_gate gate;
    struct umig_slots slots;
    struct umig_rings rings;
    _Atomic(struct umig_names *) names; /* the generation new records use */
    umig_walk_fn walk;
    const void *walker;
    atomic_int native;             /* enum umig_native: the most that a session asks for */
    atomic_int refusal;            /* enum umig_outcome: OK, or why nobody's stack is walked */
    struct umig_told_sources told; /* set before the gate opens */
    bool has_evidence; /* the walker leaves its position (struct umig_step) in its scratch */
    const struct umig_hotspot *hotspot;

    /* Books, in ns of CPU: produced = recorded + the sum of dropped. */
    atomic_uint_fast64_t produced_ns;
    atomic_uint_fast64_t dropped_ns[UMIG_DROP_COUNT];
    atomic_uint_fast64_t dropped_wait_ns[UMIG_DROP_COUNT];  /* of waits for monitors */
    atomic_uint_fast64_t dropped_mutex_ns[UMIG_DROP_COUNT]; /* of waits for native locks */
    atomic_uint_fast64_t dropped_alloc[UMIG_DROP_COUNT];    /* of allocation, in bytes */
    atomic_uint_fast64_t spent_ns[UMIG_KIND_COUNT]; /* CPU of the application's threads, by kind */
    atomic_uint_fast64_t faults;                    /* that guards ended */
    atomic_uint_fast64_t foreign;                   /* signals that were not ours */
    atomic_uint_fast64_t undue;                     /* ticks told by a later sample */
    atomic_uint_fast64_t perf_lost;                 /* ticks told by the next one only */
    struct umig_evidence_ring failures;             /* of the walker vm */
};

/**
 * What a sample may cost of its thread's CPU without consequence, ns. For each ns above it the
 * thread's next sample waits UMIG_SAMPLE_WAIT ns of the thread's CPU, and stands for the ticks in
 * between: a stack of a hundred thousand frames takes milliseconds, and would otherwise take half
 * of the thread's CPU. 230 frames cost some 30 us (scripts/bench walk). Sanitizers make it ten
 * times as dear, and are not there for figures.
 */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
# define UMIG_SAMPLE_FREE_NS (1 * UMIG_NS_PER_MS)
#else
# define UMIG_SAMPLE_FREE_NS (UMIG_NS_PER_MS / 10)
#endif
#define UMIG_SAMPLE_WAIT 50 /* what is above takes 2 % of the thread's CPU */

/** Scratch each ring needs, the walker's own part of walker_bytes included. Signal: any. */
size_t umig_sampler_scratch_bytes(size_t walker_bytes);

/**
 * Installs the handler for a signal that nobody handles: SIGPROF, else a real-time signal. It stays
 * for the life of the process (a late signal must find code to run). Called again, it changes
 * nothing as long as the handler is in place, and takes another signal when somebody took this one.
 *
 * @param sampler    borrowed for the life of the process
 * @param out_signo  the signal timers are to send
 * @return UMIG_OK, UMIG_E_IO, UMIG_E_BUSY when no signal is free
 *
 * Signal: never. Thread: the loop.
 */
UMIG_NODISCARD int umig_handler_install(struct umig_sampler *sampler,
                                        int *out_signo,
                                        struct umig_err *err);

/** Room for any signal's name. */
#define UMIG_SIGNAL_NAME_BYTES 16

/** Writes a signal's name: "SIGPROF", "SIGRTMIN+8". Signal: never. */
void umig_signal_name(int signo, char out[UMIG_SIGNAL_NAME_BYTES]);

/** Is our handler still in place? Signal: not from a handler. */
bool umig_handler_is_installed(void);

/**
 * Takes one sample of the calling thread: the handler's body as a plain function, so that tests can
 * run it without a signal.
 *
 * @param slot     the calling thread's
 * @param value_ns CPU time this sample stands for; 0: what the thread has run since the sample
 *                 before, by its perf event or, with the clock wall, its own clock
 * @param context  ucontext_t of the interrupted code
 *
 * Signal: async-signal-safe.
 */
UMIG_SIGNAL_SAFE void umig_sig_sample(struct umig_sampler *sampler,
                                      struct umig_slot *slot,
                                      uint64_t value_ns,
                                      void *context);

/**
 * Takes a look of kind wall at the calling thread: as umig_sig_sample(), of no CPU time. Where it
 * cannot be taken nothing is lost: who asks has the thread's time, and asks again.
 *
 * Signal: async-signal-safe.
 */
UMIG_SIGNAL_SAFE void umig_sig_look(struct umig_sampler *sampler,
                                    struct umig_slot *slot,
                                    void *context);

/**
 * Enters the current generation of names; leave with umig_names_leave().
 *
 * Signal: async-signal-safe.
 */
UMIG_SIGNAL_SAFE struct umig_names *umig_sampler_enter_names(struct umig_sampler *sampler);

/** What samples of all kinds took of the application's threads, ns of CPU. Signal: any. */
static inline uint64_t umig_sampler_spent_ns(const struct umig_sampler *sampler)
{
    uint64_t sum = 0;
    for (int kind = 0; kind < UMIG_KIND_COUNT; kind++) {
        sum += atomic_load_explicit(&sampler->spent_ns[kind], memory_order_relaxed);
    }
    return sum;
}

/** Leaves a generation. Signal: async-signal-safe. */
UMIG_SIGNAL_SAFE static inline void umig_names_leave(struct umig_names *names)
{
    atomic_fetch_sub(&names->inside, 1);
}

/**
 * Names walked frames.
 *
 * @param out_ids  room for frame_count ids
 * @return how many were named: fewer than frame_count when the tables are full
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE uint32_t umig_sampler_name_frames(struct umig_names *names,
                                                   const struct umig_walk_frame *frames,
                                                   uint32_t frame_count,
                                                   uint32_t *out_ids);

#endif
