/*
 * Slow paths of collectors' barriers in C2's methods (src/hotspot/cpu/x86/gc: z, g1 and shared,
 * SaveLiveRegisters in zBarrierSetAssembler_x86.cpp, from 23 on in barrierSetAssembler_x86.cpp).
 * They stand behind the method's code, in its nmethod, and are jumped to; they save what registers
 * are live below the method's frame, and call a leaf of the JVM:
 *
 *      sub rsp, saved
 *      mov [rsp + ...], reg          each live register
 *      ...
 *      call slow path                 caller's frame ... return address    sp[words + saved - 1]
 *      mov reg, [rsp + ...]           the method's frame                   sp[saved]
 *      ...                            live registers                       sp[0]
 *      add rsp, saved
 *      jmp continuation               in the method's code
 *
 * So the frame is larger between the two, and no PcDesc describes the pc: where it goes on tells
 * what is inlined there.
 */
#ifndef UMIG_AGENT_WALK_X86_64_BARRIER_STUBS_H
#define UMIG_AGENT_WALK_X86_64_BARRIER_STUBS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/walk/codecache.h"
#include "include/umig/attr.h"

struct umig_x64_barrier_stub {
    uint32_t saved_words; /* below the method's frame */
    uintptr_t continuation;
};

/**
 * Finds the slow path whose registers are saved at a pc: between the instructions that move sp.
 *
 * @param blob  an nmethod
 * @return false if the pc is in no slow path, or before or behind that part of it
 *
 * Signal: async-signal-safe, under the guard; looks at 640 bytes to either side.
 */
UMIG_SIGNAL_SAFE bool umig_x64_find_barrier_stub(const struct umig_blob *blob,
                                                 uintptr_t pc,
                                                 struct umig_x64_barrier_stub *out_stub);

#endif
