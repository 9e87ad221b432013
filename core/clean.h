/*
 * Text of strangers made harmless, one convention for reports, messages and logs: what would move
 * the cursor, colour the screen or turn the writing around is made visible instead. C0 and DEL
 * become their pictures (U+2400), C1, bidirectional and invisible characters "\u{202E}", bytes that
 * are not UTF-8 U+FFFD. What is clean stays as it is.
 */
#ifndef UMIG_CORE_CLEAN_H
#define UMIG_CORE_CLEAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/umig/attr.h"

enum {
    UMIG_CLEAN_STEP_BYTES = 16 /* of the longest harmless form, its NUL included */
};

/** Is it C1, invisible, or does it change the direction of writing? C0 and DEL are not asked for.
 */
bool umig_clean_is_hidden(uint32_t code_point);

/**
 * Makes one character harmless.
 *
 * @param text        its first byte
 * @param byte_count  bytes at hand, at least 1; a bound above what a NUL ends is good, too
 * @param out         its harmless form, NUL-terminated: longer than the character, or the same
 * @return bytes of the text it took, 1 to 4
 */
size_t umig_clean_step(const char *text, size_t byte_count, char out[UMIG_CLEAN_STEP_BYTES]);

/**
 * Copies a text made harmless, as much as there is room for, no character in part. No heap.
 *
 * @param out   NUL-terminated; does not overlap the text
 * @param room  bytes of out, at least 1
 * @return bytes of the whole text made harmless; at least room: it was cut
 */
size_t umig_clean_copy(const char *text, char *out, size_t room);

#endif
