/* The walker behind one function pointer: what the handler asks, what a walker answers. */
#ifndef UMIG_AGENT_WALK_WALK_H
#define UMIG_AGENT_WALK_WALK_H

#include <stdint.h>

#include "include/umig/attr.h"
#include "include/umig/kinds.h"

/** A frame as walked, not yet named. */
struct umig_walk_frame {
    uintptr_t method; /* Method* */
    int32_t bci;
    uint32_t kind; /* enum umig_frame_kind */
};

struct umig_walk_request {
    void *env;                      /* the calling thread's JNIEnv */
    void *context;                  /* ucontext_t of the signal; not changed */
    void *scratch;                  /* umig_walk_scratch_bytes() of the lock's holder */
    struct umig_walk_frame *frames; /* room for max_frames, innermost first */
    uint32_t max_frames;
};

struct umig_walk_result {
    enum umig_outcome outcome;
    uint32_t frame_count;
    uint8_t is_truncated; /* the stack goes on above the last frame */
};

/**
 * Walks the calling thread's stack.
 *
 * @param walker  the walker's own state
 *
 * Signal: async-signal-safe, called under the guard; may fault.
 */
typedef struct umig_walk_result (*umig_walk_fn)(const void *walker,
                                                const struct umig_walk_request *request);

#endif
