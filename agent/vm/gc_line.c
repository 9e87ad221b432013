#include "agent/vm/gc_line.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/vm/heap.h"
#include "core/clock.h"

/* More parentheses than any line has. */
#define MAX_GROUPS 4

struct text_range {
    const char *begin;
    size_t len;
};

static bool skip(const char **at, const char *expected)
{
    const size_t len = strlen(expected);
    if (strncmp(*at, expected, len) != 0) {
        return false;
    }
    *at += len;
    return true;
}

static bool read_number(const char **at, uint64_t *out_number)
{
    if (!isdigit((unsigned char)**at)) {
        return false;
    }
    char *end;
    *out_number = strtoull(*at, &end, 10);
    *at = end;
    return true;
}

/* "[123ns][gc,phases   ] GC(7) " */
static bool read_prefix(const char **at, uint64_t *out_time_ns)
{
    uint64_t collection;
    if (!skip(at, "[") || !read_number(at, out_time_ns) || !skip(at, "ns][")) {
        return false;
    }
    const char *tags_end = strchr(*at, ']');
    if (tags_end == NULL) {
        return false;
    }
    *at = tags_end + 1;
    return skip(at, " GC(") && read_number(at, &collection) && skip(at, ") ");
}

/* Which of ZGC's collections a pause belongs to. */
static const char *read_z_generation(const char **at)
{
    static const struct {
        const char *letter;
        const char *words;
    } generations[] = {{"y: ", "Minor"}, {"Y: ", "Major Young"}, {"O: ", "Major Old"}};
    for (size_t i = 0; i < sizeof generations / sizeof generations[0]; i++) {
        if (skip(at, generations[i].letter)) {
            return generations[i].words;
        }
    }
    return NULL;
}

/* "Pause Young": words up to the first parenthesis or figure. */
static struct text_range read_words(const char **at)
{
    const char *begin = *at;
    const char *end = begin;
    while (*end != '\0' && *end != '(' && !isdigit((unsigned char)*end)) {
        end++;
    }
    *at = end;
    while (end > begin && end[-1] == ' ') {
        end--;
    }
    return (struct text_range){.begin = begin, .len = (size_t)(end - begin)};
}

/* "(System.gc()) ": the content of the parentheses, which may nest. */
static bool read_group(const char **at, struct text_range *out_group)
{
    if (**at != '(') {
        return false;
    }
    const char *begin = *at + 1;
    int depth = 1;
    for (const char *end = begin; *end != '\0'; end++) {
        depth += *end == '(' ? 1 : 0;
        depth -= *end == ')' ? 1 : 0;
        if (depth == 0) {
            *out_group = (struct text_range){.begin = begin, .len = (size_t)(end - begin)};
            *at = end + 1;
            skip(at, " ");
            return true;
        }
    }
    return false;
}

static bool read_unit(const char **at, uint64_t *out_unit)
{
    static const struct {
        char letter;
        uint64_t unit;
    } units[] = {
        {'B', 1},
        {'K', UINT64_C(1) << 10},
        {'M', UINT64_C(1) << 20},
        {'G', UINT64_C(1) << 30},
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (**at == units[i].letter) {
            *out_unit = units[i].unit;
            (*at)++;
            return true;
        }
    }
    return false;
}

static bool read_bytes(const char **at, uint64_t *out_bytes, uint64_t *out_unit)
{
    uint64_t number;
    uint64_t unit;
    if (!read_number(at, &number) || !read_unit(at, &unit) ||
        __builtin_mul_overflow(number, unit, out_bytes)) {
        return false;
    }
    *out_unit = unit > *out_unit ? unit : *out_unit;
    return true;
}

/* "24M->5M(64M) ", which not every pause has. */
static void read_heap(const char **at, struct umig_gc_line *line)
{
    const char *ahead = *at;
    uint64_t before;
    uint64_t after;
    uint64_t unit = 0;
    struct text_range capacity;
    line->heap_before = UMIG_HEAP_UNKNOWN;
    line->heap_after = UMIG_HEAP_UNKNOWN;
    line->heap_unit = 0;
    if (read_bytes(&ahead, &before, &unit) && skip(&ahead, "->") &&
        read_bytes(&ahead, &after, &unit) && read_group(&ahead, &capacity)) {
        line->heap_before = before;
        line->heap_after = after;
        line->heap_unit = unit;
        *at = ahead;
    }
}

/* "3.210ms": ends the line. */
static bool read_duration(const char *at, uint64_t *out_duration_ns)
{
    uint64_t whole_ms;
    if (!read_number(&at, &whole_ms) || whole_ms > UINT32_MAX) {
        return false;
    }
    uint64_t ns = whole_ms * UMIG_NS_PER_MS;
    if (skip(&at, ".")) {
        for (uint64_t digit = UMIG_NS_PER_MS / 10; isdigit((unsigned char)*at); at++) {
            ns += (uint64_t)(*at - '0') * digit;
            digit /= 10;
        }
    }
    *out_duration_ns = ns;
    return strcmp(at, "ms") == 0;
}

static void copy_range(char *out, size_t room, struct text_range range)
{
    snprintf(out, room, "%.*s", (int)(range.len < room ? range.len : room - 1), range.begin);
}

static void append_group(char *kind, struct text_range group)
{
    const size_t used = strlen(kind);
    snprintf(kind + used, UMIG_GC_KIND_BYTES - used, " (%.*s)", (int)group.len, group.begin);
}

static bool is_words(struct text_range words, const char *expected)
{
    return words.len == strlen(expected) && memcmp(words.begin, expected, words.len) == 0;
}

/*
 * A young or full pause names its cause in its only or in its second parentheses; all others, of
 * every collector, say more about the kind.
 */
static size_t cause_group(struct text_range words, size_t group_count)
{
    if (group_count == 0 || !(is_words(words, "Pause Young") || is_words(words, "Pause Full"))) {
        return MAX_GROUPS;
    }
    return group_count == 1 ? 0 : 1;
}

static void name_pause(struct umig_gc_line *line,
                       struct text_range words,
                       const struct text_range *groups,
                       size_t group_count)
{
    const size_t cause = cause_group(words, group_count);
    line->cause[0] = '\0';
    copy_range(line->kind, sizeof line->kind, words);
    for (size_t i = 0; i < group_count; i++) {
        if (i == cause) {
            copy_range(line->cause, sizeof line->cause, groups[i]);
        } else {
            append_group(line->kind, groups[i]);
        }
    }
}

bool umig_gc_line_parse(const char *text, struct umig_gc_line *out_line)
{
    const char *at = text;
    if (!read_prefix(&at, &out_line->time_ns)) {
        return false;
    }
    const char *z_generation = read_z_generation(&at);
    if (strncmp(at, "Pause ", strlen("Pause ")) != 0) {
        return false;
    }
    const struct text_range words = read_words(&at);
    struct text_range groups[MAX_GROUPS];
    size_t group_count = 0;
    while (group_count < MAX_GROUPS && read_group(&at, &groups[group_count])) {
        group_count++;
    }
    if (z_generation != NULL) { /* says all that "(Major)" would */
        groups[0] = (struct text_range){.begin = z_generation, .len = strlen(z_generation)};
        group_count = 1;
    }
    name_pause(out_line, words, groups, group_count);
    read_heap(&at, out_line);
    return read_duration(at, &out_line->duration_ns);
}
