/*
 * Kernel frames of a session: from addresses to frames of the wire's dictionary. The names are read
 * when the first session asks for them, which takes a fifth of a second, and kept: whoever starts
 * it is told at once if there is no memory for them.
 *
 * The native loop's alone.
 */
#ifndef UMIG_AGENT_SESSION_KERNEL_H
#define UMIG_AGENT_SESSION_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/memory.h"
#include "agent/native/kallsyms.h"
#include "agent/signal/perf_ring.h"
#include "agent/symbol/dictionary.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Functions whose dictionary frame is remembered; a power of two. */
#define UMIG_KERNEL_REMEMBERED 1024u

struct umig_kernel_name {
    uint32_t function; /* 0: free */
    uint32_t generation;
    uint32_t frame;
};

struct umig_kernel_frames {
    bool is_open;
    struct umig_kallsyms symbols;
    struct umig_kernel_name names[UMIG_KERNEL_REMEMBERED];
    char problem[200]; /* what cannot be had, and why; "" when it can, or nobody asked yet */
};

/**
 * Reads the names; again and again harmless. Without them all of the kernel is one frame.
 *
 * @param path    "/proc/kallsyms"
 * @param memory  borrowed
 */
void umig_kernel_frames_open(struct umig_kernel_frames *kernel,
                             const char *path,
                             struct umig_memory *memory);

/**
 * The next part of a sample.
 *
 * @param at     begin of the parts, or the end of the part before
 * @param limit  end of the parts
 * @return NULL: there is none
 */
const struct umig_kernel_part *umig_kernel_part_at(const uint8_t *at, const uint8_t *limit);

/** The end of a part. */
const uint8_t *umig_kernel_part_end(const struct umig_kernel_part *part);

/**
 * Puts the frames of a part above a stack.
 *
 * @return the stack; without the frames that the dictionary has no room for
 */
uint32_t umig_kernel_frames_put(struct umig_kernel_frames *kernel,
                                struct umig_dictionary *dictionary,
                                uint32_t stack,
                                const struct umig_kernel_part *part);

#endif
