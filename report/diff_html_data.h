/* The data block of a comparison's page. Format: report/html/data.js and diff.js. */
#ifndef UMIG_REPORT_DIFF_HTML_DATA_H
#define UMIG_REPORT_DIFF_HTML_DATA_H

#include "analysis/diff.h"
#include "core/buf.h"

/** Appends the block, safe inside a script element. UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT. */
UMIG_NODISCARD int umig_diff_html_data_write(const struct umig_diff *diff, struct umig_buf *out);

#endif
