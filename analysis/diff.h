/*
 * Two sessions compared: which methods and which paths cost more or less CPU in the second, and
 * which differences are what chance does. The model is in analysis/change.h.
 *
 * Three families of questions are asked, each with an allowance for errors of its own: methods by
 * themselves, methods with all they call, and the frames of the joint call tree. Within a family
 * the allowance is given out by share of CPU, so that a large method is found by a small change. A
 * path that is one with the path below it (the only callee, no time of its own) is no question of
 * its own.
 */
#ifndef UMIG_ANALYSIS_DIFF_H
#define UMIG_ANALYSIS_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/change.h"
#include "analysis/profile.h"

/** Blocks a session's time should be parted into (umig_reader_load()); more are added up. */
#define UMIG_DIFF_BLOCKS 24

/** What is expected to be wrong among what is called changed, and how much runs differ. */
#define UMIG_DIFF_LEVEL 0.01
#define UMIG_DIFF_NOISE 0.005

/** What costs are compared by. */
enum umig_diff_basis {
    UMIG_DIFF_REST, /* beside all that did not change */
    UMIG_DIFF_WORK, /* for one unit of work */
    UMIG_DIFF_WALL, /* for one second */
};

struct umig_diff_options {
    bool unfold;
    enum umig_diff_basis basis;
    double work[UMIG_SIDES]; /* WORK: units done in either session, above 0 */
    double level;            /* 0: UMIG_DIFF_LEVEL */
    double noise;            /* negative: UMIG_DIFF_NOISE */
};

enum umig_diff_state {
    UMIG_DIFF_TOO_FEW, /* no change whatever could be told */
    UMIG_DIFF_NOISE_ONLY,
    UMIG_DIFF_CHANGED
};

/** One item of either session. */
struct umig_diff_figure {
    uint64_t value[UMIG_SIDES]; /* ns of CPU */
    enum umig_diff_state state;
    double ratio;     /* of the cost, after / before; 1 where nothing is known */
    double low, high; /* interval of ratio, with confidence 1 - level */
    double least;     /* factor by which it has to change to be found 9 times of 10; 0 unknown */
    double p;         /* that chance does this */
};

struct umig_diff_method {
    uint32_t method; /* of names */
    struct umig_diff_figure self;
    struct umig_diff_figure total;
};

/** Outcome of one family. */
struct umig_diff_family {
    size_t tested;
    size_t changed;
};

struct umig_diff {
    struct umig_diff_options options; /* defaults filled in */
    struct umig_profile *before;      /* folded, as options say */
    struct umig_profile *after;
    struct umig_profile *names; /* joint methods, frames without lines, stacks */
    uint64_t value[UMIG_SIDES]; /* all CPU */
    uint64_t count[UMIG_SIDES]; /* samples */
    size_t blocks[UMIG_SIDES];
    struct umig_change_scatter scatter;
    struct umig_diff_method *methods; /* the heaviest by self first, then by total */
    size_t method_count;
    struct umig_diff_figure *nodes; /* by stack of names: the path with all below it */
    uint64_t (*self)[UMIG_SIDES];   /* by stack of names: what ended in it */
    struct umig_diff_family by_self, by_total, by_node;
    double whole; /* ratio of all CPU per unit of work; 0: REST */
};

/**
 * Compares the CPU samples of two sessions.
 *
 * @param before, after  as stored, unfolded, their samples told apart by block
 * @param out_diff       destroy with umig_diff_destroy()
 * @return UMIG_OK; UMIG_E_ARG: one has no CPU samples, or work is not above 0: the text says which;
 *         UMIG_E_NOMEM, UMIG_E_LIMIT
 */
UMIG_NODISCARD int umig_diff_create(const struct umig_profile *before,
                                    const struct umig_profile *after,
                                    const struct umig_diff_options *options,
                                    struct umig_diff **out_diff,
                                    struct umig_err *err);

/** Frees it; takes NULL; returns NULL. */
struct umig_diff *umig_diff_destroy(struct umig_diff *diff);

#endif
