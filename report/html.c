#include "report/html.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/label.h"
#include "core/err.h"
#include "core/parse.h"
#include "include/umig/version.h"
#include "report/html_data.h"
#include "report/html_fill.h"
#include "report/html_page.h"
#include "report/html_text.h"

#define SENTENCE_LIMIT   65536
#define DATA_LIMIT_BYTES (256u << 20)

static const char *text_of(const struct umig_html_page *page, uint32_t string)
{
    return umig_profile_text(page->figures->profile, string);
}

void umig_html_no_rows(struct umig_html_page *page, const char *why)
{
    umig_buf_printf(page->out, "<tr><td class=\"none\">%s</td></tr>", why);
}

static void put_service(struct umig_html_page *page)
{
    const struct umig_profile_session *const session = &page->figures->profile->session;
    umig_html_name(session->service != 0 ? text_of(page, session->service) : "unnamed service",
                   page->out);
}

static void put_title(struct umig_html_page *page)
{
    put_service(page);
    umig_buf_text(page->out, " \xC2\xB7 UMIG profile");
}

static void put_fact(struct umig_html_page *page, const char *before, uint32_t string)
{
    if (string == 0 || *text_of(page, string) == '\0') {
        return;
    }
    umig_buf_printf(page->out, "<li>%s", before);
    umig_html_name(text_of(page, string), page->out);
    umig_buf_text(page->out, "</li>");
}

/* "build=1.4": what the session and its agent were marked with. */
static void put_labels(struct umig_html_page *page)
{
    const struct umig_profile *const profile = page->figures->profile;
    for (size_t i = 0; i < profile->labels.count; i++) {
        umig_buf_text(page->out, "<li>");
        umig_html_name(text_of(page, profile->labels.items[i].key), page->out);
        umig_buf_byte(page->out, '=');
        umig_html_name(text_of(page, profile->labels.items[i].value), page->out);
        umig_buf_text(page->out, "</li>");
    }
}

static void put_moment(uint64_t unix_ns, struct umig_buf *out)
{
    char text[UMIG_TIME_TEXT_BYTES];
    umig_format_time(unix_ns, text);
    umig_buf_text(out, text);
}

static void put_fired(struct umig_html_page *page)
{
    struct umig_buf fired = UMIG_BUF_INIT(SENTENCE_LIMIT);
    umig_figures_put_fired(page->figures, &fired);
    if (fired.len > 0) {
        umig_buf_text(page->out, "<li>");
        umig_html_text(umig_buf_str(&fired), page->out);
        umig_buf_text(page->out, "</li>");
    }
    umig_buf_fini(&fired);
}

static void put_facts(struct umig_html_page *page)
{
    const struct umig_profile_session *const session = &page->figures->profile->session;
    put_fact(page, "session ", session->id);
    put_fact(page, "instance ", session->instance);
    umig_buf_text(page->out, "<li>");
    put_moment(session->start_unix_ns, page->out);
    umig_buf_text(page->out, "</li>");
    if (session->end_unix_ns > session->start_unix_ns) {
        umig_buf_text(page->out, "<li>");
        umig_label_value(UMIG_KIND_CPU, session->end_unix_ns - session->start_unix_ns, page->out);
        umig_buf_text(page->out, "</li>");
    }
    put_fired(page);
    for (enum umig_kind kind = UMIG_KIND_CPU; kind < UMIG_KIND_COUNT; kind++) {
        if (session->has_kind[kind]) {
            umig_buf_printf(page->out, "<li>%s ", umig_quality_kind_key(kind));
            if (session->interval_ns[kind] > 0) {
                umig_label_value(umig_label_is_bytes(kind) ? kind : UMIG_KIND_CPU,
                                 session->interval_ns[kind], page->out);
            }
            if (kind == UMIG_KIND_CPU) {
                umig_figures_put_spacing(page->figures, page->out);
            }
            umig_buf_text(page->out, "</li>");
        }
    }
    put_labels(page);
    put_fact(page, "host ", session->host);
    umig_buf_printf(page->out, "<li>pid %" PRIu32 "</li>", session->pid);
    put_fact(page, "", session->main_class);
    put_fact(page, "", session->jvm_name);
    put_fact(page, "", session->jvm_version);
    put_fact(page, "", session->collector_name);
}

