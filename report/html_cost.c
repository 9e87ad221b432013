/* The section of the HTML page about what the agent itself took. */
#include "analysis/label.h"
#include "report/html_page.h"
#include "report/html_text.h"

#define PPM          1000000u
#define CURVE_WIDTH  300.0
#define CURVE_HEIGHT 40.0

static bool is_told(const struct umig_profile_session *session)
{
    return session->agent_cpu_ns > 0 || session->agent_memory_bytes > 0;
}

void umig_html_cost_note(struct umig_html_page *page)
{
    struct umig_buf sentence = UMIG_BUF_INIT(4096);
    if (is_told(&page->figures->profile->session)) {
        umig_cost_sentence(page->figures->profile, &page->figures->cost, &sentence);
        umig_buf_text(&sentence, " Counted in above; shown apart here.");
    }
    umig_html_text(umig_buf_str(&sentence), page->out);
    umig_buf_fini(&sentence);
}

/* Of each step a level line, as high as its share; the budget is dashed where it is in sight. */
static void put_curve(struct umig_html_page *page, const struct umig_cost_curve *curve)
{
    const struct umig_profile_session *session = &page->figures->profile->session;
    const double budget = (double)session->budget_ppm / PPM;
    const double high = curve->highest_share > 0 ? curve->highest_share : 1;
    const double length = (double)curve->all.after_ns;
    const char *command = "M";
    umig_buf_printf(page->out,
                    "<svg width=\"%.0f\" height=\"%.0f\" role=\"img\" aria-label=\"CPU of the "
                    "agent over time\"><path d=\"",
                    CURVE_WIDTH, CURVE_HEIGHT);
    for (uint32_t i = 0; i < curve->step_count; i++) {
        const struct umig_cost_step *step = &curve->steps[i];
        const double y = CURVE_HEIGHT - 1 - (CURVE_HEIGHT - 2) * umig_cost_share(step) / high;
        const double from = (double)(step->after_ns - step->over_ns) / length * CURVE_WIDTH;
        umig_buf_printf(page->out, "%s%.1f,%.1fH%.1f", command, from, y,
                        (double)step->after_ns / length * CURVE_WIDTH);
        command = "L";
    }
    umig_buf_text(page->out, "\" fill=\"none\" stroke=\"currentColor\"/>");
    if (budget > 0 && budget <= high) {
        const double y = CURVE_HEIGHT - 1 - (CURVE_HEIGHT - 2) * budget / high;
        umig_buf_printf(page->out,
                        "<path d=\"M0,%.1fH%.0f\" fill=\"none\" stroke=\"currentColor\" "
                        "stroke-dasharray=\"2 4\"/>",
                        y, CURVE_WIDTH);
    }
    umig_buf_text(page->out, "</svg>");
}

/* Its shares are of another whole than those of the column: they stand in words. */
static void put_curve_row(struct umig_html_page *page, const struct umig_cost_curve *curve)
{
    umig_buf_text(page->out, "<tr><th scope=\"row\">Over time<small>at most ");
    umig_html_share_text(page, (uint64_t)(curve->highest_share * PPM + 0.5), PPM);
    umig_buf_text(page->out, ", on the whole ");
    umig_html_share_text(page, curve->all.cpu_ns, curve->all.whole_ns);
    umig_buf_text(page->out, " of what the process used, or of one processor where that is more ");
    put_curve(page, curve);
    umig_buf_text(page->out, "</small></th><td class=\"num\"></td><td class=\"num\"></td></tr>\n");
}

static void put_row(struct umig_html_page *page,
                    const struct umig_cost_row *row,
                    const struct umig_cost_curve *curve)
{
    umig_buf_printf(page->out, "<tr><th scope=\"row\">CPU for %s<small>%s", row->key, row->text);
    if (row->divisor > 1) {
        umig_buf_printf(page->out, "; for the budget taken 1/%u as often at times", row->divisor);
    }
    umig_buf_text(page->out, "</small></th>");
    umig_html_value(UMIG_KIND_CPU, row->cpu_ns, page->out);
    umig_html_share(row->cpu_ns, curve->cpu_ns, page->out);
    umig_buf_text(page->out, "</tr>\n");
}

static void put_memory_row(struct umig_html_page *page)
{
    const struct umig_profile_session *const session = &page->figures->profile->session;
    umig_buf_text(page->out, "<tr><th scope=\"row\">Memory of the agent");
    if (session->budget_memory_bytes > 0) {
        umig_buf_text(page->out, "<small>of at most ");
        umig_label_value(UMIG_KIND_HEAP, session->budget_memory_bytes, page->out);
        umig_buf_text(page->out, "</small>");
    }
    umig_buf_text(page->out, "</th>");
    umig_html_value(UMIG_KIND_HEAP, session->agent_memory_bytes, page->out);
    umig_buf_text(page->out, "<td class=\"num\"></td></tr>\n");
}

void umig_html_cost_rows(struct umig_html_page *page)
{
    const struct umig_cost_curve *const curve = &page->figures->cost;
    struct umig_cost_row rows[UMIG_COST_ROWS_MAX];
    const size_t count = umig_cost_rows(curve, rows);
    if (!is_told(&page->figures->profile->session)) {
        umig_html_no_rows(page, "The agent has not told its own cost.");
        return;
    }
    umig_buf_text(page->out, "<tr><th scope=\"row\">CPU of the agent</th>");
    umig_html_value(UMIG_KIND_CPU, curve->cpu_ns, page->out);
    umig_html_share(curve->cpu_ns, curve->cpu_ns, page->out);
    umig_buf_text(page->out, "</tr>\n");
    for (size_t i = 0; i < count; i++) {
        put_row(page, &rows[i], curve);
    }
    if (curve->step_count > 0) {
        put_curve_row(page, curve);
    }
    put_memory_row(page);
}
