/* Writes JSON into a buffer: the writer minds commas, quotes and escapes; the caller the nesting.
 */
#ifndef UMIG_CORE_JSON_H
#define UMIG_CORE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Writer over a borrowed buffer; a failure stays in the buffer's failed. */
struct umig_json {
    struct umig_buf *out;
    bool needs_comma;
};

/* clang-format off */
#define UMIG_JSON_INIT(buf) { .out = (buf) }
/* clang-format on */

/** Opens an object: key NULL inside an array and at the top. */
void umig_json_object(struct umig_json *json, const char *key);

/** Closes an object. */
void umig_json_object_end(struct umig_json *json);

/** Opens an array: key NULL inside an array and at the top. */
void umig_json_array(struct umig_json *json, const char *key);

/** Closes an array. */
void umig_json_array_end(struct umig_json *json);

/** Writes a string; NULL writes null. Bytes that are not UTF-8 become U+FFFD. */
void umig_json_text(struct umig_json *json, const char *key, const char *text);

/** Writes a text that is known; NULL and "" leave the key out. */
void umig_json_known(struct umig_json *json, const char *key, const char *text);

/** Writes a whole number. */
void umig_json_number(struct umig_json *json, const char *key, uint64_t number);

/** Writes a whole number that may be below 0. */
void umig_json_signed(struct umig_json *json, const char *key, int64_t number);

/** Writes a number with nine digits; what is not finite as null. */
void umig_json_decimal(struct umig_json *json, const char *key, double number);

/** Writes true or false. */
void umig_json_bool(struct umig_json *json, const char *key, bool value);

/**
 * Ends the document with a newline.
 *
 * @param what  the document, for the error's text: "the JSON report"
 * @return UMIG_OK, or what failed in the buffer: UMIG_E_NOMEM, UMIG_E_LIMIT
 */
UMIG_NODISCARD int umig_json_finish(struct umig_json *json, const char *what, struct umig_err *err);

#endif
