/* The page's data block: what the flame graph is drawn from. Format: report/html/data.js. */
#ifndef UMIG_REPORT_HTML_DATA_H
#define UMIG_REPORT_HTML_DATA_H

#include <stdint.h>

#include "analysis/profile.h"
#include "core/buf.h"

/**
 * Appends the block: JSON that is safe inside a script element.
 *
 * @param folded               the first tree
 * @param unfolded             the second; NULL: there is one tree only
 * @param out_frame_of_method  by method of the folded profile: 1 + its frame in the block, 0 where
 *                             it is in no stack; the caller's, folded->methods.count long
 * @return UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT (out is too small)
 */
UMIG_NODISCARD int umig_html_data_write(const struct umig_profile *folded,
                                        const struct umig_profile *unfolded,
                                        uint32_t *out_frame_of_method,
                                        struct umig_buf *out,
                                        struct umig_err *err);

#endif
