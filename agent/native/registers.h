/*
 * What the handler copies so that the thread's native frames can be unwound later: registers, and
 * the stack from the red zone below the stack pointer up.
 *
 * All general registers are kept, not only those a call preserves: a function that realigns its
 * stack finds its caller through r10, and one in its epilogue through any register it likes.
 */
#ifndef UMIG_AGENT_NATIVE_REGISTERS_H
#define UMIG_AGENT_NATIVE_REGISTERS_H

#include <stdint.h>
#include <ucontext.h>

#include "include/umig/attr.h"

/**
 * Bytes below the stack pointer that belong to the function running (System V ABI, AMD64 supplement
 * 3.2.2). A copy of the stack begins here: a function in its epilogue has popped what its unwind
 * rules still read there.
 */
#define UMIG_RED_ZONE_BYTES 128

/** DWARF numbers of the registers by name (System V ABI, AMD64 supplement, figure 3.36). */
enum umig_register {
    UMIG_REGISTER_BX = 3,
    UMIG_REGISTER_BP = 6,
    UMIG_REGISTER_SP = 7,
    UMIG_REGISTER_R12 = 12, /* and on to r15 */
    UMIG_REGISTER_PC = 16,  /* the return address column */
    UMIG_REGISTER_COUNT = 17
};

/** General registers by DWARF number. */
struct umig_registers {
    uint64_t by_number[UMIG_REGISTER_COUNT];
};

/** Reads the registers of the interrupted code. Signal: async-signal-safe. */
UMIG_SIGNAL_SAFE static inline struct umig_registers umig_registers_read(const void *context)
{
    static const int order[UMIG_REGISTER_COUNT] = {
        REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
        REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP,
    };
    const ucontext_t *uc = context;
    struct umig_registers registers = {{0}};
    for (int i = 0; i < UMIG_REGISTER_COUNT; i++) {
        registers.by_number[i] = (uint64_t)uc->uc_mcontext.gregs[order[i]];
    }
    return registers;
}

#endif
