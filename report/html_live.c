/* The section of the HTML page about what stays alive, who leaks, and what holds it. */
#include <inttypes.h>

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

void umig_html_live_note(struct umig_html_page *page)
{
    struct umig_buf text = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    const struct umig_suspects *suspects = &page->figures->suspects;
    if (page->figures->survivors.snapshots == 0) {
        return;
    }
    umig_survivors_sentence(&page->figures->survivors, &text);
    if (suspects->lack != NULL) {
        umig_buf_printf(&text, " Leaks cannot be told: %s.", suspects->lack);
    } else if (suspects->count == 0) {
        umig_buf_text(&text,
                      " No leak suspect: nothing grows all the time and keeps its old objects.");
    }
    put_text(page, &text);
}

/* The class, and under it where its objects were allocated. */
static void put_site(struct umig_html_page *page, const struct umig_survivors_row *row)
{
    const struct umig_profile *profile = page->figures->profile;
    umig_buf_text(page->out, "<tr><th scope=\"row\">");
    if (row->class_method != 0) {
        struct umig_buf name = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        umig_label_method(profile, row->class_method, false, &name);
        umig_buf_text(page->out, "<span class=\"n\">");
        umig_html_name(umig_buf_str(&name), page->out);
        umig_buf_text(page->out, "</span>");
        umig_buf_fini(&name);
    } else {
        umig_buf_text(page->out, "unknown class");
    }
    if (row->frame != 0) {
        struct umig_buf place = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        umig_label_frame(profile, row->frame, false, &place);
        umig_buf_text(page->out, "<small>from ");
        umig_html_name(umig_buf_str(&place), page->out);
        umig_buf_text(page->out, "</small>");
        umig_buf_fini(&place);
    }
    umig_buf_text(page->out, "</th>");
}

static void put_figures(struct umig_html_page *page, const struct umig_survivors_row *row)
{
    struct umig_buf span = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_html_value(UMIG_KIND_LIVE, row->bytes, page->out);
    umig_html_share(row->bytes, page->figures->survivors.all.bytes, page->out);
    umig_html_count(row->objects, page->out);
    umig_survivors_span(row, &span);
    umig_buf_text(page->out, "<td class=\"num\">");
    put_text(page, &span);
    umig_buf_text(page->out, "</td>");
}

/* What holds most of a class, by the latest search. */
static void put_holder(struct umig_html_page *page, uint32_t class_method)
{
    const struct umig_profile *profile = page->figures->profile;
    struct umig_retained_way way;
    struct umig_retained_way all;
    umig_buf_text(page->out, "<td><span class=\"n\">");
    if (umig_retained_of(&page->figures->retained, profile->methods.items[class_method].class_name,
                         &way, 1, &all) > 0) {
        struct umig_buf text = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        umig_retained_put_way(profile, way.stack, &text);
        put_text(page, &text);
    }
    umig_buf_text(page->out, "</span></td></tr>\n");
}

void umig_html_suspect_rows(struct umig_html_page *page)
{
    const struct umig_suspects *suspects = &page->figures->suspects;
    for (size_t i = 0; i < suspects->count; i++) {
        put_site(page, &suspects->items[i].row);
        put_figures(page, &suspects->items[i].row);
        umig_html_value(UMIG_KIND_LIVE, suspects->items[i].bytes_per_hour, page->out);
        put_holder(page, suspects->items[i].row.class_method);
    }
    if (page->figures->survivors.snapshots == 0) {
        umig_html_no_rows(page, page->figures->profile->session.has_kind[UMIG_KIND_LIVE]
                                    ? "No snapshot of what is alive is in this session."
                                    : "Not asked for: the session was started without live.");
    }
}

void umig_html_live_rows(struct umig_html_page *page)
{
    const struct umig_survivors *all = &page->figures->survivors;
    for (size_t i = 0; i < all->place_count && i < ROWS_MAX; i++) {
        put_site(page, &all->places[i]);
        put_figures(page, &all->places[i]);
        umig_buf_text(page->out, "</tr>\n");
    }
    if (all->place_count == 0 && all->snapshots > 0) {
        umig_html_no_rows(page, "Nothing that was allocated in this session is known to be alive.");
    }
}
