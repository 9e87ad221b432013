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
 * @param is_short  without the package: "Orders.total {closure 3}"
 */
void umig_label_method(const struct umig_profile *profile,
                       uint32_t method,
                       bool is_short,
                       struct umig_buf *out);

/** Appends a frame: the method, and ":12" if the line is known. */
void umig_label_frame(const struct umig_profile *profile,
                      uint32_t frame,
                      bool is_short,
                      struct umig_buf *out);

/** Appends part of whole as a person reads it: "34 %", "3.4 %", "< 0.1 %", "0 %". */
void umig_label_share(uint64_t part, uint64_t whole, struct umig_buf *out);

/** Appends a number with its thousands apart: "12,345". */
void umig_label_number(uint64_t number, struct umig_buf *out);

/** Appends a value in the unit of its kind: a duration or a size. */
void umig_label_value(enum umig_kind kind, uint64_t value, struct umig_buf *out);

#endif
