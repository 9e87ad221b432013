/* The parts of a page's data block that stand for names. Format: report/html/data.js. */
#ifndef UMIG_REPORT_HTML_BLOCK_H
#define UMIG_REPORT_HTML_BLOCK_H

#include "analysis/profile.h"
#include "core/buf.h"

/** Appends the list of strings, safe inside a script element. */
void umig_html_block_strings(const struct umig_profile *names, struct umig_buf *out);

/** Appends the table of frames; frames of names have no lines. */
void umig_html_block_frames(const struct umig_profile *names, struct umig_buf *out);

#endif
