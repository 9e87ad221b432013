/* The text report's section about what the agent itself took. */
#include <stdio.h>

#include "analysis/label.h"
#include "report/cells.h"
#include "report/text_page.h"

#define LINE_LIMIT_BYTES (1u << 20)
#define PPM              1000000u
#define EIGHTHS          8

static void put_budget(const struct umig_profile_session *session, struct umig_buf *line)
{
    umig_buf_text(line, " Its budget: ");
    if (session->budget_ppm > 0) {
        umig_label_share(session->budget_ppm, PPM, line);
        umig_buf_text(line, " of CPU and ");
    } else {
        umig_buf_text(line, "any CPU, ");
    }
    umig_label_value(UMIG_KIND_HEAP, session->budget_memory_bytes, line);
    umig_buf_text(line, " of memory.");
}

static void write_sum(struct umig_text_page *page)
{
    const struct umig_profile_session *session = &page->figures->profile->session;
    struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_buf_text(&line, "The agent took ");
    umig_label_value(UMIG_KIND_CPU, session->agent_cpu_ns, &line);
    umig_buf_text(&line, " of CPU");
    if (session->process_cpu_ns > 0) {
        umig_buf_text(&line, " (");
        umig_label_share(session->agent_cpu_ns, session->process_cpu_ns, &line);
        umig_buf_text(&line, " of the process)");
    }
    umig_buf_text(&line, " and ");
    umig_label_value(UMIG_KIND_HEAP, session->agent_memory_bytes, &line);
    umig_buf_text(&line, " of memory.");
    if (page->figures->cost.step_count > 0) {
        put_budget(session, &line);
    }
    umig_text_wrap(page, umig_buf_str(&line), " ", 2);
    umig_text_done(page, &line);
}

/* "1/4", or nothing where it was taken as asked. */
static void write_divisor(struct umig_text_page *page, uint32_t divisor)
{
    char text[16] = "";
    if (divisor > 1) {
        snprintf(text, sizeof text, "1/%u", divisor);
    }
    umig_cells_put(text, 8, UMIG_CELLS_RIGHT, page->out);
}

static void write_kinds(struct umig_text_page *page, const struct umig_cost_curve *cost)
{
    umig_text_heads(page, cost->is_slowed ? "   share         CPU    rate  for, what is counted in"
                                          : "   share         CPU  for, what is counted in");
    for (int at = 1; at <= UMIG_KIND_COUNT; at++) {
        const int kind = at % UMIG_KIND_COUNT; /* what is for all comes last */
        char what[160];
        if (cost->all.kind_cpu_ns[kind] == 0) {
            continue;
        }
        umig_text_share(page, cost->all.kind_cpu_ns[kind], cost->all.cpu_ns);
        umig_text_value(page, UMIG_KIND_CPU, cost->all.kind_cpu_ns[kind]);
        if (cost->is_slowed) {
            write_divisor(page, cost->all.divisors[kind]);
        }
        snprintf(what, sizeof what, "  %s: %s", umig_cost_kind_key(kind),
                 umig_cost_kind_text(kind));
        umig_text_last(page, what, page->line_width - (cost->is_slowed ? 28 : 20));
    }
}

/* U+2581 to U+2588: an eighth of a block to all of it. */
static void put_level(double share, double highest, struct umig_buf *line)
{
    const int eighths = highest > 0 ? (int)(share / highest * EIGHTHS + 0.5) : 1;
    umig_buf_printf(line, "\xE2\x96%c", (char)(0x80 + (eighths > 1 ? eighths : 1)));
}

static void write_curve(struct umig_text_page *page, const struct umig_cost_curve *cost)
{
    struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_buf_text(&line, "Over time: ");
    for (uint32_t i = 0; i < cost->step_count; i++) {
        put_level(umig_cost_share(&cost->steps[i]), cost->highest_share, &line);
    }
    umig_buf_text(&line, " at most ");
    umig_label_share((uint64_t)(cost->highest_share * PPM + 0.5), PPM, &line);
    umig_buf_text(&line, ", on the whole ");
    umig_label_share(cost->all.cpu_ns, cost->all.whole_ns, &line);
    umig_buf_text(&line, " of what the process used, or of one processor where that is more; ");
    umig_label_value(UMIG_KIND_HEAP, cost->all.memory_bytes, &line);
    umig_buf_text(&line, " of memory at most.");
    umig_text_wrap(page, umig_buf_str(&line), " ", 2);
    umig_text_done(page, &line);
}

void umig_text_cost(struct umig_text_page *page)
{
    const struct umig_profile_session *session = &page->figures->profile->session;
    const struct umig_cost_curve *cost = &page->figures->cost;
    umig_text_heading(page, "Cost of profiling");
    if (session->agent_cpu_ns == 0 && session->agent_memory_bytes == 0) {
        umig_text_note(page, "Not reported by the agent.");
        return;
    }
    write_sum(page);
    if (cost->step_count > 0) {
        write_kinds(page, cost);
        write_curve(page, cost);
    }
}
