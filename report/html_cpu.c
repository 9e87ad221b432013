/* The sections of the HTML page about CPU time: methods, paths, threads; and lists of paths. */
#include <inttypes.h>

#include "analysis/label.h"
#include "analysis/virtual_threads.h"
#include "report/html_page.h"
#include "report/html_text.h"
#include "report/path_rows.h"

#define HOT_ROWS_MAX    40
#define TOTAL_ROWS_MAX  16
#define THREAD_ROWS_MAX 60
#define PATH_FRAMES_MAX 9
#define NAME_LIMIT      65536

static const char *text_of(const struct umig_html_page *page, uint32_t string)
{
    return umig_profile_text(page->figures->profile, string);
}

/* Kind of the first frame of a method: what its mark shows. */
static int kind_of_method(const struct umig_profile *profile, uint32_t method)
{
    for (size_t i = 1; i < profile->frames.count; i++) {
        if (profile->frames.items[i].method == method) {
            return (int)profile->frames.items[i].kind;
        }
    }
    return UMIG_FRAME_JAVA;
}

static void put_method(struct umig_html_page *page, uint32_t method)
{
    const struct umig_profile *const profile = page->figures->profile;
    umig_html_method(profile, method, kind_of_method(profile, method),
                     (int64_t)page->frame_of_method[method] - 1, page->out);
}

const char *umig_html_no_cpu(const struct umig_html_page *page)
{
    return page->figures->profile->session.has_kind[UMIG_KIND_CPU]
               ? "There is no CPU sample in this session."
               : "Not measured: the session was started without cpu.";
}

/* Methods shown for their own time: the first so many. */
static size_t count_hot(const struct umig_hot *cpu)
{
    return cpu->method_count < HOT_ROWS_MAX ? cpu->method_count : HOT_ROWS_MAX;
}

/* Fills a list of the methods shown for their total only, and says how many they are. */
static size_t find_by_total(const struct umig_figures *figures,
                            const struct umig_hot_method *out[TOTAL_ROWS_MAX])
{
    const struct umig_hot *const cpu = figures->cpu;
    const size_t all = umig_hot_by_total(figures->profile, cpu, TOTAL_ROWS_MAX, out);
    size_t count = 0;
    for (size_t i = 0; i < all && i < TOTAL_ROWS_MAX; i++) {
        if (out[i] >= cpu->methods + count_hot(cpu)) {
            out[count++] = out[i];
        }
    }
    return count;
}

void umig_html_hot_note(struct umig_html_page *page)
{
    const struct umig_hot_method *by_total[TOTAL_ROWS_MAX];
    const struct umig_hot *const cpu = page->figures->cpu;
    if (cpu->method_count == 0) {
        return;
    }
    umig_buf_printf(page->out,
                    "%zu of %zu methods: those that use most CPU time themselves, and those of the "
                    "application that do with all they call",
                    count_hot(cpu) + find_by_total(page->figures, by_total), cpu->method_count);
}

static void put_pool(struct umig_html_page *page, const struct umig_hot_method *method)
{
    struct umig_buf pool = UMIG_BUF_INIT(NAME_LIMIT);
    umig_hot_put_pool(page->figures->profile, method, &pool);
    umig_html_name(umig_buf_str(&pool), page->out);
    umig_buf_fini(&pool);
}

static void put_hot_row(struct umig_html_page *page, const struct umig_hot_method *m)
{
    const struct umig_hot *const cpu = page->figures->cpu;
    const struct umig_profile *const profile = page->figures->profile;
    umig_buf_text(page->out, "<tr><th scope=\"row\">");
    put_method(page, m->method);
    umig_buf_text(page->out, "<small>");
    umig_html_name(text_of(page, profile->methods.items[m->method].file), page->out);
    umig_buf_text(page->out, "</small></th>");
    umig_html_value(UMIG_KIND_CPU, m->self, page->out);
    umig_html_bar(m->self, cpu->methods[0].self, page->out);
    umig_html_share(m->self, cpu->value, page->out);
    umig_html_value(UMIG_KIND_CPU, m->total, page->out);
    umig_html_share(m->total, cpu->value, page->out);
    umig_buf_text(page->out, "<td><span class=\"n\">");
    put_pool(page, m);
    umig_buf_text(page->out, "</span></td></tr>\n");
}

void umig_html_hot_rows(struct umig_html_page *page)
{
    const struct umig_hot_method *by_total[TOTAL_ROWS_MAX];
    const struct umig_hot *const cpu = page->figures->cpu;
    const size_t total_count = find_by_total(page->figures, by_total);
    for (size_t i = 0; i < count_hot(cpu); i++) {
        put_hot_row(page, &cpu->methods[i]);
    }
    for (size_t i = 0; i < total_count; i++) {
        put_hot_row(page, by_total[i]);
    }
    if (cpu->method_count == 0) {
        umig_html_no_rows(page, umig_html_no_cpu(page));
    }
}

