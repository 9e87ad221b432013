/* The section of the HTML page about pools of threads and of connections. */
#include <stdio.h>

#include "report/html_page.h"
#include "report/html_text.h"

#define ROWS_MAX     60
#define NAME_LIMIT   65536
#define SPARK_WIDTH  120.0
#define SPARK_HEIGHT 22.0

void umig_html_pools_note(struct umig_html_page *page)
{
    if (page->figures->work_pools.count > 0) {
        umig_buf_text(page->out,
                      "Means over the readings; full: all at work and something that waited; the "
                      "line is what was at work over time, against what there was at most");
    }
}

static void put_mean(struct umig_html_page *page, double mean)
{
    char text[32];
    if (mean < 0) {
        umig_buf_text(page->out, "<td></td>");
        return;
    }
    snprintf(text, sizeof text, "%.1f", mean);
    umig_html_number((uint64_t)(mean * 1000), text, page->out);
}

static void put_known(struct umig_html_page *page, bool is_known, uint64_t number)
{
    if (is_known) {
        umig_html_count(number, page->out);
    } else {
        umig_buf_text(page->out, "<td></td>");
    }
}

/* Of parts of the session without a reading nothing is drawn. */
static void put_line(struct umig_html_page *page, const struct umig_work_pool *pool)
{
    const double most = pool->sums->size_most > 0 ? (double)pool->sums->size_most : 1;
    const char *command = "M";
    umig_buf_printf(page->out,
                    "<td><svg width=\"%.0f\" height=\"%.0f\" aria-hidden=\"true\"><path d=\"",
                    SPARK_WIDTH, SPARK_HEIGHT);
    for (uint32_t i = 0; i < UMIG_PROFILE_WORK_PARTS; i++) {
        const double readings = (double)pool->sums->parts[i].readings;
        if (readings > 0) {
            const double share = (double)pool->sums->parts[i].active / readings / most;
            umig_buf_printf(page->out, "%s%.1f,%.1f", command,
                            (i + 0.5) * SPARK_WIDTH / UMIG_PROFILE_WORK_PARTS,
                            SPARK_HEIGHT - 1 - (SPARK_HEIGHT - 2) * (share < 1 ? share : 1));
            command = "L";
        }
    }
    umig_buf_text(page->out, "\" fill=\"none\" stroke=\"currentColor\"/></svg></td>");
}

static void put_row(struct umig_html_page *page, const struct umig_work_pool *pool)
{
    const struct umig_profile_work_pool *sums = pool->sums;
    struct umig_buf name = UMIG_BUF_INIT(NAME_LIMIT);
    umig_work_pool_put_name(page->figures->profile, pool, &name);
    umig_buf_text(page->out, "<tr><th scope=\"row\"><span class=\"n\">");
    umig_html_name(umig_buf_str(&name), page->out);
    umig_buf_fini(&name);
    umig_buf_printf(page->out, "</span><small title=\"%s\">%s</small></th>",
                    umig_work_pool_kind_text(sums->kind), umig_work_pool_kind_key(sums->kind));
    umig_html_share(sums->active, sums->size, page->out);
    put_line(page, pool);
    put_mean(page, pool->active_mean);
    umig_html_count(sums->active_most, page->out);
    umig_html_count(sums->size_most, page->out);
    put_known(page, sums->last.maximum != UMIG_POOL_UNKNOWN, sums->last.maximum);
    umig_html_share(sums->full_readings, sums->readings, page->out);
    put_mean(page, pool->queued_mean);
    put_known(page, pool->queued_mean >= 0, sums->queued_most);
    put_known(page, pool->has_completed, pool->completed);
    umig_buf_text(page->out, "</tr>\n");
}

void umig_html_pools_rows(struct umig_html_page *page)
{
    const struct umig_work_pools *pools = &page->figures->work_pools;
    for (size_t i = 0; i < pools->count && i < ROWS_MAX; i++) {
        put_row(page, &pools->items[i]);
    }
    if (pools->count == 0) {
        umig_html_no_rows(page, page->figures->profile->session.has_kind[UMIG_KIND_POOLS]
                                    ? "No pool was found: none had a thread at any reading."
                                    : "Not asked for: the session was started without pools.");
    }
}
