/* What the terminfo database says of the terminal. */
#ifndef UMIG_CLI_TOP_TERMINFO_H
#define UMIG_CLI_TOP_TERMINFO_H

#include "include/umig/attr.h"
#include "include/umig/status.h"

/**
 * Looks whether standard output is a terminal that can be drawn on, and changes nothing.
 *
 * @return UMIG_OK; UMIG_E_UNSUPPORTED: TERM is not set, not known, or cannot place its cursor; the
 *         text says what helps
 */
UMIG_NODISCARD int umig_top_terminfo_check(struct umig_err *err);

#endif
