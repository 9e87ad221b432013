#include "report/text_page.h"

#include "analysis/label.h"
#include "report/cells.h"

#define CELL_LIMIT_BYTES   4096
#define WIDTH_DEFAULT      100
#define LINE_WIDTH_DEFAULT 200

static void paint(struct umig_text_page *page, const char *escape)
{
    if (page->colour) {
        umig_buf_text(page->out, escape);
    }
}

void umig_text_done(struct umig_text_page *page, struct umig_buf *part)
{
    if (part->failed != UMIG_OK && page->out->failed == UMIG_OK) {
        page->out->failed = part->failed;
    }
    umig_buf_fini(part);
}

void umig_text_heading(struct umig_text_page *page, const char *name)
{
    umig_buf_byte(page->out, '\n');
    paint(page, "\x1b[1m");
    umig_buf_text(page->out, name);
    paint(page, "\x1b[0m\x1b[2m");
    umig_buf_byte(page->out, ' ');
    for (size_t i = umig_cells_width(name) + 1; i < page->width; i++) {
        umig_buf_text(page->out, "\xE2\x94\x80"); /* U+2500, a rule */
    }
    paint(page, "\x1b[0m");
    umig_buf_byte(page->out, '\n');
}

void umig_text_note(struct umig_text_page *page, const char *text)
{
    paint(page, "\x1b[2m");
    umig_text_wrap(page, text, " ", 2);
    paint(page, "\x1b[0m");
}

void umig_text_heads(struct umig_text_page *page, const char *text)
{
    paint(page, "\x1b[2m");
    umig_cells_fit(text, page->width, page->out);
    paint(page, "\x1b[0m");
    umig_buf_byte(page->out, '\n');
}

void umig_text_rest(struct umig_text_page *page, size_t count, uint64_t part, uint64_t whole)
{
    if (count == 0) {
        return;
    }
    struct umig_buf line = UMIG_BUF_INIT(CELL_LIMIT_BYTES);
    umig_buf_printf(&line, "and %zu more", count);
    if (whole > 0) {
        umig_buf_text(&line, " (");
        umig_label_share(part, whole, &line);
        umig_buf_byte(&line, ')');
    }
    umig_text_note(page, umig_buf_str(&line));
    umig_text_done(page, &line);
}

static void put_right(struct umig_text_page *page, const struct umig_buf *cell, size_t columns)
{
    umig_cells_put(umig_buf_str(cell), columns, UMIG_CELLS_RIGHT, page->out);
}

void umig_text_share(struct umig_text_page *page, uint64_t part, uint64_t whole)
{
    struct umig_buf cell = UMIG_BUF_INIT(CELL_LIMIT_BYTES);
    umig_label_share(part, whole, &cell);
    put_right(page, &cell, 8);
    umig_text_done(page, &cell);
}

void umig_text_value(struct umig_text_page *page, enum umig_kind kind, uint64_t value)
{
    struct umig_buf cell = UMIG_BUF_INIT(CELL_LIMIT_BYTES);
    umig_label_value(kind, value, &cell);
    put_right(page, &cell, 12);
    umig_text_done(page, &cell);
}

void umig_text_number(struct umig_text_page *page, uint64_t number)
{
    struct umig_buf cell = UMIG_BUF_INIT(CELL_LIMIT_BYTES);
    umig_label_number(number, &cell);
    put_right(page, &cell, 10);
    umig_text_done(page, &cell);
}

void umig_text_bar(struct umig_text_page *page, uint64_t part, uint64_t whole, size_t columns)
{
    const double share = whole == 0 ? 0 : (double)part / (double)whole;
    size_t eighths = (size_t)(share * (double)columns * 8 + 0.5);
    eighths = eighths > columns * 8 ? columns * 8 : eighths;
    paint(page, "\x1b[36m");
    for (size_t i = 0; i<columns; i++, eighths -= eighths> 8 ? 8 : eighths) {
        if (eighths == 0) {
            umig_buf_byte(page->out, ' ');
        } else {
            /* U+2588 is the full block, U+2589 to U+258F are seven eighths down to one. */
            const unsigned missing = eighths >= 8 ? 0 : (unsigned)(8 - eighths);
            umig_buf_printf(page->out, "\xE2\x96%c", (char)(0x88 + missing));
        }
    }
    paint(page, "\x1b[0m");
    umig_buf_byte(page->out, ' ');
}

void umig_text_name(struct umig_text_page *page, const char *name, size_t columns)
{
    umig_cells_put(name, columns, UMIG_CELLS_LEFT, page->out);
    umig_buf_byte(page->out, ' ');
}

void umig_text_last(struct umig_text_page *page, const char *name, size_t columns)
{
    umig_cells_fit(name, columns, page->out);
    umig_buf_byte(page->out, '\n');
}

void umig_text_wrap(struct umig_text_page *page,
                    const char *text,
                    const char *separator,
                    size_t indent)
{
    umig_cells_wrap(text, separator, page->width, indent, page->line_width, page->out);
}

void umig_text_set_width(struct umig_text_page *page, size_t width)
{
    page->width = width > 0 ? width : WIDTH_DEFAULT;
    page->line_width = width > 0 ? width : LINE_WIDTH_DEFAULT;
}

void umig_text_widen(struct umig_text_page *page, const char *name, size_t most, size_t *columns)
{
    const size_t width = umig_cells_clean_width(name, page->out);
    const size_t wanted = width < most ? width : most;
    *columns = wanted > *columns ? wanted : *columns;
}

void umig_text_put_class(const struct umig_profile *profile,
                         uint32_t class_method,
                         struct umig_buf *out)
{
    if (class_method != 0) {
        umig_label_method(profile, class_method, false, out);
    } else {
        umig_buf_text(out, "unknown class");
    }
}

void umig_text_put_frame(const struct umig_profile *profile,
                         uint32_t frame,
                         const char *unknown,
                         struct umig_buf *out)
{
    if (frame != 0) {
        umig_label_frame(profile, frame, false, out);
    } else {
        umig_buf_text(out, unknown);
    }
}
