/*
 * State shared by the handlers (guard.c, handler.c) and by what installs them (install.c). Global
 * because a signal handler is handed nothing of ours; written before the handler is in place.
 */
#ifndef UMIG_AGENT_SIGNAL_INSTALL_H
#define UMIG_AGENT_SIGNAL_INSTALL_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/signal/guard.h"
#include "agent/signal/handler.h"
#include "agent/signal/slots.h"
#include "include/umig/attr.h"

enum {
    UMIG_GUARD_RANGES_MAX = 4,
    UMIG_FAULT_SIGNALS = 2, /* SIGSEGV, SIGBUS */
    UMIG_GUARD_FRONTS = 2   /* how often the guard goes in front of other handlers */
};

/*
 * Handlers in front of others, the last first. Each front has an entry of its own: a library that
 * came in between hands on to the entry before it, and so on to the JVM, not round in a circle.
 */
struct umig_guard_fronts {
    struct sigaction before[UMIG_GUARD_FRONTS]; /* whom each entry hands on to */
    int count;
};

struct umig_guard_state {
    const struct umig_slots *slots;
    struct umig_code_range ranges[UMIG_GUARD_RANGES_MAX];
    uint32_t range_count;
    struct umig_guard_fronts fronts[UMIG_FAULT_SIGNALS];
};

struct umig_handler_state {
    struct umig_sampler *_Atomic sampler;
    struct sigaction before;
    int signo; /* 0: not installed */
};

extern struct umig_guard_state g_umig_guard;
extern struct umig_handler_state g_umig_handler;

/** The fault handler. Signal: it is one. */
UMIG_SIGNAL_SAFE void umig_sig_on_fault(int signo, siginfo_t *info, void *context);

/** The fault handler, in front of a library that came in front of the first. Signal: it is one. */
UMIG_SIGNAL_SAFE void umig_sig_on_fault_again(int signo, siginfo_t *info, void *context);

/** The timers' handler. Signal: it is one. */
UMIG_SIGNAL_SAFE void umig_sig_on_timer(int signo, siginfo_t *info, void *context);

#endif
