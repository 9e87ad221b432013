/*
 * Frames of the template interpreter (src/hotspot/cpu/x86: frame_x86.hpp,
 * templateInterpreterGenerator_x86.cpp: generate_normal_entry, generate_native_entry,
 * generate_fixed_frame; interp_masm_x86.cpp: remove_activation). All methods' frames are made by
 * the same code, one blob named "Interpreter", so the pc says nothing; the frame says it all.
 *
 * Body. rbp is always the frame's, r13 the bytecode pointer (bcp), r14 the locals; around calls
 * of the JVM and of methods bcp is saved in the frame.
 *
 *                   arguments, pushed by the caller     <- r14, the first local
 *                   locals that are no arguments
 *      fp[1]        return address
 *      fp[0]   fp-> caller's fp
 *      fp[-1]       sender sp: the sp the caller will have again, below its arguments where it was
 *                   compiled and they came through an adapter
 *      fp[-2]       last sp: set while a callee runs
 *      fp[-3]       Method*
 *      fp[-4]       mirror (the java.lang.Class; keeps the method from being unloaded)
 *      fp[-5]       profile pointer
 *      fp[-6]       constant pool cache
 *      fp[-7]       locals
 *      fp[-8]       bcp; 0 in a native method, which has none
 *      fp[-9]       bottom of the expression stack; above it monitors are put in between
 *              sp-> expression stack
 *
 * Entry. rbx is the Method*, r13 the sender sp, rbp the caller's:
 *
 *      sp-> return address                             at the first instruction
 *
 *      sp-> locals pushed so far, arguments            the return address waits in rax ("making
 *                                                      room")
 *
 *      sp-> what of fp[-1] to fp[-9] is pushed so far  "enter" is done, rbp is the frame's ("half
 *                                                      built"); r13 becomes bcp on the way, rbx
 *                                                      stays the Method*
 *
 * Exit (remove_activation: leave; pop ret_addr; mov rsp, rbx; jmp ret_addr). rbp is the caller's
 * again, rbx the sender sp:
 *
 *      sp-> return address                             at first; then it waits in a register: r13,
 *                                                      and sp goes to rbx
 */
#ifndef UMIG_AGENT_WALK_X86_64_INTERPRETED_H
#define UMIG_AGENT_WALK_X86_64_INTERPRETED_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/walk/hotspot.h"
#include "agent/walk/step.h"
#include "include/umig/attr.h"

/**
 * Does fp lead to the frame of a method? An entry frame keeps a Method* in the same place
 * (edges.h).
 *
 * Signal: async-signal-safe, under the guard; fp must be readable from three words below.
 */
UMIG_SIGNAL_SAFE bool umig_x64_is_interpreted(const struct umig_hotspot *hotspot, uintptr_t fp);

/**
 * Leaves the interpreter, wherever it was interrupted, and says which method it was in.
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE bool umig_x64_leave_interpreted(struct umig_step *step,
                                                 struct umig_step_left *left);

#endif
