/*
 * The call tree of the page's data block: stacks put in preorder, heaviest sibling first, and the
 * columns that describe them. The format is specified in report/html/data.js.
 */
#ifndef UMIG_REPORT_HTML_TREE_H
#define UMIG_REPORT_HTML_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/profile.h"
#include "core/buf.h"

/**
 * What a tree may carry of a stack: CPU time, time on the CPU or off it, time waited for locks,
 * bytes allocated. A page opens on the first that it has.
 */
enum umig_html_metric {
    UMIG_HTML_CPU,
    UMIG_HTML_WALL,
    UMIG_HTML_WAITS,
    UMIG_HTML_BYTES,
    UMIG_HTML_METRICS
};

/** Value that ended in one stack, in threads of one group. */
struct umig_html_cell {
    uint32_t stack; /* of the names' profile; its node once the tree is built */
    uint32_t group; /* index of the block's groups */
    enum umig_html_metric metric;
    uint64_t value;
};

/** One tree; zero is empty. */
struct umig_html_tree {
    struct umig_html_cell *cells;
    size_t cell_count;
    uint32_t *order; /* stack of each node, in preorder; order[0] is 0, the root */
    size_t node_count;
    size_t left_out; /* nodes that were too small to be kept */
};

/** Appends numbers as base64 of unsigned LEB128; zero is ready. */
struct umig_html_column {
    struct umig_buf *out;
    uint32_t bits; /* not yet written, the oldest highest */
    unsigned held; /* bytes in bits: 0 to 2 */
};

/** Appends one number. */
void umig_html_column_put(struct umig_html_column *column, uint64_t number);

/** Ends the column: writes what is held, with padding. */
void umig_html_column_end(struct umig_html_column *column);

/**
 * Orders the tree's nodes from its cells and points the cells to their nodes. Where a tree has more
 * than nodes_max nodes, subtrees below 1/20,000 of every metric's whole are left out and their
 * values put into what called them.
 *
 * @param names  whose stacks the cells name; borrowed
 * @return UMIG_OK, UMIG_E_NOMEM
 */
UMIG_NODISCARD int umig_html_tree_build(struct umig_html_tree *tree,
                                        const struct umig_profile *names,
                                        size_t nodes_max);

/** Appends the (up, length) pairs of the tree's chains. */
void umig_html_tree_chains(const struct umig_html_tree *tree,
                           const struct umig_profile *names,
                           struct umig_buf *out);

/** Appends the (run, frame) pairs of the tree's nodes. UMIG_OK, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_html_tree_frames(const struct umig_html_tree *tree,
                                         const struct umig_profile *names,
                                         struct umig_buf *out);

/** Appends the (node delta, group, value / scale) triples of one metric. */
void umig_html_tree_cells(const struct umig_html_tree *tree,
                          enum umig_html_metric metric,
                          uint64_t scale,
                          struct umig_buf *out);

/** Frees the tree's lists. */
void umig_html_tree_fini(struct umig_html_tree *tree);

#endif
