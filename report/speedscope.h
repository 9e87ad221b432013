/*
 * The CPU samples of a session for speedscope: its JSON file format, described by
 * https://www.speedscope.app/file-format-schema.json. One profile a thread group, heaviest first.
 */
#ifndef UMIG_REPORT_SPEEDSCOPE_H
#define UMIG_REPORT_SPEEDSCOPE_H

#include "analysis/hot.h"
#include "analysis/profile.h"
#include "core/buf.h"

/**
 * Appends the file.
 *
 * @param profile  folded, or only renamed
 * @param cpu      its figures: the order of the thread groups
 * @return UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT (out is too small)
 */
UMIG_NODISCARD int umig_speedscope_write(const struct umig_profile *profile,
                                         const struct umig_hot *cpu,
                                         struct umig_buf *out,
                                         struct umig_err *err);

#endif
