/*
 * What a thread of the JVM is doing, as far as the JVM tells without being asked: the method that a
 * compiler compiles, the collection that has stopped the world.
 */
#ifndef UMIG_AGENT_SIGNAL_TOLD_H
#define UMIG_AGENT_SIGNAL_TOLD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/signal/slots.h"
#include "agent/walk/names.h"
#include "include/umig/attr.h"
#include "include/umig/sample.h"

/** Room for the cause of a collection, NUL included. */
#define UMIG_TOLD_CAUSE_BYTES 48u

/** Where it is told. Zeroed: nowhere. */
struct umig_told_sources {
    const atomic_bool *is_in_pause; /* NULL: unknown */
    const char *cause;              /* in the JVM's memory, with that much room; NULL: unknown */
};

struct umig_told {
    uint8_t doing; /* enum umig_doing */
    uint8_t tier;
    bool is_osr;
    uint32_t frame; /* compile: id of the method's frame */
    uint8_t cause_bytes;
    char cause[UMIG_TOLD_CAUSE_BYTES];
};

/**
 * Reads what the calling thread is doing.
 *
 * @param slot  the calling thread's
 * @param sp    of the interrupted code
 * @return what is told; UMIG_DOING_UNKNOWN where nothing is
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE struct umig_told umig_told_read(const struct umig_told_sources *sources,
                                                 const struct umig_slot *slot,
                                                 uintptr_t sp,
                                                 struct umig_names *names);

#endif
