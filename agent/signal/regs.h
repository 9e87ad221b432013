/*
 * The registers a stack walk needs, read from and written to a signal's context. One function pair
 * per processor; another processor adds its own file beside regs_x86_64.h.
 */
#ifndef UMIG_AGENT_SIGNAL_REGS_H
#define UMIG_AGENT_SIGNAL_REGS_H

#include <stdint.h>

struct umig_regs {
    uintptr_t pc;
    uintptr_t sp;
    uintptr_t fp;
    uintptr_t result;    /* where method entries hold the return address while they make room */
    uintptr_t thrower;   /* where exceptions are handled: the pc that threw */
    uintptr_t method;    /* where the interpreter's method entries hold the Method* */
    uintptr_t argument;  /* of a call: the call stub's is its JavaCallWrapper */
    uintptr_t sender_sp; /* where adapters and method entries hold the caller's sp, and the running
                          * interpreter its bytecode pointer */
};

#if defined(__x86_64__)
# include "agent/signal/regs_x86_64.h"
#else
# error "UMIG's agent knows x86-64 only: add agent/signal/regs_ARCH.h"
#endif

#endif
