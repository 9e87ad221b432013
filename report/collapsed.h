/* Collapsed stacks: "[group];root;...;leaf value", the input of flame graph tools. */
#ifndef UMIG_REPORT_COLLAPSED_H
#define UMIG_REPORT_COLLAPSED_H

#include "analysis/profile.h"
#include "core/buf.h"

/**
 * Appends one line a stack of a kind. Of allocation the value is bytes, and the innermost frame the
 * class. Of waits for locks it is microseconds, and
 * the innermost frame the class of the lock. Of CPU samples it is the CPU time in intervals of the
 * session, rounded to the nearest and at least 1, so that shares are those of the other reports; it
 * is samples if the session's interval is not known. Equal stacks that differ in lines only are
 * added up. ';' in a name becomes ':', control characters become spaces. Lines are sorted.
 *
 * @param profile  folded, or renamed only
 * @return UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT
 */
UMIG_NODISCARD int umig_collapsed_write(const struct umig_profile *profile,
                                        enum umig_kind kind,
                                        struct umig_buf *out,
                                        struct umig_err *err);

#endif
