/*
 * Native frames of a session: from the piece of stack a handler copied to frames of the wire's
 * dictionary. Everything it needs is opened when the first session asks for it.
 *
 * The native loop's alone.
 */
#ifndef UMIG_AGENT_SESSION_NATIVE_H
#define UMIG_AGENT_SESSION_NATIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/memory.h"
#include "agent/native/objects.h"
#include "agent/native/unwind.h"
#include "agent/signal/native_copy.h"
#include "agent/symbol/dictionary.h"
#include "include/umig/attr.h"
#include "include/umig/kinds.h"
#include "include/umig/status.h"

/** Functions whose dictionary frame is remembered; a power of two. */
#define UMIG_NATIVE_REMEMBERED 4096u

struct umig_native_name {
    uint32_t object; /* serial; 0: free */
    uint32_t symbol;
    uint32_t generation; /* of the dictionary */
    uint32_t frame;
};

struct umig_native_frames {
    bool is_open;
    struct umig_objects objects;
    struct umig_unwinder *unwinder; /* NULL: no libunwind; then leaves only */
    struct umig_native_name *names;
    struct umig_unwind_frame found[UMIG_UNWIND_FRAMES_MAX];
    char problem[200]; /* what cannot be had, and why; "" when all can, or nobody asked yet */
    uint64_t time_ns;  /* when what is unwound was copied */
    bool is_own;       /* by a function of the agent's that its thread called */
    uint64_t unwinds;
    uint64_t short_of_root; /* that ended before Java and before the thread's first function */
    uint64_t crossings;     /* native code between two runs of Java frames */
    uint64_t crossings_cut; /* of these not had, or not up to the Java frame that called it; and
                             * roots that were not copied */
    uint64_t roots;         /* native code below a thread's first Java frame */
    uint64_t roots_cut;     /* of these not up to the thread's first function */
};

/**
 * Opens the index of objects and libunwind; again and again harmless.
 *
 * @return UMIG_OK; UMIG_E_UNSUPPORTED: no libunwind, only leaves can be had; UMIG_E_NOMEM: nothing
 */
UMIG_NODISCARD int umig_native_frames_open(struct umig_native_frames *native,
                                           struct umig_memory *memory,
                                           struct umig_err *err);

/** What a session does not get of what it asks for, and why; "": all. Valid until the next open. */
const char *umig_native_frames_lack(const struct umig_native_frames *native,
                                    enum umig_native asked);

/** Looks for objects loaded or closed since; once before records are taken. Takes a closed one. */
void umig_native_frames_refresh(struct umig_native_frames *native);

/**
 * Says of the copies that are unwound next when they were taken (CLOCK_MONOTONIC), and whether a
 * function of the agent's took them of its own thread: then the agent's functions that are
 * innermost are left out. Takes a closed one.
 */
void umig_native_frames_at(struct umig_native_frames *native, uint64_t time_ns, bool is_own);

/**
 * Unwinds the copy of a leaf into dictionary frames, innermost first.
 *
 * @param java_low    bounds of generated code: Java's frames go on there
 * @param out_frames  room for UMIG_UNWIND_FRAMES_MAX ids; an id is 0 when the dictionary is full
 * @param out_is_cut  frames are missing between the last one and Java, or the thread's first one
 * @return how many
 */
uint32_t umig_native_frames_of(struct umig_native_frames *native,
                               struct umig_dictionary *dictionary,
                               const struct umig_native_copy *copy,
                               uintptr_t java_low,
                               uintptr_t java_high,
                               uint32_t *out_frames,
                               bool *out_is_cut);

/**
 * The same for native code between two runs of Java frames, or below them; out_is_cut: frames are
 * missing between the last one and the Java frame that called it, or the thread's first function.
 *
 * @param copy  of a crossing, the root's among them; NULL: none was taken
 */
uint32_t umig_native_frames_between(struct umig_native_frames *native,
                                    struct umig_dictionary *dictionary,
                                    const struct umig_native_copy *copy,
                                    uintptr_t java_low,
                                    uintptr_t java_high,
                                    uint32_t *out_frames,
                                    bool *out_is_cut);

#endif
