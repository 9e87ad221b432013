#include "tests/support/races.h"

#include <stdbool.h>
#include <string.h>

#define BEGIN   "WARNING: ThreadSanitizer: "
#define END     "\nSUMMARY: ThreadSanitizer: "
#define RACE    "data race"
#define FRAME   "\n    #"
#define OURS    "(libumig"
#define RUNTIME "(libtsan.so"

static bool has(const char *from, const char *end, const char *word)
{
    return memmem(from, (size_t)(end - from), word, strlen(word)) != NULL;
}

/* The end of a line; at most end. */
static const char *line_end(const char *at, const char *end)
{
    const char *found = memchr(at, '\n', (size_t)(end - at));
    return found != NULL ? found : end;
}

/* Goes past the next stack; true: its innermost frame but the sanitizer's is ours. */
static bool take_stack(const char **at, const char *end)
{
    const char *frame = memmem(*at, (size_t)(end - *at), FRAME, strlen(FRAME));
    bool is_ours = false;
    bool is_told = false;
    while (frame != NULL && strncmp(frame, FRAME, strlen(FRAME)) == 0) {
        const char *next = line_end(frame + 1, end);
        if (!is_told && !has(frame, next, RUNTIME)) {
            is_told = true;
            is_ours = has(frame, next, OURS);
        }
        *at = frame = next;
    }
    return is_ours;
}

static bool is_ours(const char *report, const char *end)
{
    const bool is_race = strncmp(report + strlen(BEGIN), RACE, strlen(RACE)) == 0;
    const char *at = report;
    const bool first = take_stack(&at, end);
    return first && (!is_race || take_stack(&at, end));
}

size_t umig_races_count(const char *text, char *out_first, size_t room)
{
    size_t count = 0;
    out_first[0] = '\0';
    for (const char *at = text; (at = strstr(at, BEGIN)) != NULL; at++) {
        const char *end = strstr(at, END);
        end = end != NULL ? end : at + strlen(at);
        if (!is_ours(at, end)) {
            continue;
        }
        if (count++ == 0) {
            const size_t len = (size_t)(end - at) < room - 1 ? (size_t)(end - at) : room - 1;
            memcpy(out_first, at, len);
            out_first[len] = '\0';
        }
    }
    return count;
}
