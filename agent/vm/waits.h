/*
 * Waits for monitors and synchronizers while they last.
 *
 * A thread that waits says so in its slot: wait_from_ns is the moment up to which its wait is told.
 * Whoever moves it on owns the time in between, so that each moment of a wait is in one record:
 *
 *   the thread   begin: 0 -> now      end: from -> 0, and the time since from is its own
 *   the loop                          tell: from -> now, and the time since from is the loop's
 *
 * A wait that was told and not ended is found again by its from, which only moves on: when tell
 * succeeds, the thread stood still since from was read, and what was read of it in between (its
 * stack, the monitor's class) belongs to this wait.
 */
#ifndef UMIG_AGENT_VM_WAITS_H
#define UMIG_AGENT_VM_WAITS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/signal/slots.h"
#include "include/umig/sample.h"

/** Classes of locks that are told apart; those of a program that locks well are few. */
#define UMIG_WAIT_CLASSES 512u

struct umig_wait_class {
    atomic_int state; /* free, being written, ready */
    uint8_t byte_count;
    char text[UMIG_SAMPLE_TEXT_BYTES];
};

/** Classes of locks by their signature; nothing is ever taken out. All zero is empty. */
struct umig_wait_classes {
    struct umig_wait_class classes[UMIG_WAIT_CLASSES];
};

/**
 * Finds a class or adds it.
 *
 * @param signature   "Ljava/lang/Object;", cut to UMIG_SAMPLE_TEXT_BYTES
 * @return its id, from 1; 0 when there is no room, or another thread is adding at that place
 *
 * Thread: any, lock-free.
 */
uint32_t umig_wait_classes_add(struct umig_wait_classes *classes,
                               const char *signature,
                               size_t byte_count);

/** The class of an id; NULL for 0. Thread: any. */
const struct umig_wait_class *umig_wait_classes_get(const struct umig_wait_classes *classes,
                                                    uint32_t id);

/**
 * The calling thread begins to wait.
 *
 * @param is_park  for a synchronizer, not for a monitor
 * @return false: a wait of it was known whose end nobody heard; what was not told of it is lost
 */
bool umig_wait_begin(struct umig_slot *slot, bool is_park, uint64_t now_ns);

/**
 * The calling thread's wait is over.
 *
 * @param out_was_told  records of it were told before
 * @return ns of it that are in no record; UINT64_MAX: it was not known to wait
 */
uint64_t umig_wait_end(struct umig_slot *slot, uint64_t now_ns, bool *out_was_told);

/**
 * A wait that began unseen is known from now on; false: the thread's own wait is. Thread: any.
 *
 * @param is_park  for a synchronizer, not for a monitor
 * @param cpu_ns   0: its end will be heard; else the thread's CPU clock, which stands while it
 * waits
 */
bool umig_wait_found(struct umig_slot *slot, bool is_park, uint64_t cpu_ns, uint64_t now_ns);

/** Takes back umig_wait_found() with the same time: the wait was over. Thread: any. */
void umig_wait_not_found(struct umig_slot *slot, uint64_t now_ns);

/** Forgets a wait whose end nobody will see; false: there is none. Thread: any. */
bool umig_wait_forget(struct umig_slot *slot);

/**
 * Takes the time from from_ns, as loaded from the slot, to now_ns out of a wait that goes on.
 *
 * @return false: the wait is over
 *
 * Thread: the loop.
 */
bool umig_wait_tell(struct umig_slot *slot, uint64_t from_ns, uint64_t now_ns);

#endif
