/*
 * Where Java begins and ends on a stack (src/hotspot: share/runtime/javaCalls.hpp,
 * cpu/x86/javaFrameAnchor_x86.hpp, cpu/x86/stubGenerator_x86_64.cpp generate_call_stub,
 * frame_x86.hpp).
 *
 * Into Java the JVM goes by one stub, the call stub, and remembers in a JavaCallWrapper, which
 * lives on the stack of the C++ caller, where the thread had left Java before. Its frame, the entry
 * frame, always has rbp:
 *
 *      fp[3]        thread
 *      fp[2]        how many words of arguments
 *      fp[1]        return address into libjvm
 *      fp[0]   fp-> caller's fp
 *      fp[-1]       arguments
 *      fp[-2]       entry point
 *      fp[-3]       Method*
 *      fp[-4]       result's type
 *      fp[-5]       where the result goes
 *      fp[-6]       JavaCallWrapper*: thread, ..., JavaFrameAnchor; frame::
 *                   entry_frame_call_wrapper_offset says which word it is
 *      fp[-7]       rbx of the C++ caller
 *      fp[-8] ...   its r12, r13, r14, r15
 *                   arguments of the method          <- pushed; popped behind the call
 *              sp-> (return address to _call_stub_return_address)
 *
 * Before that frame is made, the JavaCallWrapper is in rdi, the stub's first argument; behind it,
 * at the "ret", fp[-6] lies seven words below sp.
 *
 * From JDK 21 a library may call Java by a stub of its own making, the upcall stub (cpu/x86:
 * upcallLinker_x86_64.cpp; share/code/codeBlob.hpp UpcallStub::FrameData). It has rbp, too, and
 * keeps the anchor before in its frame, at an offset that only the stub knows:
 *
 *      fp[1]        return address into the library
 *      fp[0]   fp-> caller's fp
 *                   saved registers, arguments
 *                   JavaThread*, handles
 *                   JavaFrameAnchor: last sp, last pc, last fp
 *                   saved registers, arguments
 *              sp->
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
 * skipped; the registers an entry frame returns to are what it can be unwound from later.
 *
 * Leaf calls (intrinsics of the JVM, the vDSO, libsimdsort) leave Java without a note: these are
 * left by frame pointers that lead to a call of the JVM, or by the first return address that fits.
 */
#ifndef UMIG_AGENT_WALK_X86_64_EDGES_H
#define UMIG_AGENT_WALK_X86_64_EDGES_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/walk/codecache.h"
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
 * The anchor that an entry frame or an upcall stub's frame keeps: where Java was left before.
 *
 * @param kind  of the code at the pc
 * @return its address; 0 if the position is in no such frame
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE uintptr_t umig_x64_anchor_before(const struct umig_step *step,
                                                  enum umig_blob_kind kind);

/**
 * The registers to which such a frame returns: of the code that called Java. The call stub keeps
 * rbx and r12 to r15; where the upcall stub has them only it knows.
 *
 * @param kind  of the code at the pc
 *
 * Signal: async-signal-safe, under the guard; the position must be in such a frame.
 */
UMIG_SIGNAL_SAFE struct umig_registers umig_x64_caller_of_entry(const struct umig_step *step,
                                                                enum umig_blob_kind kind);

/** Leaves such a frame to where Java was left before. Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE enum umig_step_result umig_x64_leave_entry(struct umig_step *step,
                                                            uintptr_t anchor);

/**
 * Leaves a stub without a frame that the JVM itself calls (it flushes the processor's code with
 * one), to the call of the JVM out of Java.
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE bool umig_x64_leave_called_by_jvm(struct umig_step *step);

/**
 * Leaves code of the JVM or of a library that Java called without a note, or by a fault.
 *
 * @param left  is_signal is set if what is left is a signal's handler
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE bool umig_x64_leave_native(struct umig_step *step, struct umig_step_left *left);

#endif
