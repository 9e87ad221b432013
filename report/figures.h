/* All that a report says of a session, read once; text, JSON and HTML write from it. */
#ifndef UMIG_REPORT_FIGURES_H
#define UMIG_REPORT_FIGURES_H

#include "analysis/allocation.h"
#include "analysis/contention.h"
#include "analysis/cost.h"
#include "analysis/deadlocks.h"
#include "analysis/gc.h"
#include "analysis/gc_depth.h"
#include "analysis/hot.h"
#include "analysis/jvm.h"
#include "analysis/loaders.h"
#include "analysis/paths.h"
#include "analysis/pins.h"
#include "analysis/pools.h"
#include "analysis/profile.h"
#include "analysis/quality.h"
#include "analysis/retained.h"
#include "analysis/survivors.h"
#include "analysis/suspects.h"
#include "analysis/verdict.h"
#include "analysis/virtual_threads.h"
#include "analysis/wall.h"
#include "analysis/work_pools.h"

/** Ways that are looked for: as each holds 1/50, all of them. Text and page show the first. */
#define UMIG_FIGURES_PATHS_MAX   50
#define UMIG_FIGURES_PATHS_SHOWN 6

/** Where the names of outcomes and causes are explained; said under the data's quality. */
#define UMIG_FIGURES_QUALITY_HINT "What the names mean: docs/data-quality.md."

/** From umig_figures_read(); free with umig_figures_fini(). */
struct umig_figures {
    struct umig_profile *profile; /* folded, or only renamed */
    struct umig_hot *cpu;
    struct umig_paths paths; /* of CPU */
    struct umig_gc gc;
    struct umig_gc_depth gc_depth;
    struct umig_contention contention;
    struct umig_deadlocks deadlocks;
    struct umig_pins pins;
    struct umig_allocation allocation;
    struct umig_paths allocation_paths;
    struct umig_survivors survivors;
    struct umig_suspects suspects;
    struct umig_retained retained;
    struct umig_loaders loaders;
    struct umig_pools pools;
    struct umig_jvm jvm;
    struct umig_wall_figures wall;
    struct umig_work_pools work_pools;
    struct umig_virtual_figures virtual_threads;
    struct umig_quality quality;
    struct umig_cost_curve cost;
    /* Answers are read from the folded form always: what to look at does not depend on how frames
     * are shown. NULL: these are folded. */
    struct umig_figures *folded;
};

/**
 * Folds a profile and reads all figures from it.
 *
 * @param unfold  keep the frames of dispatch
 * @return UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT
 */
UMIG_NODISCARD int umig_figures_read(const struct umig_profile *profile,
                                     bool unfold,
                                     struct umig_figures *out_figures,
                                     struct umig_err *err);

/**
 * Appends how far apart CPU samples came if that is more than 1.5 intervals, and why: the budget
 * made them rarer, the kernel's tick is coarser than what was asked for, or samples waited: "; a
 * sample came every 4.6 ms ...".
 */
void umig_figures_put_spacing(const struct umig_figures *figures, struct umig_buf *out);

/**
 * Appends which other sessions ran in the JVM meanwhile: "2 other sessions ran in this JVM
 * meanwhile: a, b." Nothing if none did.
 */
void umig_figures_put_others(const struct umig_figures *figures, struct umig_buf *out);

/**
 * Appends why and when a session fired that waited for a condition, and what of before is in it:
 * "fired because heap was 92.3 % at 2026-11-28 14:02:07 UTC (heap > 90%); the 60 s before are
 * included". Nothing for another session.
 */
void umig_figures_put_fired(const struct umig_figures *figures, struct umig_buf *out);

/** The figures that answers are read from: of the folded form. Borrowed. */
const struct umig_figures *umig_figures_folded(const struct umig_figures *figures);

/** The folded form's figures as the verdict wants them; borrowed. */
struct umig_verdict_figures umig_figures_verdict(const struct umig_figures *figures);

/** Frees everything. */
void umig_figures_fini(struct umig_figures *figures);

#endif
