/* What the files of umig_top_write() share. */
#ifndef UMIG_REPORT_TOP_PRIVATE_H
#define UMIG_REPORT_TOP_PRIVATE_H

#include <stdbool.h>

#include "analysis/allocation.h"
#include "analysis/contention.h"
#include "analysis/gc.h"
#include "analysis/gc_depth.h"
#include "analysis/hot.h"
#include "analysis/pools.h"
#include "analysis/wall.h"
#include "analysis/work_pools.h"
#include "report/top.h"

/** Everything the panels are written from. */
struct umig_top_figures {
    struct umig_profile *profile; /* folded */
    uint64_t window_ns;           /* that the figures are of; at least 1 */
    struct umig_hot *cpu;
    struct umig_gc gc;
    struct umig_gc_depth gc_depth;
    struct umig_contention contention;
    struct umig_allocation allocation;
    struct umig_pools pools;
    struct umig_wall_figures wall;
    struct umig_work_pools work_pools;
};

/** A document being written. */
struct umig_top_writer {
    const struct umig_top_figures *figures;
    struct umig_buf *out;
    struct umig_buf text; /* of the cell that is made */
};

/** Appends a cell of the row: a tab and a whole number. */
void umig_top_number(struct umig_top_writer *writer, uint64_t number);

/** Appends a cell that is not known. */
void umig_top_unknown(struct umig_top_writer *writer);

/** Appends a cell of the row: a tab and a text, made harmless. */
void umig_top_text(struct umig_top_writer *writer, const char *text);

/** Appends writer->text as a cell and empties it. */
void umig_top_made(struct umig_top_writer *writer);

/** Appends all panels. UMIG_OK, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_top_panels(struct umig_top_writer *writer);

/**
 * Appends the rows of the panel of threads, the one with most CPU since the session began first.
 *
 * @param out_count  threads there are, of which UMIG_TOP_ROWS_MAX are written at most
 * @return UMIG_OK, UMIG_E_NOMEM
 */
UMIG_NODISCARD int umig_top_threads(struct umig_top_writer *writer, size_t *out_count);

#endif
