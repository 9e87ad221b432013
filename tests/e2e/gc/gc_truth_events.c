#include "tests/e2e/gc/gc_truth_events.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/test.h"

#define SHOWN_MAX 8

/* An event as the probe has it. */
struct told {
    uint64_t line_ns;
    uint64_t duration_ns;
    uint64_t before, after;
    int kind;
    bool is_matched;
    char name[64];
};

/* The two files of one run. */
struct run {
    uint64_t ready_ns, until_ns;
    double region_bytes; /* by the log's own line */
    unsigned old_of;     /* collection that old_before and old_after are of */
    double old_before, old_after;
    size_t told_count;
    struct told told[TRUTH_MAX_EVENTS];
    struct truth_events *result;
    size_t shown;
};

static FILE *open_or_fail(const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        fail_msg("%s is not there", path);
    }
    return file;
}

static void read_told(struct run *run, const char *line)
{
    assert_true(run->told_count < TRUTH_MAX_EVENTS);
    struct told *told = &run->told[run->told_count++];
    *told = (struct told){.kind = 0};
    assert_int_equal(sscanf(line,
                            "event %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %d|%63[^|]",
                            &told->line_ns, &told->duration_ns, &told->before, &told->after,
                            &told->kind, told->name),
                     6);
    assert_true(told->kind > 0 && told->kind < UMIG_GC_EVENT_KINDS);
    run->result->of[told->kind]++;
}

static void read_probe(struct run *run, const char *path)
{
    FILE *file = open_or_fail(path);
    char line[512];
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "event ", 6) == 0) {
            read_told(run, line);
        }
        sscanf(line, "ready %" SCNu64, &run->ready_ns);
        sscanf(line, "until %" SCNu64, &run->until_ns);
    }
    fclose(file);
}

/* A name without what ours adds of ZGC's generations. */
static size_t name_len(const char *name)
{
    const char *group = strstr(name, " (M");
    return group != NULL ? (size_t)(group - name) : strlen(name);
}

static struct told *find_told(struct run *run, uint64_t line_ns, int kind, const char *text)
{
    for (size_t i = 0; i < run->told_count; i++) {
        struct told *told = &run->told[i];
        const bool is_kind = kind == 0 ? told->kind <= UMIG_GC_EVENT_STALL : told->kind == kind;
        if (told->line_ns == line_ns && is_kind && !told->is_matched &&
            (text == NULL || strncmp(told->name, text, name_len(told->name)) == 0)) {
            return told;
        }
    }
    return NULL;
}

static void show(struct run *run, const char *what, const char *line)
{
    if (run->shown++ < SHOWN_MAX) {
        print_message("%s: %s\n", what, line);
    }
}

/* A figure below 0 is not in the line. */
static void expect(struct run *run,
                   const char *line,
                   int kind,
                   const char *text,
                   double duration_ns,
                   double slack_ns,
                   double before,
                   double after)
{
    const uint64_t line_ns = strtoull(line + 1, NULL, 10);
    if (line_ns < run->ready_ns || line_ns >= run->until_ns) {
        return;
    }
    run->result->lines++;
    struct told *told = find_told(run, line_ns, kind, text);
    if (told == NULL) {
        run->result->missing++;
        show(run, "missing", line);
        return;
    }
    told->is_matched = true;
    if ((duration_ns >= 0 && fabs((double)told->duration_ns - duration_ns) > slack_ns) ||
        (before >= 0 && (double)told->before != before) ||
        (after >= 0 && (double)told->after != after)) {
        run->result->wrong++;
        show(run, "wrong", line);
    }
}

/* Behind "[1ns][tags   ] GC(7) y: " and blanks. */
static const char *text_of(const char *line)
{
    const char *at = strchr(strchr(line, ']') + 1, ']') + 1;
    at += strspn(at, " ");
    if (strncmp(at, "GC(", 3) == 0) {
        at = strchr(at, ')') + 1;
        at += strspn(at, " ");
    }
    if (strchr("yYO", at[0]) != NULL && at[0] != '\0' && at[1] == ':') {
        at += 2;
    }
    return at + strspn(at, " ");
}

static bool has_tags(const char *line, const char *tags)
{
    const char *at = strchr(line, ']') + 2;
    const size_t len = strlen(tags);
    return strncmp(at, tags, len) == 0 && (at[len] == ' ' || at[len] == ']');
}

static unsigned collection_of(const char *line)
{
    const char *at = strstr(line, "GC(");
    return at != NULL ? (unsigned)strtoul(at + 3, NULL, 10) : UINT32_MAX;
}

/* "12K(32768K)" or "12", in bytes. */
static double use_of(const struct run *run, const char *text)
{
    char *end;
    const double figure = strtod(text, &end);
    return *end == 'K' ? figure * 1024 : figure * run->region_bytes;
}

/* How long, by the figure at the line's end; -1: there is none. slack: what its digits leave out.
 */
