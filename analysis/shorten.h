/* Native names for eyes: C++ spells out every template argument, for thousands of characters. */
#ifndef UMIG_ANALYSIS_SHORTEN_H
#define UMIG_ANALYSIS_SHORTEN_H

#include <stddef.h>

#include "core/buf.h"

/** Characters that a native name may have in tables and prose; the whole name is in JSON. */
#define UMIG_SHORTEN_MAX 80

/**
 * Appends a native name in at most so many characters. One that is longer loses its template
 * arguments ("sort<...>(int*)"), then its parameters ("sort<...>(...)"), and only then its middle.
 *
 * @param name        well-formed UTF-8, as demangled
 * @param characters  at least 8
 */
void umig_shorten_native(const char *name, size_t characters, struct umig_buf *out);

#endif
