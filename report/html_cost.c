/* The section of the HTML page about what the agent itself took. */
#include "analysis/label.h"
#include "report/html_page.h"
#include "report/html_text.h"

#define PPM          1000000u
#define CURVE_WIDTH  300.0
#define CURVE_HEIGHT 40.0

void umig_html_cost_note(struct umig_html_page *page)
{
    const struct umig_profile_session *session = &page->figures->profile->session;
    umig_buf_text(page->out, "Counted in above; shown apart here");
    if (page->figures->cost.step_count > 0 && session->budget_ppm > 0) {
        umig_buf_text(page->out, "; the budget is ");
        umig_label_share(session->budget_ppm, PPM, page->out);
        umig_buf_text(page->out,
                      " of what the process uses, or of one processor where that is more, and ");
        umig_label_value(UMIG_KIND_HEAP, session->budget_memory_bytes, page->out);
    }
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

static void put_curve_row(struct umig_html_page *page, const struct umig_cost_curve *curve)
{
    umig_buf_text(page->out, "<tr><th scope=\"row\">Over time, at most");
    umig_buf_text(page->out, "<small>");
    put_curve(page, curve);
    umig_buf_text(page->out, "</small></th><td class=\"num\"></td>");
    umig_html_share((uint64_t)(curve->highest_share * PPM + 0.5), PPM, page->out);
    umig_buf_text(page->out, "</tr>");
}

static void put_kind_row(struct umig_html_page *page, const struct umig_cost_curve *curve, int kind)
{
    umig_buf_printf(page->out, "<tr><th scope=\"row\">CPU for %s<small>%s",
                    umig_cost_kind_key(kind), umig_cost_kind_text(kind));
    if (curve->all.divisors[kind] > 1) {
        umig_buf_printf(page->out, "; for the budget taken 1/%u as often at times",
                        curve->all.divisors[kind]);
    }
    umig_buf_text(page->out, "</small></th>");
    umig_html_value(UMIG_KIND_CPU, curve->all.kind_cpu_ns[kind], page->out);
    umig_html_share(curve->all.kind_cpu_ns[kind], curve->all.whole_ns, page->out);
    umig_buf_text(page->out, "</tr>");
}

void umig_html_cost_rows(struct umig_html_page *page)
{
    const struct umig_profile_session *const session = &page->figures->profile->session;
    const struct umig_cost_curve *const curve = &page->figures->cost;
    if (session->agent_cpu_ns == 0 && session->agent_memory_bytes == 0) {
        umig_html_no_rows(page, "The agent has not told its own cost.");
        return;
    }
    umig_buf_text(page->out, "<tr><th scope=\"row\">CPU of the agent</th>");
    umig_html_value(UMIG_KIND_CPU, session->agent_cpu_ns, page->out);
    umig_html_share(session->agent_cpu_ns, session->process_cpu_ns, page->out);
    umig_buf_text(page->out, "</tr>");
    for (int at = 1; at <= UMIG_KIND_COUNT && curve->step_count > 0; at++) {
        const int kind = at % UMIG_KIND_COUNT; /* what is for all comes last */
        if (curve->all.kind_cpu_ns[kind] > 0) {
            put_kind_row(page, curve, kind);
        }
    }
    if (curve->step_count > 0) {
        put_curve_row(page, curve);
    }
    umig_buf_text(page->out, "<tr><th scope=\"row\">Memory of the agent</th>");
    umig_html_value(UMIG_KIND_HEAP, session->agent_memory_bytes, page->out);
    if (session->budget_memory_bytes > 0) {
        umig_html_share(session->agent_memory_bytes, session->budget_memory_bytes, page->out);
    } else {
        umig_buf_text(page->out, "<td class=\"num\"></td>");
    }
    umig_buf_text(page->out, "</tr>");
}
