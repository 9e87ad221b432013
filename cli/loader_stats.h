/*
 * What class loaders take of metaspace, by the JVM's own word: its attach command
 * "jcmd VM.classloader_stats", a line a loader. Read by the loaders' classes.
 */
#ifndef UMIG_CLI_LOADER_STATS_H
#define UMIG_CLI_LOADER_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Classes of loaders that are told apart; what is of others is in the sum. */
#define UMIG_LOADER_STATS_MAX 512

/** Bytes of a class's name, NUL included. */
#define UMIG_LOADER_STATS_NAME 256

/** Loaders of one class. */
struct umig_loader_stats_row {
    char name[UMIG_LOADER_STATS_NAME];
    uint64_t loaders;
    uint64_t classes;
    uint64_t bytes; /* of metaspace, as it was taken for them */
};

struct umig_loader_stats {
    struct umig_loader_stats_row rows[UMIG_LOADER_STATS_MAX];
    size_t count;
    uint64_t bytes; /* of all, those without a loader too */
    uint64_t used;  /* of it, what is in use */
    bool is_words;  /* as the JVM told it; here all is bytes */
};

/**
 * Reads what a JVM answered. JDK 17 tells of words: metaspace is taken in chunks of whole KiB, so
 * what is no multiple of 1,024 is none of bytes; where all are, the JVM's counters decide, which it
 * brings up to date with a collection.
 *
 * @param used_bytes  of metaspace, by the JVM's counters; 0: not known
 * @return UMIG_OK; UMIG_E_PROTO: it is no such table
 */
UMIG_NODISCARD int umig_loader_stats_read(const char *text,
                                          size_t len,
                                          uint64_t used_bytes,
                                          struct umig_loader_stats *out_stats,
                                          struct umig_err *err);

/**
 * What some of the classes that loaders of a class defined take: their part of all of them.
 *
 * @param loader_class  "groovy.lang.GroovyClassLoader$InnerLoader"
 * @return 0: the JVM told of no such loader
 */
uint64_t umig_loader_stats_part(const struct umig_loader_stats *stats,
                                const char *loader_class,
                                uint64_t classes);

#endif
