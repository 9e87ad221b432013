/* Lines of a screen being written, and figures as a table has them. */
#ifndef UMIG_CLI_TOP_LINE_H
#define UMIG_CLI_TOP_LINE_H

#include "cli/top_view.h"

/** Appends a text made harmless, cut to what room the line has; nothing once it is full. */
void umig_top_line_put(struct umig_top_line *line,
                       size_t width,
                       enum umig_top_look look,
                       const char *text);

/** Appends a text in exactly so many columns, or in the room there is; numbers to the right. */
void umig_top_line_cell(struct umig_top_line *line,
                        size_t width,
                        enum umig_top_look look,
                        const char *text,
                        size_t columns,
                        bool is_right);

/** Fills the line up with spaces. */
void umig_top_line_fill(struct umig_top_line *line, size_t width, enum umig_top_look look);

/** Appends a value as its unit has it, "187.3%", "412.1 MiB", "1.2M"; "" where it is not known. */
void umig_top_value_put(enum umig_top_unit unit,
                        const struct umig_top_value *value,
                        struct umig_buf *out);

/** Columns that any value of this unit has room in; 0 for texts. */
size_t umig_top_unit_width(enum umig_top_unit unit);

#endif
