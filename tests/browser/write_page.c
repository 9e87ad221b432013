/*
 * Writes the report page of a profile that is told on standard input: the browser tests' way to the
 * C writer. One line a stack, fields apart by spaces, names in hexadecimal because they may hold
 * anything: VALUE_NS GROUP KIND:CLASS:METHOD:FILE..., root first. KIND is an enum umig_frame_kind.
 * With the name of a report's format that is written instead ("pprof"; "pprof-alloc": the samples
 * are of this kind), with that of a kind ("alloc", "wall", "locks") the page of a session that
 * asked for this kind only, of which the samples are. Of kind locks the innermost frame's class is
 * the lock's. With the word "diff" two profiles are read, an empty line between them, and the page
 * compares them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/diff.h"
#include "analysis/fold.h"
#include "core/err.h"
#include "report/diff.h"
#include "report/html.h"

#define PROFILE_LIMIT_BYTES (256u << 20)
#define PAGE_LIMIT_BYTES    (64u << 20)
#define INTERVAL_NS         10000000u

/* Interns a hexadecimal name; moves *at behind it and the mark that ends it. */
static int read_name(struct umig_profile *profile, char **at, uint32_t *out_id)
{
    const size_t digits = strspn(*at, "0123456789abcdef");
    struct umig_buf bytes = UMIG_BUF_INIT(PAGE_LIMIT_BYTES);
    for (size_t i = 0; i + 1 < digits; i += 2) {
        const char pair[3] = {(*at)[i], (*at)[i + 1], '\0'};
        umig_buf_byte(&bytes, (char)strtoul(pair, NULL, 16));
    }
    *at += digits + ((*at)[digits] != '\0' ? 1 : 0);
    const int rc =
        bytes.len == 0 ? UMIG_OK : umig_profile_string(profile, bytes.bytes, bytes.len, out_id);
    umig_buf_fini(&bytes);
    return rc;
}

static int read_frame(struct umig_profile *profile, char **at, uint32_t *stack)
{
    struct umig_profile_method method = {0};
    struct umig_profile_frame frame = {.kind = (enum umig_frame_kind)strtoul(*at, at, 10)};
    uint32_t frame_id = 0;
    ++*at;
    int rc = read_name(profile, at, &method.class_name);
    rc = rc != UMIG_OK ? rc : read_name(profile, at, &method.name);
    rc = rc != UMIG_OK ? rc : read_name(profile, at, &method.file);
    rc = rc != UMIG_OK ? rc : umig_profile_method(profile, &method, &frame.method);
    rc = rc != UMIG_OK ? rc : umig_profile_frame(profile, &frame, &frame_id);
    return rc != UMIG_OK ? rc : umig_profile_stack(profile, *stack, frame_id, stack);
}

static int read_stack(struct umig_profile *profile, char *line)
{
    struct umig_profile_sample sample = {.kind = UMIG_KIND_CPU, .count = 1};
    line[strcspn(line, "\n")] = '\0';
    sample.value = strtoull(line, &line, 10);
    sample.count = sample.value / INTERVAL_NS > 0 ? sample.value / INTERVAL_NS : 1;
    line++;
    int rc = read_name(profile, &line, &sample.group);
    while (rc == UMIG_OK && *line != '\0') {
        rc = read_frame(profile, &line, &sample.stack);
    }
    return rc != UMIG_OK ? rc : umig_profile_add_sample(profile, &sample);
}

/* A pause, a wait and a heap that grows, so that every section has rows. */
static int add_runtime(struct umig_profile *profile, uint32_t name)
{
    const uint64_t second = 1000000000u;
    uint32_t thread = 0;
    int rc = umig_profile_thread(profile, 7, UMIG_THREAD_JAVA, name, &thread);
    const struct umig_profile_wait wait = {.unix_ns = 3 * second,
                                           .thread = thread,
                                           .monitor_class = name,
                                           .stack = 1,
                                           .wait_ns = 5000000,
                                           .count = 2};
    rc = rc != UMIG_OK ? rc : umig_profile_add_wait(profile, &wait);
    for (uint64_t i = 1; i <= 10 && rc == UMIG_OK; i++) {
        const struct umig_profile_pause pause = {.start_unix_ns = i * second,
                                                 .duration_ns = i * 1000000,
                                                 .collection = name,
                                                 .cause = name,
                                                 .before_bytes = 90u << 20,
                                                 .after_bytes = 40u << 20};
        const struct umig_profile_pool_point point = {.unix_ns = i * second,
                                                      .pool = name,
                                                      .used_bytes = (30 + i) << 20,
                                                      .committed_bytes = 64u << 20,
                                                      .maximum_bytes = UMIG_BYTES_UNKNOWN};
        rc = umig_profile_add_pause(profile, &pause);
        rc = rc != UMIG_OK ? rc : umig_profile_add_pool_point(profile, &point);
    }
    profile->session = (struct umig_profile_session){.id = name,
                                                     .service = name,
                                                     .host = name,
                                                     .jvm_name = name,
                                                     .start_unix_ns = second,
                                                     .end_unix_ns = 11 * second,
                                                     .process_cpu_ns = second,
                                                     .agent_cpu_ns = second / 100};
    return rc;
}

