/* The sections of the HTML page about the JVM and about the data: pauses, waits, heap, quality. */
#include <inttypes.h>
#include <string.h>

#include "analysis/label.h"
#include "report/html_page.h"
#include "report/html_text.h"

#define ROWS_MAX       40
#define NOTE_LIMIT     65536
#define CHART_LEFT     64.0
#define CHART_RIGHT    974.0
#define CHART_TOP      24.0
#define CHART_BOTTOM   182.0
#define CHART_GRID     4
#define CHART_POOL_MAX 64

static const struct umig_profile *profile_of(const struct umig_html_page *page)
{
    return page->figures->profile;
}

static void put_told(struct umig_html_page *page, uint32_t string, const char *otherwise)
{
    umig_html_name(string != 0 ? umig_profile_text(profile_of(page), string) : otherwise,
                   page->out);
}

static void put_named(struct umig_html_page *page, uint32_t string)
{
    put_told(page, string, "unknown");
}

void umig_html_gc_note(struct umig_html_page *page)
{
    const struct umig_gc *const gc = &page->figures->gc;
    if (gc->count == 0) {
        return;
    }
    umig_buf_printf(page->out, "%" PRIu64 " stop-the-world pauses, median ", gc->count);
    umig_label_value(UMIG_KIND_GC, gc->median_ns, page->out);
    umig_buf_text(page->out, ", 99 % below ");
    umig_label_value(UMIG_KIND_GC, gc->p99_ns, page->out);
    umig_buf_text(page->out, "; together ");
    umig_html_share_text(page, gc->total_ns, gc->session_ns);
    umig_buf_text(page->out, " of the session");
    struct umig_buf depth = UMIG_BUF_INIT(4096);
    umig_gc_depth_sentence(profile_of(page), &page->figures->gc_depth, &depth);
    if (depth.len > 0) {
        umig_buf_text(page->out, ". ");
        umig_html_text(umig_buf_str(&depth), page->out);
    }
    umig_buf_fini(&depth);
}

void umig_html_gc_rows(struct umig_html_page *page)
{
    const struct umig_gc *const gc = &page->figures->gc;
    for (size_t i = 0; i < gc->row_count && i < ROWS_MAX; i++) {
        const struct umig_gc_row *const row = &gc->rows[i];
        umig_buf_text(page->out, "<tr><th scope=\"row\">");
        put_told(page, row->collection, "Pause");
        umig_buf_text(page->out, "</th><td>");
        put_told(page, row->cause, "not told by the JVM");
        umig_buf_text(page->out, "</td>");
        umig_html_count(row->count, page->out);
        umig_html_value(UMIG_KIND_GC, row->total_ns, page->out);
        umig_html_share(row->total_ns, gc->session_ns, page->out);
        umig_html_value(UMIG_KIND_GC, row->longest_ns, page->out);
        umig_buf_text(page->out, "</tr>\n");
    }
    if (gc->row_count == 0) {
        umig_html_no_rows(page, profile_of(page)->session.has_kind[UMIG_KIND_GC]
                                    ? umig_gc_none(page->figures->profile)
                                    : "Not asked for: the session was started without gc.");
    }
}

void umig_html_frame(struct umig_html_page *page, uint32_t frame)
{
    const struct umig_profile *const profile = profile_of(page);
    const struct umig_profile_frame *const f = &profile->frames.items[frame];
    if (frame == 0) {
        umig_buf_text(page->out, "unknown");
        return;
    }
    umig_html_method(profile, f->method, (int)f->kind,
                     (int64_t)page->frame_of_method[f->method] - 1, page->out);
    if (f->line > 0) {
        umig_buf_printf(page->out, "<small>line %" PRIu32 "</small>", f->line);
    }
}

static void put_deadlocks(struct umig_html_page *page)
{
    const struct umig_profile *const profile = profile_of(page);
    const struct umig_deadlocks *const deadlocks = &page->figures->deadlocks;
    for (size_t i = 0; i < deadlocks->count; i++) {
        const struct umig_deadlock_thread *const thread = &deadlocks->threads[i];
        const bool is_first = i == 0 || thread->number != deadlocks->threads[i - 1].number;
        umig_buf_text(page->out, is_first ? ". Deadlock: " : ", ");
        put_named(page, profile->threads.items[thread->thread].name);
        umig_buf_text(page->out, " waits for ");
        put_named(page, thread->waits_for);
        umig_buf_text(page->out, " held by ");
        put_named(page, profile->threads.items[thread->holder].name);
    }
}

