/*
 * Places where a test may make the collector die or run out of disk. Compiled in with the CMake
 * option UMIG_FAIL_POINTS only; otherwise umig_failpoint() is nothing.
 *
 *   UMIG_FAIL_POINT=NAME:ACTION:N   the Nth time NAME is reached (from 1): ACTION
 *   kill                            SIGKILL to this process
 *   error-full                      fails as a full disk does, from the Nth time on for N2 times
 *                                   when written error-full:N-N2, else once
 *
 * Names: before_commit, after_commit_before_ack, after_fold_commit_before_delete, after_ack.
 */
#ifndef UMIG_COLLECTOR_STORE_FAILPOINT_H
#define UMIG_COLLECTOR_STORE_FAILPOINT_H

#include "include/umig/attr.h"
#include "include/umig/status.h"

#ifdef UMIG_FAIL_POINTS
/** UMIG_OK, or UMIG_E_LIMIT with the cause of a full disk. Any thread. */
UMIG_NODISCARD int umig_failpoint(const char *name, struct umig_err *err);
#else
UMIG_NODISCARD static inline int umig_failpoint(const char *name, struct umig_err *err)
{
    (void)name;
    (void)err;
    return UMIG_OK;
}
#endif

#endif
