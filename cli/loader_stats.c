#include "cli/loader_stats.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/attach.h"
#include "core/err.h"

/* Longer lines are none of the table's. */
#define LINE_BYTES 1024

/* The smallest that metaspace is taken in. */
#define CHUNK_BYTES 1024

/* No JVM has more: 1 PiB, and as many classes as a number of theirs counts. */
#define BYTES_MAX   (UINT64_C(1) << 50)
#define CLASSES_MAX (UINT64_C(1) << 32)

/* One line: a loader's, or of its hidden classes below it. */
struct line {
    bool is_loader;
    uint64_t classes;
    uint64_t bytes;
    uint64_t used;
    char name[UMIG_LOADER_STATS_NAME];
};

/*
 *   0x0000000800c0  0x00000007ffc0  0x00007f1a3c1a     12   61440   58480  some.Loader
 *                                                       3    9216    8000   + hidden classes
 */
static bool read_line(const char *text, struct line *out)
{
    char kind[UMIG_LOADER_STATS_NAME];
    *out = (struct line){.is_loader = false};
    out->is_loader = sscanf(text, " 0x%*x 0x%*x 0x%*x %" SCNu64 " %" SCNu64 " %" SCNu64 " %255s",
                            &out->classes, &out->bytes, &out->used, out->name) == 4;
    return (out->is_loader || sscanf(text, " %" SCNu64 " %" SCNu64 " %" SCNu64 " + %255s",
                                     &out->classes, &out->bytes, &out->used, kind) == 4) &&
           out->bytes <= BYTES_MAX && out->used <= BYTES_MAX && out->classes <= CLASSES_MAX;
}

static struct umig_loader_stats_row *find_or_add(struct umig_loader_stats *stats, const char *name)
{
    for (size_t i = 0; i < stats->count; i++) {
        if (strcmp(stats->rows[i].name, name) == 0) {
            return &stats->rows[i];
        }
    }
    if (stats->count == UMIG_LOADER_STATS_MAX) {
        return NULL;
    }
    struct umig_loader_stats_row *row = &stats->rows[stats->count++];
    *row = (struct umig_loader_stats_row){.loaders = 0};
    snprintf(row->name, sizeof row->name, "%s", name);
    return row;
}

/* Hidden classes are of the loader above them. */
static void take(struct umig_loader_stats *stats,
                 const struct line *line,
                 struct umig_loader_stats_row **current)
{
    if (line->is_loader) {
        *current = find_or_add(stats, line->name);
    }
    stats->bytes += line->bytes;
    stats->used += line->used;
    stats->is_words = stats->is_words || line->bytes % CHUNK_BYTES != 0;
    if (*current != NULL) {
        (*current)->loaders += line->is_loader;
        (*current)->classes += line->classes;
        (*current)->bytes += line->bytes;
    }
}

/* Words are an eighth of what the counters say, bytes about as much. */
static void make_bytes(struct umig_loader_stats *stats, uint64_t used_bytes)
{
    stats->is_words = stats->is_words || stats->used < used_bytes / 4;
    if (!stats->is_words) {
        return;
    }
    stats->bytes *= sizeof(uint64_t);
    stats->used *= sizeof(uint64_t);
    for (size_t i = 0; i < stats->count; i++) {
        stats->rows[i].bytes *= sizeof(uint64_t);
    }
}

int umig_loader_stats_read(const char *text,
                           size_t len,
                           uint64_t used_bytes,
                           struct umig_loader_stats *out_stats,
                           struct umig_err *err)
{
    struct umig_loader_stats_row *current = NULL;
    out_stats->count = 0;
    out_stats->bytes = 0;
    out_stats->used = 0;
    out_stats->is_words = false;
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        const size_t line_len = (end != NULL ? (size_t)(end - text) : len) - at;
        char copy[LINE_BYTES];
        struct line line;
        if (line_len < sizeof copy) {
            memcpy(copy, text + at, line_len);
            copy[line_len] = '\0';
            if (read_line(copy, &line)) {
                take(out_stats, &line, &current);
            }
        }
        at += line_len + 1;
    }
    if (out_stats->count > 0) {
        make_bytes(out_stats, used_bytes);
        return UMIG_OK;
    }
    char line[100];
    umig_attach_flatten(text, len, line, sizeof line);
    return umig_err_set(err, UMIG_E_PROTO, "the JVM's answer is no table of class loaders: %s",
                        len > 0 ? line : "it is empty");
}

uint64_t umig_loader_stats_part(const struct umig_loader_stats *stats,
                                const char *loader_class,
                                uint64_t classes)
{
    for (size_t i = 0; i < stats->count; i++) {
        const struct umig_loader_stats_row *row = &stats->rows[i];
        if (strcmp(row->name, loader_class) == 0 && row->classes > 0) {
            const double part = (double)classes / (double)row->classes;
            return (uint64_t)((double)row->bytes * (part < 1 ? part : 1));
        }
    }
    return 0;
}
