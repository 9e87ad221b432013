/* Two sessions compared, as text, JSON or a page: analysis/diff.h in, bytes out. */
#ifndef UMIG_REPORT_DIFF_H
#define UMIG_REPORT_DIFF_H

#include "analysis/diff.h"
#include "core/buf.h"
#include "report/report.h"

/** What a comparison is asked for in words. */
struct umig_diff_wording {
    enum umig_report_format format; /* text, json or html */
    size_t width;                   /* text: as in umig_report_options */
    const char *work;               /* name of a unit of work, such as "request"; "" none */
};

/**
 * Appends a comparison.
 *
 * @return UMIG_OK, UMIG_E_ARG (a width out of range, a format that has no comparison),
 * UMIG_E_NOMEM, UMIG_E_LIMIT (out is too small)
 */
UMIG_NODISCARD int umig_diff_write(const struct umig_diff *diff,
                                   const struct umig_diff_wording *wording,
                                   struct umig_buf *out,
                                   struct umig_err *err);

#endif
