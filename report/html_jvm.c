/* The section of the HTML page about what the JVM did by its own counters. */
#include "analysis/label.h"
#include "core/units.h"
#include "report/html_page.h"
#include "report/html_text.h"

void umig_html_jvm_note(struct umig_html_page *page)
{
    const struct umig_jvm *jvm = &page->figures->jvm;
    if (jvm->over_ns > 0) {
        umig_buf_text(page->out, "By the JVM's own counters, over ");
        umig_label_value(UMIG_KIND_GC, jvm->over_ns, page->out);
        umig_buf_text(page->out, "; sums are of elapsed time, over all threads, compilers too");
    }
}

static void put_times(struct umig_html_page *page, uint64_t count, uint64_t over_ns)
{
    if (count == UMIG_JVM_COUNTER_UNKNOWN) {
        umig_buf_text(page->out, "<td></td><td></td>");
        return;
    }
    umig_html_count(count, page->out);
    umig_buf_printf(page->out, "<td class=\"num\">%.1f</td>",
                    (double)count * (double)UMIG_NS_PER_S / (double)over_ns);
}

void umig_html_jvm_rows(struct umig_html_page *page)
{
    struct umig_jvm_row rows[UMIG_JVM_ROWS_MAX];
    const struct umig_jvm *jvm = &page->figures->jvm;
    const size_t count = umig_jvm_rows(jvm, rows);
    for (size_t i = 0; i < count; i++) {
        umig_buf_printf(page->out, "<tr><th scope=\"row\">%s</th>", rows[i].what);
        put_times(page, rows[i].count, jvm->over_ns);
        if (rows[i].total_ns == UMIG_JVM_COUNTER_UNKNOWN) {
            umig_buf_text(page->out, "<td></td><td></td></tr>\n");
            continue;
        }
        umig_html_value(UMIG_KIND_GC, rows[i].total_ns, page->out);
        umig_html_share(rows[i].total_ns, jvm->over_ns, page->out);
        umig_buf_text(page->out, "</tr>\n");
    }
    if (count == 0) {
        umig_html_no_rows(page,
                          page->figures->profile->session.has_kind[UMIG_KIND_HEAP]
                              ? "Not known: this JVM keeps no counters, or they were read once."
                              : "Not asked for: the session was started without heap.");
    }
}
