/* A page's template and what is put in place of its marks. */
#ifndef UMIG_REPORT_HTML_FILL_H
#define UMIG_REPORT_HTML_FILL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

/**
 * Appends a template, calling put for each mark "{{NAME}}". Only the template is searched for
 * marks: what is put in their place may hold anything.
 *
 * @param put  appends the text of a mark to out; false: there is no such mark
 * @return UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT, UMIG_E_BUG (a mark nobody knows)
 */
UMIG_NODISCARD int umig_html_fill(const char *page,
                                  bool (*put)(void *context, const char *name, size_t length),
                                  void *context,
                                  struct umig_buf *out,
                                  struct umig_err *err);

#endif
