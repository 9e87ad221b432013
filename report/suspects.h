/*
 * Leak suspects as a list for the command, which has an agent search for what holds them. Lines,
 * each a word, a tab and a text:
 *
 *   snapshots   how many the session has
 *   search      1 + the block of time of the latest search; 0: there was none
 *   lack        why nothing can be said yet
 *   class       of a suspect, as the agent names it; each once
 */
#ifndef UMIG_REPORT_SUSPECTS_H
#define UMIG_REPORT_SUSPECTS_H

#include "analysis/profile.h"
#include "core/buf.h"
#include "include/umig/attr.h"

/**
 * Appends the list.
 *
 * @param profile  as stored: folding renames classes
 * @return UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT (out is too small)
 */
UMIG_NODISCARD int umig_suspects_list_write(const struct umig_profile *profile,
                                            struct umig_buf *out,
                                            struct umig_err *err);

#endif
