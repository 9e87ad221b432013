/* The text report's sections about collections and safepoints. */
#include "analysis/label.h"
#include "report/text_page.h"

#define LINE_LIMIT_BYTES (1u << 20)
#define ROWS_MAX         10
#define NARROW_COLUMNS   84
#define FIGURES          36 /* columns of a count and two values, and the gap */

static const char *text_or_unknown(const struct umig_profile *profile, uint32_t text)
{
    return text != 0 ? umig_profile_text(profile, text) : "unknown";
}

static size_t at_most(size_t count)
{
    return count < ROWS_MAX ? count : ROWS_MAX;
}

static void write_gc_sum(struct umig_text_page *page)
{
    const struct umig_gc *gc = &page->figures->gc;
    struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_label_number(gc->count, &line);
    umig_buf_text(&line, gc->count == 1 ? " pause, " : " pauses, ");
    umig_label_value(UMIG_KIND_GC, gc->total_ns, &line);
    if (gc->session_ns > 0) {
        umig_buf_text(&line, " or ");
        umig_label_share(gc->total_ns, gc->session_ns, &line);
        umig_buf_text(&line, " of the session");
    }
    umig_buf_text(&line, "; median ");
    umig_label_value(UMIG_KIND_GC, gc->median_ns, &line);
    umig_buf_text(&line, ", p99 ");
    umig_label_value(UMIG_KIND_GC, gc->p99_ns, &line);
    umig_buf_text(&line, ", longest ");
    umig_label_value(UMIG_KIND_GC, gc->longest_ns, &line);
    umig_buf_text(&line, ".");
    if (gc->after_count > 0) {
        umig_buf_text(&line, " The heap after pauses that freed: ");
        umig_label_value(UMIG_KIND_HEAP, gc->after_first_bytes, &line);
        umig_buf_text(&line, " at first, ");
        umig_label_value(UMIG_KIND_HEAP, gc->after_last_bytes, &line);
        umig_buf_text(&line, " at last, ");
        umig_label_value(UMIG_KIND_HEAP, gc->after_highest_bytes, &line);
        umig_buf_text(&line, " at most.");
    }
    umig_text_wrap(page, umig_buf_str(&line), " ", 2);
    umig_text_done(page, &line);
}

/* What a sum is of: behind its figures. */
static void put_what(const struct umig_profile *profile,
                     const struct umig_profile_gc_sum *sum,
                     struct umig_buf *out)
{
    umig_buf_text(out, text_or_unknown(profile, sum->name));
    if (sum->kind == UMIG_GC_EVENT_PHASE) {
        umig_buf_printf(out, ", of %s", text_or_unknown(profile, sum->pause));
    } else if (sum->detail != 0) {
        umig_buf_printf(out, ": %s", umig_profile_text(profile, sum->detail));
    }
}

static void write_sums(struct umig_text_page *page,
                       const struct umig_gc_sums *sums,
                       const char *heads)
{
    const struct umig_profile *profile = page->figures->profile;
    const size_t shown = at_most(sums->count);
    if (sums->count == 0) {
        return;
    }
    umig_text_heads(page, heads);
    for (size_t i = 0; i < shown; i++) {
        struct umig_buf what = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        put_what(profile, sums->items[i], &what);
        umig_text_number(page, sums->items[i]->count);
        umig_text_value(page, UMIG_KIND_GC, sums->items[i]->total_ns);
        umig_text_value(page, UMIG_KIND_GC, sums->items[i]->longest_ns);
        umig_buf_text(page->out, "  ");
        umig_text_last(page, umig_buf_str(&what), page->line_width - FIGURES);
        umig_text_done(page, &what);
    }
    umig_text_rest(page, sums->count - shown, 0, 0);
}

static void write_depth(struct umig_text_page *page)
{
    const struct umig_gc_depth *depth = &page->figures->gc_depth;
    struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_gc_depth_sentence(page->figures->profile, depth, &line);
    if (line.len > 0) {
        umig_text_wrap(page, umig_buf_str(&line), " ", 2);
    }
    umig_text_done(page, &line);
    write_sums(page, &depth->of[UMIG_GC_EVENT_PHASE],
               "     times       total     longest  step of a pause");
    write_sums(page, &depth->of[UMIG_GC_EVENT_CYCLE],
               "     times       total     longest  whole cycle beside the application");
    write_sums(page, &depth->of[UMIG_GC_EVENT_CONCURRENT],
               "     times       total     longest  step beside the application");
    write_sums(page, &depth->of[UMIG_GC_EVENT_STALL],
               "     times      waited     longest  threads that waited for memory");
}

