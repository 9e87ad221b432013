/*
 * The walker that asks the JVM: AsyncGetCallTrace, and where it refuses, again from a frame further
 * up, by changing a copy of the registers only. The JVM's memory is never written.
 *
 * AsyncGetCallTrace cannot begin in the middle of a stub, an adapter, a prologue or an intrinsic;
 * in a dynamic Groovy service a quarter of the samples stand there. The frames it cannot name there
 * are left by their known shape (return address on top, frame of known size) and, where they are
 * methods, kept as leaf frames.
 */
#ifndef UMIG_AGENT_WALK_AGCT_H
#define UMIG_AGENT_WALK_AGCT_H

#include <stddef.h>
#include <stdint.h>

#include "agent/walk/hotspot.h"
#include "agent/walk/walk.h"
#include "include/umig/attr.h"

/** AsyncGetCallTrace's own structures (src/hotspot/share/prims/forte.cpp). */
struct umig_agct_frame {
    int32_t bci; /* -3: native method */
    void *method_id;
};

struct umig_agct_trace {
    void *env;
    int32_t frame_count; /* or an error code, 0 to -10 */
    struct umig_agct_frame *frames;
};

typedef void (*umig_agct_fn)(struct umig_agct_trace *trace, int32_t depth, void *context);

struct umig_agct {
    umig_agct_fn call;
    const struct umig_hotspot *hotspot;
};

/** Scratch a walk of max_frames needs. */
size_t umig_agct_scratch_bytes(uint32_t max_frames);

/** The walk; a umig_walk_fn over a struct umig_agct. Signal: async-signal-safe, under the guard. */
UMIG_SIGNAL_SAFE struct umig_walk_result umig_agct_walk(const void *walker,
                                                        const struct umig_walk_request *request);

#endif
