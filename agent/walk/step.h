/*
 * One step up the stack: from the frame a thread stands in to its caller.
 *
 * Where the pc is a return address (every frame but the innermost) the frame stands, and its shape
 * follows from the kind of code alone. Where the code was interrupted, the frame may not be built
 * yet, or be gone again; what has happened is told by the registers and by the instructions around
 * the pc (one file per kind of frame: agent/walk/x86_64/):
 *
 *   code                     frame stands                       interrupted before or after it
 *   adapter, vtable stub     -                                  return address on top; r13 may keep
 *                                                               the caller's sp
 *   interpreter              fp -> caller's fp, return address; entry: rbx is the Method*, return
 *                            below: caller's sp, -, Method*,    address on top; exit: rbx is the
 *                            ..., bcp (r13 while it runs)       caller's sp
 *   compiled                 of known size, the last two words  "push rbp" done or undone, or only
 *                            are caller's fp, return address    the return address; larger in
 *                                                               slow paths of barriers
 *   method handle linker     -                                  return address on top
 *   runtime stub             of known size                      by rbp, or the first return address
 *                                                               of a call to here
 *   call stub                fp -> JavaCallWrapper: the anchor  the same
 *                            of the Java frames before, or none:
 *                            the thread's root
 *   upcall stub              fp, and the anchor somewhere in it   the same
 *   outside the code cache   -                                  return address on top, the chain of
 *                                                               rbp, what a signal interrupted, or
 *                                                               the first return address
 *
 * Nothing is written, and only the thread's stack, its code and the JVM's descriptions of it are
 * read. The rules are x86-64's and of HotSpot 17 to 25 (src/hotspot/cpu/x86:
 * sharedRuntime_x86_64.cpp, templateInterpreterGenerator_x86.cpp, frame_x86.hpp, macroAssembler).
 */
#ifndef UMIG_AGENT_WALK_STEP_H
#define UMIG_AGENT_WALK_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/native/registers.h"
#include "agent/signal/regs.h"
#include "agent/walk/codecache.h"
#include "agent/walk/continuation.h"
#include "agent/walk/hotspot.h"
#include "include/umig/attr.h"

/** A thread's position on its stack. */
struct umig_step {
    const struct umig_hotspot *hotspot;
    uintptr_t thread;     /* the JavaThread */
    uintptr_t stack_high; /* end of the stack's memory */
    struct umig_regs regs;
    struct umig_continuation continuation; /* that the thread runs */
    bool is_leaf;     /* registers are those of interrupted code: pc is no return address */
    bool is_exact_pc; /* compiled code has debug information for this very pc */
    struct umig_registers *caller; /* written where a frame is left by which native code had called
                                    * Java: that code's; NULL: not wanted */
};

/** What stood at the position that was left. */
struct umig_step_left {
    struct umig_blob blob;
    uintptr_t method; /* interpreted and native: Method*, verified; else 0 */
    uintptr_t pc;     /* compiled: where it goes on; not the deoptimisation handler's address */
    int32_t bci;      /* interpreted: bytecode index, -1 unknown; native: UMIG_BCI_NATIVE */
    bool is_exact_pc;
    bool is_signal; /* frames of a signal's handler: the position is of what it interrupted */
};

enum umig_step_result {
    UMIG_STEP_MOVED,
    UMIG_STEP_ROOT, /* the thread's first Java frame was left: there is nothing above */
    UMIG_STEP_LOST, /* no rule fits; the position is unchanged */
};

/**
 * Moves one frame up.
 *
 * @param out_left  what was left; filled as far as it is known also where the step is lost
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE enum umig_step_result umig_step_up(struct umig_step *step,
                                                    struct umig_step_left *out_left);

/**
 * Takes the position where the thread left Java, if it has left it.
 *
 * @return false if it has no Java frame, or is in Java
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE bool umig_step_to_anchor(struct umig_step *step);

#endif
