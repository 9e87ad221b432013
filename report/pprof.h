/*
 * The stacks of a session for pprof: profile.proto as gzip. The format is described at
 * https://github.com/google/pprof/tree/main/proto; the field numbers are written out in pprof.c.
 */
#ifndef UMIG_REPORT_PPROF_H
#define UMIG_REPORT_PPROF_H

#include "core/buf.h"
#include "report/stack_rows.h"

/**
 * Appends the file. Sample types are the rows' count and their value (the default); the label
 * "thread" of a sample is its thread group.
 *
 * @return UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT (out is too small)
 */
UMIG_NODISCARD int umig_pprof_write(const struct umig_stack_rows *rows,
                                    struct umig_buf *out,
                                    struct umig_err *err);

#endif
