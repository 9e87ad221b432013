/* The list of stored sessions, as a table for a terminal or as JSON. */
#ifndef UMIG_REPORT_SESSIONS_H
#define UMIG_REPORT_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "include/umig/attr.h"
#include "include/umig/kinds.h"
#include "include/umig/status.h"

/** A note on a session. Texts are borrowed. */
struct umig_session_label {
    const char *key;
    const char *value;
};

/** What the list says of one session. Texts are borrowed; NULL and "" are unknown. */
struct umig_session_summary {
    uint64_t number; /* in its store; #N names it */
    const char *id;
    const char *service;
    const char *instance;
    const char *host;
    uint32_t pid;
    uint32_t jdk; /* 0 unknown */
    uint64_t start_unix_ns;
    uint64_t end_unix_ns; /* of the last thing known while it runs */
    enum umig_end end;
    bool is_end_unknown; /* it ran at the last data, and no collector since could see it end */
    bool has_kind[UMIG_KIND_COUNT];
    const struct umig_session_label *labels; /* of the agent and of the session */
    size_t label_count;
    uint64_t cpu_samples;
    uint64_t cpu_ns;
    bool is_complete; /* nothing dropped or missing; while it runs: that is known of */
};

/**
 * Appends a table, one line a session in the order given, or "No sessions.".
 *
 * @param width  columns, 60 to 400; 0: as many as it takes, nothing is cut
 * @return UMIG_OK, UMIG_E_ARG (a width out of range), UMIG_E_NOMEM, UMIG_E_LIMIT
 */
UMIG_NODISCARD int umig_sessions_text(const struct umig_session_summary *sessions,
                                      size_t count,
                                      size_t width,
                                      struct umig_buf *out,
                                      struct umig_err *err);

/**
 * Appends {"schema":"umig.sessions/1","sessions":[...]}, described by docs/sessions.schema.json.
 * UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT.
 */
UMIG_NODISCARD int umig_sessions_json(const struct umig_session_summary *sessions,
                                      size_t count,
                                      struct umig_buf *out,
                                      struct umig_err *err);

#endif
