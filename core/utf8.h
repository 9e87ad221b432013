/* Reading text that strangers wrote: UTF-8 with its faults found. */
#ifndef UMIG_CORE_UTF8_H
#define UMIG_CORE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "include/umig/attr.h"

/** Stands for what could not be read: U+FFFD. */
#define UMIG_UTF8_REPLACEMENT "\xEF\xBF\xBD"

/**
 * Reads one code point (Unicode 15, table 3-7: no overlong form, no surrogate, nothing above
 * U+10FFFF).
 *
 * @param byte_count      bytes at hand, at least 1
 * @param out_code_point  set if the bytes are good
 * @return bytes it takes, 1 to 4; 0 if the first byte begins no good sequence
 */
size_t umig_utf8_read(const char *bytes, size_t byte_count, uint32_t *out_code_point);

/** Bytes of a text that was cut, without the sequence that its end may have left unfinished. */
size_t umig_utf8_whole(const char *text, size_t byte_count);

#endif
