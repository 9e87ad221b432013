/* The section of the text report about what stays alive. */
#include "analysis/label.h"
#include "core/err.h"
#include "report/cells.h"
#include "report/text.h"
#include "report/text_page.h"

#define LINE_LIMIT_BYTES (1u << 20)
#define ROWS_MAX         8

/* Columns before the name. */
#define LEAD_COLUMNS 62

static void write_row(struct umig_text_page *page,
                      const struct umig_survivors_row *row,
                      struct umig_buf *what)
{
    struct umig_buf cell = UMIG_BUF_INIT(64);
    umig_text_share(page, row->bytes, page->figures->survivors.all.bytes);
    umig_text_value(page, UMIG_KIND_LIVE, row->bytes);
    umig_text_value(page, UMIG_KIND_LIVE, row->half_way_bytes);
    umig_label_number(row->objects, &cell);
    umig_cells_put(umig_buf_str(&cell), 12, UMIG_CELLS_RIGHT, page->out);
    umig_text_done(page, &cell);
    umig_survivors_span(row, &cell);
    umig_cells_put(umig_buf_str(&cell), 16, UMIG_CELLS_RIGHT, page->out);
    umig_text_done(page, &cell);
    umig_buf_text(page->out, "  ");
    umig_text_last(page, umig_buf_str(what), page->width - LEAD_COLUMNS);
    umig_text_done(page, what);
}

static void write_rest(struct umig_text_page *page,
                       const struct umig_survivors_row *rows,
                       size_t count)
{
    uint64_t left = 0;
    for (size_t i = ROWS_MAX; i < count; i++) {
        left += rows[i].bytes;
    }
    umig_text_rest(page, count > ROWS_MAX ? count - ROWS_MAX : 0, left,
                   page->figures->survivors.all.bytes);
}

static void write_classes(struct umig_text_page *page)
{
    const struct umig_survivors *all = &page->figures->survivors;
    umig_text_heads(page, "   share       bytes    half-way     objects        survived  of class");
    for (size_t i = 0; i < all->class_count && i < ROWS_MAX; i++) {
        struct umig_buf what = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        umig_text_put_class(page->figures->profile, all->classes[i].class_method, &what);
        write_row(page, &all->classes[i], &what);
    }
    write_rest(page, all->classes, all->class_count);
}

static void write_places(struct umig_text_page *page)
{
    const struct umig_survivors *all = &page->figures->survivors;
    umig_text_heads(
        page, "   share       bytes    half-way     objects        survived  allocated where, and "
              "of which class");
    for (size_t i = 0; i < all->place_count && i < ROWS_MAX; i++) {
        struct umig_buf what = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        umig_text_put_frame(page->figures->profile, all->places[i].frame, "unknown place", &what);
        umig_buf_text(&what, " (");
        umig_text_put_class(page->figures->profile, all->places[i].class_method, &what);
        umig_buf_byte(&what, ')');
        write_row(page, &all->places[i], &what);
    }
    write_rest(page, all->places, all->place_count);
}

static void write_lines(struct umig_text_page *page)
{
    const struct umig_survivors *all = &page->figures->survivors;
    umig_text_heads(page, "   share       bytes    half-way     objects        survived  for which "
                          "line of the application");
    for (size_t i = 0; i < all->line_count && i < ROWS_MAX; i++) {
        struct umig_buf what = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        umig_text_put_frame(page->figures->profile, all->lines[i].frame, "none of it on the stack",
                            &what);
        write_row(page, &all->lines[i], &what);
    }
    write_rest(page, all->lines, all->line_count);
}

