/*
 * One step up the stack by the shape of the code at the pc, where the JVM's own walker cannot
 * begin: stubs, adapters, prologues and epilogues, method entries, calls out of generated code.
 *
 *   adapter, vtable stub     return address on top; r13 keeps the caller's sp
 *   interpreter, entry       the same; rbx is the Method*
 *   interpreter, frame       fp -> caller's fp, return address; below: caller's sp, -, Method*
 *   compiled, body           a frame of known size
 *   compiled, ends           "push rbp" done or undone, or only the return address
 *   runtime stub             known size, else by rbp, else the first return address
 *   outside the code cache   a leaf call out of Java: return address on top, or the chain of rbp
 *
 * Only registers change, in the caller's copy; what is read is the thread's stack and code. The
 * rules are x86-64's and of HotSpot 17 to 25 (src/hotspot/cpu/x86: sharedRuntime_x86_64.cpp,
 * templateInterpreterGenerator_x86.cpp, frame_x86.hpp).
 */
#ifndef UMIG_AGENT_WALK_STEP_H
#define UMIG_AGENT_WALK_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/signal/regs.h"
#include "agent/walk/hotspot.h"
#include "agent/walk/walk.h"
#include "include/umig/attr.h"

/** A thread's position on its stack. */
struct umig_step {
    const struct umig_hotspot *hotspot;
    uintptr_t stack_high; /* end of the stack's memory */
    struct umig_regs regs;
};

/**
 * Moves one frame up.
 *
 * @param step      regs is moved; untouched when false is returned
 * @param out_leaf  the frame that was left, if it is a method: its Method* is verified; else its
 *                  method is 0
 * @return false where no rule fits
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE bool umig_step_up(struct umig_step *step, struct umig_walk_frame *out_leaf);

#endif
