/*
 * Questions about what is stored, answered as a document: the list of sessions, the report of one.
 * Used by the daemon for QUERY frames and by the command for a data folder (--data).
 */
#ifndef UMIG_COLLECTOR_QUERY_QUERY_H
#define UMIG_COLLECTOR_QUERY_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/diff.h"
#include "collector/store/reader.h"
#include "core/buf.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Sees the sessions of everybody. */
#define UMIG_VIEWER_ALL INT64_MIN

/** Memory one session may take while its report is written, and the largest document. */
#define UMIG_QUERY_PROFILE_BYTES  (256u << 20)
#define UMIG_QUERY_DOCUMENT_BYTES (64u << 20)

enum umig_query_verb {
    UMIG_QUERY_LIST_SESSIONS,
    UMIG_QUERY_WRITE_REPORT,
    UMIG_QUERY_WRITE_DIFF
};

/** How two sessions are compared. */
struct umig_query_diff {
    const char *other;  /* the second session, as umig_query.session */
    const char *per;    /* umig_query_per_read(); "" is the rest */
    uint32_t level_ppm; /* 0: UMIG_DIFF_LEVEL */
    uint32_t noise_ppm; /* plus 1; 0: UMIG_DIFF_NOISE */
};

struct umig_query {
    enum umig_query_verb verb;
    const char *session; /* report: id, unique prefix, #number, or "latest"; "" is latest */
    const char *format; /* sessions: text, json; report: as umig_report_format_read(); "" is text */
    const char *service; /* only sessions of this service; "" all */
    bool should_unfold;
    struct umig_query_diff diff; /* UMIG_QUERY_WRITE_DIFF */
    unsigned width;              /* columns; 0: no terminal, nothing is cut */
    uint64_t last_ns;            /* report as "top": as umig_reader_part.last_ns; 0: all */
    bool is_at_rest; /* no collector runs on the folder; umig_query_folder() finds out */
    bool is_behind; /* what waits in the inbox cannot be folded now: the answer lacks it, says so */
    int64_t viewer; /* uid whose sessions are seen, -1 those over TCP, UMIG_VIEWER_ALL */
};

/**
 * Answers from an open reader: what was folded, nothing of the inbox.
 *
 * @param out   the document; its limit bounds it
 * @param note  one line that the asker should know beside the document, fit for a terminal;
 *              stays empty if there is nothing to say
 * @return UMIG_OK; UMIG_E_ARG unknown or ambiguous session, unknown format: the text names what
 *         there is; UMIG_E_NOMEM, UMIG_E_LIMIT too large; failures of the store
 */
UMIG_NODISCARD int umig_query_run(struct umig_reader *reader,
                                  const struct umig_query *query,
                                  struct umig_buf *out,
                                  struct umig_buf *note,
                                  struct umig_err *err);

/**
 * Answers from a data folder. At rest, everything that was ever acknowledged is in the answer: the
 * inbox is folded first, under the folder's lock; on a full disk it is not, and the note says what
 * is missing. While a collector runs on it, its last seconds may be missing (the collector folds
 * every 10 s; asking the collector itself misses nothing).
 *
 * @return as umig_query_run(); UMIG_E_ARG too when there is no store in the folder; UMIG_E_DENIED
 *         when batches wait in a folder that may not be written
 */
UMIG_NODISCARD int umig_query_folder(const char *dir,
                                     const struct umig_query *query,
                                     struct umig_buf *out,
                                     struct umig_buf *note,
                                     struct umig_err *err);

/** Longest name of a unit of work, NUL included. */
#define UMIG_QUERY_WORK_BYTES 65

/**
 * Reads what a comparison is normalised by: "" the rest, "wall", or "NAME=BEFORE,AFTER", two whole
 * numbers above 0.
 *
 * @param out_options  basis and work are set
 * @param out_name     of the unit of work; "" but for the last form
 * @return UMIG_OK, UMIG_E_ARG saying what is right
 */
UMIG_NODISCARD int umig_query_per_read(const char *per,
                                       struct umig_diff_options *out_options,
                                       char out_name[UMIG_QUERY_WORK_BYTES],
                                       struct umig_err *err);

/** Appends the comparison of two sessions; as umig_query_run(). */
UMIG_NODISCARD int umig_query_diff(struct umig_reader *reader,
                                   const struct umig_query *query,
                                   struct umig_buf *out,
                                   struct umig_buf *note,
                                   struct umig_err *err);

/**
 * Loads the session a selector means.
 *
 * @param session      in place of query->session
 * @param part         of the session
 * @param out_profile  destroy with umig_profile_destroy()
 * @return as umig_query_run()
 */
UMIG_NODISCARD int umig_query_load(struct umig_reader *reader,
                                   const struct umig_query *query,
                                   const char *session,
                                   const struct umig_reader_part *part,
                                   struct umig_profile **out_profile,
                                   struct umig_buf *note,
                                   struct umig_err *err);

/**
 * Finds the session a selector means among those the viewer sees.
 *
 * Exactly "latest" or "": the one started last. An id given twice names its newest, and the note
 * says so; "#N" is the session with key N. Else a prefix that fits one id only.
 *
 * @return UMIG_OK, UMIG_E_ARG (the text names close ids), failures of the store
 */
UMIG_NODISCARD int umig_query_select(struct umig_reader *reader,
                                     const struct umig_query *query,
                                     int64_t *out_key,
                                     struct umig_buf *note,
                                     struct umig_err *err);

/**
 * Appends the list of sessions by number as "text" or "json" (report/sessions.h). If none is of the
 * service asked for, the note names the services that there are. As umig_query_run().
 */
UMIG_NODISCARD int umig_query_list(struct umig_reader *reader,
                                   const struct umig_query *query,
                                   struct umig_buf *out,
                                   struct umig_buf *note,
                                   struct umig_err *err);

/** Is a session for the viewer's eyes? */
bool umig_query_may_see(const struct umig_query *query, const struct umig_session_row *row);

/** Is a session of the service asked for? */
bool umig_query_is_of_service(const struct umig_query *query, const struct umig_session_row *row);

#endif
