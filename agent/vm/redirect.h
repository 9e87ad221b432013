/*
 * Redirects calls of a function by the libraries that call it.
 *
 * Code that is linked against another object's function finds it by an entry of its own object's
 * table of addresses (GOT; System V ABI, AMD64 supplement, 5.2). An entry that leads to the
 * function is made to lead to ours, in every object of the process but the one that ours is in;
 * when that is over, every entry that leads to ours is made to lead to the function again. Nothing
 * is remembered in between: objects may come and go, and what another profiler has put into an
 * entry stays.
 *
 * An object that is just being loaded is not waited for: an entry that is not relocated yet is
 * neither the function's address nor one of the object's own code, and is left alone. A table that
 * its loader has made read-only is written to behind its back, and made read-only again; one that
 * is writable may be about to be, so a store there is guarded.
 */
#ifndef UMIG_AGENT_VM_REDIRECT_H
#define UMIG_AGENT_VM_REDIRECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/signal/slots.h"

struct umig_redirect {
    const char *name; /* as callers import it */
    uintptr_t real;   /* what they would call */
    uintptr_t ours;   /* instead; in an object that is never unloaded, and in the same for all */
};

/** What became of the entries. */
struct umig_redirect_count {
    uint32_t ours;    /* that lead to ours now */
    uint32_t foreign; /* that lead somewhere else, and are left alone */
    uint32_t failed;  /* that could not be written */
};

/**
 * Redirects calls, or takes that back; again and again harmless. Calls that another thread makes
 * meanwhile go either way.
 *
 * @param own  the calling thread's slot, for its guard
 * @return what the entries lead to now
 *
 * Thread: one at a time, with SIGSEGV and SIGBUS not blocked. Waits while an object is added to the
 * loader's list or taken from it. Signal: never.
 */
struct umig_redirect_count umig_redirect_set(struct umig_slot *own,
                                             const struct umig_redirect *redirects,
                                             size_t count,
                                             bool is_on);

#endif