static void put_sentence(struct umig_html_page *page,
                         void (*write)(const struct umig_verdict_figures *, struct umig_buf *))
{
    const struct umig_verdict_figures figures = umig_figures_verdict(page->figures);
    struct umig_buf sentence = UMIG_BUF_INIT(SENTENCE_LIMIT);
    write(&figures, &sentence);
    umig_buf_text(page->out, "<p>");
    umig_html_text(umig_buf_str(&sentence), page->out);
    umig_buf_text(page->out, "</p>");
    umig_buf_fini(&sentence);
}

static void put_sentences(struct umig_html_page *page)
{
    put_sentence(page, umig_verdict_dominates);
    put_sentence(page, umig_verdict_price);
    put_sentence(page, umig_verdict_look_at);
}

static void open_figure(struct umig_html_page *page, const char *name)
{
    umig_buf_printf(page->out, "<div><dt>%s</dt><dd>", name);
}

static void close_figure(struct umig_html_page *page)
{
    umig_buf_text(page->out, "</small></dd></div>");
}

/* A zero would read as a finding. */
static void put_not_measured(struct umig_html_page *page, const char *name)
{
    umig_buf_printf(page->out, "<div><dt>%s</dt><dd>not measured</dd></div>", name);
}

void umig_html_share_text(struct umig_html_page *page, uint64_t part, uint64_t whole)
{
    struct umig_buf text = UMIG_BUF_INIT(64);
    umig_label_share(part, whole, &text);
    umig_html_text(umig_buf_str(&text), page->out);
    umig_buf_fini(&text);
}

static void put_gc_figures(struct umig_html_page *page)
{
    const struct umig_gc *const gc = &page->figures->gc;
    open_figure(page, "GC pauses");
    umig_label_value(UMIG_KIND_GC, gc->total_ns, page->out);
    umig_buf_printf(page->out, "<small>%" PRIu64 " pauses, ", gc->count);
    umig_html_share_text(page, gc->total_ns, gc->session_ns);
    umig_buf_text(page->out, " of the session");
    close_figure(page);
    open_figure(page, "Longest pause");
    umig_label_value(UMIG_KIND_GC, gc->longest_ns, page->out);
    umig_buf_text(page->out, "<small>median ");
    umig_label_value(UMIG_KIND_GC, gc->median_ns, page->out);
    close_figure(page);
    if (gc->after_count > 0) {
        open_figure(page, "Heap after GC");
        umig_label_value(UMIG_KIND_HEAP, gc->after_last_bytes, page->out);
        umig_buf_text(page->out, "<small>at most ");
        umig_label_value(UMIG_KIND_HEAP, gc->after_highest_bytes, page->out);
        close_figure(page);
    }
}

static void put_cpu_figures(struct umig_html_page *page)
{
    const struct umig_figures *const f = page->figures;
    open_figure(page, "CPU used");
    umig_label_value(UMIG_KIND_CPU, f->cpu->value, page->out);
    umig_buf_text(page->out, "<small>by the samples");
    if (f->profile->session.process_cpu_ns > 0) {
        umig_buf_text(page->out, "; the process says ");
        umig_label_value(UMIG_KIND_CPU, f->profile->session.process_cpu_ns, page->out);
    }
    close_figure(page);
    open_figure(page, "Samples");
    umig_label_number(f->cpu->count, page->out);
    umig_buf_text(page->out, "<small>");
    umig_html_share_text(page, f->quality.failed_samples, f->quality.java_samples);
    umig_buf_text(page->out, " of Java's not walked");
    close_figure(page);
}

static void put_lock_figures(struct umig_html_page *page)
{
    const struct umig_contention *const waits = &page->figures->contention;
    open_figure(page, "Waited for locks");
    umig_label_value(UMIG_KIND_LOCKS, waits->wait_ns, page->out);
    umig_buf_printf(page->out, "<small>%" PRIu64 " waits", waits->count);
    close_figure(page);
}

static void put_figures(struct umig_html_page *page)
{
    const struct umig_figures *const f = page->figures;
    const bool *const has_kind = f->profile->session.has_kind;
    const struct {
        const char *name;
        bool is_measured;
        void (*put)(struct umig_html_page *page);
    } parts[] = {
        {"CPU used", has_kind[UMIG_KIND_CPU] || f->cpu->count > 0, put_cpu_figures},
        {"GC pauses", has_kind[UMIG_KIND_GC] || f->gc.count > 0, put_gc_figures},
        {"Waited for locks", has_kind[UMIG_KIND_LOCKS] || f->contention.count > 0,
         put_lock_figures},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].is_measured) {
            parts[i].put(page);
        } else {
            put_not_measured(page, parts[i].name);
        }
    }
}

static void put_foot(struct umig_html_page *page)
{
    umig_buf_text(page->out,
                  "UMIG " UMIG_VERSION " \xC2\xB7 this page needs no network and loads nothing");
}