/* A hang: the waits that never ended. */
static void put_open_waits(struct umig_html_page *page, const struct umig_contention *waits)
{
    if (waits->open_count == 0) {
        return;
    }
    umig_buf_text(page->out, ". ");
    umig_contention_open_sentence(profile_of(page), waits, page->out);
    umig_buf_text(page->out, " They waited most at ");
    umig_html_frame(page, waits->open[0].frame);
    umig_buf_text(page->out, " for ");
    put_named(page, waits->open[0].monitor_class);
    umig_buf_text(page->out, ", held by ");
    put_named(page, waits->open[0].holder_group);
}

static void put_unseen(struct umig_html_page *page)
{
    const char *note =
        umig_virtual_figures_of_locks(profile_of(page), &page->figures->virtual_threads);
    if (note != NULL && profile_of(page)->session.has_kind[UMIG_KIND_LOCKS]) {
        umig_buf_printf(page->out, "%s%s", page->figures->contention.count > 0 ? ". " : "", note);
    }
}

void umig_html_lock_note(struct umig_html_page *page)
{
    const struct umig_contention *const waits = &page->figures->contention;
    if (waits->count == 0) {
        put_unseen(page);
        return;
    }
    umig_label_number(waits->count, page->out);
    umig_buf_text(page->out, " waits for locks, ");
    umig_label_value(UMIG_KIND_LOCKS, waits->wait_ns, page->out);
    umig_buf_text(page->out, " together");
    if (waits->holder_count > 0 && waits->holders[0].holder_group != 0) {
        umig_buf_text(page->out, "; held mostly by ");
        put_named(page, waits->holders[0].holder_group);
    }
    put_deadlocks(page);
    put_open_waits(page, waits);
    put_unseen(page);
}

void umig_html_lock_rows(struct umig_html_page *page)
{
    const struct umig_contention *const waits = &page->figures->contention;
    for (size_t i = 0; i < waits->site_count && i < ROWS_MAX; i++) {
        const struct umig_contention_row *const row = &waits->sites[i];
        umig_buf_text(page->out, "<tr><th scope=\"row\"><span class=\"n\">");
        put_named(page, row->monitor_class);
        umig_buf_text(page->out, "</span></th><td>");
        umig_html_frame(page, row->frame);
        umig_buf_text(page->out, "</td>");
        umig_html_count(row->count, page->out);
        umig_html_value(UMIG_KIND_LOCKS, row->wait_ns, page->out);
        umig_html_share(row->wait_ns, waits->wait_ns, page->out);
        umig_html_value(UMIG_KIND_LOCKS, row->longest_ns, page->out);
        umig_buf_text(page->out, "</tr>\n");
    }
    if (waits->site_count == 0) {
        umig_html_no_rows(page, profile_of(page)->session.has_kind[UMIG_KIND_LOCKS]
                                    ? umig_contention_none(page->figures->profile)
                                    : "Not asked for: the session was started without locks.");
    }
}

void umig_html_holder_rows(struct umig_html_page *page)
{
    const struct umig_contention *const waits = &page->figures->contention;
    for (size_t i = 0; i < waits->holder_count && i < ROWS_MAX; i++) {
        const struct umig_contention_row *const row = &waits->holders[i];
        umig_buf_text(page->out, "<tr><th scope=\"row\"><span class=\"n\">");
        if (row->holder_group != 0) {
            put_named(page, row->holder_group);
        } else {
            umig_buf_text(page->out, UMIG_CONTENTION_NO_HOLDER);
        }
        umig_buf_text(page->out, "</span></th>");
        umig_html_count(row->count, page->out);
        umig_html_value(UMIG_KIND_LOCKS, row->wait_ns, page->out);
        umig_html_share(row->wait_ns, waits->wait_ns, page->out);
        umig_html_value(UMIG_KIND_LOCKS, row->longest_ns, page->out);
        umig_buf_text(page->out, "</tr>\n");
    }
}

