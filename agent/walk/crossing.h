/*
 * Where native code that Java had called has called Java again (JNI's Call...Method, an upcall, the
 * JVM that initialises a class): between two runs of Java frames lie frames of libraries and of the
 * JVM. A walk steps over them. Where native frames are wanted it leaves a place among its frames,
 * and notes how what belongs there can be unwound later (agent/signal/native_copy.h).
 */
#ifndef UMIG_AGENT_WALK_CROSSING_H
#define UMIG_AGENT_WALK_CROSSING_H

#include <stdint.h>

#include "agent/native/registers.h"
#include "include/umig/attr.h"

/** Crossings of one stack that are described: the innermost ones. */
#define UMIG_CROSSINGS_MAX 16u

struct umig_crossing {
    struct umig_registers registers; /* of the function that called Java, as Java returns to it; 0
                                      * where it is not known */
    uintptr_t java_sp;               /* of the Java frame that had called native code */
};

/** Of one walk. A place among its frames has method 0, kind NATIVE, and as bci its number. */
struct umig_crossings {
    struct umig_registers caller;                /* of the step under way; pc 0: it met none */
    uint32_t count;                              /* described */
    struct umig_crossing at[UMIG_CROSSINGS_MAX]; /* number 1 is the first; 0: not described */
};

/** Makes it ready for a walk. Signal: async-signal-safe. */
UMIG_SIGNAL_SAFE static inline void umig_crossings_clear(struct umig_crossings *crossings)
{
    crossings->caller.by_number[UMIG_REGISTER_PC] = 0;
    crossings->count = 0;
}

#endif
