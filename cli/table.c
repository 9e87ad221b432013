#include "cli/table.h"

#include <stdarg.h>
#include <string.h>

#include "report/cells.h"

enum {
    TABLE_BYTES = 16 << 20
};

void umig_table_init(struct umig_table *table,
                     const struct umig_column *columns,
                     size_t column_count)
{
    *table = (struct umig_table){
        .columns = columns,
        .column_count = column_count,
        .cells = UMIG_BUF_INIT(TABLE_BYTES),
    };
}

void umig_table_fini(struct umig_table *table)
{
    umig_buf_fini(&table->cells);
}

void umig_table_cell(struct umig_table *table, const char *format, ...)
{
    struct umig_buf *cells = &table->cells;
    struct umig_buf raw = UMIG_BUF_INIT(TABLE_BYTES);
    va_list args;
    va_start(args, format);
    umig_buf_vprintf(&raw, format, args);
    va_end(args);
    umig_cells_clean(raw.len > 0 ? umig_buf_str(&raw) : "-", cells);
    umig_buf_fini(&raw);
    if (umig_buf_byte(cells, '\0') == UMIG_OK) {
        table->cell_count++;
    }
}

size_t umig_text_columns(const char *text)
{
    size_t columns = 0;
    for (const char *at = text; *at != '\0'; at++) {
        columns += ((unsigned char)*at & 0xc0) != 0x80;
    }
    return columns;
}

static void measure(const struct umig_table *table, size_t widths[UMIG_TABLE_COLUMNS_MAX])
{
    for (size_t i = 0; i < table->column_count; i++) {
        widths[i] = umig_text_columns(table->columns[i].title);
    }
    const char *cell = umig_buf_str(&table->cells);
    for (size_t i = 0; i < table->cell_count; i++) {
        const size_t width = umig_text_columns(cell);
        size_t *widest = &widths[i % table->column_count];
        *widest = width > *widest ? width : *widest;
        cell += strlen(cell) + 1;
    }
}

/* Writes one cell with the spaces around it; the last of a line has none behind it. */
static void write_cell(const struct umig_table *table,
                       size_t column,
                       size_t width,
                       const char *text,
                       FILE *out)
{
    const int pad = (int)(width - umig_text_columns(text));
    const bool is_last = column + 1 == table->column_count;
    if (table->columns[column].is_number) {
        fprintf(out, "%*s%s%s", pad, "", text, is_last ? "" : "  ");
    } else if (is_last) {
        fputs(text, out);
    } else {
        fprintf(out, "%s%*s  ", text, pad, "");
    }
}

void umig_table_write(const struct umig_table *table, bool has_color, FILE *out)
{
    size_t widths[UMIG_TABLE_COLUMNS_MAX];
    measure(table, widths);
    fputs(has_color ? "\x1b[2m" : "", out);
    for (size_t i = 0; i < table->column_count; i++) {
        write_cell(table, i, widths[i], table->columns[i].title, out);
    }
    fputs(has_color ? "\x1b[0m\n" : "\n", out);
    const char *cell = umig_buf_str(&table->cells);
    for (size_t i = 0; i < table->cell_count; i++) {
        const size_t column = i % table->column_count;
        write_cell(table, column, widths[column], cell, out);
        fputs(column + 1 == table->column_count ? "\n" : "", out);
        cell += strlen(cell) + 1;
    }
}