void umig_text_gc(struct umig_text_page *page)
{
    const struct umig_profile *profile = page->figures->profile;
    const struct umig_gc *gc = &page->figures->gc;
    if (!profile->session.has_kind[UMIG_KIND_GC] && gc->count == 0) {
        return;
    }
    umig_text_heading(page, "Collections");
    if (gc->count == 0) {
        umig_text_note(page, umig_gc_none(page->figures->profile));
        write_depth(page);
        return;
    }
    write_gc_sum(page);
    const size_t shown = at_most(gc->row_count);
    umig_text_heads(page, "    pauses       total     longest  collection and cause");
    for (size_t i = 0; i < shown; i++) {
        const struct umig_gc_row *row = &gc->rows[i];
        struct umig_buf what = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        umig_gc_put_what(profile, row, &what);
        umig_text_number(page, row->count);
        umig_text_value(page, UMIG_KIND_GC, row->total_ns);
        umig_text_value(page, UMIG_KIND_GC, row->longest_ns);
        umig_buf_text(page->out, "  ");
        umig_text_last(page, umig_buf_str(&what), page->line_width - 36);
        umig_text_done(page, &what);
    }
    umig_text_rest(page, gc->row_count - shown, 0, 0);
    write_depth(page);
}

static void put_late(const struct umig_profile *profile,
                     const struct umig_gc_late *late,
                     struct umig_buf *out)
{
    if (late->frame != 0) {
        umig_buf_printf(out, "%s in ", text_or_unknown(profile, late->group));
        umig_text_put_frame(profile, late->frame, "unknown", out);
    } else {
        umig_buf_text(out, umig_gc_depth_unseen(profile));
    }
    umig_buf_printf(out, " (%s)", text_or_unknown(profile, late->operation));
}

/* Who was seen running last, and where. */
static void write_late(struct umig_text_page *page)
{
    const struct umig_gc_depth *depth = &page->figures->gc_depth;
    const size_t shown = at_most(depth->late_count);
    if (depth->late_count == 0) {
        return;
    }
    umig_text_heads(page,
                    "     times      waited     longest  for the thread that ran last (operation)");
    for (size_t i = 0; i < shown; i++) {
        const struct umig_gc_late *late = &depth->late[i];
        struct umig_buf what = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        put_late(page->figures->profile, late, &what);
        umig_text_number(page, late->count);
        umig_text_value(page, UMIG_KIND_GC, late->total_ns);
        umig_text_value(page, UMIG_KIND_GC, late->longest_ns);
        umig_buf_text(page->out, "  ");
        umig_text_last(page, umig_buf_str(&what), page->line_width - FIGURES);
        umig_text_done(page, &what);
    }
    umig_text_rest(page, depth->late_count - shown, 0, 0);
}

/* A narrow line leaves out how long all threads stood. */
static bool is_narrow(const struct umig_text_page *page)
{
    return page->line_width < NARROW_COLUMNS;
}

static void write_safepoint(struct umig_text_page *page, const struct umig_profile_gc_sum *sum)
{
    umig_text_number(page, sum->count);
    umig_text_value(page, UMIG_KIND_GC, sum->before);
    umig_text_value(page, UMIG_KIND_GC, sum->before_most);
    if (!is_narrow(page)) {
        umig_text_value(page, UMIG_KIND_GC, sum->total_ns);
        umig_text_value(page, UMIG_KIND_GC, sum->longest_ns);
    }
    umig_buf_text(page->out, "  ");
    umig_text_last(page, text_or_unknown(page->figures->profile, sum->name),
                   page->line_width - FIGURES - (is_narrow(page) ? 0 : 24));
}

void umig_text_safepoints(struct umig_text_page *page)
{
    const struct umig_gc_sums *sums = &page->figures->gc_depth.of[UMIG_GC_EVENT_SAFEPOINT];
    const size_t shown = at_most(sums->count);
    if (sums->count == 0) {
        return;
    }
    umig_text_heading(page, "Safepoints");
    umig_text_heads(page, is_narrow(page)
                              ? "     times    to reach     longest  operation"
                              : "     times    to reach     longest      in all     longest  "
                                "operation");
    for (size_t i = 0; i < shown; i++) {
        write_safepoint(page, sums->items[i]);
    }
    umig_text_rest(page, sums->count - shown, 0, 0);
    write_late(page);
}
