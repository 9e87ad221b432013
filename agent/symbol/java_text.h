/* Text of java.lang.String as the heap holds it, to UTF-8. */
#ifndef UMIG_AGENT_SYMBOL_JAVA_TEXT_H
#define UMIG_AGENT_SYMBOL_JAVA_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes that so many characters take at most, with the mark of a cut and NUL. */
#define UMIG_JAVA_TEXT_BYTES(chars) (3 * ((chars) + 1) + 1)

/**
 * Decodes. Half a surrogate pair becomes U+FFFD, NUL becomes U+2400, which a string on the wire may
 * hold. Of more than max_chars characters (Java's: UTF-16 units) those are kept, and then U+2026.
 *
 * @param bytes  LATIN1, or UTF-16 of this machine's order and any alignment
 * @param out    UMIG_JAVA_TEXT_BYTES(max_chars) bytes; NUL-terminated
 * @return bytes written, NUL not counted
 */
size_t umig_java_text(const uint8_t *bytes,
                      size_t byte_count,
                      bool is_utf16,
                      size_t max_chars,
                      char *out);

#endif
