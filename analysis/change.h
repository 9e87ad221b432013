/*
 * Whether a share of the CPU changed between two sessions: the model behind analysis/diff.h.
 *
 * The time of a session is parted into blocks. In each, y is what one item (a method, a path) took
 * and r what it is compared with. Between the two sides, before and after, the logarithm of the
 * item's cost is compared:
 *
 *   rest    log(Y / R): the cost beside everything that did not change. A program whose speed as a
 *           whole differs (another processor, a neighbour) shows no change.
 *   work    log(Y / W): the cost of one unit of work, W being told by the user.
 *
 * Sampling error. A timer of CPU time takes its samples where the program happens to be: of n
 * samples, a binomial number meets a share s. By the delta method the variance of log(Y / R) is
 * 1/y + 1/r in samples; that of log(Y / W) is (1 - s) / y, the sum over all items being known.
 *
 * Uneven load. Real programs have phases, and samples in a row are alike: the variance is phi times
 * that. Pearson's chi-square of y over the blocks, within each side, divided by its degrees of
 * freedom, estimates phi. One item has few blocks, so its estimate is drawn to the one of all
 * items, as far as items are alike (G. K. Smyth, Linear models and empirical Bayes methods, 2004):
 *
 *   phi = (freedom_0 phi_0 + chi_square) / (freedom_0 + freedom),  Student's t with the sum
 *
 * phi_0 and freedom_0 come from the median and the quartiles of all items' log phi, so that a few
 * bursts do not move them; freedom_0 never outweighs an item's own blocks (or ten), because phi is
 * a matter of the item: a method that runs long at a time is sampled almost evenly (phi 0.3 was
 * seen), one that comes in bursts is not. An item whose chi-square the others cannot explain (p <
 * 0.001) stands for itself.
 *
 * Runs. Two runs of one program differ by more than sampling: another inlining, another layout of
 * memory. No data of two sessions can tell that from a change; the caller says its relative
 * standard deviation (noise), which is added for either side. Small methods differ by more, because
 * they are one loop that is compiled one way or the other: noise is for shares of 20 % and more,
 * below it grows as 20 % / share, to 30 times at most. Measured: 20 runs of one program on JDK 17
 * (docs/diff.md) differed, beyond sampling, by 0.5 % where the share was 2 to 65 %, by 5 to 12 % at
 * 1 to 2 %, by 10 to 17 % below.
 */
#ifndef UMIG_ANALYSIS_CHANGE_H
#define UMIG_ANALYSIS_CHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "include/umig/attr.h"
#include "include/umig/status.h"

enum umig_change_side {
    UMIG_BEFORE,
    UMIG_AFTER,
    UMIG_SIDES
};

/** The blocks of both sides, before's first. Values are in nanoseconds. */
struct umig_change_design {
    size_t block_count[UMIG_SIDES];
    double unit[UMIG_SIDES]; /* value of one sample */
    double work[UMIG_SIDES]; /* units of work done; 0: compare with the rest */
    double noise; /* relative standard deviation between runs, of an item with a fifth of the CPU */
};

/** How the blocks of all items scatter. */
struct umig_change_scatter {
    double phi;     /* times what sampling alone does */
    double freedom; /* weight of it beside an item's own blocks */
};

/** One item. */
struct umig_change {
    double log_ratio; /* of the cost, after / before */
    double variance;  /* of it, by sampling alone */
    double chi_square;
    double freedom;
    double noise;  /* between runs, for its share */
    bool is_dense; /* enough samples in every block for its chi-square to be one */
    double error;  /* standard error of log_ratio, all in all */
    double t_freedom;
    double p; /* that chance does this */
};

/**
 * Measures one item.
 *
 * @param y  what it took, by block
 * @param r  what it is compared with, by block: for work, all else
 */
void umig_change_measure(const struct umig_change_design *design,
                         const double *y,
                         const double *r,
                         struct umig_change *out);

/** Learns from many items how they scatter. UMIG_OK, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_change_learn(const struct umig_change *items,
                                     size_t count,
                                     struct umig_change_scatter *out_scatter);

/** Judges a measured item: error, t_freedom and p. */
void umig_change_judge(const struct umig_change_scatter *scatter, struct umig_change *item);

/** The factor above 1 by which an item has to change to be found in 9 of 10 comparisons. */
double umig_change_least(const struct umig_change *item, double p);

#endif
