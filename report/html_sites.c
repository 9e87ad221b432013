/* The section of the HTML page about dispatch: the lines of the application that cost most of it.
 */
#include <inttypes.h>

#include "report/html_page.h"
#include "report/html_text.h"

#define ROWS_MAX 40

/* With its frames kept, dispatch has no line of its own: the folded form is asked. */
static const struct umig_figures *folded(const struct umig_html_page *page)
{
    return umig_figures_folded(page->figures);
}

void umig_html_site_note(struct umig_html_page *page)
{
    const size_t count = folded(page)->cpu->site_count;
    if (count > 0) {
        umig_buf_printf(page->out, "%zu of %zu lines whose calls go through dispatch",
                        count < ROWS_MAX ? count : (size_t)ROWS_MAX, count);
    }
}

/* The frames of the data block are those of the shown form: from another one none is opened. */
static int64_t page_frame(const struct umig_html_page *page, uint32_t method)
{
    return folded(page) == page->figures ? (int64_t)page->frame_of_method[method] - 1 : -1;
}

static void put_site_row(struct umig_html_page *page, const struct umig_hot_site *site)
{
    const struct umig_profile *const profile = folded(page)->profile;
    const struct umig_hot *const cpu = folded(page)->cpu;
    umig_buf_text(page->out, "<tr><th scope=\"row\">");
    if (site->method != 0) {
        umig_html_method(profile, site->method, UMIG_FRAME_JAVA, page_frame(page, site->method),
                         page->out);
    } else {
        umig_buf_text(page->out, "unknown");
    }
    if (site->line > 0) {
        umig_buf_printf(page->out, "<small>line %" PRIu32 "</small>", site->line);
    }
    umig_buf_text(page->out, "</th>");
    umig_html_value(UMIG_KIND_CPU, site->value, page->out);
    umig_html_bar(site->value, cpu->sites[0].value, page->out);
    umig_html_share(site->value, cpu->value, page->out);
    umig_buf_text(page->out, "<td><span class=\"n\">");
    umig_html_name(umig_profile_text(profile, profile->methods.items[site->way].name), page->out);
    umig_buf_text(page->out, "</span></td></tr>\n");
}

void umig_html_site_rows(struct umig_html_page *page)
{
    const struct umig_hot *const cpu = folded(page)->cpu;
    for (size_t i = 0; i < cpu->site_count && i < ROWS_MAX; i++) {
        put_site_row(page, &cpu->sites[i]);
    }
    if (cpu->site_count == 0) {
        umig_html_no_rows(page,
                          cpu->count > 0 ? "No CPU time in dispatch." : umig_html_no_cpu(page));
    }
}
