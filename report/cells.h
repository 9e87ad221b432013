/*
 * Text in the columns of a terminal. Names of the profiled program are hostile: what would move
 * the cursor, colour the screen or turn the writing around is made visible instead.
 */
#ifndef UMIG_REPORT_CELLS_H
#define UMIG_REPORT_CELLS_H

#include <stddef.h>

#include "core/buf.h"

/** Where a text stands in its cell. */
enum umig_cells_side {
    UMIG_CELLS_LEFT,
    UMIG_CELLS_RIGHT
};

/** Appends a text made harmless, as core/clean.h has it. */
void umig_cells_clean(const char *text, struct umig_buf *out);

/** Columns a clean text takes: wide characters two, combining ones none. */
size_t umig_cells_width(const char *text);

/** Columns a text takes once it is made harmless; without memory for that, out has failed. */
size_t umig_cells_clean_width(const char *text, struct umig_buf *out);

/**
 * Appends a text made harmless in exactly that many columns: padded, or cut in the middle.
 *
 * @param columns  at least 1
 */
void umig_cells_put(const char *text,
                    size_t columns,
                    enum umig_cells_side side,
                    struct umig_buf *out);

/** As umig_cells_put() at the left, without the padding: for the last column of a line. */
void umig_cells_fit(const char *text, size_t columns, struct umig_buf *out);

/**
 * Appends a text made harmless, broken into lines, each after an indent of spaces.
 *
 * @param separator  where it may be broken: " ", or " > " to keep the names between whole
 * @param longest    columns of a line for what has no room in columns, at least columns; what has
 *                   none there either is cut in the middle
 */
void umig_cells_wrap(const char *text,
                     const char *separator,
                     size_t columns,
                     size_t indent,
                     size_t longest,
                     struct umig_buf *out);

#endif
