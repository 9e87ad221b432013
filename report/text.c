#include "report/text.h"

#include <stdio.h>
#include <string.h>

#include "analysis/label.h"
#include "core/err.h"
#include "core/parse.h"
#include "report/cells.h"
#include "report/text_page.h"

#define LINE_LIMIT_BYTES (1u << 20)
#define METHODS_MIN      10 /* shown however little they take */
#define METHODS_MAX      20 /* the others down to 1 % */
#define TOTALS_MAX       16
#define SITES_MAX        8

static void put_date(uint64_t unix_ns, struct umig_buf *out)
{
    char text[UMIG_TIME_TEXT_BYTES];
    umig_format_time(unix_ns, text);
    umig_buf_text(out, text);
}

static void put_duration(uint64_t ns, struct umig_buf *out)
{
    umig_label_value(UMIG_KIND_CPU, ns, out);
}

/* "cpu every 10 ms, gc, heap every 1 s" */
static void put_kinds(const struct umig_profile_session *session, struct umig_buf *out)
{
    const char *lead = "; ";
    for (unsigned i = 1; i < UMIG_KIND_COUNT; i++) {
        if (session->has_kind[i]) {
            umig_buf_printf(out, "%s%s", lead, umig_quality_kind_key((enum umig_kind)i));
            if (session->interval_ns[i] > 0) {
                const bool is_threshold = i == UMIG_KIND_LOCKS;
                umig_buf_text(out, is_threshold ? " from " : " every ");
                umig_label_value(umig_label_is_bytes((enum umig_kind)i) ? (enum umig_kind)i
                                                                        : UMIG_KIND_CPU,
                                 session->interval_ns[i], out);
            }
            lead = ", ";
        }
    }
}

static const char *end_text(enum umig_end end)
{
    switch (end) {
#define END_TEXT(name, number, key, text) \
 case UMIG_END_##name:                    \
  return text;
        UMIG_END_TABLE(END_TEXT)
#undef END_TEXT
    case UMIG_END_COUNT:
    default:
        return "ended for a reason not known here";
    }
}

static void put_end(const struct umig_profile_session *session, struct umig_buf *out)
{
    if (session->is_end_unknown) {
        umig_buf_text(out, "still ran at its last data, ");
        put_date(session->end_unix_ns, out);
        umig_buf_text(out, "; no collector ran since, so its end is not known");
    } else {
        umig_buf_text(out, end_text(session->end));
    }
}

/* " · host" of the facts that are known. */
static void put_fact(const struct umig_profile *profile,
                     const char *lead,
                     uint32_t text,
                     struct umig_buf *out)
{
    if (text != 0) {
        umig_buf_printf(out, "%s%s", lead, umig_profile_text(profile, text));
    }
}

static void put_jvm(const struct umig_profile *profile, struct umig_buf *line)
{
    const struct umig_profile_session *session = &profile->session;
    umig_buf_printf(line, "pid %u", session->pid);
    put_fact(profile, " on ", session->host, line);
    put_fact(profile, ", ", session->main_class, line);
    put_fact(profile, ", ", session->jvm_name, line);
    put_fact(profile, " ", session->jvm_version, line);
    if (session->cpu_count > 0) {
        umig_buf_printf(line, ", %u processors", session->cpu_count);
    }
    if (session->max_heap_bytes > 0) {
        umig_buf_text(line, ", heap up to ");
        umig_label_value(UMIG_KIND_HEAP, session->max_heap_bytes, line);
    }
    put_fact(profile, ", ", session->collector_name, line);
}

static void write_head(struct umig_text_page *page)
{
    const struct umig_profile *profile = page->figures->profile;
    const struct umig_profile_session *session = &profile->session;
    struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_buf_text(&line, session->service != 0 ? umig_profile_text(profile, session->service)
                                               : "unnamed service");
    put_fact(profile, " / ", session->instance, &line);
    put_fact(profile, " \xC2\xB7 session ", session->id, &line);
    umig_buf_text(&line, " \xC2\xB7 ");
    put_date(session->start_unix_ns, &line);
    umig_text_wrap(page, umig_buf_str(&line), " ", 0);

    umig_text_done(page, &line);
    if (session->end_unix_ns > session->start_unix_ns) {
        put_duration(session->end_unix_ns - session->start_unix_ns, &line);
        umig_buf_text(&line, ", ");
    }
    put_end(session, &line);
    put_kinds(session, &line);
    umig_figures_put_spacing(page->figures, &line);
    for (size_t i = 0; i < profile->labels.count; i++) {
        const struct umig_profile_label *label = &profile->labels.items[i];
        umig_buf_printf(&line, "; %s=%s", umig_profile_text(profile, label->key),
                        umig_profile_text(profile, label->value));
    }
    umig_text_note(page, umig_buf_str(&line));
    umig_text_done(page, &line);
    umig_figures_put_fired(page->figures, &line);
    if (line.len > 0) {
        umig_text_note(page, umig_buf_str(&line));
        umig_text_done(page, &line);
    }
    put_jvm(profile, &line);
    umig_text_note(page, umig_buf_str(&line));
    umig_text_done(page, &line);
}

