#include "report/collapsed.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/label.h"
#include "core/err.h"

#define LINE_LIMIT_BYTES (4u << 20)
#define TIME_UNIT_NS     1000 /* microseconds */

struct line {
    char *stack;
    uint64_t weight; /* bytes, CPU time or time waited; samples where the session does not know its
                        interval */
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
                     const struct umig_stack_row *row,
                     uint32_t *chain,
                     struct umig_buf *line)
{
    struct umig_buf name = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_buf_clear(line);
    umig_buf_byte(line, '[');
    put_clean(umig_profile_text(profile, row->group), line);
    umig_buf_byte(line, ']');
    size_t depth = umig_stack_chain(profile, row->stack, chain);
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
static uint64_t in_units(uint64_t weight, uint64_t unit)
{
    const uint64_t whole = weight / unit;
    const uint64_t rest = weight % unit;
    const uint64_t nearest = rest >= unit - rest ? whole + 1 : whole;
    return nearest > 0 ? nearest : 1;
}

static void write_sorted(struct line *lines, size_t count, uint64_t unit, struct umig_buf *out)
{
    qsort(lines, count, sizeof *lines, compare_lines);
    for (size_t i = 0; i < count;) {
        uint64_t sum = 0;
        const size_t first = i;
        for (; i < count && strcmp(lines[i].stack, lines[first].stack) == 0; i++) {
            sum += lines[i].weight;
        }
        umig_buf_printf(out, "%s %llu\n", lines[first].stack,
                        (unsigned long long)in_units(sum, unit));
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
                    const struct umig_stack_row *row,
                    uint64_t weight)
{
    const int rc = put_stack(profile, row, lines->chain, &lines->text);
    char *copy = rc == UMIG_OK ? strdup(umig_buf_str(&lines->text)) : NULL;
    if (rc == UMIG_OK && copy == NULL) {
        return UMIG_E_NOMEM;
    }
    if (rc == UMIG_OK) {
        lines->items[lines->count++] = (struct line){.stack = copy, .weight = weight};
    }
    return rc;
}

/* What a line's value counts: of CPU intervals of the session, 0 where they are not known. */
static uint64_t unit_of(const struct umig_stack_rows *rows)
{
    return rows->kind == UMIG_KIND_CPU       ? rows->period
           : umig_label_is_bytes(rows->kind) ? 1
                                             : TIME_UNIT_NS;
}

static int write_lines(const struct umig_stack_rows *rows,
                       struct lines *lines,
                       struct umig_buf *out)
{
    const uint64_t unit = unit_of(rows);
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < rows->count; i++) {
        const struct umig_stack_row *row = &rows->items[i];
        rc = add_line(lines, rows->profile, row, unit > 0 ? row->value : row->count);
    }
    if (rc == UMIG_OK && lines->count > 0) {
        write_sorted(lines->items, lines->count, unit > 0 ? unit : 1, out);
        rc = out->failed;
    }
    for (size_t i = 0; i < lines->count; i++) {
        free(lines->items[i].stack);
    }
    return rc;
}

int umig_collapsed_write(const struct umig_stack_rows *rows,
                         struct umig_buf *out,
                         struct umig_err *err)
{
    struct lines lines = {
        .items = calloc(rows->count + 1, sizeof *lines.items),
        .chain = umig_stack_chain_create(rows->profile),
        .text = UMIG_BUF_INIT(LINE_LIMIT_BYTES),
    };
    int rc = lines.items == NULL || lines.chain == NULL ? UMIG_E_NOMEM : UMIG_OK;
    rc = rc != UMIG_OK ? rc : write_lines(rows, &lines, out);
    umig_buf_fini(&lines.text);
    free(lines.items);
    free(lines.chain);
    if (rc != UMIG_OK) {
        return umig_err_set(err, rc, "writing %zu collapsed stacks: %s", rows->count,
                            umig_status_text(rc));
    }
    return UMIG_OK;
}
