/* The answer in three sentences a person would say: what dominates, the price, what to look at. */
#ifndef UMIG_ANALYSIS_VERDICT_H
#define UMIG_ANALYSIS_VERDICT_H

#include "analysis/allocation.h"
#include "analysis/contention.h"
#include "analysis/gc.h"
#include "analysis/gc_depth.h"
#include "analysis/hot.h"
#include "analysis/jvm.h"
#include "analysis/paths.h"
#include "analysis/profile.h"
#include "analysis/quality.h"
#include "analysis/wall.h"
#include "analysis/work_pools.h"
#include "core/buf.h"

/** Below this many CPU samples nothing is ranked: +-10 points at 95 % for a method with half. */
#define UMIG_VERDICT_SAMPLES_MIN 100

/** The figures it speaks of. */
struct umig_verdict_figures {
    const struct umig_profile *profile; /* folded */
    const struct umig_hot *cpu;
    const struct umig_paths *paths; /* of CPU */
    const struct umig_gc *gc;
    const struct umig_contention *contention;
    const struct umig_jvm *jvm;
    const struct umig_gc_depth *gc_depth;     /* NULL: none */
    const struct umig_wall_figures *wall;     /* NULL: none */
    const struct umig_allocation *allocation; /* NULL: none */
    const struct umig_work_pools *work_pools; /* NULL: none */
    const struct umig_quality *quality;
};

/** Appends what takes the time. */
void umig_verdict_dominates(const struct umig_verdict_figures *figures, struct umig_buf *out);

/** Appends what dispatch, collections, other safepoints, class loading, waits and full pools cost.
 */
void umig_verdict_price(const struct umig_verdict_figures *figures, struct umig_buf *out);

/** Appends the one thing to look at first. */
void umig_verdict_look_at(const struct umig_verdict_figures *figures, struct umig_buf *out);

#endif
