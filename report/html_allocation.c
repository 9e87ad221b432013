/* The section of the HTML page about what was allocated: of which class, where, for which line. */
#include "analysis/label.h"
#include "report/html_page.h"
#include "report/html_text.h"

#define ROWS_MAX         40
#define LINE_LIMIT_BYTES (1u << 20)

static const struct umig_allocation *all_of(const struct umig_html_page *page)
{
    return &page->figures->allocation;
}

void umig_html_alloc_note(struct umig_html_page *page)
{
    struct umig_buf sentence = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_allocation_sentence(all_of(page), &sentence);
    umig_allocation_caveat(all_of(page), &sentence);
    umig_html_text(umig_buf_str(&sentence), page->out);
    umig_buf_fini(&sentence);
}

static void put_class(struct umig_html_page *page, uint32_t class_method)
{
    struct umig_buf name = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    if (class_method == 0) {
        umig_buf_text(page->out, "unknown class");
        return;
    }
    umig_label_method(page->figures->profile, class_method, false, &name);
    umig_buf_text(page->out, "<span class=\"n\">");
    umig_html_name(umig_buf_str(&name), page->out);
    umig_buf_text(page->out, "</span>");
    umig_buf_fini(&name);
}

/* A share of the row's own bytes; nothing where there are none. */
static void put_part(struct umig_html_page *page, uint64_t part, uint64_t whole)
{
    if (part > 0) {
        umig_html_share(part, whole, page->out);
    } else {
        umig_buf_text(page->out, "<td class=\"num\" data-v=\"0\"></td>");
    }
}

/* Ends the row; the list's first row is the longest bar. */
static void put_figures(struct umig_html_page *page,
                        const struct umig_allocation_row *row,
                        const struct umig_allocation_row *first)
{
    umig_html_value(UMIG_KIND_ALLOC, row->bytes, page->out);
    umig_html_bar(row->bytes, first->bytes, page->out);
    umig_html_share(row->bytes, all_of(page)->bytes, page->out);
    umig_html_count(row->objects, page->out);
    put_part(page, row->outside_bytes, row->bytes);
    put_part(page, row->humongous_bytes, row->bytes);
    umig_buf_text(page->out, "</tr>\n");
}

void umig_html_alloc_classes(struct umig_html_page *page)
{
    const struct umig_allocation *const all = all_of(page);
    for (size_t i = 0; i < all->class_count && i < ROWS_MAX; i++) {
        umig_buf_text(page->out, "<tr><th scope=\"row\">");
        put_class(page, all->classes[i].class_method);
        umig_buf_text(page->out, "</th>");
        put_figures(page, &all->classes[i], all->classes);
    }
    if (all->class_count == 0) {
        umig_html_no_rows(page, page->figures->profile->session.has_kind[UMIG_KIND_ALLOC]
                                    ? "There is no sample of an allocation in this session."
                                    : "Not asked for: the session was started without alloc.");
    }
}

void umig_html_alloc_places(struct umig_html_page *page)
{
    const struct umig_allocation *const all = all_of(page);
    for (size_t i = 0; i < all->place_count && i < ROWS_MAX; i++) {
        umig_buf_text(page->out, "<tr><th scope=\"row\">");
        umig_html_frame(page, all->places[i].frame);
        umig_buf_text(page->out, "</th><td>");
        put_class(page, all->places[i].class_method);
        umig_buf_text(page->out, "</td>");
        put_figures(page, &all->places[i], all->places);
    }
}

void umig_html_alloc_lines(struct umig_html_page *page)
{
    const struct umig_allocation *const all = all_of(page);
    for (size_t i = 0; i < all->line_count && i < ROWS_MAX; i++) {
        umig_buf_text(page->out, "<tr><th scope=\"row\">");
        if (all->lines[i].frame != 0) {
            umig_html_frame(page, all->lines[i].frame);
        } else {
            umig_buf_text(page->out, "none of it on the stack");
        }
        umig_buf_text(page->out, "</th>");
        put_figures(page, &all->lines[i], all->lines);
    }
}

void umig_html_alloc_paths(struct umig_html_page *page)
{
    umig_html_list_paths(page, &page->figures->allocation_paths, UMIG_KIND_ALLOC,
                         all_of(page)->bytes);
}
