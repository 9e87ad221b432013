/* The section of the text report about the heaviest ways. */
#include <string.h>

#include "analysis/label.h"
#include "report/path_rows.h"
#include "report/text_page.h"

#define LINE_LIMIT_BYTES (1u << 20)
#define PATH_HEAD_FRAMES 3
#define PATH_TAIL_FRAMES 10

/* The JDK's frames at a thread's start say nothing of the service. */
static bool is_jdk(const struct umig_profile *profile, uint32_t method)
{
    const uint32_t class_id = profile->methods.items[method].class_name;
    const char *class_name = umig_profile_text(profile, class_id);
    return strncmp(class_name, "java.", 5) == 0 || strncmp(class_name, "jdk.", 4) == 0 ||
           strncmp(class_name, "sun.", 4) == 0;
}

/* How every native thread starts: below the name of what the JVM's thread does it says nothing. */
static bool is_thread_start(const struct umig_profile *profile, uint32_t method)
{
    static const char *const names[] = {
        "__GI___clone3",       "__clone3",        "clone3", "__clone", "clone", "start_thread",
        "thread_native_entry", "Thread::call_run"};
    const struct umig_profile_method *at = &profile->methods.items[method];
    const char *name = umig_profile_text(profile, at->name);
    for (size_t i = 0; at->class_name == 0 && i < sizeof names / sizeof names[0]; i++) {
        const size_t len = strlen(names[i]);
        if (strncmp(name, names[i], len) == 0 && (name[len] == '\0' || name[len] == '(')) {
            return true;
        }
    }
    return false;
}

/* Overloads that call one another read as one frame: the last, whose line calls what is next. */
static bool is_same_name(const struct umig_profile *profile, uint32_t a, uint32_t b)
{
    const struct umig_profile_method *x = &profile->methods.items[a];
    const struct umig_profile_method *y = &profile->methods.items[b];
    return x->class_name == y->class_name && x->name == y->name;
}

/* Lines help where somebody can go and look: in the application's own source. */
static void put_path_frame(const struct umig_profile *profile,
                           const struct umig_profile_frame *frame,
                           struct umig_buf *out)
{
    umig_label_method(profile, frame->method, true, out);
    if (frame->line != 0 && umig_label_is_application(profile, frame->method)) {
        umig_buf_printf(out, ":%u", frame->line);
    }
}

/* Appends the frames from one of a path up to another, that one left out. */
static void put_path_part(const struct umig_profile *profile,
                          const struct umig_path *path,
                          size_t first,
                          size_t end,
                          struct umig_buf *out)
{
    const char *lead = "";
    for (size_t i = first; i < end; i++) {
        const struct umig_profile_frame *frame = &path->frames[i];
        if (i + 1 < end && is_thread_start(profile, frame->method)) {
            continue;
        }
        if (i + 1 == end || !is_same_name(profile, frame->method, frame[1].method)) {
            umig_buf_text(out, lead);
            put_path_frame(profile, frame, out);
            lead = " > ";
        }
    }
}

/* What stands above the first frame of the application is how servers start; without one, the JDK's
 * frames are. */
static size_t first_shown(const struct umig_profile *profile, const struct umig_path *path)
{
    for (size_t i = 0; i < path->frame_count; i++) {
        if (umig_label_is_application(profile, path->frames[i].method)) {
            return i;
        }
    }
    size_t first = 0;
    while (first + 1 < path->frame_count && is_jdk(profile, path->frames[first].method)) {
        first++;
    }
    return first;
}

static void put_path(const void *context, const struct umig_path *path, struct umig_buf *out)
{
    const struct umig_profile *profile = context;
    size_t first = first_shown(profile, path);
    const size_t head_end = first + PATH_HEAD_FRAMES;
    if (path->frame_count > head_end + PATH_TAIL_FRAMES + 1) {
        const size_t tail = path->frame_count - PATH_TAIL_FRAMES;
        put_path_part(profile, path, first, head_end, out);
        umig_buf_printf(out, " > (%zu more) > ", tail - head_end);
        first = tail;
    }
    put_path_part(profile, path, first, path->frame_count, out);
}

void umig_text_paths(struct umig_text_page *page)
{
    const struct umig_figures *figures = page->figures;
    if (figures->paths.count > 0) {
        umig_text_heading(page, "Hot paths");
        umig_text_list_paths(page, &figures->paths, UMIG_KIND_CPU, figures->cpu->value);
    }
}

void umig_text_list_paths(struct umig_text_page *page,
                          const struct umig_paths *paths,
                          enum umig_kind kind,
                          uint64_t value)
{
    struct umig_path_rows rows = {0};
    const int rc = umig_path_rows_write(paths, put_path, page->figures->profile, &rows);
    if (rc != UMIG_OK && page->out->failed == UMIG_OK) {
        page->out->failed = rc;
    }
    for (size_t i = 0; i < rows.count && i < UMIG_FIGURES_PATHS_SHOWN; i++) {
        umig_text_share(page, rows.items[i].value, value);
        umig_text_value(page, kind, rows.items[i].value);
        umig_buf_byte(page->out, '\n');
        umig_text_wrap(page, umig_buf_str(&rows.items[i].text), " > ", 6);
    }
    size_t left = 0;
    const uint64_t left_value = umig_path_rows_rest(&rows, UMIG_FIGURES_PATHS_SHOWN, &left);
    umig_text_rest(page, left, left_value, value);
    umig_path_rows_fini(&rows);
}
