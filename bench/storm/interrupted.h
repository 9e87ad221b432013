/* The thread that a signal interrupted, and where its parts lie. */
#ifndef UMIG_BENCH_STORM_INTERRUPTED_H
#define UMIG_BENCH_STORM_INTERRUPTED_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/** What of HotSpot's layout is disturbed; offsets in bytes. */
struct storm_layout {
    int64_t stack_base, stack_size, state, anchor; /* of a JavaThread */
    int64_t anchor_sp, anchor_pc, anchor_fp;       /* of a JavaFrameAnchor */
    uint64_t thread_bytes;                         /* of a JavaThread */
    const uintptr_t *code_low, *code_high;         /* of the code cache */
    uintptr_t libjvm_low, libjvm_high;
};

struct storm_interrupted {
    uintptr_t thread; /* JavaThread */
    uintptr_t stack_low, stack_high;
    uintptr_t sp;
};

/** Reads the layout; false if the JVM does not describe it. Not from a handler. */
bool storm_layout_read(struct storm_layout *out);

/**
 * Finds the JavaThread of a JNIEnv, and the bounds of its stack. Until a thread was first seen in
 * compiled code, where a register holds its JavaThread, none is found.
 *
 * @return false if it is not known, or the thread is on another stack than its own
 *
 * From a handler, too.
 */
bool storm_interrupted_find(const struct storm_layout *layout,
                            uintptr_t env,
                            const ucontext_t *context,
                            struct storm_interrupted *out);

#endif