void umig_html_paths_note(struct umig_html_page *page)
{
    if (page->figures->cpu->count == 0) {
        return;
    }
    umig_buf_text(page->out, "The call paths that hold most of the CPU time, caller first");
}

/* The frames of a way; its value stands in front of them. */
static void put_path(const void *context, const struct umig_path *path, struct umig_buf *out)
{
    struct umig_html_page page = *(const struct umig_html_page *)context;
    const size_t first =
        path->frame_count > PATH_FRAMES_MAX ? path->frame_count - PATH_FRAMES_MAX : 0;
    page.out = out;
    if (first > 0) {
        umig_buf_printf(out, "<li class=\"skipped\">%zu callers above</li>", first);
    }
    for (size_t i = first; i < path->frame_count; i++) {
        umig_buf_text(out, "<li>");
        put_method(&page, path->frames[i].method);
        umig_buf_text(out, "</li>");
    }
}

static void put_path_row(struct umig_html_page *page,
                         const struct umig_path_row *row,
                         enum umig_kind kind,
                         uint64_t whole)
{
    umig_buf_text(page->out, "<li><b>");
    umig_html_share_text(page, row->value, whole);
    umig_buf_text(page->out, "</b><span>");
    umig_label_value(kind, row->value, page->out);
    umig_buf_text(page->out, "</span><ol class=\"path\">");
    umig_buf_put(page->out, umig_buf_str(&row->text), row->text.len);
    umig_buf_text(page->out, "</ol></li>\n");
}

size_t umig_html_list_paths(struct umig_html_page *page,
                            const struct umig_paths *paths,
                            enum umig_kind kind,
                            uint64_t whole)
{
    struct umig_path_rows rows = {0};
    const int rc = umig_path_rows_write(paths, put_path, page, &rows);
    if (rc != UMIG_OK && page->out->failed == UMIG_OK) {
        page->out->failed = rc;
    }
    const size_t count = rows.count;
    for (size_t i = 0; i < count && i < UMIG_FIGURES_PATHS_SHOWN; i++) {
        put_path_row(page, &rows.items[i], kind, whole);
    }
    size_t left = 0;
    const uint64_t left_value = umig_path_rows_rest(&rows, UMIG_FIGURES_PATHS_SHOWN, &left);
    if (left > 0) {
        umig_buf_printf(page->out, "<li class=\"none\">and %zu more (", left);
        umig_html_share_text(page, left_value, whole);
        umig_buf_text(page->out, ")</li>");
    }
    umig_path_rows_fini(&rows);
    return count;
}

void umig_html_paths(struct umig_html_page *page)
{
    const struct umig_hot *const cpu = page->figures->cpu;
    if (umig_html_list_paths(page, &page->figures->paths, UMIG_KIND_CPU, cpu->value) == 0) {
        umig_buf_printf(page->out, "<li class=\"none\">%s</li>",
                        cpu->count > 0 ? "No path holds 2 % of the CPU time."
                                       : umig_html_no_cpu(page));
    }
}

void umig_html_threads_note(struct umig_html_page *page)
{
    struct umig_buf words = UMIG_BUF_INIT(NAME_LIMIT);
    if (page->figures->cpu->group_count == 0) {
        return;
    }
    umig_buf_printf(page->out, "%zu pools; digits in their names are written as *",
                    page->figures->cpu->group_count);
    umig_virtual_threads_put(page->figures->profile, page->figures->cpu->value, &words);
    if (words.len > 0) {
        umig_buf_text(page->out, ". ");
        umig_html_text(umig_buf_str(&words), page->out);
    }
    umig_buf_fini(&words);
}

void umig_html_thread_rows(struct umig_html_page *page)
{
    const struct umig_hot *const cpu = page->figures->cpu;
    for (size_t i = 0; i < cpu->group_count && i < THREAD_ROWS_MAX; i++) {
        const struct umig_hot_group *const group = &cpu->groups[i];
        umig_buf_text(page->out, "<tr><th scope=\"row\"><span class=\"n\">");
        umig_html_name(text_of(page, group->group), page->out);
        umig_buf_text(page->out, "</span></th>");
        umig_html_count(group->threads, page->out);
        umig_html_value(UMIG_KIND_CPU, group->value, page->out);
        umig_html_bar(group->value, cpu->groups[0].value, page->out);
        umig_html_share(group->value, cpu->value, page->out);
        umig_html_count(group->count, page->out);
        umig_buf_text(page->out, "</tr>\n");
    }
    if (cpu->group_count == 0) {
        umig_html_no_rows(page, umig_html_no_cpu(page));
    }
}
