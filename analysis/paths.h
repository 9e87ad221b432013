/*
 * The heaviest ways from a thread's start to where the time goes, few and distinct.
 *
 * The stacks are merged by method. From the root the way follows the heaviest child, until no
 * child holds a quarter of what its parent holds; what the way's end holds is then taken out and
 * the next way is looked for. So the ways' values never overlap and may be added.
 */
#ifndef UMIG_ANALYSIS_PATHS_H
#define UMIG_ANALYSIS_PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile.h"

/** One way. */
struct umig_path {
    /* Root first. The line is the one that goes on along the way, 0 if none has more than half. */
    struct umig_profile_frame *frames;
    size_t frame_count;
    uint64_t value; /* spent at its end and below, without what earlier ways have taken */
    /* Less than half of it is its end's own, and the end lies on an earlier way or is only how a
     * library's thread starts: many small things. */
    bool is_rest;
};

/** Heaviest first, the rests behind all others. */
struct umig_paths {
    struct umig_path *items;
    size_t count;
};

/**
 * Finds at most limit ways that hold at least 1/50 of the kind's value each. Of kind wall it is the
 * time off the CPU, and ways end at the method that sleeps.
 *
 * @param out_paths  free with umig_paths_fini()
 * @return UMIG_OK, UMIG_E_NOMEM
 */
UMIG_NODISCARD int umig_paths_find(const struct umig_profile *profile,
                                   enum umig_kind kind,
                                   size_t limit,
                                   struct umig_paths *out_paths,
                                   struct umig_err *err);

/** Frees the ways. */
void umig_paths_fini(struct umig_paths *paths);

#endif
