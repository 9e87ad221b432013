/* A histogram for people and for programs. */
#ifndef UMIG_CLI_HEAP_HISTOGRAM_WRITE_H
#define UMIG_CLI_HEAP_HISTOGRAM_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/heap_histogram.h"
#include "cli/heap_talk.h"
#include "cli/jvm.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** What is told of a histogram. */
struct umig_heap_histogram_view {
    const struct umig_jvm *jvm;
    const struct umig_heap_histogram *histogram;
    const struct umig_heap_cost *cost;
    size_t top; /* rows; 0: all */
    bool is_all;
    bool is_folded;
    bool has_color;
};

/** Writes a table, and in a sentence whose heap it is and what it cost. UMIG_OK, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_heap_histogram_write_text(const struct umig_heap_histogram_view *view,
                                                  FILE *out,
                                                  struct umig_err *err);

/** Writes JSON as in docs/heap-histogram.schema.json. UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT. */
UMIG_NODISCARD int umig_heap_histogram_write_json(const struct umig_heap_histogram_view *view,
                                                  FILE *out,
                                                  struct umig_err *err);

#endif