/* --- heap ------------------------------------------------------------------------------------ */

/* The heap at the moment of point *at, over all its pools; *at moves behind them. */
static uint64_t heap_at(const struct umig_html_page *page, size_t *at, uint64_t *committed)
{
    const struct umig_profile *const profile = profile_of(page);
    const uint64_t moment = profile->pool_points.items[*at].unix_ns;
    uint64_t used = 0;
    *committed = 0;
    for (; *at < profile->pool_points.count; ++*at) {
        const struct umig_profile_pool_point *const point = &profile->pool_points.items[*at];
        if (point->unix_ns != moment) {
            break;
        }
        if (umig_pools_is_heap(umig_profile_text(profile, point->pool))) {
            used += point->used_bytes;
            *committed += point->committed_bytes;
        }
    }
    return used;
}

struct chart {
    uint64_t first_ns, last_ns;
    uint64_t top_bytes;
    uint64_t lowest_bytes, highest_bytes;
    uint64_t moments;
};

static struct chart measure(const struct umig_html_page *page)
{
    const struct umig_profile *const profile = profile_of(page);
    struct chart chart = {.first_ns = UINT64_MAX, .lowest_bytes = UINT64_MAX};
    for (size_t at = 0; at < profile->pool_points.count;) {
        const uint64_t moment = profile->pool_points.items[at].unix_ns;
        uint64_t committed = 0;
        const uint64_t used = heap_at(page, &at, &committed);
        const uint64_t top = committed > used ? committed : used;
        if (top == 0) {
            continue; /* no pool of the heap at this moment */
        }
        chart.first_ns = moment < chart.first_ns ? moment : chart.first_ns;
        chart.last_ns = moment > chart.last_ns ? moment : chart.last_ns;
        chart.top_bytes = top > chart.top_bytes ? top : chart.top_bytes;
        chart.lowest_bytes = used < chart.lowest_bytes ? used : chart.lowest_bytes;
        chart.highest_bytes = used > chart.highest_bytes ? used : chart.highest_bytes;
        chart.moments++;
    }
    return chart;
}

static double x_of(const struct chart *chart, uint64_t unix_ns)
{
    const double part =
        (double)(unix_ns - chart->first_ns) / (double)(chart->last_ns - chart->first_ns);
    return CHART_LEFT + part * (CHART_RIGHT - CHART_LEFT);
}

static double y_of(const struct chart *chart, uint64_t bytes)
{
    const double part = (double)bytes / (double)chart->top_bytes;
    return CHART_BOTTOM - part * (CHART_BOTTOM - CHART_TOP);
}

static void put_grid(struct umig_html_page *page, const struct chart *chart)
{
    for (int i = 0; i <= CHART_GRID; i++) {
        const uint64_t bytes = chart->top_bytes / CHART_GRID * (uint64_t)i;
        const double y = y_of(chart, bytes);
        umig_buf_printf(page->out,
                        "<path class=\"grid\" d=\"M%.0f %.1fH%.0f\"/>"
                        "<text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">",
                        CHART_LEFT, y, CHART_RIGHT, CHART_LEFT - 6, y + 4);
        umig_label_value(UMIG_KIND_HEAP, bytes, page->out);
        umig_buf_text(page->out, "</text>");
        const uint64_t since = (chart->last_ns - chart->first_ns) / CHART_GRID * (uint64_t)i;
        umig_buf_printf(page->out, "<text x=\"%.1f\" y=\"208\" text-anchor=\"middle\">",
                        x_of(chart, chart->first_ns + since));
        umig_label_value(UMIG_KIND_CPU, since, page->out);
        umig_buf_text(page->out, "</text>");
    }
}

