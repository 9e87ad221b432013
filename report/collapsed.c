#include "report/collapsed.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/label.h"
#include "core/err.h"

#define LINE_LIMIT_BYTES (4u << 20)

struct line {
    char *stack;
    uint64_t weight; /* bytes, or CPU time; samples where the session does not know its interval */
};

/* A name may not hold what separates the frames and the lines. */
static void put_clean(const char *text, struct umig_buf *out)
{
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        umig_buf_byte(out, c == ';' ? ':' : c < ' ' || c == 0x7F ? ' ' : *text);
    }
}

static int put_stack(const struct umig_profile *profile,
                     const struct umig_profile_sample *sample,
                     uint32_t *chain,
                     struct umig_buf *line)
{
    struct umig_buf name = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_buf_clear(line);
    umig_buf_byte(line, '[');
    put_clean(umig_profile_text(profile, sample->group), line);
    umig_buf_byte(line, ']');
    size_t depth = 0;
    for (uint32_t at = sample->stack; at != 0; at = profile->stacks.items[at].parent) {
        chain[depth++] = profile->stacks.items[at].frame;
    }
    int rc = UMIG_OK;
    while (rc == UMIG_OK && depth > 0) {
        umig_buf_clear(&name);
        umig_label_method(profile, profile->frames.items[chain[--depth]].method, false, &name);
        umig_buf_byte(line, ';');
        put_clean(umig_buf_str(&name), line);
        rc = name.failed; /* clearing it forgets */
    }
    rc = rc != UMIG_OK ? rc : line->failed;
    umig_buf_fini(&name);
    return rc;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(((const struct line *)a)->stack, ((const struct line *)b)->stack);
}

/*
 * A sample after an overrun stands for several intervals; counted as one it would weigh less here
 * than in the other reports. What a stack holds is rounded once, and never away.
 */
static uint64_t in_intervals(uint64_t weight, uint64_t interval_ns)
{
    const uint64_t whole = weight / interval_ns;
    const uint64_t rest = weight % interval_ns;
    const uint64_t nearest = rest >= interval_ns - rest ? whole + 1 : whole;
    return nearest > 0 ? nearest : 1;
}

static void write_sorted(struct line *lines,
                         size_t count,
                         uint64_t interval_ns,
                         struct umig_buf *out)
{
    qsort(lines, count, sizeof *lines, compare_lines);
    for (size_t i = 0; i < count;) {
        uint64_t sum = 0;
        const size_t first = i;
        for (; i < count && strcmp(lines[i].stack, lines[first].stack) == 0; i++) {
            sum += lines[i].weight;
        }
        umig_buf_printf(out, "%s %llu\n", lines[first].stack,
                        (unsigned long long)in_intervals(sum, interval_ns));
    }
}

static int write_lines(const struct umig_profile *profile,
                       enum umig_kind kind,
                       struct line *lines,
                       uint32_t *chain,
                       struct umig_buf *out)
{
    const uint64_t interval_ns = kind == UMIG_KIND_CPU ? profile->session.interval_ns[kind] : 1;
    struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    size_t count = 0;
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < profile->samples.count; i++) {
        const struct umig_profile_sample *sample = &profile->samples.items[i];
        if (sample->kind != kind) {
            continue;
        }
        rc = put_stack(profile, sample, chain, &line);
        char *copy = rc == UMIG_OK ? strdup(umig_buf_str(&line)) : NULL;
        if (rc == UMIG_OK && copy == NULL) {
            rc = UMIG_E_NOMEM;
        }
        if (rc == UMIG_OK) {
            const uint64_t weight = interval_ns > 0 ? sample->value : sample->count;
            lines[count++] = (struct line){.stack = copy, .weight = weight};
        }
    }
    if (rc == UMIG_OK && count > 0) {
        write_sorted(lines, count, interval_ns > 0 ? interval_ns : 1, out);
        rc = out->failed;
    }
    for (size_t i = 0; i < count; i++) {
        free(lines[i].stack);
    }
    umig_buf_fini(&line);
    return rc;
}

int umig_collapsed_write(const struct umig_profile *profile,
                         enum umig_kind kind,
                         struct umig_buf *out,
                         struct umig_err *err)
{
    size_t deepest = 0;
    for (size_t i = 0; i < profile->stacks.count; i++) {
        const size_t depth = profile->stacks.items[i].depth;
        deepest = depth > deepest ? depth : deepest;
    }
    struct line *lines = calloc(profile->samples.count + 1, sizeof *lines);
    uint32_t *chain = calloc(deepest + 1, sizeof *chain);
    int rc = lines == NULL || chain == NULL ? UMIG_E_NOMEM : UMIG_OK;
    rc = rc != UMIG_OK ? rc : write_lines(profile, kind, lines, chain, out);
    free(lines);
    free(chain);
    if (rc != UMIG_OK) {
        return umig_err_set(err, rc, "writing %zu collapsed stacks: %s", profile->samples.count,
                            umig_status_text(rc));
    }
    return UMIG_OK;
}