static void write_answer(struct umig_text_page *page)
{
    static void (*const sentences[])(const struct umig_verdict_figures *, struct umig_buf *) = {
        umig_verdict_dominates, umig_verdict_price, umig_verdict_look_at};
    const struct umig_verdict_figures figures = umig_figures_verdict(page->figures);
    umig_buf_byte(page->out, '\n');
    for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++) {
        struct umig_buf sentence = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        sentences[i](&figures, &sentence);
        umig_text_wrap(page, umig_buf_str(&sentence), " ", 2);
        umig_text_done(page, &sentence);
    }
}

static size_t group_columns(const struct umig_text_page *page)
{
    return page->width >= 90 ? 22 : 14;
}

/* Columns of a line beside a method's name and its pool: shares, value, bar and the spaces. */
#define METHOD_FIGURES (8 + 12 + 1 + 8 + 8 + 2 + 1)

/* Columns of the methods' names: what the width leaves, or what the widest takes of the line. */
static size_t method_columns(struct umig_text_page *page, size_t shown)
{
    const size_t beside = METHOD_FIGURES + group_columns(page);
    size_t columns = page->width - beside;
    for (size_t i = 0; i < shown; i++) {
        struct umig_buf name = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        umig_label_method_within(page->figures->profile, page->figures->cpu->methods[i].method,
                                 SIZE_MAX, &name);
        umig_text_widen(page, umig_buf_str(&name), page->line_width - beside, &columns);
        umig_text_done(page, &name);
    }
    return columns;
}

static void write_method(struct umig_text_page *page,
                         const struct umig_hot_method *method,
                         size_t name_columns)
{
    const struct umig_hot *cpu = page->figures->cpu;
    struct umig_buf name = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_label_method_within(page->figures->profile, method->method, name_columns, &name);
    umig_text_share(page, method->self, cpu->value);
    umig_text_value(page, UMIG_KIND_CPU, method->self);
    umig_buf_byte(page->out, ' ');
    umig_text_bar(page, method->self, cpu->methods[0].self, 7);
    umig_text_share(page, method->total, cpu->value);
    umig_buf_text(page->out, "  ");
    umig_text_name(page, umig_buf_str(&name), name_columns);
    struct umig_buf pool = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_hot_put_pool(page->figures->profile, method, &pool);
    umig_text_last(page, umig_buf_str(&pool), page->line_width - METHOD_FIGURES - name_columns);
    umig_text_done(page, &pool);
    umig_text_done(page, &name);
}

/* How many methods are shown. */
static size_t count_shown(const struct umig_hot *cpu)
{
    const size_t most = cpu->method_count < METHODS_MAX ? cpu->method_count : METHODS_MAX;
    size_t count = 0;
    while (count < most && cpu->methods[count].self > 0 &&
           (count < METHODS_MIN || cpu->methods[count].self >= cpu->value / 100)) {
        count++;
    }
    return count;
}

static void write_methods(struct umig_text_page *page)
{
    const struct umig_hot *cpu = page->figures->cpu;
    umig_text_heading(page, "Hot methods");
    if (cpu->count == 0) {
        umig_text_note(page, page->figures->profile->session.has_kind[UMIG_KIND_CPU]
                                 ? "No CPU samples."
                                 : "Not measured: the session was started without cpu.");
        return;
    }
    umig_text_heads(page, "    self        self             total  method, and the thread pool it "
                          "mostly runs on");
    const size_t shown = count_shown(cpu);
    const size_t name_columns = method_columns(page, shown);
    for (size_t i = 0; i < shown; i++) {
        write_method(page, &cpu->methods[i], name_columns);
    }
    size_t left = 0;
    uint64_t left_value = 0;
    for (size_t i = shown; i < cpu->method_count; i++) {
        left += cpu->methods[i].self > 0 ? 1 : 0;
        left_value += cpu->methods[i].self;
    }
    umig_text_rest(page, left, left_value, cpu->value);
}

