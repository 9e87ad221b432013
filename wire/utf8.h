/* Text on the wire is UTF-8; what a JVM hands out is not quite. */
#ifndef UMIG_WIRE_UTF8_H
#define UMIG_WIRE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Is this UTF-8 as RFC 3629 has it (no surrogates, no overlong forms)? */
bool umig_utf8_is_valid(const void *text, size_t len);

/**
 * Makes UTF-8 of what JVMTI and JNI call modified UTF-8 (surrogate pairs of three bytes each; JVMS
 * 4.4.7). Plain UTF-8 passes unchanged. Lone surrogates, bytes that are neither, and U+0000 (in one
 * byte or as C0 80: strings of the collector end at it) become U+FFFD.
 *
 * @param out   room bytes; no NUL is added
 * @return bytes written; what does not fit is cut at a character
 */
size_t umig_utf8_from_jvm(const void *text, size_t len, uint8_t *out, size_t room);

#endif
