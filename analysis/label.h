/* Methods, frames and figures as text. Names come as they are: hostile until a report cleans them.
 */
#ifndef UMIG_ANALYSIS_LABEL_H
#define UMIG_ANALYSIS_LABEL_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/profile.h"
#include "core/buf.h"

/**
 * Appends a method: "svc.Orders.total {closure 3}"; "?" for 0.
 *
 * @param is_short  without the package: "Orders.total {closure 3}"; native names as
 *                  umig_shorten_native() leaves them
 */
void umig_label_method(const struct umig_profile *profile,
                       uint32_t method,
                       bool is_short,
                       struct umig_buf *out);

/**
 * Appends a method with as many packages cut to their first letter, from the left, as it takes to
 * bring it to some characters: "o.c.groovy.runtime.DefaultGroovyMethods.each". May stay longer.
 * Native names are short always, as in umig_label_method().
 */
void umig_label_method_within(const struct umig_profile *profile,
                              uint32_t method,
                              size_t characters,
                              struct umig_buf *out);

/**
 * Is this a method of the JDK, of Groovy's library or of a server or framework that calls the
 * application? Its lines mean little to a reader. Told by the package alone.
 */
bool umig_label_is_library(const struct umig_profile *profile, uint32_t method);

/** Is this a method that somebody wrote: neither a library's nor a line that stands for others? */
bool umig_label_is_application(const struct umig_profile *profile, uint32_t method);

/** Appends a frame: the method, and ":12" if the line is known. */
void umig_label_frame(const struct umig_profile *profile,
                      uint32_t frame,
                      bool is_short,
                      struct umig_buf *out);

/** Appends part of whole as a person reads it: "34 %", "3.4 %", "< 0.1 %", "0 %". */
void umig_label_share(uint64_t part, uint64_t whole, struct umig_buf *out);

/** Appends a number with its thousands apart: "12,345". */
void umig_label_number(uint64_t number, struct umig_buf *out);

/** Are values and interval of a kind sizes? */
bool umig_label_is_bytes(enum umig_kind kind);

/** Appends a value in the unit of its kind: a duration or a size. */
void umig_label_value(enum umig_kind kind, uint64_t value, struct umig_buf *out);

#endif
