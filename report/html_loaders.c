/* The section of the HTML page about class loaders that should be gone. */
#include "analysis/label.h"
#include "report/html_page.h"
#include "report/html_text.h"

#define ROWS_MAX         60
#define LINE_LIMIT_BYTES (1u << 20)

static const char *end_text(enum umig_retained_end end)
{
    switch (end) {
    case UMIG_RETAINED_NO_CPU:
        return " The search's time was over before all was looked at: more may be held.";
    case UMIG_RETAINED_CALLED_OFF:
        return " The search was called off: more may be held.";
    case UMIG_RETAINED_NO_ROOM:
        return " There was no room for all of the search: more may be held.";
    case UMIG_RETAINED_NEVER:
    case UMIG_RETAINED_WHOLE:
    default:
        return "";
    }
}

void umig_html_loaders_note(struct umig_html_page *page)
{
    const struct umig_loaders *loaders = &page->figures->loaders;
    if (loaders->end == UMIG_RETAINED_NEVER) {
        return;
    }
    umig_label_number(loaders->loaders, page->out);
    umig_buf_text(page->out, " class loaders have classes; ");
    umig_label_number(loaders->surplus, page->out);
    umig_buf_text(page->out, " should be gone, with ");
    umig_label_number(loaders->surplus_classes, page->out);
    umig_buf_printf(page->out, " classes.%s", end_text(loaders->end));
}

static void put_name(struct umig_html_page *page, uint32_t text)
{
    umig_buf_text(page->out, "<span class=\"n\">");
    umig_html_name(umig_profile_text(page->figures->profile, text), page->out);
    umig_buf_text(page->out, "</span>");
}

static void put_way(struct umig_html_page *page, const struct umig_loaders_row *row)
{
    umig_buf_text(page->out, "<td>");
    if (row->way != 0) {
        struct umig_buf way = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        umig_retained_put_way(page->figures->profile, row->way, &way);
        umig_buf_text(page->out, "<span class=\"n\">");
        umig_html_text(umig_buf_str(&way), page->out);
        umig_buf_text(page->out, "</span><small>");
        umig_label_number(row->way_loaders, page->out);
        umig_buf_text(page->out, " of them</small>");
        umig_buf_fini(&way);
    }
    umig_buf_text(page->out, "</td></tr>\n");
}

static void put_row(struct umig_html_page *page, const struct umig_loaders_row *row)
{
    umig_buf_text(page->out, "<tr><th scope=\"row\">");
    put_name(page, row->name);
    umig_buf_printf(page->out, "%s<small>by ", row->has_others ? " and others" : "");
    umig_html_name(umig_profile_text(page->figures->profile, row->loader_class), page->out);
    umig_buf_text(page->out, "</small></th>");
    umig_html_count(row->surplus, page->out);
    umig_html_count(row->loaders, page->out);
    umig_html_count(row->held, page->out);
    umig_html_count(row->softly, page->out);
    umig_html_count(row->needed, page->out);
    umig_html_count(row->classes, page->out);
    put_way(page, row);
}

void umig_html_loader_rows(struct umig_html_page *page)
{
    const struct umig_loaders *loaders = &page->figures->loaders;
    for (size_t i = 0; i < loaders->count && i < ROWS_MAX; i++) {
        put_row(page, &loaders->rows[i]);
    }
    if (loaders->count == 0) {
        umig_html_no_rows(page, loaders->end != UMIG_RETAINED_NEVER
                                    ? "None that defined a class."
                                    : "Not asked for: 'umig heap loaders' while a session of kind "
                                      "live runs.");
    }
}
