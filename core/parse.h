/* Values as people write them: 10ms, 32m, 500. Used by agent options and command lines alike. */
#ifndef UMIG_CORE_PARSE_H
#define UMIG_CORE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/umig/attr.h"
#include "include/umig/status.h"

/** A stretch of text that belongs to somebody else. */
struct umig_span {
    const char *at;
    size_t len;
};

/** Span over a NUL-terminated string. */
struct umig_span umig_span_of(const char *text);

/** Does the span hold exactly this text? */
bool umig_span_is(struct umig_span span, const char *text);

/**
 * Cuts the part before a separator off the front of a text.
 *
 * @param rest  shortened by the part and the separator; its at becomes NULL when it is used up
 * @return the part, empty if the separator came first
 */
struct umig_span umig_span_cut(struct umig_span *rest, char separator);

/** A whole number without sign, decimal. UMIG_OK or UMIG_E_ARG. */
UMIG_NODISCARD int umig_parse_number(struct umig_span text,
                                     uint64_t *out_number,
                                     struct umig_err *err);

/**
 * A duration with its unit: ns, us, ms, s, m, h, d. UMIG_OK or UMIG_E_ARG; the text of the error
 * names the value and the units.
 */
UMIG_NODISCARD int umig_parse_duration(struct umig_span text,
                                       uint64_t *out_ns,
                                       struct umig_err *err);

/** A size in bytes with an optional unit: k, m, g (1024). UMIG_OK or UMIG_E_ARG. */
UMIG_NODISCARD int umig_parse_size(struct umig_span text,
                                   uint64_t *out_bytes,
                                   struct umig_err *err);

/**
 * Is this a name a session, service or instance may have? 1 to 64 bytes of letters, digits and
 * ". _ -", beginning with a letter or digit.
 */
bool umig_name_is_valid(struct umig_span name);

/** Writes a duration as a person would: "10 ms", "2.5 s", "3 min 20 s". Cuts at room. */
void umig_format_duration(uint64_t ns, char *out, size_t room);

/** Writes a size as a person would: "512 B", "16.2 MiB". Cuts at room. */
void umig_format_bytes(uint64_t bytes, char *out, size_t room);

/** Longest text of umig_format_time(), NUL included. */
#define UMIG_TIME_TEXT_BYTES 32

/** Writes a moment in UTC: "2026-09-21 14:13:20 UTC"; "at an unknown time" for 0. */
void umig_format_time(uint64_t unix_ns, char out[UMIG_TIME_TEXT_BYTES]);

#endif
