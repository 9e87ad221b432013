/* Writes what umig heap loaders found. */
#ifndef UMIG_CLI_HEAP_LOADERS_WRITE_H
#define UMIG_CLI_HEAP_LOADERS_WRITE_H

#include <stdio.h>

#include "cli/heap_loaders.h"

/** What is told. */
struct umig_heap_loaders_view {
    const struct umig_jvm *jvm;
    const struct umig_heap_loaders *loaders;
    bool has_color;
};

/** Writes what should be gone in words, then a table of all kinds. UMIG_OK, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_heap_loaders_write_text(const struct umig_heap_loaders_view *view,
                                                FILE *out,
                                                struct umig_err *err);

/** Writes JSON as in docs/heap-loaders.schema.json. UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT. */
UMIG_NODISCARD int umig_heap_loaders_write_json(const struct umig_heap_loaders_view *view,
                                                FILE *out,
                                                struct umig_err *err);

#endif
