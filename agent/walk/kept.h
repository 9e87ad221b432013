/*
 * The frames kept of a stack of any depth: the innermost ones and the outermost ones, so that leaf
 * and root are always among them. Where frames are missing the stack is cut, and says where.
 */
#ifndef UMIG_AGENT_WALK_KEPT_H
#define UMIG_AGENT_WALK_KEPT_H

#include <stdint.h>

#include "agent/walk/walk.h"
#include "include/umig/attr.h"

/** Frames kept at the outer end of a stack that is cut: thread pools and servers have some 60. */
#define UMIG_KEPT_OUTER 256u

struct umig_kept {
    struct umig_walk_frame *frames;
    uint32_t max;  /* room; more than 2 * UMIG_KEPT_OUTER */
    uint32_t seen; /* frames added */
};

/** Adds the next frame outwards. Signal: async-signal-safe. */
UMIG_SIGNAL_SAFE void umig_kept_add(struct umig_kept *kept, const struct umig_walk_frame *frame);

/**
 * Puts the frames in order, once, behind the last one.
 *
 * @param out_cut_at  0, or how many innermost frames stand before the place where some are missing
 * @return frames kept
 *
 * Signal: async-signal-safe.
 */
UMIG_SIGNAL_SAFE uint32_t umig_kept_finish(struct umig_kept *kept, uint32_t *out_cut_at);

#endif
