/*
 * The frames kept of a stack of any depth: the innermost ones and the outermost ones, so that leaf
 * and root are always among them. Where frames are missing the stack is cut, and says where.
 */
#ifndef UMIG_AGENT_WALK_KEPT_H
#define UMIG_AGENT_WALK_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/walk/walk.h"
#include "include/umig/attr.h"

/** Frames kept at the outer end of a stack that is cut: thread pools and servers have some 60. */
#define UMIG_KEPT_OUTER 256u

struct umig_kept {
    struct umig_walk_frame *frames;
    uint32_t max;  /* room; more than 2 * UMIG_KEPT_OUTER */
    uint32_t seen; /* frames added */
    bool is_cut;   /* frames are missing behind the last one */
};

/** Adds the next frame outwards. Signal: async-signal-safe. */
UMIG_SIGNAL_SAFE void umig_kept_add(struct umig_kept *kept, const struct umig_walk_frame *frame);

/** The frame added last; NULL if none was. Signal: async-signal-safe. */
UMIG_SIGNAL_SAFE const struct umig_walk_frame *umig_kept_last(const struct umig_kept *kept);

/**
 * Marks the stack as cut behind the frames added so far: its callers could not be had. No frame may
 * be added behind.
 *
 * Signal: async-signal-safe.
 */
UMIG_SIGNAL_SAFE static inline void umig_kept_cut(struct umig_kept *kept)
{
    kept->is_cut = true;
}

/**
 * Puts the frames in order, once, behind the last one.
 *
 * @param out_cut_at  0, or how many innermost frames stand before the place where some are missing;
 *                    of two such places the inner one
 * @return frames kept
 *
 * Signal: async-signal-safe.
 */
UMIG_SIGNAL_SAFE uint32_t umig_kept_finish(struct umig_kept *kept, uint32_t *out_cut_at);

#endif
