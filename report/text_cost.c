/* The text report's section about what the agent itself took. */
#include <stdio.h>

#include "analysis/label.h"
#include "report/cells.h"
#include "report/text_page.h"

#define LINE_LIMIT_BYTES (1u << 20)
#define PPM              1000000u
#define EIGHTHS          8

static void write_sum(struct umig_text_page *page)
{
    struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_cost_sentence(page->figures->profile, &page->figures->cost, &line);
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
    struct umig_cost_row rows[UMIG_COST_ROWS_MAX];
    const size_t count = umig_cost_rows(cost, rows);
    umig_text_heads(page, cost->is_slowed ? "   share         CPU    rate  for, what is counted in"
                                          : "   share         CPU  for, what is counted in");
    for (size_t i = 0; i < count; i++) {
        char what[160];
        umig_text_share(page, rows[i].cpu_ns, cost->cpu_ns);
        umig_text_value(page, UMIG_KIND_CPU, rows[i].cpu_ns);
        if (cost->is_slowed) {
            write_divisor(page, rows[i].divisor);
        }
        snprintf(what, sizeof what, "  %s: %s", rows[i].key, rows[i].text);
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
