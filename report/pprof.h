/*
 * The CPU samples of a session for pprof: profile.proto as gzip. The format is described at
 * https://github.com/google/pprof/tree/main/proto; the field numbers are written out in pprof.c.
 */
#ifndef UMIG_REPORT_PPROF_H
#define UMIG_REPORT_PPROF_H

#include "analysis/profile.h"
#include "core/buf.h"

/**
 * Appends the file. Sample types are samples/count and cpu/nanoseconds (the default); the label
 * "thread" of a sample is its thread group.
 *
 * @param profile  folded, or only renamed
 * @return UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT (out is too small)
 */
UMIG_NODISCARD int umig_pprof_write(const struct umig_profile *profile,
                                    struct umig_buf *out,
                                    struct umig_err *err);

#endif
