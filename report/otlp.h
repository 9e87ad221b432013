/*
 * The stacks of a session as OTLP profiles: a ProfilesData message of
 * opentelemetry/proto/profiles/v1development as of opentelemetry-proto 1.9 (PyPI 1.4x). The format
 * is in development and has changed its field numbers before; those written are in otlp.c.
 */
#ifndef UMIG_REPORT_OTLP_H
#define UMIG_REPORT_OTLP_H

#include "core/buf.h"
#include "report/stack_rows.h"

/**
 * Appends the message: one profile of the rows' values. Attributes: service.name, host.name and
 * process.pid of the resource, thread.name of a sample (its thread group), profile.frame.type of a
 * location.
 *
 * @return UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT (out is too small)
 */
UMIG_NODISCARD int umig_otlp_write(const struct umig_stack_rows *rows,
                                   struct umig_buf *out,
                                   struct umig_err *err);

#endif