/* A budget that was in sight and made a kind rarer: the widest table of costs there is. */
static void add_costs(struct umig_profile *profile)
{
    profile->session.budget_ppm = 10000;
    profile->session.budget_memory_bytes = 32u << 20;
    profile->session.agent_memory_bytes = 9u << 20;
    for (uint64_t i = 1; i <= 10; i++) {
        struct umig_profile_cost cost = {.unix_ns = (1 + i) * UINT64_C(1000000000),
                                         .process_cpu_ns = i * 100000000,
                                         .memory_bytes = 9u << 20};
        cost.kind_cpu_ns[0] = i * 200000;
        cost.kind_cpu_ns[UMIG_KIND_CPU] = i * 600000;
        cost.kind_cpu_ns[UMIG_KIND_LOCKS] = i * 100000;
        cost.divisors[UMIG_KIND_CPU] = 4;
        umig_profile_add_cost(profile, &cost);
    }
}

static int read_stacks(struct umig_profile *profile)
{
    char *line = NULL;
    size_t room = 0;
    int rc = UMIG_OK;
    while (rc == UMIG_OK && getline(&line, &room, stdin) > 1) {
        rc = read_stack(profile, line);
    }
    free(line);
    return rc;
}

static int read_profile(struct umig_profile *profile)
{
    int rc = read_stacks(profile);
    rc = rc != UMIG_OK ? rc : add_runtime(profile, profile->samples.items[0].group);
    add_costs(profile);
    return rc;
}

/* Makes waits of what was read: its innermost frame has the class of the lock. */
static int move_to_waits(struct umig_profile *profile)
{
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < profile->samples.count; i++) {
        const struct umig_profile_sample *sample = &profile->samples.items[i];
        const struct umig_profile_stack *stack = &profile->stacks.items[sample->stack];
        const uint32_t lock = profile->frames.items[stack->frame].method;
        struct umig_profile_wait wait = {.monitor_class = profile->methods.items[lock].class_name,
                                         .stack = stack->parent,
                                         .wait_ns = sample->value,
                                         .count = sample->count};
        rc = umig_profile_thread(profile, 0, UMIG_THREAD_JAVA, sample->group, &wait.thread);
        rc = rc != UMIG_OK ? rc : umig_profile_add_wait(profile, &wait);
    }
    profile->samples.count = 0;
    return rc;
}

/* The samples are of one kind, and nothing else was asked for. */
static int read_kind(struct umig_profile *profile, enum umig_kind kind)
{
    const uint64_t second = 1000000000u;
    struct umig_profile_thread_total total = {.kind = kind};
    int rc = read_stacks(profile);
    profile->session = (struct umig_profile_session){
        .start_unix_ns = second, .end_unix_ns = 11 * second, .process_cpu_ns = second};
    profile->session.has_kind[kind] = true;
    profile->session.interval_ns[kind] = INTERVAL_NS;
    for (size_t i = 0; i < profile->samples.count; i++) {
        profile->samples.items[i].kind = kind;
        total.count += profile->samples.items[i].count;
        total.value += profile->samples.items[i].value;
    }
    if (rc == UMIG_OK && total.count > 0) {
        rc = umig_profile_thread(profile, 7, UMIG_THREAD_JAVA, profile->samples.items[0].group,
                                 &total.thread);
        rc = rc != UMIG_OK ? rc : umig_profile_add_thread_total(profile, &total);
    }
    return rc == UMIG_OK && kind == UMIG_KIND_LOCKS ? move_to_waits(profile) : rc;
}

