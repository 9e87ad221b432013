/*
 * Collapsed stacks: "root;caller;leaf 17" a line, as Brendan Gregg's flamegraph.pl, async-profiler
 * and `umig report --format collapsed` write them. A first part in brackets is the thread. A frame
 * may end in async-profiler's mark of how it ran, "_[j]"; "a/b/C.m" is "a.b.C.m". What has a class
 * is Java's, all else native.
 */
#ifndef UMIG_IMPORT_COLLAPSED_H
#define UMIG_IMPORT_COLLAPSED_H

#include "import/rows.h"

/**
 * Reads one line, which is changed on the way; empty ones and those that begin with '#' are passed
 * over.
 *
 * @param line  without its newline; NUL-terminated
 * @return UMIG_OK, UMIG_E_ARG (no count: the text says what is wrong), UMIG_E_NOMEM, UMIG_E_LIMIT
 */
UMIG_NODISCARD int umig_import_collapsed_line(struct umig_import *import,
                                              char *line,
                                              size_t line_bytes,
                                              struct umig_err *err);

#endif