static void put_data(struct umig_html_page *page)
{
    umig_buf_put(page->out, umig_buf_str(page->data), page->data->len);
}

static const struct mark {
    const char *name;
    umig_html_mark *put;
} marks[] = {
    {"TITLE", put_title},
    {"SERVICE", put_service},
    {"FACTS", put_facts},
    {"SENTENCES", put_sentences},
    {"FIGURES", put_figures},
    {"HOT_NOTE", umig_html_hot_note},
    {"HOT_ROWS", umig_html_hot_rows},
    {"SITES_NOTE", umig_html_site_note},
    {"SITE_ROWS", umig_html_site_rows},
    {"PATHS_NOTE", umig_html_paths_note},
    {"PATHS", umig_html_paths},
    {"THREADS_NOTE", umig_html_threads_note},
    {"THREAD_ROWS", umig_html_thread_rows},
    {"WALL_NOTE", umig_html_wall_note},
    {"WALL_STATES", umig_html_wall_states},
    {"WALL_POOLS", umig_html_wall_pools},
    {"WALL_PLACES", umig_html_wall_places},
    {"WALL_PATHS", umig_html_wall_paths},
    {"GC_NOTE", umig_html_gc_note},
    {"GC_ROWS", umig_html_gc_rows},
    {"GC_STEPS", umig_html_gc_steps},
    {"SAFEPOINTS_NOTE", umig_html_safepoints_note},
    {"SAFEPOINTS_ROWS", umig_html_safepoints_rows},
    {"LATE_ROWS", umig_html_late_rows},
    {"LOCKS_NOTE", umig_html_lock_note},
    {"LOCK_ROWS", umig_html_lock_rows},
    {"HOLDER_ROWS", umig_html_holder_rows},
    {"ALLOC_NOTE", umig_html_alloc_note},
    {"ALLOC_CLASSES", umig_html_alloc_classes},
    {"ALLOC_PLACES", umig_html_alloc_places},
    {"ALLOC_LINES", umig_html_alloc_lines},
    {"ALLOC_PATHS", umig_html_alloc_paths},
    {"HEAP_NOTE", umig_html_heap_note},
    {"HEAP_CHART", umig_html_heap_chart},
    {"HEAP_ROWS", umig_html_heap_rows},
    {"POOLS_NOTE", umig_html_pools_note},
    {"POOLS_ROWS", umig_html_pools_rows},
    {"LOADERS_NOTE", umig_html_loaders_note},
    {"LOADER_ROWS", umig_html_loader_rows},
    {"VIRTUAL_NOTE", umig_html_virtual_note},
    {"PIN_ROWS", umig_html_pin_rows},
    {"LIVE_NOTE", umig_html_live_note},
    {"SUSPECT_ROWS", umig_html_suspect_rows},
    {"LIVE_ROWS", umig_html_live_rows},
    {"JVM_NOTE", umig_html_jvm_note},
    {"JVM_ROWS", umig_html_jvm_rows},
    {"QUALITY_NOTE", umig_html_quality_note},
    {"QUALITY_ROWS", umig_html_quality_rows},
    {"COST_NOTE", umig_html_cost_note},
    {"COST_ROWS", umig_html_cost_rows},
    {"FOOT", put_foot},
    {"DATA", put_data},
};

static umig_html_mark *find_mark(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (strlen(marks[i].name) == length && memcmp(marks[i].name, name, length) == 0) {
            return marks[i].put;
        }
    }
    return NULL;
}

static bool put_mark(void *context, const char *name, size_t length)
{
    umig_html_mark *const put = find_mark(name, length);
    if (put != NULL) {
        put(context);
    }
    return put != NULL;
}

int umig_html_write(const struct umig_figures *figures,
                    const struct umig_profile *unfolded,
                    struct umig_buf *out,
                    struct umig_err *err)
{
    uint32_t *const frames = calloc(figures->profile->methods.count + 1, sizeof *frames);
    if (frames == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "the page's methods: no memory");
    }
    struct umig_buf data = UMIG_BUF_INIT(DATA_LIMIT_BYTES);
    struct umig_html_page page = {
        .figures = figures, .frame_of_method = frames, .data = &data, .out = out};
    int rc = umig_html_data_write(figures->profile, unfolded, frames, &data, err);
    rc = rc != UMIG_OK ? rc : umig_html_fill(umig_html_template, put_mark, &page, out, err);
    umig_buf_fini(&data);
    free(frames);
    return rc;
}
