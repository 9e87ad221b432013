/* Two profiles as one: for analysis/diff*.c. */
#ifndef UMIG_ANALYSIS_DIFF_PRIVATE_H
#define UMIG_ANALYSIS_DIFF_PRIVATE_H

#include "analysis/diff.h"

/** CPU that ended in a stack during a block. */
struct umig_diff_cell {
    uint32_t stack; /* of names */
    uint32_t block; /* before's first, then after's */
    double value;
};

/** The samples of both, by joint stack and block. */
struct umig_diff_join {
    struct umig_profile *names;
    struct umig_diff_cell *cells; /* by stack */
    size_t cell_count;
    struct umig_change_design design; /* blocks and units */
    uint64_t value[UMIG_SIDES], count[UMIG_SIDES];
};

/**
 * Joins two folded profiles. Frames that differ in the line, in the file (not every source
 * knows it) or in how a method ran are one.
 *
 * @return UMIG_OK, UMIG_E_NOMEM
 */
UMIG_NODISCARD int umig_diff_join(const struct umig_profile *const sides[UMIG_SIDES],
                                  struct umig_diff_join *out_join);

/** Frees all but names. */
void umig_diff_join_fini(struct umig_diff_join *join);

/** Blocks of both sides. */
static inline size_t umig_diff_blocks(const struct umig_diff_join *join)
{
    return join->design.block_count[UMIG_BEFORE] + join->design.block_count[UMIG_AFTER];
}

/** One family's items and their values by block; see umig_diff_family_judge(). */
struct umig_diff_table {
    size_t count;
    size_t blocks;
    double *values;  /* count rows */
    double *marked;  /* part of values that is known to have changed; NULL: nothing is */
    double *weights; /* 0: not tested */
    struct umig_diff_figure **figures;
};

/** Makes a table of zeros. UMIG_OK, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_diff_table_init(struct umig_diff_table *table, size_t count, size_t blocks);

/** Frees it. */
void umig_diff_table_fini(struct umig_diff_table *table);

/** What a family is judged by. */
struct umig_diff_judge {
    const struct umig_change_design *design;
    const double *whole;  /* all CPU, by block */
    const double *marked; /* the part of it that nothing is compared with, by block */
    struct umig_change_scatter scatter;
    double level;
};

/** Measures one row of a table. */
void umig_diff_measure(const struct umig_diff_judge *judge,
                       const struct umig_diff_table *table,
                       size_t row,
                       struct umig_change *out);

/**
 * Judges every row that has a weight and fills its figure.
 *
 * @return UMIG_OK, UMIG_E_NOMEM
 */
UMIG_NODISCARD int umig_diff_family_judge(const struct umig_diff_judge *judge,
                                          const struct umig_diff_table *table,
                                          struct umig_diff_family *out_family);

/** Fewer samples, of both sides together, cannot tell any change. */
#define UMIG_DIFF_SAMPLES_MIN 16

/** A comparison under way. */
struct umig_diff_work {
    struct umig_diff *diff;
    struct umig_diff_join join;
    size_t blocks;
    double *whole;
    double *marked;  /* by block: what nothing is compared with */
    bool *is_marked; /* by method */
    uint32_t *rows;  /* by method: 1 + its place in diff->methods */
    struct umig_diff_judge judge;
};

/** The method a stack ends in. */
static inline uint32_t umig_diff_leaf(const struct umig_diff_work *w, uint32_t stack)
{
    const struct umig_profile *names = w->join.names;
    return names->frames.items[names->stacks.items[stack].frame].method;
}

/** Samples that a pair of values stands for. */
double umig_diff_samples(const struct umig_diff_work *w, const uint64_t value[UMIG_SIDES]);

/** An item's part of the allowance for errors: its share of CPU, both sides alike; 0: too few. */
double umig_diff_weight(const struct umig_diff_work *w, const uint64_t value[UMIG_SIDES]);

/** A table that knows what is marked. UMIG_OK, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_diff_table_init_marked(const struct umig_diff_work *w,
                                               struct umig_diff_table *table,
                                               size_t count);

/** Adds a cell to a row, and to its marked part if its leaf is marked. */
void umig_diff_table_add(const struct umig_diff_work *w,
                         struct umig_diff_table *table,
                         size_t row,
                         const struct umig_diff_cell *cell);

/** Judges the paths. UMIG_OK, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_diff_judge_nodes(struct umig_diff_work *w);

#endif