static void put_line(struct umig_html_page *page, const struct chart *chart, bool is_committed)
{
    const struct umig_profile *const profile = profile_of(page);
    const char *before = "M";
    for (size_t at = 0; at < profile->pool_points.count;) {
        const uint64_t moment = profile->pool_points.items[at].unix_ns;
        uint64_t committed = 0;
        const uint64_t used = heap_at(page, &at, &committed);
        if (used + committed > 0) {
            umig_buf_printf(page->out, "%s%.1f,%.1f", before, x_of(chart, moment),
                            y_of(chart, is_committed ? committed : used));
            before = is_committed ? "L" : " ";
        }
    }
}

static void put_pauses(struct umig_html_page *page, const struct chart *chart)
{
    const struct umig_profile *const profile = profile_of(page);
    int last = -1; /* one tick a pixel */
    for (size_t i = 0; i < profile->pauses.count; i++) {
        const uint64_t start = profile->pauses.items[i].start_unix_ns;
        if (start < chart->first_ns || start > chart->last_ns) {
            continue;
        }
        const double x = x_of(chart, start);
        if ((int)x != last) {
            umig_buf_printf(page->out, "<path class=\"pause\" d=\"M%.1f 184v7\"/>", x);
            last = (int)x;
        }
    }
}

void umig_html_heap_note(struct umig_html_page *page)
{
    if (profile_of(page)->pool_points.count > 0) {
        umig_buf_text(page->out,
                      "Used by all pools of the heap; dashed: committed; ticks: pauses. ");
        umig_pools_put_beside(&page->figures->pools.beside, page->out);
    }
}

void umig_html_heap_chart(struct umig_html_page *page)
{
    const struct chart chart = measure(page);
    if (chart.moments < 2 || chart.last_ns <= chart.first_ns) {
        return;
    }
    umig_buf_text(page->out, "<svg viewBox=\"0 0 980 214\" role=\"img\" aria-label=\"Heap used "
                             "over time: between ");
    umig_label_value(UMIG_KIND_HEAP, chart.lowest_bytes, page->out);
    umig_buf_text(page->out, " and ");
    umig_label_value(UMIG_KIND_HEAP, chart.highest_bytes, page->out);
    umig_buf_text(page->out, "\">");
    put_grid(page, &chart);
    umig_buf_printf(page->out, "<polygon class=\"used\" points=\"%.0f,%.0f ", CHART_LEFT,
                    CHART_BOTTOM);
    const size_t from = page->out->len;
    put_line(page, &chart, false);
    if (page->out->failed == UMIG_OK && page->out->len > from) {
        page->out->bytes[from] = ' '; /* a list of points begins without a command */
    }
    umig_buf_printf(page->out, " %.0f,%.0f\"/><path class=\"committed\" d=\"", CHART_RIGHT,
                    CHART_BOTTOM);
    put_line(page, &chart, true);
    umig_buf_text(page->out, "\"/>");
    put_pauses(page, &chart);
    umig_buf_text(page->out, "</svg>");
}

void umig_html_heap_rows(struct umig_html_page *page)
{
    const struct umig_pools *const pools = &page->figures->pools;
    for (size_t i = 0; i < pools->count && i < CHART_POOL_MAX; i++) {
        const struct umig_pool *const pool = &pools->items[i];
        umig_buf_text(page->out, "<tr><th scope=\"row\">");
        put_named(page, pool->pool);
        umig_buf_text(page->out, "</th>");
        if (pool->points == 0) {
            umig_buf_text(page->out,
                          "<td colspan=\"5\">unknown until the first collection</td></tr>\n");
            continue;
        }
        umig_html_value(UMIG_KIND_HEAP, pool->first_bytes, page->out);
        umig_html_value(UMIG_KIND_HEAP, pool->last_bytes, page->out);
        umig_html_value(UMIG_KIND_HEAP, pool->highest_bytes, page->out);
        umig_html_value(UMIG_KIND_HEAP, pool->committed_bytes, page->out);
        if (pool->maximum_bytes == UMIG_BYTES_UNKNOWN) {
            umig_buf_text(page->out, "<td class=\"num\">unknown</td></tr>\n");
        } else {
            umig_html_value(UMIG_KIND_HEAP, pool->maximum_bytes, page->out);
            umig_buf_text(page->out, "</tr>\n");
        }
    }
    if (pools->count == 0) {
        umig_html_no_rows(page, profile_of(page)->session.has_kind[UMIG_KIND_HEAP]
                                    ? "No reading of the memory pools is in this session."
                                    : "Not asked for: the session was started without heap.");
    }
}

