/*
 * Lays out umig top on a screen of any size, as lines of spans: pure, so that a test reads what a
 * terminal would show. No line is wider than the screen, and all text is harmless (core/clean.h).
 */
#ifndef UMIG_CLI_TOP_VIEW_H
#define UMIG_CLI_TOP_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/top_model.h"
#include "core/buf.h"
#include "include/umig/attr.h"

enum {
    UMIG_TOP_SPANS_MAX = 32,
    UMIG_TOP_LINES_MAX = 1000, /* a terminal has fewer */
    UMIG_TOP_WIDTH_MAX = 1000,
    UMIG_TOP_MESSAGE_BYTES = 320
};

/** How a span looks; a terminal has its own means for each. */
enum umig_top_look {
    UMIG_TOP_PLAIN,
    UMIG_TOP_STRONG,
    UMIG_TOP_HEAD,   /* heads of columns */
    UMIG_TOP_CHOSEN, /* the row or panel that is chosen */
    UMIG_TOP_FAINT,
    UMIG_TOP_WARN,
    UMIG_TOP_BAD
};

/** Text of one look, from where the span before ends. */
struct umig_top_span {
    enum umig_top_look look;
    size_t at; /* in the line's text */
    size_t byte_count;
};

struct umig_top_line {
    struct umig_buf text; /* UTF-8 */
    struct umig_top_span spans[UMIG_TOP_SPANS_MAX];
    size_t span_count;
    size_t columns; /* taken so far */
};

/** A screen; reused from one drawing to the next. */
struct umig_top_screen {
    size_t width, height;
    struct umig_top_line *lines;
    size_t room;     /* lines there is memory for */
    bool has_cursor; /* it stands at column, line: something is typed there */
    size_t column, line;
};

/** What is open above the table. */
enum umig_top_mode {
    UMIG_TOP_TABLE,
    UMIG_TOP_FILTERING, /* a pattern is typed */
    UMIG_TOP_HELPING,
    UMIG_TOP_DETAILS /* of the chosen row */
};

/** What the loop knows beside the model. */
struct umig_top_ui {
    enum umig_top_mode mode;
    char message[UMIG_TOP_MESSAGE_BYTES]; /* in the last line; "" the keys */
    enum umig_top_look message_look;
    char notice[UMIG_TOP_MESSAGE_BYTES]; /* there, too, while there is no message: it stays */
    enum umig_top_look notice_look;
    char waiting[UMIG_TOP_MESSAGE_BYTES]; /* in place of a table that is not there yet */
    size_t scroll;    /* first row on the screen; the view moves it to where the cursor is */
    size_t page_rows; /* rows that had room at the last drawing */
    char typed[UMIG_TOP_FILTER_BYTES];
    char before[UMIG_TOP_FILTER_BYTES]; /* filter that Esc brings back */
};

/**
 * Draws. Without memory lines stay empty.
 *
 * @param screen  zeroed at first; free with umig_top_screen_fini()
 * @param width   up to UMIG_TOP_WIDTH_MAX columns are used, 0 is fine
 * @param height  up to UMIG_TOP_LINES_MAX lines
 */
void umig_top_view_draw(const struct umig_top_model *model,
                        struct umig_top_ui *ui,
                        size_t width,
                        size_t height,
                        struct umig_top_screen *screen);

/** Frees the lines. */
void umig_top_screen_fini(struct umig_top_screen *screen);

/**
 * Appends what there is to say of all panels, for no terminal: the head, then each panel that has
 * rows, or only the one the model looks at.
 *
 * @param width     columns
 * @param row_count rows of each panel at most
 * @param is_one    only the panel that is looked at
 * @return UMIG_OK, UMIG_E_NOMEM
 */
UMIG_NODISCARD int umig_top_view_text(struct umig_top_model *model,
                                      size_t width,
                                      size_t row_count,
                                      bool is_one,
                                      struct umig_buf *out);

#endif
