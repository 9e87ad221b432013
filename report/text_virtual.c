/* The text report's section about virtual threads: made, carried, pinned. */
#include "analysis/label.h"
#include "report/cells.h"
#include "report/text_page.h"

#define LINE_LIMIT_BYTES (1u << 20)
#define PINS_MAX         10

static void write_pin(struct umig_text_page *page, const struct umig_pin_row *row)
{
    const struct umig_profile *profile = page->figures->profile;
    struct umig_buf what = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_text_put_frame(profile, row->frame, "unknown place", &what);
    umig_buf_printf(&what, ", by %s", umig_pins_reason(profile, row->pinned_by));
    if (row->pinned_by != 0) {
        umig_buf_text(&what, ": ");
        umig_label_frame(profile, row->pinned_by, false, &what);
    }
    umig_text_value(page, UMIG_KIND_LOCKS, row->wait_ns);
    umig_text_number(page, row->count);
    umig_text_value(page, UMIG_KIND_LOCKS, row->longest_ns);
    umig_buf_text(page->out, "  ");
    umig_text_last(page, umig_buf_str(&what), page->line_width - 36);
    umig_text_done(page, &what);
}

static void write_pins(struct umig_text_page *page)
{
    const struct umig_pins *pins = &page->figures->pins;
    const size_t shown = pins->row_count < PINS_MAX ? pins->row_count : PINS_MAX;
    if (!page->figures->profile->session.has_kind[UMIG_KIND_LOCKS] && shown == 0) {
        return;
    }
    if (shown == 0) {
        umig_text_note(page, "None parked that was pinned to its carrier.");
        return;
    }
    umig_text_heads(page, "      pinned     parks     longest  where, and by what");
    for (size_t i = 0; i < shown; i++) {
        write_pin(page, &pins->rows[i]);
    }
    umig_text_rest(page, pins->row_count - shown, 0, 0);
}

static void write_made(struct umig_text_page *page)
{
    const uint64_t made = page->figures->virtual_threads.made;
    struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    if (made == UMIG_JVM_COUNTER_UNKNOWN) {
        return;
    }
    umig_label_number(made, &line);
    umig_buf_text(&line, " were made: ids of threads that were dealt out, less platform threads "
                         "that were started.");
    umig_text_wrap(page, umig_buf_str(&line), " ", 2);
    umig_text_done(page, &line);
}

void umig_text_virtual_threads(struct umig_text_page *page)
{
    const struct umig_virtual_figures *figures = &page->figures->virtual_threads;
    struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    if (!figures->are_there) {
        return;
    }
    umig_text_heading(page, "Virtual threads");
    write_made(page);
    umig_virtual_figures_put_carriers(figures, &line);
    if (line.len > 0) {
        umig_text_wrap(page, umig_buf_str(&line), " ", 2);
    }
    umig_text_done(page, &line);
    write_pins(page);
    umig_virtual_figures_put_lack(page->figures->profile, figures, &line);
    umig_buf_printf(&line, "%s%s", line.len > 0 ? " " : "", UMIG_VIRTUAL_THREADS_UNSEEN);
    umig_text_wrap(page, umig_buf_str(&line), " ", 2);
    umig_text_done(page, &line);
}