/* --- quality and cost ------------------------------------------------------------------------ */

void umig_html_quality_note(struct umig_html_page *page)
{
    struct umig_buf sentence = UMIG_BUF_INIT(NOTE_LIMIT);
    umig_quality_sentence(profile_of(page), &page->figures->quality, &sentence);
    if (profile_of(page)->others.count > 0) {
        umig_buf_byte(&sentence, ' ');
        umig_figures_put_others(page->figures, &sentence);
    }
    umig_buf_text(&sentence, " " UMIG_FIGURES_QUALITY_HINT);
    umig_html_text(umig_buf_str(&sentence), page->out);
    umig_buf_fini(&sentence);
}

static void open_row(struct umig_html_page *page)
{
    umig_buf_text(page->out, "<tr><th scope=\"row\">");
}

static void close_row(struct umig_html_page *page, uint64_t count, uint64_t whole)
{
    umig_html_share(count, whole, page->out);
    umig_buf_text(page->out, "</tr>\n");
}

static void put_count_row(struct umig_html_page *page, uint64_t count, uint64_t whole)
{
    umig_buf_text(page->out, "</th>");
    umig_html_count(count, page->out);
    close_row(page, count, whole);
}

/* A line of a kind's books, in the books' unit. */
static void put_amount_row(struct umig_html_page *page,
                           enum umig_kind kind,
                           uint64_t amount,
                           uint64_t whole)
{
    struct umig_buf text = UMIG_BUF_INIT(64);
    umig_quality_put_amount(kind, amount, &text);
    umig_buf_text(page->out, "</th>");
    umig_html_number(amount, umig_buf_str(&text), page->out);
    close_row(page, amount, whole);
    umig_buf_fini(&text);
}

static void put_books(struct umig_html_page *page, enum umig_kind kind)
{
    const struct umig_quality_kind *const books = &page->figures->quality.kinds[kind];
    const struct umig_profile_tally *const tally = &profile_of(page)->tallies[kind];
    open_row(page);
    umig_buf_printf(page->out, "%s: produced", umig_quality_kind_key(kind));
    put_amount_row(page, kind, books->produced, books->produced);
    open_row(page);
    umig_buf_printf(page->out, "%s: stored", umig_quality_kind_key(kind));
    put_amount_row(page, kind, books->stored, books->produced);
    for (int drop = 0; drop < UMIG_DROP_COUNT; drop++) {
        if (tally->dropped[drop] > 0) {
            open_row(page);
            umig_buf_printf(
                page->out, drop == UMIG_DROP_REMAINDER ? "%s: no loss, %s" : "%s: dropped, %s",
                umig_quality_kind_key(kind), umig_quality_drop_key((enum umig_drop)drop));
            put_amount_row(page, kind, tally->dropped[drop], books->produced);
        }
    }
    if (books->missing > 0) {
        open_row(page);
        umig_buf_printf(page->out, "%s: missing, not accounted for", umig_quality_kind_key(kind));
        put_amount_row(page, kind, books->missing, books->produced);
    }
}

void umig_html_quality_rows(struct umig_html_page *page)
{
    const struct umig_quality *const quality = &page->figures->quality;
    for (enum umig_kind kind = UMIG_KIND_CPU; kind < UMIG_KIND_COUNT; kind++) {
        if (quality->kinds[kind].present) {
            put_books(page, kind);
        }
    }
    for (int outcome = 0; outcome < UMIG_OUTCOME_COUNT; outcome++) {
        if (quality->failed[outcome] > 0) {
            open_row(page);
            umig_buf_printf(page->out, "Not walked: %s",
                            umig_quality_outcome_text((enum umig_outcome)outcome));
            put_count_row(page, quality->failed[outcome], quality->java_samples);
        }
    }
    open_row(page);
    umig_buf_text(page->out, "Samples of threads of the JVM itself");
    put_count_row(page, quality->vm_samples, page->figures->cpu->count);
}
