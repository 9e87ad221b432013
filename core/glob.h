/* Patterns of names: '*' stands for any characters, '?' for one; nothing else is special. */
#ifndef UMIG_CORE_GLOB_H
#define UMIG_CORE_GLOB_H

#include <stdbool.h>
#include <stdint.h>

#include "core/parse.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Longest pattern of thread names, NUL included. */
#define UMIG_GLOB_BYTES 96

/** Does the whole name fit the pattern? In time of the product of their lengths at most. */
bool umig_glob_matches(const char *pattern, const char *name);

/**
 * Reads a pattern of thread names: 1 to UMIG_GLOB_BYTES - 1 bytes without control characters.
 *
 * @return UMIG_OK or UMIG_E_ARG
 */
UMIG_NODISCARD int umig_glob_parse(struct umig_span text,
                                   char out[UMIG_GLOB_BYTES],
                                   struct umig_err *err);

#endif
