/* The forms of a comparison; for report/diff*.c. */
#ifndef UMIG_REPORT_DIFF_PRIVATE_H
#define UMIG_REPORT_DIFF_PRIVATE_H

#include "report/diff.h"

/** Appends text. UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT. */
UMIG_NODISCARD int umig_diff_text_write(const struct umig_diff *diff,
                                        const struct umig_diff_wording *wording,
                                        struct umig_buf *out);

/** Appends JSON: docs/diff.schema.json. UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT. */
UMIG_NODISCARD int umig_diff_json_write(const struct umig_diff *diff,
                                        const struct umig_diff_wording *wording,
                                        struct umig_buf *out);

/** Appends the page. UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT, UMIG_E_BUG. */
UMIG_NODISCARD int umig_diff_html_write(const struct umig_diff *diff,
                                        const struct umig_diff_wording *wording,
                                        struct umig_buf *out);

#endif
