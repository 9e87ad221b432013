/*
 * A JVM's class histogram (its attach command "inspectheap") as rows that a person can read:
 * classes as the source has them, arrays as "byte[]", scripts that differ by a number only as one.
 */
#ifndef UMIG_CLI_HEAP_HISTOGRAM_H
#define UMIG_CLI_HEAP_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Longest histogram that is read: some 600,000 classes. */
#define UMIG_HEAP_HISTOGRAM_BYTES (64u << 20)

/** One row. The texts live in the histogram. */
struct umig_heap_class {
    size_t name_at;
    size_t module_at; /* "java.base"; an empty text: no module, or several */
    uint64_t instance_count;
    uint64_t byte_count;
    uint64_t class_count; /* of the JVM's classes: loaders and scripts make many of one name */
};

/** The rows, largest first. */
struct umig_heap_histogram {
    struct umig_heap_class *rows;
    size_t count;
    uint64_t class_count;    /* of the JVM's classes */
    uint64_t instance_count; /* the JVM's own totals */
    uint64_t byte_count;
    uint64_t unread_count; /* lines that are none of a histogram */
    struct umig_buf texts;
};

/**
 * Reads what a JVM answered.
 *
 * @param folds  classes with the same name become one row, script and lambda numbers left out; else
 *               one row for each class of the JVM, under the name the JVM has for it
 * @return UMIG_OK; UMIG_E_PROTO: it is no histogram or half of one; UMIG_E_NOMEM; UMIG_E_LIMIT
 */
UMIG_NODISCARD int umig_heap_histogram_read(const char *text,
                                            size_t len,
                                            bool folds,
                                            struct umig_heap_histogram *out_histogram,
                                            struct umig_err *err);

/** Frees the rows. */
void umig_heap_histogram_fini(struct umig_heap_histogram *histogram);

/** A text of a row: hostile, as the JVM's classes named themselves. */
const char *umig_heap_histogram_text(const struct umig_heap_histogram *histogram, size_t at);

#endif
