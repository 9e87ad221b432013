/*
 * What umig top shows of a session, as rows of text: one document an answer, small enough to be
 * asked for each second or two. Lines of words with tabs between, names made harmless
 * (core/clean.h):
 *
 *   umig-top  1                                     first line: the version of this format
 *   fact      KEY  VALUE                            of the session as a whole
 *   panel     KEY  TITLE  ROWS_LEFT_OUT             a table; until the next panel:
 *   column    KEY  TITLE  UNIT  RANK  WIDTH  GROWS  UNIT as umig_top_unit_key()
 *   row       CELL...                               one for each column; - is unknown
 *   end                                             last line: the document is whole
 *
 * Whoever reads needs to know none of the panels: a new one is a row of the table in
 * report/top_panels.c. Figures are of the session from session.start_unix_ns on, which may be its
 * last part; units that begin with "total-" are since it began.
 */
#ifndef UMIG_REPORT_TOP_H
#define UMIG_REPORT_TOP_H

#include "analysis/profile.h"
#include "core/buf.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

#define UMIG_TOP_MAGIC   "umig-top"
#define UMIG_TOP_VERSION "1"

/** Rows of one panel at most; the panel says how many are left out. */
#define UMIG_TOP_ROWS_MAX 5000u

/* X(name, key): what a cell means. */
#define UMIG_TOP_UNIT_TABLE(X)                                                  \
 X(TEXT, "text")             /* any text */                                     \
 X(NAME, "name")             /* text that, with numbers, tells rows apart */    \
 X(NUMBER, "number")         /* an id */                                        \
 X(COUNT, "count")           /* how many */                                     \
 X(PER_SECOND, "per-second") /* how many, to be shown as so many a second */    \
 X(TIME, "time")             /* ns */                                           \
 X(SHARE, "share")           /* ns, to be shown as a part of the time passed */ \
 X(PART, "part")             /* millionths of a whole */                        \
 X(BYTES, "bytes")                                                              \
 X(RATE, "rate")               /* bytes, to be shown as so many a second */     \
 X(TOTAL_SHARE, "total-share") /* ns since the session began, as a share */     \
 X(TOTAL_RATE, "total-rate")   /* bytes since the session began, as a rate */

enum umig_top_unit {
#define UMIG_TOP_UNIT_ENUM(name, key) UMIG_TOP_##name,
    UMIG_TOP_UNIT_TABLE(UMIG_TOP_UNIT_ENUM)
#undef UMIG_TOP_UNIT_ENUM
    UMIG_TOP_UNITS
};

/** Key of a unit in the document; "?" for a bad number. */
const char *umig_top_unit_key(enum umig_top_unit unit);

/**
 * Appends the document.
 *
 * @param profile  as stored, unfolded; borrowed
 * @return UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT (out is too small)
 */
UMIG_NODISCARD int umig_top_write(const struct umig_profile *profile,
                                  struct umig_buf *out,
                                  struct umig_err *err);

#endif
