/*
 * The gate every handler passes: stopping means close, wait for those inside, then free.
 *
 *   handler: enter (count up, then look whether it is open) ... leave (count down)
 *   stopper: close (shut, then wait until the count is 0, for a bounded time)
 *
 * Both sides use sequentially consistent atomics: either the stopper sees the handler's count, or
 * the handler sees the gate shut.
 */
#ifndef UMIG_AGENT_SIGNAL_GATE_H
#define UMIG_AGENT_SIGNAL_GATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "include/umig/attr.h"

struct umig_gate {
    atomic_bool is_open;
    atomic_int inside;
};

/** Lets handlers in. Signal: not from a handler. */
void umig_gate_open(struct umig_gate *gate);

/**
 * Shuts the gate and waits for the handlers inside.
 *
 * @param timeout_ns  how long to wait at most
 * @return false if a handler is still inside: then nothing it uses may be freed
 *
 * Signal: not from a handler.
 */
bool umig_gate_close(struct umig_gate *gate, uint64_t timeout_ns);

/**
 * Enters if the gate is open; every true needs one umig_gate_leave().
 *
 * Signal: async-signal-safe.
 */
UMIG_SIGNAL_SAFE UMIG_NODISCARD static inline bool umig_gate_enter(struct umig_gate *gate)
{
    atomic_fetch_add(&gate->inside, 1);
    if (atomic_load(&gate->is_open)) {
        return true;
    }
    atomic_fetch_sub(&gate->inside, 1);
    return false;
}

/** Leaves. Signal: async-signal-safe. */
UMIG_SIGNAL_SAFE static inline void umig_gate_leave(struct umig_gate *gate)
{
    atomic_fetch_sub(&gate->inside, 1);
}

#endif
