/* The report as text for a terminal. */
#ifndef UMIG_REPORT_TEXT_H
#define UMIG_REPORT_TEXT_H

#include "core/buf.h"
#include "report/figures.h"
#include "report/report.h"

/**
 * Appends the report.
 *
 * @param options  width 60 to 400
 * @return UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT
 */
UMIG_NODISCARD int umig_text_write(const struct umig_figures *figures,
                                   const struct umig_report_options *options,
                                   struct umig_buf *out,
                                   struct umig_err *err);

/** Appends its leak suspects alone; as umig_text_write(). */
UMIG_NODISCARD int umig_text_write_suspects(const struct umig_figures *figures,
                                            const struct umig_report_options *options,
                                            struct umig_buf *out,
                                            struct umig_err *err);

/** Appends what its latest search found; as umig_text_write(). */
UMIG_NODISCARD int umig_text_write_holders(const struct umig_figures *figures,
                                           const struct umig_report_options *options,
                                           struct umig_buf *out,
                                           struct umig_err *err);

#endif
