/*
 * The guard: a fault inside a stack walk ends the walk, not the JVM.
 *
 *   if (UMIG_GUARD_ENTER(slot, &guard)) { walk; umig_guard_leave(slot, &guard); } else { it faulted
 * }
 *
 * Our SIGSEGV/SIGBUS handler stands before the JVM's. It acts only when the faulting thread has an
 * armed guard and the fault happened in libjvm, in the agent, or in the C library, whose memcpy()
 * the agent calls; everything else goes to the handler that was there, unchanged. The guard is the
 * thread's, whatever becomes of its slot in the meantime: a session's end forgets all threads,
 * those in the middle of a walk too. Faults recovered in the middle of AsyncGetCallTrace leave the
 * thread's _in_asgct flag set, which weakens one assertion of the JVM; the thread then rests for a
 * minute. A fault in the agent's own reads leaves nothing behind.
 */
#ifndef UMIG_AGENT_SIGNAL_GUARD_H
#define UMIG_AGENT_SIGNAL_GUARD_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/signal/slots.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Addresses of code in which a fault may be recovered. */
struct umig_code_range {
    uintptr_t begin;
    uintptr_t end;
};

/**
 * Installs the fault handlers in front of those that are there. Idempotent.
 *
 * @param slots   table by which the faulting thread is found; borrowed for the process's life
 * @param ranges  libjvm first; copied, at most 4
 * @return UMIG_OK, UMIG_E_IO
 *
 * Signal: never.
 */
UMIG_NODISCARD int umig_guard_install(const struct umig_slots *slots,
                                      const struct umig_code_range *ranges,
                                      uint32_t range_count,
                                      struct umig_err *err);

/**
 * Are our fault handlers the first ones? Where a library has put its own in front of them since,
 * ours go in front of that one and hand on to it what is not a walk's: once for each signal. Who
 * does it again may have them.
 *
 * @return false: a fault of a walk would not come to us, so nothing may be walked
 *
 * Signal: never. Thread: the loop.
 */
bool umig_guard_keep_first(void);

/** One armed guard, on the stack of who arms it. Guards nest: a signal may come inside of one. */
struct umig_guard {
    sigjmp_buf jump;
    void *outer;
    /* Written by the fault's handler. */
    volatile bool is_jvm_fault;       /* it faulted in libjvm */
    volatile uintptr_t fault_pc;      /* where */
    volatile uintptr_t fault_address; /* what it touched; 0 where the processor does not say */
};

/* ThreadSanitizer calls our handlers from one of its own, which has all signals blocked. */
#ifdef __SANITIZE_THREAD__
# define UMIG_GUARD_SAVES_MASK 1
#else
# define UMIG_GUARD_SAVES_MASK 0
#endif

/**
 * Arms a guard of the calling thread; true on the direct way, false when a fault came back here
 * (the guard is then disarmed). A macro because the frame that calls sigsetjmp must stay alive. The
 * mask is not saved (2 ns instead of 125): the fault handler blocks nothing, so there is nothing to
 * restore.
 */
#define UMIG_GUARD_ENTER(slot, guard)                                                      \
 (umig_guard_arm((slot), (guard)), sigsetjmp((guard)->jump, UMIG_GUARD_SAVES_MASK) == 0 || \
                                       (umig_guard_leave((slot), (guard)), false))

/** Behind UMIG_GUARD_ENTER. Signal: async-signal-safe. */
UMIG_SIGNAL_SAFE static inline void umig_guard_arm(struct umig_slot *slot, struct umig_guard *guard)
{
    guard->outer = atomic_load_explicit(&slot->guard, memory_order_relaxed);
    guard->is_jvm_fault = false;
    /* A fault before sigsetjmp would jump nowhere; between here and there nothing is loaded. */
    atomic_store_explicit(&slot->guard, (void *)guard, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
}

/** Disarms. Signal: async-signal-safe. */
UMIG_SIGNAL_SAFE static inline void umig_guard_leave(struct umig_slot *slot,
                                                     const struct umig_guard *guard)
{
    atomic_signal_fence(memory_order_seq_cst);
    atomic_store_explicit(&slot->guard, guard->outer, memory_order_relaxed);
}

/**
 * The address signal handlers return to, which the C library gives the kernel with each of them.
 *
 * @return 0 if the kernel does not say
 *
 * Signal: not from a handler; it is asked once.
 */
uintptr_t umig_sig_return_address(void);

#endif
