/* Collapsed stacks: "[group];root;...;leaf value", the input of flame graph tools. */
#ifndef UMIG_REPORT_COLLAPSED_H
#define UMIG_REPORT_COLLAPSED_H

#include "core/buf.h"
#include "report/stack_rows.h"

/**
 * Appends one line a stack. Of allocation the value is bytes, of waits for locks and of wall time
 * microseconds. Of CPU samples it is the CPU time in intervals of the session, so that shares are
 * those of the other reports; it is samples if the session's interval is not known. It is rounded
 * to the nearest and at least 1. Equal stacks that differ in lines only are added up. ';' in a name
 * becomes ':', control characters become spaces. Lines are sorted.
 *
 * @return UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT
 */
UMIG_NODISCARD int umig_collapsed_write(const struct umig_stack_rows *rows,
                                        struct umig_buf *out,
                                        struct umig_err *err);

#endif