static double duration_at_end(const char *text, double *out_slack_ns)
{
    const char *figure = strrchr(text, ' ');
    char *end;
    if (figure == NULL || !isdigit((unsigned char)figure[1])) {
        return -1;
    }
    const double value = strtod(figure + 1, &end);
    const double unit_ns = strcmp(end, "ms") == 0 ? 1e6 : strcmp(end, "s") == 0 ? 1e9 : -1;
    const char *point = strchr(figure, '.');
    const long digits = point != NULL ? end - point - 1 : 0;
    *out_slack_ns = unit_ns / pow(10, (double)digits);
    return unit_ns < 0 ? -1 : value * unit_ns;
}

static void expect_safepoint(struct run *run, const char *line)
{
    const char *name = strstr(line, "Safepoint \"");
    const char *reach = strstr(line, "Reaching safepoint: ");
    const char *total = strstr(line, "Total: ");
    if (name != NULL && reach != NULL && total != NULL) {
        expect(run, line, UMIG_GC_EVENT_SAFEPOINT, name + strlen("Safepoint \""),
               strtod(total + strlen("Total: "), NULL), 0,
               strtod(reach + strlen("Reaching safepoint: "), NULL), -1);
    }
}

/* The last column: at the end of relocation. */
static void expect_promoted(struct run *run, const char *line, const char *text)
{
    double columns[2];
    if (sscanf(text, "Promoted: - - %lfM (%*d%%) %lfM", &columns[0], &columns[1]) == 2) {
        expect(run, line, UMIG_GC_EVENT_PROMOTION, text, 0, 0, 0, columns[1] * (1 << 20));
    }
}

static void read_use(struct run *run, const char *line, const char *text)
{
    expect_promoted(run, line, text);
    const char *arrow = strstr(text, "->");
    const char *figure = strchr(text, ':');
    if (arrow == NULL || figure == NULL) {
        return;
    }
    const double before = use_of(run, figure + 1);
    const double after = use_of(run, arrow + 2);
    if (strncmp(text, "Old regions", 11) == 0 || strncmp(text, "Tenured", 7) == 0 ||
        strncmp(text, "ParOldGen", 9) == 0) {
        run->old_of = collection_of(line);
        run->old_before = before;
        run->old_after = after;
    } else if (strncmp(text, "Humongous regions", 17) == 0 && before + after > 0) {
        expect(run, line, UMIG_GC_EVENT_HUMONGOUS, text, 0, 0, before, after);
    }
}

static void expect_young(struct run *run, const char *line, const char *text)
{
    double slack_ns = 0;
    const double duration_ns = duration_at_end(text, &slack_ns);
    if (strstr(text, "(Evacuation Failure") != NULL) {
        expect(run, line, UMIG_GC_EVENT_FAILURE, strstr(text, "Evacuation Failure"), -1, 0, -1, -1);
    }
    if (duration_ns >= 0 && strstr(text, "(Mixed)") == NULL && run->old_of == collection_of(line)) {
        expect(run, line, UMIG_GC_EVENT_PROMOTION, NULL, duration_ns, slack_ns, run->old_before,
               run->old_after);
    }
}

static void read_logged(struct run *run, const char *line)
{
    const char *text = text_of(line);
    double slack_ns = 0;
    const double duration_ns = duration_at_end(text, &slack_ns);
    if (has_tags(line, "safepoint")) {
        expect_safepoint(run, line);
    } else if (has_tags(line, "gc,heap")) {
        read_use(run, line, text);
    } else if (strncmp(text, "Pause Young", 11) == 0 && has_tags(line, "gc")) {
        expect_young(run, line, text);
    } else if (strncmp(text, "To-space exhausted", 18) == 0 ||
               strncmp(text, "Promotion failed", 16) == 0 ||
               strncmp(text, "Failed to allocate", 18) == 0) {
        expect(run, line, UMIG_GC_EVENT_FAILURE, text, -1, 0, -1, -1);
    } else if (strncmp(text, "Pause ", 6) != 0 &&
               (has_tags(line, "gc") || has_tags(line, "gc,phases") ||
                has_tags(line, "gc,marking")) &&
               (duration_ns >= 0 || strstr(text, "%)->") != NULL)) {
        expect(run, line, 0, text, duration_ns, slack_ns, -1, -1);
    }
    const char *region = strstr(line, "Heap Region Size: ");
    if (region != NULL) {
        run->region_bytes = strtod(region + strlen("Heap Region Size: "), NULL) * (1 << 20);
    }
}

void truth_compare_events(const char *log_path,
                          const char *probe_path,
                          struct truth_events *out_result)
{
    struct run *run = calloc(1, sizeof *run);
    assert_non_null(run);
    *out_result = (struct truth_events){.lines = 0};
    run->result = out_result;
    run->old_of = UINT32_MAX;
    read_probe(run, probe_path);
    assert_true(run->ready_ns > 0 && run->until_ns > run->ready_ns);
    FILE *file = open_or_fail(log_path);
    char line[1024];
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '[' && strstr(line, "][") != NULL) {
            read_logged(run, line);
        }
    }
    fclose(file);
    for (size_t i = 0; i < run->told_count; i++) {
        const struct told *told = &run->told[i];
        if (!told->is_matched && told->line_ns >= run->ready_ns && told->line_ns < run->until_ns) {
            out_result->invented++;
            show(run, "invented", told->name);
        }
    }
    free(run);
}
