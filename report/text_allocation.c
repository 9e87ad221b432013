/* The section of the text report about what was allocated. */
#include "analysis/label.h"
#include "report/cells.h"
#include "report/text_page.h"

#define LINE_LIMIT_BYTES (1u << 20)
#define ROWS_MAX         8

static void write_row(struct umig_text_page *page,
                      const struct umig_allocation_row *row,
                      struct umig_buf *what)
{
    umig_text_share(page, row->bytes, page->figures->allocation.bytes);
    umig_text_value(page, UMIG_KIND_ALLOC, row->bytes);
    struct umig_buf objects = UMIG_BUF_INIT(64);
    umig_label_number(row->objects, &objects);
    umig_cells_put(umig_buf_str(&objects), 15, UMIG_CELLS_RIGHT, page->out);
    umig_text_done(page, &objects);
    umig_buf_text(page->out, "  ");
    umig_text_last(page, umig_buf_str(what), page->width - 37);
    umig_text_done(page, what);
}

static void write_rest(struct umig_text_page *page,
                       const struct umig_allocation_row *rows,
                       size_t count)
{
    uint64_t left = 0;
    for (size_t i = ROWS_MAX; i < count; i++) {
        left += rows[i].bytes;
    }
    umig_text_rest(page, count > ROWS_MAX ? count - ROWS_MAX : 0, left,
                   page->figures->allocation.bytes);
}

static void write_classes(struct umig_text_page *page)
{
    const struct umig_allocation *all = &page->figures->allocation;
    umig_text_heads(page, "   share       bytes        objects  of class");
    for (size_t i = 0; i < all->class_count && i < ROWS_MAX; i++) {
        struct umig_buf what = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        umig_text_put_class(page->figures->profile, all->classes[i].class_method, &what);
        write_row(page, &all->classes[i], &what);
    }
    write_rest(page, all->classes, all->class_count);
}

static void write_places(struct umig_text_page *page)
{
    const struct umig_allocation *all = &page->figures->allocation;
    umig_text_heads(page, "   share       bytes        objects  where, and of which class");
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
    const struct umig_allocation *all = &page->figures->allocation;
    umig_text_heads(page, "   share       bytes        objects  for which line of the application");
    for (size_t i = 0; i < all->line_count && i < ROWS_MAX; i++) {
        struct umig_buf what = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        umig_text_put_frame(page->figures->profile, all->lines[i].frame, "none of it on the stack",
                            &what);
        write_row(page, &all->lines[i], &what);
    }
    write_rest(page, all->lines, all->line_count);
}

void umig_text_allocation(struct umig_text_page *page)
{
    const struct umig_figures *figures = page->figures;
    if (!figures->profile->session.has_kind[UMIG_KIND_ALLOC] && figures->allocation.samples == 0) {
        return;
    }
    umig_text_heading(page, "Allocation");
    if (figures->allocation.samples == 0) {
        umig_text_note(page, "No sample of an allocation.");
        return;
    }
    struct umig_buf sum = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_allocation_sentence(&figures->allocation, &sum);
    umig_allocation_caveat(&figures->allocation, &sum);
    umig_text_wrap(page, umig_buf_str(&sum), " ", 2);
    umig_text_done(page, &sum);
    write_classes(page);
    write_places(page);
    write_lines(page);
    if (figures->allocation_paths.count > 0) {
        umig_text_heads(page, "   share       bytes  by which way");
        umig_text_list_paths(page, &figures->allocation_paths, UMIG_KIND_ALLOC,
                             figures->allocation.bytes);
    }
}