/* "svc.Cache$Entry from Cache.put:12: ..." */
static void write_suspect(struct umig_text_page *page, const struct umig_suspect *suspect)
{
    struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_text_put_class(page->figures->profile, suspect->row.class_method, &line);
    umig_buf_text(&line, " from ");
    umig_text_put_frame(page->figures->profile, suspect->row.frame, "an unknown place", &line);
    umig_buf_text(&line, ": ");
    umig_label_value(UMIG_KIND_LIVE, suspect->row.bytes, &line);
    umig_buf_text(&line, ", ");
    umig_label_value(UMIG_KIND_LIVE, suspect->bytes_per_hour, &line);
    umig_buf_text(&line, " more an hour, of objects that have survived ");
    umig_survivors_span(&suspect->row, &line);
    umig_buf_text(&line, " collections");
    umig_text_wrap(page, umig_buf_str(&line), " ", 4);
    umig_text_done(page, &line);
}

static uint32_t class_name_of(const struct umig_text_page *page, const struct umig_suspect *suspect)
{
    return page->figures->profile->methods.items[suspect->row.class_method].class_name;
}

static void write_cleared(struct umig_text_page *page, const struct umig_suspect *suspect)
{
    struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    const bool is_soft = umig_retained_hold_on(page->figures->profile, &page->figures->retained,
                                               class_name_of(page, suspect)) == UMIG_HOLD_SOFT;
    umig_buf_text(&line, is_soft ? "No leak, though it grows, since only soft references hold it: "
                                 : "No leak, though it grows, since what holds it has a bound: ");
    umig_text_put_class(page->figures->profile, suspect->row.class_method, &line);
    umig_buf_text(&line, " from ");
    umig_text_put_frame(page->figures->profile, suspect->row.frame, "an unknown place", &line);
    umig_text_wrap(page, umig_buf_str(&line), " ", 2);
    umig_text_done(page, &line);
}

static void write_suspects(struct umig_text_page *page)
{
    const struct umig_suspects *suspects = &page->figures->suspects;
    struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    if (suspects->lack != NULL) {
        umig_buf_printf(&line, "Leaks cannot be told: %s.", suspects->lack);
    } else if (suspects->count == 0) {
        umig_buf_text(&line,
                      "No leak suspect: nothing grows all the time and keeps its old objects.");
    } else {
        umig_buf_text(&line, "Leak suspects, which grow all the time and keep their old objects:");
    }
    umig_text_wrap(page, umig_buf_str(&line), " ", 2);
    umig_text_done(page, &line);
    for (size_t i = 0; i < suspects->count; i++) {
        write_suspect(page, &suspects->items[i]);
        umig_text_ways(page, class_name_of(page, &suspects->items[i]));
    }
    for (size_t i = 0; i < suspects->cleared_count; i++) {
        write_cleared(page, &suspects->cleared[i]);
    }
    if (suspects->count + suspects->cleared_count > 0) {
        umig_text_search(page);
    }
}

int umig_text_write_suspects(const struct umig_figures *figures,
                             const struct umig_report_options *options,
                             struct umig_buf *out,
                             struct umig_err *err)
{
    struct umig_text_page page = {.figures = figures, .out = out, .colour = options->colour};
    umig_text_set_width(&page, options->width);
    if (figures->survivors.snapshots == 0) {
        umig_text_note(&page, "No snapshot of what is alive yet.");
    } else {
        write_suspects(&page);
    }
    return out->failed != UMIG_OK ? umig_err_set(err, out->failed, "writing leak suspects: %s",
                                                 umig_status_text(out->failed))
                                  : UMIG_OK;
}

void umig_text_survivors(struct umig_text_page *page)
{
    const struct umig_figures *figures = page->figures;
    const struct umig_survivors *all = &figures->survivors;
    if (!figures->profile->session.has_kind[UMIG_KIND_LIVE] && all->snapshots == 0) {
        return;
    }
    umig_text_heading(page, "Live objects");
    if (all->snapshots == 0) {
        umig_text_note(page, "No snapshot of what is alive yet.");
        return;
    }
    struct umig_buf sum = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_survivors_sentence(all, &sum);
    umig_text_wrap(page, umig_buf_str(&sum), " ", 2);
    umig_text_done(page, &sum);
    if (all->all.bytes > 0) {
        write_classes(page);
        write_places(page);
        write_lines(page);
    }
    write_suspects(page);
}
