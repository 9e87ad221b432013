#include "core/glob.h"

#include <string.h>

#include "core/err.h"

/* The last '*' takes one character more each time the rest does not fit (Krauss, 2008). */
bool umig_glob_matches(const char *pattern, const char *name)
{
    const char *star = NULL;
    const char *resume = name;
    while (*name != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            resume = name;
        } else if (*pattern == '?' || *pattern == *name) {
            pattern++;
            name++;
        } else if (star != NULL) {
            pattern = star + 1;
            name = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

int umig_glob_parse(struct umig_span text, char out[UMIG_GLOB_BYTES], struct umig_err *err)
{
    if (text.len == 0 || text.len >= UMIG_GLOB_BYTES) {
        return umig_err_set(err, UMIG_E_ARG,
                            "a pattern of thread names has 1 to %d bytes, this one %zu",
                            UMIG_GLOB_BYTES - 1, text.len);
    }
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f) {
            return umig_err_set(err, UMIG_E_ARG,
                                "a pattern of thread names has no control characters");
        }
    }
    memcpy(out, text.at, text.len);
    out[text.len] = '\0';
    return UMIG_OK;
}
