#include "agent/session/thread_names.h"

#include <stdio.h>
#include <string.h>

enum {
    SET = 4 /* entries in which an id may be */
};

/* Ids are given one after the other, so they fill the sets evenly. */
static struct umig_thread_name *set_of(const struct umig_thread_names *names, uint64_t id)
{
    return &names->entries[(uint32_t)id * SET & (names->entry_count - SET)];
}

void umig_thread_names_put(struct umig_thread_names *names, uint64_t id, const char *text)
{
    struct umig_thread_name *set = set_of(names, id);
    struct umig_thread_name *out = set;
    for (struct umig_thread_name *at = set; at < set + SET; at++) {
        if (at->id == id) {
            out = at;
            break;
        }
        out = at->seen_at < out->seen_at ? at : out;
    }
    out->seen_at = ++names->clock;
    if (out->id != id || strcmp(out->text, text) != 0) {
        out->id = id;
        (void)snprintf(out->text, sizeof out->text, "%s", text);
    }
}

const char *umig_thread_names_get(struct umig_thread_names *names, uint64_t id)
{
    struct umig_thread_name *set = set_of(names, id);
    for (struct umig_thread_name *at = set; at < set + SET && id != 0; at++) {
        if (at->id == id) {
            at->seen_at = ++names->clock;
            return at->text;
        }
    }
    return NULL;
}
