/*
 * Code that is no method: adapters and dispatch stubs, which make no frame, and runtime stubs and
 * intrinsics, which may (src/hotspot/cpu/x86: sharedRuntime_x86_64.cpp gen_i2c_adapter and
 * gen_c2i_adapter, vtableStubs_x86_64.cpp, methodHandles_x86.cpp, stubGenerator_x86_64*.cpp,
 * c1_Runtime1_x86.cpp).
 *
 * Without a frame. They stand between a caller and a method and jump to it:
 *
 *      sp-> return address        always in vtable and itable stubs and method handle adapters
 *
 *      sp-> arguments, moved      in adapters: from registers to the stack (c2i) or back (i2c).
 *           return address        r13 is the sp the caller had (sender sp); it keeps it only in a
 *           ...                   part of the code. While the stack is aligned the return address
 *     r13-> caller's frame        waits in rax. A c2i adapter makes room by instructions that say
 * how much: pop rax; [mov r13, rsp]; sub rsp, n; push rax (or mov)
 *
 *      sp-> all registers, saved  in a c2i adapter that calls the JVM to repair its caller's call;
 * r13, r13-> return address        saved with them, leads to it
 *
 * With a frame. A runtime stub's blob says how large it is, as a compiled method's does; behind
 * frame_complete it stands:
 *
 *      sp[words - 1]    return address
 *      sp[words - 2]    caller's fp
 *                       saved registers
 *      sp[0]
 *
 * Those that save all registers (push rbp; mov rbp, rsp; ...) restore them step by step, while rbp
 * leads to sp[words - 2] up to the "pop rbp" before the last jump.
 *
 * Stubs by which an exception is handed on call the JVM with the stack as they found it, or with
 * one word more for alignment; on top is the return address of the method that threw, whose caller
 * called that method, not the stub.
 *
 * Of intrinsics (many stubs in one blob) and of C1's stubs it is not told. Most begin with
 * "push rbp; mov rbp, rsp"; others push what they need; some nothing at all.
 *
 * The stub that lets the JVM look at a method before its body runs (generate_method_entry_barrier)
 * is called from the method's prologue:
 *
 *      fp[2]        return address into the prologue
 *      fp[1]        -1, or where the JVM wants it to go on
 *      fp[0]   fp-> the method's fp
 *              sp-> all registers, saved
 */
#ifndef UMIG_AGENT_WALK_X86_64_STUBS_H
#define UMIG_AGENT_WALK_X86_64_STUBS_H

#include <stdbool.h>

#include "agent/walk/codecache.h"
#include "agent/walk/step.h"
#include "include/umig/attr.h"

/** Leaves code that makes no frame. Signal: async-signal-safe, under the guard. */
UMIG_SIGNAL_SAFE bool umig_x64_leave_frameless(struct umig_step *step,
                                               const struct umig_blob *blob);

/** Leaves a stub other than the call stub. Signal: async-signal-safe, under the guard. */
UMIG_SIGNAL_SAFE bool umig_x64_leave_stub(struct umig_step *step, const struct umig_blob *blob);

/**
 * In the stub that thaws: are the frames there already, to which it returns? Until then it has no
 * return address: it has made room for them, in which may lie what is left of others.
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE bool umig_x64_has_thawed(const struct umig_step *step);

#endif
