/* The text report's section about pools of threads and of connections. */
#include <stdio.h>

#include "analysis/label.h"
#include "report/cells.h"
#include "report/text_page.h"

#define LINE_LIMIT_BYTES (1u << 20)
#define POOLS_MAX        16
#define NARROW_COLUMNS   84
#define WIDE_FIGURES     60 /* columns of a line before the name */
#define NARROW_FIGURES   42

/* A narrow line leaves out what a pool may have at most, and what it completed. */
static bool is_narrow(const struct umig_text_page *page)
{
    return page->line_width < NARROW_COLUMNS;
}

static void write_cell(struct umig_text_page *page, const char *text, size_t columns)
{
    umig_cells_put(text, columns, UMIG_CELLS_RIGHT, page->out);
}

/* "12.3", or nothing where it is not known: a mean is never below 0. */
static void write_mean(struct umig_text_page *page, double mean, size_t columns)
{
    char text[32];
    snprintf(text, sizeof text, mean < 0 ? "" : "%.1f", mean);
    write_cell(page, text, columns);
}

static void write_number(struct umig_text_page *page,
                         bool is_known,
                         uint64_t number,
                         size_t columns)
{
    struct umig_buf text = UMIG_BUF_INIT(64);
    if (is_known) {
        umig_label_number(number, &text);
    }
    write_cell(page, is_known ? umig_buf_str(&text) : "", columns);
    umig_text_done(page, &text);
}

static void write_pool(struct umig_text_page *page, const struct umig_work_pool *pool)
{
    const struct umig_profile_work_pool *sums = pool->sums;
    struct umig_buf name = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_text_share(page, sums->active, sums->size);
    write_mean(page, pool->active_mean, 8);
    write_number(page, true, sums->size_most, 7);
    if (!is_narrow(page)) {
        write_number(page, sums->last.maximum != UMIG_POOL_UNKNOWN, sums->last.maximum, 7);
    }
    umig_text_share(page, sums->full_readings, sums->readings);
    write_mean(page, pool->queued_mean, 9);
    if (!is_narrow(page)) {
        write_number(page, pool->has_completed, pool->completed, 11);
    }
    umig_buf_text(page->out, "  ");
    umig_work_pool_put_name(page->figures->profile, pool, &name);
    umig_buf_printf(&name, ", %s", umig_work_pool_kind_key(sums->kind));
    umig_text_last(page, umig_buf_str(&name),
                   page->line_width - (is_narrow(page) ? NARROW_FIGURES : WIDE_FIGURES));
    umig_text_done(page, &name);
}

void umig_text_pools(struct umig_text_page *page)
{
    const struct umig_work_pools *pools = &page->figures->work_pools;
    const size_t shown = pools->count < POOLS_MAX ? pools->count : POOLS_MAX;
    if (!page->figures->profile->session.has_kind[UMIG_KIND_POOLS] && pools->count == 0) {
        return;
    }
    umig_text_heading(page, "Pools");
    if (pools->count == 0) {
        umig_text_note(page, "No pool was found: none had a thread at any reading.");
        return;
    }
    umig_text_heads(page, is_narrow(page)
                              ? "    used    busy   size    full    queue  pool, kind"
                              : "    used    busy   size    max    full    queue  completed  "
                                "pool, kind");
    for (size_t i = 0; i < shown; i++) {
        write_pool(page, &pools->items[i]);
    }
    umig_text_rest(page, pools->count - shown, 0, 0);
}