/* 0: the word names no kind. */
static enum umig_kind kind_of(const char *word)
{
    for (int kind = 1; kind < UMIG_KIND_COUNT; kind++) {
        if (strcmp(umig_quality_kind_key((enum umig_kind)kind), word) == 0) {
            return (enum umig_kind)kind;
        }
    }
    return (enum umig_kind)0;
}

static int write_page(const struct umig_profile *profile, struct umig_err *err)
{
    const struct umig_fold_options unfold = {.keep_dispatch = true};
    struct umig_profile *unfolded = NULL;
    struct umig_figures figures = {0};
    struct umig_buf page = UMIG_BUF_INIT(PAGE_LIMIT_BYTES);
    int rc = umig_fold(profile, &unfold, &unfolded, err);
    rc = rc != UMIG_OK ? rc : umig_figures_read(profile, false, &figures, err);
    rc = rc != UMIG_OK ? rc : umig_html_write(&figures, unfolded, &page, err);
    if (rc == UMIG_OK && fwrite(page.bytes, 1, page.len, stdout) != page.len) {
        rc = umig_err_set(err, UMIG_E_IO, "standard output takes no page");
    }
    umig_buf_fini(&page);
    umig_figures_fini(&figures);
    umig_profile_destroy(unfolded);
    return rc;
}

static int write_export(const struct umig_profile *profile,
                        const struct umig_report_options *options,
                        struct umig_err *err)
{
    struct umig_buf file = UMIG_BUF_INIT(PAGE_LIMIT_BYTES);
    int rc = umig_report_write(profile, options, &file, err);
    if (rc == UMIG_OK && fwrite(file.bytes, 1, file.len, stdout) != file.len) {
        rc = umig_err_set(err, UMIG_E_IO, "standard output takes no file");
    }
    umig_buf_fini(&file);
    return rc;
}

/* Compares the profile with the one that follows. */
static int write_diff(const struct umig_profile *before, struct umig_err *err)
{
    const struct umig_diff_options options = {.noise = -1};
    const struct umig_diff_wording wording = {.format = UMIG_REPORT_HTML, .work = ""};
    struct umig_profile *after = NULL;
    struct umig_diff *diff = NULL;
    struct umig_buf page = UMIG_BUF_INIT(PAGE_LIMIT_BYTES);
    int rc = umig_profile_create(PROFILE_LIMIT_BYTES, &after, err);
    rc = rc != UMIG_OK ? rc : read_profile(after);
    rc = rc != UMIG_OK ? rc : umig_diff_create(before, after, &options, &diff, err);
    rc = rc != UMIG_OK ? rc : umig_diff_write(diff, &wording, &page, err);
    if (rc == UMIG_OK && fwrite(page.bytes, 1, page.len, stdout) != page.len) {
        rc = umig_err_set(err, UMIG_E_IO, "standard output takes no page");
    }
    umig_buf_fini(&page);
    umig_diff_destroy(diff);
    umig_profile_destroy(after);
    return rc;
}

/* word: "" for a page, "diff", a kind, or a format. */
static int write_asked(struct umig_profile *profile, const char *word, struct umig_err *err)
{
    const bool is_diff = strcmp(word, "diff") == 0;
    const bool is_page = *word == '\0' || kind_of(word) != 0;
    enum umig_kind kind = kind_of(word); /* of the samples; 0: of a session with all kinds */
    struct umig_report_options options = {0};
    int rc = UMIG_OK;
    if (!is_diff && !is_page) {
        rc = umig_report_format_read(word, &options, err);
        kind = options.kind == UMIG_KIND_CPU ? (enum umig_kind)0 : options.kind;
    }
    if (rc == UMIG_OK) {
        rc = kind != 0 ? read_kind(profile, kind) : read_profile(profile);
    }
    if (rc != UMIG_OK) {
        return rc;
    }
    return is_diff   ? write_diff(profile, err)
           : is_page ? write_page(profile, err)
                     : write_export(profile, &options, err);
}

int main(int argc, char **argv)
{
    struct umig_err err = {0};
    struct umig_profile *profile = NULL;
    int rc = umig_profile_create(PROFILE_LIMIT_BYTES, &profile, &err);
    rc = rc != UMIG_OK ? rc : write_asked(profile, argc > 1 ? argv[1] : "", &err);
    umig_profile_destroy(profile);
    if (rc != UMIG_OK) {
        fprintf(stderr, "write_page: %s %s\n", umig_status_text(rc), err.text);
    }
    return rc == UMIG_OK ? 0 : 1;
}
