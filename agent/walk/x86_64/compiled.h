/*
 * Frames of compiled methods, C1's and C2's, and of the wrappers of native ones
 * (src/hotspot/cpu/x86: macroAssembler_x86.cpp verified_entry, c1_MacroAssembler_x86.cpp
 * build_frame and remove_frame, c1_LIRAssembler_x86.cpp return_op, x86_64.ad MachEpilogNode,
 * sharedRuntime_x86_64.cpp generate_native_wrapper). The blob says how large the frame is:
 * frame_words counts the return address and the saved rbp. rbp is no frame pointer in it, unless
 * -XX:+PreserveFramePointer.
 *
 * Body:
 *
 *                       arguments that found no register; the caller's
 *      sp[words - 1]    return address
 *      sp[words - 2]    caller's fp
 *                       locks, spilled values; of a method that was deoptimised, the pc it had
 *      sp[0]       sp-> arguments for callees
 *
 * More is pushed around calls of stubs (pushed.h), and by C2 within some of its loops. C2 searches
 * short strings in a copy on the stack (C2_MacroAssembler::string_indexof):
 *
 *                       the frame                    <- sp as it was
 *                       the copy
 *      sp[0]       sp-> sp as it was
 *
 * Entry. Up to frame_complete the instructions passed say how much stands; before each of them:
 *
 *      mov [rsp - n], eax   stack bang           return address on top
 *      push rbp                                  return address on top
 *      mov rbp, rsp         where preserved      caller's fp on top, then the return address
 *      sub rsp, n                                the same
 *      cmp [r15 + n], m     entry barrier        the whole frame
 *
 * or, in C2's methods that need no bang:
 *
 *      sub rsp, n                                return address on top
 *      mov [rsp + n], rbp                        the whole frame, rbp not saved in it yet
 *      mov rbp, rsp; add    where preserved      the whole frame
 *      cmp [r15 + n], m     entry barrier        the same
 *
 * Exit. The instruction at the pc says it:
 *
 *      add rsp, n                                the whole frame
 *      pop rbp                                   caller's fp on top, then the return address
 *      cmp rsp, [r15 + n]   poll                 return address on top
 *      ja slow path                              the same
 *      ret                                       the same
 *
 * A frame that is deoptimised while it is not the youngest stands unchanged, but the return address
 * that leads to it is the method's deoptimisation handler; the pc it had is kept in the frame.
 *
 * Blobs named "native nmethod" whose frame_words is 0 are method handle linkers (linkToStatic and
 * the like), which jump: their return address is always on top.
 */
#ifndef UMIG_AGENT_WALK_X86_64_COMPILED_H
#define UMIG_AGENT_WALK_X86_64_COMPILED_H

#include <stdbool.h>

#include "agent/walk/step.h"
#include "include/umig/attr.h"

/**
 * Leaves compiled code, wherever it was interrupted; says where it goes on (left->pc), and of a
 * native method's wrapper which method it is.
 *
 * @param left  blob is an nmethod or a native method's wrapper
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE bool umig_x64_leave_compiled(struct umig_step *step, struct umig_step_left *left);

/**
 * Leaves a stub that the compiler made for a call of the JVM, or the code that looks for a handler
 * of an exception: small frames, built as a method's is. Code jumps to them as often as it calls
 * them: what called the caller says nothing, and the exception's pc waits in rdx.
 *
 * @return false and unmoved if it is another stub, or nothing fits
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE bool umig_x64_leave_jit_stub(struct umig_step *step, const struct umig_blob *blob);

#endif
