#include "agent/vm/gc_line.h"

#include <stdio.h>
#include <string.h>

#include "agent/vm/gc_text.h"
#include "agent/vm/heap.h"

/* More parentheses than any line has. */
#define MAX_GROUPS 4

/* "24M->5M(64M) ", which not every pause has. */
static void read_heap(const char **at, struct umig_gc_line *line)
{
    const char *ahead = *at;
    uint64_t before;
    uint64_t after;
    uint64_t unit = 0;
    struct umig_gc_range capacity;
    line->heap_before = UMIG_HEAP_UNKNOWN;
    line->heap_after = UMIG_HEAP_UNKNOWN;
    line->heap_unit = 0;
    if (umig_gc_text_bytes(&ahead, &before, &unit) && umig_gc_text_skip(&ahead, "->") &&
        umig_gc_text_bytes(&ahead, &after, &unit) && umig_gc_text_group(&ahead, &capacity)) {
        line->heap_before = before;
        line->heap_after = after;
        line->heap_unit = unit;
        *at = ahead;
    }
}

static void append_group(char *kind, struct umig_gc_range group)
{
    const size_t used = strlen(kind);
    snprintf(kind + used, UMIG_GC_KIND_BYTES - used, " (%.*s)", (int)group.len, group.begin);
}

/*
 * A young or full pause names its cause in its only or in its second parentheses; all others, of
 * every collector, say more about the kind.
 */
static size_t cause_group(struct umig_gc_range words, size_t group_count)
{
    if (group_count == 0 ||
        !(umig_gc_text_is(words, "Pause Young") || umig_gc_text_is(words, "Pause Full"))) {
        return MAX_GROUPS;
    }
    return group_count == 1 ? 0 : 1;
}

static void name_pause(struct umig_gc_line *line,
                       struct umig_gc_range words,
                       const struct umig_gc_range *groups,
                       size_t group_count)
{
    const size_t cause = cause_group(words, group_count);
    line->cause[0] = '\0';
    umig_gc_text_copy(line->kind, sizeof line->kind, words);
    for (size_t i = 0; i < group_count; i++) {
        if (i == cause) {
            umig_gc_text_copy(line->cause, sizeof line->cause, groups[i]);
        } else {
            append_group(line->kind, groups[i]);
        }
    }
}

bool umig_gc_line_parse(const char *text, struct umig_gc_line *out_line)
{
    const char *at = text;
    struct umig_gc_prefix prefix;
    if (!umig_gc_text_prefix(&at, &prefix) || !prefix.has_collection ||
        strncmp(at, "Pause ", strlen("Pause ")) != 0) {
        return false;
    }
    out_line->time_ns = prefix.time_ns;
    const char *z_generation = prefix.z_generation;
    const struct umig_gc_range words = umig_gc_text_words(&at);
    struct umig_gc_range groups[MAX_GROUPS];
    size_t group_count = 0;
    while (group_count < MAX_GROUPS && umig_gc_text_group(&at, &groups[group_count])) {
        group_count++;
    }
    if (z_generation != NULL) { /* says all that "(Major)" would */
        groups[0] = (struct umig_gc_range){.begin = z_generation, .len = strlen(z_generation)};
        group_count = 1;
    }
    name_pause(out_line, words, groups, group_count);
    read_heap(&at, out_line);
    return umig_gc_text_duration(at, &out_line->duration_ns);
}
