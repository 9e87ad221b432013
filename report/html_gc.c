/* Tables of the HTML page about what collections are made of, and about safepoints. */
#include "report/html_page.h"
#include "report/html_text.h"

#define ROWS_MAX 60

static const struct umig_profile *profile_of(const struct umig_html_page *page)
{
    return page->figures->profile;
}

static const char *none_why(const struct umig_html_page *page)
{
    return profile_of(page)->session.has_kind[UMIG_KIND_GC]
               ? "The JVM's log said nothing of it while the session was on."
               : "Not asked for: the session was started without gc.";
}

static void put_name(struct umig_html_page *page, uint32_t string)
{
    umig_html_name(string != 0 ? umig_profile_text(profile_of(page), string) : "unknown",
                   page->out);
}

/* What a step is a part of, or what made the cycle run, or whose threads waited. */
static void put_of(struct umig_html_page *page, const struct umig_profile_gc_sum *sum)
{
    if (sum->kind == UMIG_GC_EVENT_PHASE) {
        put_name(page, sum->pause);
    } else if (sum->kind == UMIG_GC_EVENT_CONCURRENT) {
        umig_buf_text(page->out, "beside the application");
    } else if (sum->kind == UMIG_GC_EVENT_STALL) {
        umig_buf_text(page->out, "waited: ");
        put_name(page, sum->detail);
    } else {
        umig_buf_text(page->out, sum->detail != 0 ? "whole cycle: " : "whole cycle");
        umig_html_name(umig_profile_text(profile_of(page), sum->detail), page->out);
    }
}

static size_t put_steps(struct umig_html_page *page, enum umig_gc_event_kind kind)
{
    const struct umig_gc_sums *sums = &page->figures->gc_depth.of[kind];
    for (size_t i = 0; i < sums->count && i < ROWS_MAX; i++) {
        const struct umig_profile_gc_sum *sum = sums->items[i];
        umig_buf_text(page->out, "<tr><th scope=\"row\">");
        put_name(page, sum->name);
        umig_buf_text(page->out, "</th><td>");
        put_of(page, sum);
        umig_buf_text(page->out, "</td>");
        umig_html_count(sum->count, page->out);
        umig_html_value(UMIG_KIND_GC, sum->total_ns, page->out);
        umig_html_value(UMIG_KIND_GC, sum->longest_ns, page->out);
        umig_buf_text(page->out, "</tr>\n");
    }
    return sums->count;
}

void umig_html_gc_steps(struct umig_html_page *page)
{
    const size_t count =
        put_steps(page, UMIG_GC_EVENT_CYCLE) + put_steps(page, UMIG_GC_EVENT_PHASE) +
        put_steps(page, UMIG_GC_EVENT_CONCURRENT) + put_steps(page, UMIG_GC_EVENT_STALL);
    if (count == 0 && page->figures->gc.row_count > 0) { /* else the table of pauses says why */
        umig_html_no_rows(page, none_why(page));
    }
}

void umig_html_safepoints_note(struct umig_html_page *page)
{
    if (page->figures->gc_depth.of[UMIG_GC_EVENT_SAFEPOINT].count > 0) {
        umig_buf_text(page->out, "All threads stood, by the JVM's log: how long until the last one "
                                 "did, and in all");
    }
}

void umig_html_safepoints_rows(struct umig_html_page *page)
{
    const struct umig_gc_sums *sums = &page->figures->gc_depth.of[UMIG_GC_EVENT_SAFEPOINT];
    for (size_t i = 0; i < sums->count && i < ROWS_MAX; i++) {
        const struct umig_profile_gc_sum *sum = sums->items[i];
        umig_buf_text(page->out, "<tr><th scope=\"row\">");
        put_name(page, sum->name);
        umig_buf_text(page->out, "</th>");
        umig_html_count(sum->count, page->out);
        umig_html_value(UMIG_KIND_GC, sum->before, page->out);
        umig_html_value(UMIG_KIND_GC, sum->before_most, page->out);
        umig_html_value(UMIG_KIND_GC, sum->total_ns, page->out);
        umig_html_value(UMIG_KIND_GC, sum->longest_ns, page->out);
        umig_buf_text(page->out, "</tr>\n");
    }
    if (sums->count == 0) {
        umig_html_no_rows(page, none_why(page));
    }
}

void umig_html_late_rows(struct umig_html_page *page)
{
    const struct umig_gc_depth *depth = &page->figures->gc_depth;
    for (size_t i = 0; i < depth->late_count && i < ROWS_MAX; i++) {
        const struct umig_gc_late *late = &depth->late[i];
        umig_buf_text(page->out, "<tr><th scope=\"row\">");
        if (late->frame != 0) {
            put_name(page, late->group);
        }
        umig_buf_text(page->out, "</th><td>");
        if (late->frame != 0) {
            umig_html_frame(page, late->frame);
        } else {
            umig_buf_text(page->out, umig_gc_depth_unseen(profile_of(page)));
        }
        umig_buf_text(page->out, "</td><td>");
        put_name(page, late->operation);
        umig_buf_text(page->out, "</td>");
        umig_html_count(late->count, page->out);
        umig_html_value(UMIG_KIND_GC, late->total_ns, page->out);
        umig_html_value(UMIG_KIND_GC, late->longest_ns, page->out);
        umig_buf_text(page->out, "</tr>\n");
    }
}
