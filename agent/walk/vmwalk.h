/*
 * The walker that reads the JVM's own structures, as the JVM describes them to debuggers.
 *
 * It begins where the thread was interrupted or, if that has left Java, where it left it, and goes
 * from caller to caller (agent/walk/step.h). The JVM calls Java through a stub whose frame
 * remembers where Java was left before: so the walk crosses from one run of Java frames to the
 * next, until a call stub that remembers nothing, the thread's root. What native code lies between
 * can be noted (agent/walk/crossing.h). Compiled frames are opened into the methods inlined into
 * them (agent/walk/scopes.h).
 *
 * It needs no method ids, no events and no cooperation of the JVM, so that an armed session costs
 * the JVM nothing but its samples.
 */
#ifndef UMIG_AGENT_WALK_VMWALK_H
#define UMIG_AGENT_WALK_VMWALK_H

#include "agent/walk/hotspot.h"
#include "agent/walk/step.h"
#include "agent/walk/walk.h"
#include "include/umig/attr.h"

/**
 * Most steps of a walk. A stack of 8 MiB has fewer frames; 0.2 us each bound the walk to 26 ms. A
 * step through what was misread may cost a thousand times as much: a walk has an end in time, too.
 */
#define UMIG_VMWALK_STEPS_MAX (1u << 17)

/** After so many steps, and so many again, a walk looks what time it is. */
#define UMIG_VMWALK_STEPS_UNTIMED 64u

struct umig_vmwalk {
    const struct umig_hotspot *hotspot; /* can_walk holds */
};

/** Scratch a walk needs: its position, which stays there when a fault ends it. */
#define UMIG_VMWALK_SCRATCH_BYTES sizeof(struct umig_step)

/**
 * The walk; a umig_walk_fn over a struct umig_vmwalk. Without a context it begins where the thread
 * left Java. Where it cannot go on, what it has is given together with the cause.
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE struct umig_walk_result umig_vmwalk_walk(const void *walker,
                                                          const struct umig_walk_request *request);

#endif
