/*
 * The stacks of a session for speedscope: its JSON file format, described by
 * https://www.speedscope.app/file-format-schema.json. One profile a thread group, heaviest first.
 */
#ifndef UMIG_REPORT_SPEEDSCOPE_H
#define UMIG_REPORT_SPEEDSCOPE_H

#include "core/buf.h"
#include "report/stack_rows.h"

/**
 * Appends the file: the rows' values, in their unit.
 *
 * @return UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT (out is too small)
 */
UMIG_NODISCARD int umig_speedscope_write(const struct umig_stack_rows *rows,
                                         struct umig_buf *out,
                                         struct umig_err *err);

#endif
