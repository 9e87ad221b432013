/* What the answer says of what is not there: not measured, or measured and in no figure. */
#include "analysis/verdict_private.h"

bool umig_verdict_lacks_data(const struct umig_verdict_figures *figures)
{
    const struct umig_profile_session *session = &figures->profile->session;
    return session->lost_files > 0 || session->waiting_batches > 0;
}

void umig_verdict_put_lack(const struct umig_verdict_figures *figures, struct umig_buf *out)
{
    const struct umig_profile_session *session = &figures->profile->session;
    if (session->lost_files > 0) {
        umig_buf_printf(out,
                        "A part of the data is missing: %u of the files with it %s gone or set "
                        "aside as damaged. ",
                        session->lost_files, session->lost_files == 1 ? "is" : "are");
    }
    if (session->waiting_batches > 0) {
        umig_buf_printf(out,
                        "A part of the data is in no figure yet: %llu of the batches of its JVM "
                        "%s for room on the collector's disk. ",
                        (unsigned long long)session->waiting_batches,
                        session->waiting_batches == 1 ? "waits" : "wait");
    }
}

void umig_verdict_lack_look_at(const struct umig_verdict_figures *figures, struct umig_buf *out)
{
    umig_buf_text(out, figures->profile->session.lost_files > 0
                           ? "Read a backup of the collector's folder with --data, or measure "
                             "again, before drawing conclusions."
                           : "Make room on the collector's disk and ask again before drawing "
                             "conclusions.");
}

void umig_verdict_put_none(const struct umig_verdict_figures *figures,
                           const char *what,
                           const char *whole,
                           struct umig_buf *out)
{
    if (umig_verdict_lacks_data(figures)) {
        umig_buf_printf(out, "no %s is in what is there", what);
    } else if (figures->profile->session.end == UMIG_END_LOST) {
        umig_buf_printf(out, "no %s came in before the data end", what);
    } else {
        umig_buf_text(out, whole);
    }
}
