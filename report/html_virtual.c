/* The section of the HTML page about virtual threads: made, carried, pinned. */
#include "analysis/label.h"
#include "report/html_page.h"
#include "report/html_text.h"

#define ROWS_MAX         40
#define LINE_LIMIT_BYTES (1u << 20)

static void put_text(struct umig_html_page *page, struct umig_buf *text)
{
    umig_html_text(umig_buf_str(text), page->out);
    umig_buf_fini(text);
}

void umig_html_virtual_note(struct umig_html_page *page)
{
    const struct umig_virtual_figures *figures = &page->figures->virtual_threads;
    struct umig_buf text = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    if (!figures->are_there) {
        return;
    }
    if (figures->made != UMIG_JVM_COUNTER_UNKNOWN) {
        umig_label_number(figures->made, &text);
        umig_buf_text(&text, " were made (ids of threads that were dealt out, less platform "
                             "threads that were started). ");
    }
    umig_virtual_figures_put_carriers(figures, &text);
    umig_buf_text(&text, " ");
    umig_virtual_figures_put_lack(page->figures->profile, figures, &text);
    umig_buf_printf(&text, " %s", UMIG_VIRTUAL_THREADS_UNSEEN);
    put_text(page, &text);
}

static void put_frame(struct umig_html_page *page, uint32_t frame)
{
    struct umig_buf name = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_label_frame(page->figures->profile, frame, false, &name);
    umig_buf_text(page->out, "<span class=\"n\">");
    umig_html_name(umig_buf_str(&name), page->out);
    umig_buf_text(page->out, "</span>");
    umig_buf_fini(&name);
}

static void put_row(struct umig_html_page *page, const struct umig_pin_row *row)
{
    umig_buf_text(page->out, "<tr><th scope=\"row\">");
    if (row->frame != 0) {
        put_frame(page, row->frame);
    } else {
        umig_buf_text(page->out, "unknown place");
    }
    umig_buf_text(page->out, "</th><td>");
    if (row->pinned_by != 0) {
        put_frame(page, row->pinned_by);
    }
    umig_buf_printf(page->out, "<small>%s</small></td>",
                    umig_pins_reason(page->figures->profile, row->pinned_by));
    umig_html_count(row->count, page->out);
    umig_html_value(UMIG_KIND_LOCKS, row->wait_ns, page->out);
    umig_html_share(row->wait_ns, page->figures->pins.wait_ns, page->out);
    umig_html_value(UMIG_KIND_LOCKS, row->longest_ns, page->out);
    umig_buf_text(page->out, "</tr>\n");
}

void umig_html_pin_rows(struct umig_html_page *page)
{
    const struct umig_pins *pins = &page->figures->pins;
    for (size_t i = 0; i < pins->row_count && i < ROWS_MAX; i++) {
        put_row(page, &pins->rows[i]);
    }
    if (pins->row_count == 0) {
        umig_html_no_rows(page, !page->figures->virtual_threads.are_there
                                    ? "No virtual thread is known of."
                                : page->figures->profile->session.has_kind[UMIG_KIND_LOCKS]
                                    ? "None parked that was pinned to its carrier."
                                    : "Not asked for: the session was started without locks.");
    }
}
