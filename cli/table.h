/* Tables for a terminal: columns as wide as their widest cell, names of strangers made harmless. */
#ifndef UMIG_CLI_TABLE_H
#define UMIG_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/buf.h"
#include "include/umig/attr.h"

enum {
    UMIG_TABLE_COLUMNS_MAX = 12
};

struct umig_column {
    const char *title;
    bool is_number; /* right-aligned */
};

/** Cells are kept as text, one after the other, row by row. */
struct umig_table {
    const struct umig_column *columns;
    size_t column_count;
    size_t cell_count;
    struct umig_buf cells; /* each ends in NUL */
};

/** An empty table; columns are borrowed, at most UMIG_TABLE_COLUMNS_MAX. */
void umig_table_init(struct umig_table *table,
                     const struct umig_column *columns,
                     size_t column_count);

/** Frees the cells. */
void umig_table_fini(struct umig_table *table);

/** Adds the next cell, made harmless; a row is full after column_count of them. "" shows as "-". */
void umig_table_cell(struct umig_table *table, const char *format, ...) UMIG_PRINTF(2, 3);

/**
 * Writes the title line and the rows, two spaces between columns.
 *
 * @param has_color  title line dimmed by escape sequences
 */
void umig_table_write(const struct umig_table *table, bool has_color, FILE *out);

/** Columns that a UTF-8 text takes: its code points (wide and combining ones count as one). */
size_t umig_text_columns(const char *text);

#endif
