#include "agent/vm/gc_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

bool umig_gc_text_skip(const char **at, const char *expected)
{
    const size_t len = strlen(expected);
    if (strncmp(*at, expected, len) != 0) {
        return false;
    }
    *at += len;
    return true;
}

bool umig_gc_text_number(const char **at, uint64_t *out_number)
{
    if (!isdigit((unsigned char)**at)) {
        return false;
    }
    char *end;
    *out_number = strtoull(*at, &end, 10);
    *at = end;
    return true;
}

/* Which of ZGC's collections a line belongs to. */
static const char *read_z_generation(const char **at)
{
    static const struct {
        const char *letter;
        const char *words;
    } generations[] = {{"y: ", "Minor"}, {"Y: ", "Major Young"}, {"O: ", "Major Old"}};
    for (size_t i = 0; i < sizeof generations / sizeof generations[0]; i++) {
        if (umig_gc_text_skip(at, generations[i].letter)) {
            return generations[i].words;
        }
    }
    return NULL;
}

static bool read_collection(const char **at, uint64_t *out_collection)
{
    const char *ahead = *at;
    if (!umig_gc_text_skip(&ahead, "GC(") || !umig_gc_text_number(&ahead, out_collection) ||
        !umig_gc_text_skip(&ahead, ") ")) {
        return false;
    }
    *at = ahead;
    return true;
}

bool umig_gc_text_prefix(const char **at, struct umig_gc_prefix *out_prefix)
{
    const char *ahead = *at;
    struct umig_gc_prefix prefix = {.collection = 0};
    if (!umig_gc_text_skip(&ahead, "[") || !umig_gc_text_number(&ahead, &prefix.time_ns) ||
        !umig_gc_text_skip(&ahead, "ns][")) {
        return false;
    }
    const char *tags_end = strchr(ahead, ']');
    if (tags_end == NULL) {
        return false;
    }
    prefix.tags.begin = ahead;
    prefix.tags.len = strcspn(ahead, " ]");
    ahead = tags_end + 1;
    if (!umig_gc_text_skip(&ahead, " ")) {
        return false;
    }
    prefix.has_collection = read_collection(&ahead, &prefix.collection);
    prefix.z_generation = prefix.has_collection ? read_z_generation(&ahead) : NULL;
    *at = ahead + strspn(ahead, " ");
    *out_prefix = prefix;
    return true;
}

struct umig_gc_range umig_gc_text_words(const char **at)
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
    return (struct umig_gc_range){.begin = begin, .len = (size_t)(end - begin)};
}

bool umig_gc_text_group(const char **at, struct umig_gc_range *out_group)
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
            *out_group = (struct umig_gc_range){.begin = begin, .len = (size_t)(end - begin)};
            *at = end + 1;
            umig_gc_text_skip(at, " ");
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

bool umig_gc_text_bytes(const char **at, uint64_t *out_bytes, uint64_t *out_unit)
{
    const char *ahead = *at;
    uint64_t number;
    uint64_t unit;
    if (!umig_gc_text_number(&ahead, &number) || !read_unit(&ahead, &unit) ||
        __builtin_mul_overflow(number, unit, out_bytes)) {
        return false;
    }
    *out_unit = unit > *out_unit ? unit : *out_unit;
    *at = ahead;
    return true;
}

bool umig_gc_text_duration(const char *at, uint64_t *out_duration_ns)
{
    uint64_t whole;
    if (!umig_gc_text_number(&at, &whole) || whole > UINT32_MAX) {
        return false;
    }
    const char *fraction = umig_gc_text_skip(&at, ".") ? at : "";
    at += *fraction != '\0' ? strspn(at, "0123456789") : 0;
    const uint64_t unit_ns = strcmp(at, "ms") == 0  ? UMIG_NS_PER_MS
                             : strcmp(at, "s") == 0 ? UMIG_NS_PER_S
                                                    : 0;
    uint64_t ns = whole * unit_ns;
    for (uint64_t digit = unit_ns / 10; isdigit((unsigned char)*fraction); fraction++) {
        ns += (uint64_t)(*fraction - '0') * digit;
        digit /= 10;
    }
    *out_duration_ns = ns;
    return unit_ns != 0;
}

bool umig_gc_text_is(struct umig_gc_range range, const char *expected)
{
    return range.len == strlen(expected) && memcmp(range.begin, expected, range.len) == 0;
}

void umig_gc_text_copy(char *out, size_t room, struct umig_gc_range range)
{
    snprintf(out, room, "%.*s", (int)(range.len < room ? range.len : room - 1), range.begin);
}
