/* x86-64 on Linux; included by regs.h only. */
#ifndef UMIG_AGENT_SIGNAL_REGS_X86_64_H
#define UMIG_AGENT_SIGNAL_REGS_X86_64_H

#include <ucontext.h>

#include "agent/signal/regs.h"
#include "include/umig/attr.h"

/** Reads the registers of the interrupted code. Signal: async-signal-safe. */
UMIG_SIGNAL_SAFE static inline struct umig_regs umig_regs_read(const void *context)
{
    const ucontext_t *uc = context;
    const greg_t *r = uc->uc_mcontext.gregs;
    return (struct umig_regs){
        .pc = (uintptr_t)r[REG_RIP],
        .sp = (uintptr_t)r[REG_RSP],
        .fp = (uintptr_t)r[REG_RBP],
        .result = (uintptr_t)r[REG_RAX],
        .thrower = (uintptr_t)r[REG_RDX],
        .method = (uintptr_t)r[REG_RBX],
        .argument = (uintptr_t)r[REG_RDI],
        .sender_sp = (uintptr_t)r[REG_R13],
    };
}

/** Writes pc, sp and fp into a copy of a context. Signal: async-signal-safe. */
UMIG_SIGNAL_SAFE static inline void umig_regs_write(ucontext_t *uc, const struct umig_regs *regs)
{
    greg_t *r = uc->uc_mcontext.gregs;
    r[REG_RIP] = (greg_t)regs->pc;
    r[REG_RSP] = (greg_t)regs->sp;
    r[REG_RBP] = (greg_t)regs->fp;
}

#endif
