/*
 * An import as the stream of one agent that lives for one session: Hello, batches, each below the
 * bound of a frame. Ids of the dictionary are those of the import's profile.
 */
#ifndef UMIG_IMPORT_BATCH_H
#define UMIG_IMPORT_BATCH_H

#include "core/buf.h"
#include "import/rows.h"

/** Who the session is. Texts are borrowed. */
struct umig_import_session {
    const char *id;
    const char *service;
    const char *host;
    const char *source; /* "collapsed stacks": stands where a JVM's name stands */
    uint64_t start_unix_ns;
    uint64_t interval_ns; /* CPU of a sample, above 0 */
};

/** Where in the stream writing is. Begins as {.import, .session}. */
struct umig_import_stream {
    const struct umig_import *import;
    const struct umig_import_session *session;
    uint32_t batches;
    size_t strings, methods, frames, stacks, threads; /* written, without "none" */
    size_t row;                                       /* being written */
    uint32_t row_samples;                             /* of it, that were */
    bool has_ended;
};

/** Is there room for all of it in one generation of a dictionary? UMIG_OK, UMIG_E_LIMIT. */
UMIG_NODISCARD int umig_import_check(const struct umig_import *import, struct umig_err *err);

/** Writes the payload of the Hello frame. UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT. */
UMIG_NODISCARD int umig_import_hello(const struct umig_import_session *session,
                                     struct umig_buf *payload);

/**
 * Writes the payload of the next Batch frame.
 *
 * @return UMIG_OK; UMIG_END: the one before was the last; UMIG_E_NOMEM, UMIG_E_LIMIT
 */
UMIG_NODISCARD int umig_import_next(struct umig_import_stream *stream, struct umig_buf *payload);

#endif
