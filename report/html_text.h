/*
 * Text and cells of the HTML page. Names of the profiled program are hostile: they are made visible
 * (report/cells.h) and escaped here, and nowhere else in the page's writer is text put unescaped.
 */
#ifndef UMIG_REPORT_HTML_TEXT_H
#define UMIG_REPORT_HTML_TEXT_H

#include <stdint.h>

#include "analysis/profile.h"
#include "core/buf.h"

/** Characters of a name that tables show; the flame graph has all of them. */
#define UMIG_HTML_NAME_MAX 300

/** Appends text for element content or a quoted attribute, harmless and escaped. */
void umig_html_text(const char *text, struct umig_buf *out);

/** As umig_html_text(), cut after UMIG_HTML_NAME_MAX characters with an ellipsis. */
void umig_html_name(const char *text, struct umig_buf *out);

/** The page's word for a frame's kind: "java", "groovy", "native", ...; see report/html/data.js. */
const char *umig_html_kind(const struct umig_profile *profile, uint32_t method, int frame_kind);

/**
 * Appends a method: its kind's mark, and its name with the package set back. A native name is
 * shortened; the whole is its title then.
 *
 * @param page_frame  frame of the data block that the name opens, counted from 0; negative: none
 */
void umig_html_method(const struct umig_profile *profile,
                      uint32_t method,
                      int frame_kind,
                      int64_t page_frame,
                      struct umig_buf *out);

/** Appends <td class="num"> with its sorting value and a text that needs no escaping. */
void umig_html_number(uint64_t exact, const char *text, struct umig_buf *out);

/** Appends a cell with a count. */
void umig_html_count(uint64_t count, struct umig_buf *out);

/** Appends a cell with a value of a kind: a duration or a size. */
void umig_html_value(enum umig_kind kind, uint64_t value, struct umig_buf *out);

/** Appends a cell with part of whole in percent, sorted by part. */
void umig_html_share(uint64_t part, uint64_t whole, struct umig_buf *out);

/** Appends a cell with a bar, full where part is whole. */
void umig_html_bar(uint64_t part, uint64_t whole, struct umig_buf *out);

#endif
