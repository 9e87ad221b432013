/*
 * The CPU samples of a session as OTLP profiles: a ProfilesData message of
 * opentelemetry/proto/profiles/v1development as of opentelemetry-proto 1.9 (PyPI 1.4x). The format
 * is in development and has changed its field numbers before; those written are in otlp.c.
 */
#ifndef UMIG_REPORT_OTLP_H
#define UMIG_REPORT_OTLP_H

#include "analysis/profile.h"
#include "core/buf.h"

/**
 * Appends the message: one profile of cpu/nanoseconds. Attributes: service.name, host.name and
 * process.pid of the resource, thread.name of a sample (its thread group), profile.frame.type of a
 * location.
 *
 * @param profile  folded, or only renamed
 * @return UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT (out is too small)
 */
UMIG_NODISCARD int umig_otlp_write(const struct umig_profile *profile,
                                   struct umig_buf *out,
                                   struct umig_err *err);

#endif
