#include "core/thread_group.h"

#include <stdbool.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "C2 CompilerThread", "G1 Conc#0": a capital, one digit, a space is a name, no number. */
static bool is_named_digit(const char *from, const char *at)
{
    const bool at_start = at - from == 1 || (at - from > 1 && at[-2] == ' ');
    return at_start && at[-1] >= 'A' && at[-1] <= 'Z' && at[1] == ' ';
}

size_t umig_thread_group(const char *name, char *out)
{
    size_t length = 0;
    for (const char *at = name; *at != '\0'; at++) {
        const bool is_number = is_digit(*at) && !is_named_digit(name, at);
        const bool goes_on = is_number && at > name && is_digit(at[-1]);
        if (!goes_on) {
            out[length++] = is_number ? '*' : *at;
        }
    }
    out[length] = '\0';
    return length;
}