static void write_totals(struct umig_text_page *page)
{
    const struct umig_hot_method *methods[TOTALS_MAX];
    const size_t all =
        umig_hot_by_total(page->figures->profile, page->figures->cpu, TOTALS_MAX, methods);
    const size_t count = all < TOTALS_MAX ? all : TOTALS_MAX;
    if (all == 0) {
        return;
    }
    umig_text_heading(page, "By total");
    umig_text_heads(page, "   total       total  method (JDK, Groovy, frameworks left out)");
    for (size_t i = 0; i < count; i++) {
        struct umig_buf name = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        const size_t columns = page->line_width - 8 - 12 - 2;
        umig_label_method_within(page->figures->profile, methods[i]->method, columns, &name);
        umig_text_share(page, methods[i]->total, page->figures->cpu->value);
        umig_text_value(page, UMIG_KIND_CPU, methods[i]->total);
        umig_buf_text(page->out, "  ");
        umig_text_last(page, umig_buf_str(&name), columns);
        umig_text_done(page, &name);
    }
    umig_text_rest(page, all - count, 0, 0); /* totals overlap: their sum says nothing */
}

/* Appends a call site within some characters. */
static void put_site(const struct umig_profile *profile,
                     const struct umig_hot_site *site,
                     size_t characters,
                     struct umig_buf *out)
{
    char line[16] = "";
    if (site->line != 0) {
        snprintf(line, sizeof line, ":%u", site->line);
    }
    const size_t line_characters = strlen(line);
    umig_label_method_within(profile, site->method,
                             characters > line_characters ? characters - line_characters : 1, out);
    umig_buf_text(out, line);
}

/* Columns of a line beside a call site and its way: share, value and the spaces. */
#define SITE_FIGURES (8 + 12 + 2 + 1)

/* As method_columns(). */
static size_t site_columns(struct umig_text_page *page, size_t shown, size_t way_columns)
{
    const struct umig_figures *figures = umig_figures_folded(page->figures);
    const size_t beside = SITE_FIGURES + way_columns;
    size_t columns = page->width - beside;
    for (size_t i = 0; i < shown; i++) {
        struct umig_buf name = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        put_site(figures->profile, &figures->cpu->sites[i], SIZE_MAX, &name);
        umig_text_widen(page, umig_buf_str(&name), page->line_width - beside, &columns);
        umig_text_done(page, &name);
    }
    return columns;
}

/* Of the folded form: with its frames kept, dispatch has no line of its own. */
static void write_sites(struct umig_text_page *page)
{
    const struct umig_figures *figures = umig_figures_folded(page->figures);
    const struct umig_hot *cpu = figures->cpu;
    const struct umig_profile *profile = figures->profile;
    if (cpu->site_count == 0) {
        return;
    }
    const size_t way_columns = 29;
    const size_t shown = cpu->site_count < SITES_MAX ? cpu->site_count : SITES_MAX;
    const size_t name_columns = site_columns(page, shown, way_columns);
    umig_text_heading(page, "Dispatch by call site");
    umig_text_heads(page, "     CPU         CPU  call site");
    for (size_t i = 0; i < shown; i++) {
        const struct umig_hot_site *site = &cpu->sites[i];
        struct umig_buf name = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        put_site(profile, site, name_columns, &name);
        umig_text_share(page, site->value, cpu->value);
        umig_text_value(page, UMIG_KIND_CPU, site->value);
        umig_buf_text(page->out, "  ");
        umig_text_name(page, umig_buf_str(&name), name_columns);
        umig_text_last(page, umig_profile_text(profile, profile->methods.items[site->way].name),
                       page->line_width - SITE_FIGURES - name_columns);
        umig_text_done(page, &name);
    }
    uint64_t left_value = 0;
    for (size_t i = shown; i < cpu->site_count; i++) {
        left_value += cpu->sites[i].value;
    }
    umig_text_rest(page, cpu->site_count - shown, left_value, cpu->value);
}

int umig_text_write(const struct umig_figures *figures,
                    const struct umig_report_options *options,
                    struct umig_buf *out,
                    struct umig_err *err)
{
    struct umig_text_page page = {
        .figures = figures,
        .out = out,
        .colour = options->colour,
    };
    umig_text_set_width(&page, options->width);
    write_head(&page);
    write_answer(&page);
    write_methods(&page);
    write_totals(&page);
    write_sites(&page);
    umig_text_paths(&page);
    umig_text_threads(&page);
    umig_text_wall(&page);
    umig_text_gc(&page);
    umig_text_safepoints(&page);
    umig_text_contention(&page);
    umig_text_pools(&page);
    umig_text_virtual_threads(&page);
    umig_text_allocation(&page);
    umig_text_survivors(&page);
    umig_text_heap(&page);
    umig_text_jvm(&page);
    umig_text_quality(&page);
    umig_text_cost(&page);
    if (out->failed != UMIG_OK) {
        return umig_err_set(err, out->failed, "writing the text report: %s",
                            umig_status_text(out->failed));
    }
    return UMIG_OK;
}
