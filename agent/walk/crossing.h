/*
 * Where native code has called Java. Java had called that code (JNI's Call...Method, an upcall, the
 * JVM that initialises a class): between two runs of Java frames lie frames of libraries and of the
 * JVM. Or nobody had: below a thread's first Java frame lie those that began it, its root. A walk
 * steps over the former, and ends at the latter. Where native frames are wanted it leaves a place
 * among its frames, and notes how what belongs there can be unwound later
 * (agent/signal/native_copy.h).
 */
#ifndef UMIG_AGENT_WALK_CROSSING_H
#define UMIG_AGENT_WALK_CROSSING_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/native/registers.h"
#include "include/umig/attr.h"

/** Crossings between Java frames of one stack that are described: the innermost ones. */
#define UMIG_CROSSINGS_MAX 16u

struct umig_crossing {
    struct umig_registers registers; /* of the function that called Java, as Java returns to it; 0
                                      * where it is not known */
    uintptr_t java_sp; /* of the Java frame that had called native code; of the root the stack's end
                        */
    bool is_root;
};

/** Of one walk. A place among its frames has method 0, kind NATIVE, and as bci its number. */
struct umig_crossings {
    struct umig_registers caller;                    /* of the step under way; pc 0: it met none */
    uint32_t count;                                  /* described, the root among them */
    struct umig_crossing at[UMIG_CROSSINGS_MAX + 1]; /* number 1 is the first; 0: not described */
};

/** Makes it ready for a walk. Signal: async-signal-safe. */
UMIG_SIGNAL_SAFE static inline void umig_crossings_clear(struct umig_crossings *crossings)
{
    crossings->caller.by_number[UMIG_REGISTER_PC] = 0;
    crossings->count = 0;
}

#endif
