/*
 * Where Java begins and ends on a stack (src/hotspot: share/runtime/javaCalls.hpp,
 * cpu/x86/javaFrameAnchor_x86.hpp, cpu/x86/stubGenerator_x86_64.cpp generate_call_stub,
 * frame_x86.hpp).
 *
 * Into Java the JVM goes by one stub, the call stub, and remembers in a JavaCallWrapper, which
 * lives on the stack of the C++ caller, where the thread had left Java before. Its frame, the entry
 * frame, always has rbp:
 *
 *      fp[1]        return address into libjvm
 *      fp[0]   fp-> caller's fp
 *      fp[-1]       arguments
 *      fp[-2]       entry point
 *      fp[-3]       Method*
 *      fp[-4]       result's type
 *      fp[-5]       where the result goes
 *      fp[-6]       JavaCallWrapper*: thread, ..., JavaFrameAnchor; frame::
 *                   entry_frame_call_wrapper_offset says which word it is
 *      fp[-7] ...   saved registers
 *                   arguments of the method          <- pushed; popped behind the call
 *              sp-> (return address to _call_stub_return_address)
 *
 * Out of Java go native methods, runtime stubs and the interpreter; those that may block or look at
 * the stack note in the thread's JavaFrameAnchor where:
 *
 *      last sp      of the youngest Java frame; 0 while the thread runs Java
 *      last pc      in it; 0: the word below last sp
 *      last fp      its rbp
 *
 * So the runs of Java frames are chained: the thread's anchor, the youngest entry frame's anchor,
 * and so on to an entry frame whose anchor is empty, the root. What lies between is native, and is
 * skipped.
 *
 * Leaf calls (intrinsics of the JVM, the vDSO, libsimdsort) leave Java without a note: these are
 * left by their frame pointers, or by the first return address that fits.
 */
#ifndef UMIG_AGENT_WALK_X86_64_EDGES_H
#define UMIG_AGENT_WALK_X86_64_EDGES_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/walk/step.h"
#include "include/umig/attr.h"

/**
 * Is sp on the thread's own stack? A signal's registers may show another one: an alternate signal
 * stack, or that of a library that switches stacks.
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE bool umig_x64_is_on_stack(const struct umig_step *step);

/**
 * The JavaCallWrapper of the entry frame the position is in; 0 if it is in none.
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE uintptr_t umig_x64_call_wrapper(const struct umig_step *step);

/** Leaves an entry frame to where Java was left before. Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE enum umig_step_result umig_x64_leave_entry(struct umig_step *step,
                                                            uintptr_t wrapper);

/**
 * Leaves code of the JVM or of a library that Java called without a note.
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE bool umig_x64_leave_native(struct umig_step *step);

#endif
