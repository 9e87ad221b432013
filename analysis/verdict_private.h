/* What the files of the verdict share. */
#ifndef UMIG_ANALYSIS_VERDICT_PRIVATE_H
#define UMIG_ANALYSIS_VERDICT_PRIVATE_H

#include <stdbool.h>

#include "analysis/verdict.h"

/** umig_verdict_dominates() of a session without CPU; false: nothing was written. */
bool umig_verdict_kinds_dominate(const struct umig_verdict_figures *figures, struct umig_buf *out);

/** umig_verdict_look_at() of a session without CPU; false: nothing was written. */
bool umig_verdict_kinds_look_at(const struct umig_verdict_figures *figures, struct umig_buf *out);

#endif
