#include "report/collapsed.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/label.h"
#include "analysis/pins.h"
#include "core/err.h"

#define LINE_LIMIT_BYTES (4u << 20)
#define WAIT_UNIT_NS     1000 /* waits are told in microseconds */

struct line {
    char *stack;
    uint64_t weight; /* bytes, CPU time or time waited; samples where the session does not know its
                        interval */
};

/* What a line is of. */
struct place {
    uint32_t group; /* string */
    uint32_t stack;
    uint32_t class; /* string: stands innermost; 0: nothing does */
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
                     const struct place *place,
                     uint32_t *chain,
                     struct umig_buf *line)
{
    struct umig_buf name = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_buf_clear(line);
    umig_buf_byte(line, '[');
    put_clean(umig_profile_text(profile, place->group), line);
    umig_buf_byte(line, ']');
    size_t depth = 0;
    for (uint32_t at = place->stack; at != 0; at = profile->stacks.items[at].parent) {
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
    if (place->class != 0) {
        umig_buf_byte(line, ';');
        put_clean(umig_profile_text(profile, place->class), line);
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

/* Lines as they are made. */
struct lines {
    struct line *items; /* room for all */
    size_t count;
    uint32_t *chain; /* room for the deepest stack */
    struct umig_buf text;
};

static int add_line(struct lines *lines,
                    const struct umig_profile *profile,
                    const struct place *place,
                    uint64_t weight)
{
    const int rc = put_stack(profile, place, lines->chain, &lines->text);
    char *copy = rc == UMIG_OK ? strdup(umig_buf_str(&lines->text)) : NULL;
    if (rc == UMIG_OK && copy == NULL) {
        return UMIG_E_NOMEM;
    }
    if (rc == UMIG_OK) {
        lines->items[lines->count++] = (struct line){.stack = copy, .weight = weight};
    }
    return rc;
}

static int add_samples(struct lines *lines,
                       const struct umig_profile *profile,
                       enum umig_kind kind,
                       bool has_values)
{
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < profile->samples.count; i++) {
        const struct umig_profile_sample *sample = &profile->samples.items[i];
        const struct place place = {.group = sample->group, .stack = sample->stack};
        if (sample->kind == kind) {
            rc = add_line(lines, profile, &place, has_values ? sample->value : sample->count);
        }
    }
    return rc;
}

static int add_waits(struct lines *lines, const struct umig_profile *profile)
{
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < profile->waits.count; i++) {
        const struct umig_profile_wait *wait = &profile->waits.items[i];
        const struct place place = {
            .group = profile->threads.items[wait->thread].group,
            .stack = wait->stack,
            .class = wait->monitor_class,
        };
        if (!umig_pins_is_only_pin(profile, wait)) {
            rc = add_line(lines, profile, &place, wait->wait_ns);
        }
    }
    return rc;
}

static int write_lines(const struct umig_profile *profile,
                       enum umig_kind kind,
                       struct lines *lines,
                       struct umig_buf *out)
{
    const uint64_t interval_ns = kind == UMIG_KIND_CPU     ? profile->session.interval_ns[kind]
                                 : kind == UMIG_KIND_LOCKS ? WAIT_UNIT_NS
                                                           : 1;
    int rc = kind == UMIG_KIND_LOCKS ? add_waits(lines, profile)
                                     : add_samples(lines, profile, kind, interval_ns > 0);
    if (rc == UMIG_OK && lines->count > 0) {
        write_sorted(lines->items, lines->count, interval_ns > 0 ? interval_ns : 1, out);
        rc = out->failed;
    }
    for (size_t i = 0; i < lines->count; i++) {
        free(lines->items[i].stack);
    }
    return rc;
}

int umig_collapsed_write(const struct umig_profile *profile,
                         enum umig_kind kind,
                         struct umig_buf *out,
                         struct umig_err *err)
{
    const size_t rows = kind == UMIG_KIND_LOCKS ? profile->waits.count : profile->samples.count;
    size_t deepest = 0;
    for (size_t i = 0; i < profile->stacks.count; i++) {
        const size_t depth = profile->stacks.items[i].depth;
        deepest = depth > deepest ? depth : deepest;
    }
    struct lines lines = {
        .items = calloc(rows + 1, sizeof *lines.items),
        .chain = calloc(deepest + 1, sizeof *lines.chain),
        .text = UMIG_BUF_INIT(LINE_LIMIT_BYTES),
    };
    int rc = lines.items == NULL || lines.chain == NULL ? UMIG_E_NOMEM : UMIG_OK;
    rc = rc != UMIG_OK ? rc : write_lines(profile, kind, &lines, out);
    umig_buf_fini(&lines.text);
    free(lines.items);
    free(lines.chain);
    if (rc != UMIG_OK) {
        return umig_err_set(err, rc, "writing %zu collapsed stacks: %s", rows,
                            umig_status_text(rc));
    }
    return UMIG_OK;
}
