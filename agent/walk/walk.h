/* The walker behind one function pointer: what the handler asks, what a walker answers. */
#ifndef UMIG_AGENT_WALK_WALK_H
#define UMIG_AGENT_WALK_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/walk/crossing.h"
#include "agent/walk/virtual_thread.h"
#include "include/umig/attr.h"
#include "include/umig/kinds.h"

/** A frame as walked, not yet named. */
struct umig_walk_frame {
    uintptr_t method; /* Method*; 0: the place of a crossing */
    int32_t bci;      /* of a crossing: its number */
    uint32_t kind;    /* enum umig_frame_kind */
};

struct umig_walk_request {
    void *env;                      /* the calling thread's JNIEnv */
    void *context;                  /* ucontext_t of the signal; not changed. NULL: no signal, the
                                     * thread is in a call of ours out of Java (walker vm only) */
    void *scratch;                  /* the walker's own, as large as it says */
    struct umig_walk_frame *frames; /* room for max_frames, innermost first */
    uint32_t max_frames;
    uint64_t until_cpu_ns; /* the calling thread's CPU time at which to give up; 0: never */
    struct umig_virtual_thread *virtual_thread; /* written if the stack is that of one, with this
                                                 * thread as its carrier; NULL: not wanted */
    struct umig_crossings *crossings; /* empty; filled by the walker vm. NULL: not wanted */
};

struct umig_walk_result {
    enum umig_outcome outcome;
    uint32_t frame_count; /* with another outcome than OK: as far as it came */
    uint32_t cut_at;      /* 0, or frames are missing behind so many innermost ones */
    bool is_in_native;    /* the thread ran native code, which no safepoint waits for; walker vm */
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
