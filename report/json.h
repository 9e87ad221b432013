/* The report as JSON, described by docs/report.schema.json. */
#ifndef UMIG_REPORT_JSON_H
#define UMIG_REPORT_JSON_H

#include "core/buf.h"
#include "report/figures.h"

/**
 * Appends one JSON object and a newline. Valid UTF-8, keys always in the same order; what is
 * unknown is left out.
 *
 * @return UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT
 */
UMIG_NODISCARD int umig_report_json_write(const struct umig_figures *figures,
                                          struct umig_buf *out,
                                          struct umig_err *err);

/** Appends its leak suspects alone, as "live" of the report has them; as umig_report_json_write().
 */
UMIG_NODISCARD int umig_report_json_write_suspects(const struct umig_figures *figures,
                                                   struct umig_buf *out,
                                                   struct umig_err *err);

/** Appends what its latest search found; as umig_report_json_write(). */
UMIG_NODISCARD int umig_report_json_write_holders(const struct umig_figures *figures,
                                                  struct umig_buf *out,
                                                  struct umig_err *err);

#endif
