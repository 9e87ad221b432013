/* What the files of the verdict share. */
#ifndef UMIG_ANALYSIS_VERDICT_PRIVATE_H
#define UMIG_ANALYSIS_VERDICT_PRIVATE_H

#include <stdbool.h>

#include "analysis/verdict.h"

/** umig_verdict_dominates() of a session without CPU; false: nothing was written. */
bool umig_verdict_kinds_dominate(const struct umig_verdict_figures *figures, struct umig_buf *out);

/** umig_verdict_look_at() of a session without CPU; false: nothing was written. */
bool umig_verdict_kinds_look_at(const struct umig_verdict_figures *figures, struct umig_buf *out);

/** Is a part of what was measured in no figure: files that are gone, batches that wait? */
bool umig_verdict_lacks_data(const struct umig_verdict_figures *figures);

/** Appends what is missing, each in a sentence with a blank behind it; nothing if all is there. */
void umig_verdict_put_lack(const struct umig_verdict_figures *figures, struct umig_buf *out);

/** umig_verdict_look_at() where what is there is too little and the rest is missing. */
void umig_verdict_lack_look_at(const struct umig_verdict_figures *figures, struct umig_buf *out);

/**
 * Appends that there is none, as far as that can be said: what did not come may have been.
 *
 * @param what   "collection"
 * @param whole  what to say where nothing is missing: "no collection stopped the JVM"
 */
void umig_verdict_put_none(const struct umig_verdict_figures *figures,
                           const char *what,
                           const char *whole,
                           struct umig_buf *out);

#endif
