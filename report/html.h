/*
 * The report as one HTML file without network: sentences, tables and the heap's chart as plain,
 * escaped HTML, the flame graph as a data block for the page's own scripts. The page's sources, the
 * marks that are filled here and the format of the data: report/html/README.md.
 */
#ifndef UMIG_REPORT_HTML_H
#define UMIG_REPORT_HTML_H

#include "core/buf.h"
#include "report/figures.h"

/**
 * Appends the page.
 *
 * @param figures   of the folded profile
 * @param unfolded  the same profile renamed only, for the page's switch; NULL: no switch
 * @param out       on failure it may hold a part of the page
 * @return UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT (out is too small)
 */
UMIG_NODISCARD int umig_html_write(const struct umig_figures *figures,
                                   const struct umig_profile *unfolded,
                                   struct umig_buf *out,
                                   struct umig_err *err);

#endif
