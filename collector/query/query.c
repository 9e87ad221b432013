#include "collector/query/query.h"

#include <string.h>

#include "collector/store/fold.h"
#include "collector/store/store.h"
#include "core/err.h"
#include "core/parse.h"
#include "report/report.h"

bool umig_query_may_see(const struct umig_query *query, const struct umig_session_row *row)
{
    return query->viewer == UMIG_VIEWER_ALL || query->viewer == row->uid;
}

bool umig_query_is_of_service(const struct umig_query *query, const struct umig_session_row *row)
{
    return query->service[0] == '\0' || strcmp(query->service, row->process->service) == 0;
}

int umig_query_load(struct umig_reader *reader,
                    const struct umig_query *query,
                    const char *session,
                    const struct umig_reader_part *part,
                    struct umig_profile **out_profile,
                    struct umig_buf *note,
                    struct umig_err *err)
{
    struct umig_query asked = *query;
    struct umig_profile *profile = NULL;
    int64_t key = 0;
    asked.session = session;
    int rc = umig_query_select(reader, &asked, &key, note, err);
    rc = rc != UMIG_OK ? rc : umig_profile_create(UMIG_QUERY_PROFILE_BYTES, &profile, err);
    rc = rc != UMIG_OK ? rc : umig_reader_load(reader, key, part, profile, err);
    if (rc == UMIG_NOT_FOUND) {
        rc = umig_err_set(err, UMIG_E_ARG, "the session was deleted a moment ago");
    }
    if (rc == UMIG_OK && query->is_behind) {
        rc = umig_reader_waiting(reader, key, &profile->session.waiting_batches, err);
    }
    if (rc != UMIG_OK) {
        umig_profile_destroy(profile);
        return umig_err_trace(err, rc);
    }
    profile->session.is_end_unknown = query->is_at_rest && profile->session.end == UMIG_END_RUNNING;
    *out_profile = profile;
    return UMIG_OK;
}

static int write_report(struct umig_reader *reader,
                        const struct umig_query *query,
                        struct umig_buf *out,
                        struct umig_buf *note,
                        struct umig_err *err)
{
    struct umig_report_options options = {.unfold = query->should_unfold, .width = query->width};
    const struct umig_reader_part part = {.last_ns = query->last_ns};
    struct umig_profile *profile = NULL;
    int rc = UMIG_OK;
    if (query->format[0] != '\0') {
        rc = umig_report_format_read(query->format, &options, err);
    }
    if (rc == UMIG_OK && part.last_ns > 0 && options.format != UMIG_REPORT_TOP) {
        rc = umig_err_set(err, UMIG_E_ARG, "only a report as top is of the last part of a session");
    }
    rc = rc != UMIG_OK ? rc
                       : umig_query_load(reader, query, query->session, &part, &profile, note, err);
    rc = rc != UMIG_OK ? rc : umig_report_write(profile, &options, out, err);
    if (rc == UMIG_OK) {
        umig_report_note(profile, &options, note);
    }
    umig_profile_destroy(profile);
    return umig_err_trace(err, rc);
}

/* Better an answer that says what it lacks than none. */
static int note_behind(struct umig_reader *reader, struct umig_buf *note, struct umig_err *err)
{
    uint64_t batches = 0;
    uint64_t bytes = 0;
    char size[32];
    const int rc = umig_reader_inbox(reader, &batches, &bytes, err);
    if (rc == UMIG_OK && batches > 0) {
        umig_format_bytes(bytes, size, sizeof size);
        umig_buf_printf(
            note, "%s%llu acknowledged batch%s (%s) %s in no figure, for want of room on the disk",
            note->len > 0 ? "; " : "", (unsigned long long)batches, batches == 1 ? "" : "es", size,
            batches == 1 ? "is" : "are");
    }
    return rc;
}

static int answer(struct umig_reader *reader,
                  const struct umig_query *query,
                  struct umig_buf *out,
                  struct umig_buf *note,
                  struct umig_err *err)
{
    switch (query->verb) {
    case UMIG_QUERY_WRITE_REPORT:
        return write_report(reader, query, out, note, err);
    case UMIG_QUERY_WRITE_DIFF:
        return umig_query_diff(reader, query, out, note, err);
    case UMIG_QUERY_LIST_SESSIONS:
    default:
        return umig_query_list(reader, query, out, note, err);
    }
}

int umig_query_run(struct umig_reader *reader,
                   const struct umig_query *query,
                   struct umig_buf *out,
                   struct umig_buf *note,
                   struct umig_err *err)
{
    const int rc = answer(reader, query, out, note, err);
    if (rc != UMIG_OK && query->is_behind) {
        (void)!note_behind(reader, note, NULL); /* a session that waits is not known yet */
        return rc;
    }
    return rc == UMIG_OK && query->is_behind ? note_behind(reader, note, err) : rc;
}

/* Folds what a folder at rest still has in its inbox, as a collector that is started on it does. */
static int fold_rest(const char *dir, struct umig_store *store, struct umig_err *err)
{
    struct umig_folder *folder = NULL;
    struct umig_fold_result result;
    int rc = umig_folder_open(dir, umig_store_id(store), &folder, err);
    if (rc == UMIG_OK) {
        (void)!umig_folder_migrate(folder, NULL); /* a file that stays old is told when it is met */
    }
    rc = rc != UMIG_OK ? rc : umig_folder_run(folder, &result, err);
    rc = rc != UMIG_OK ? rc
                       : umig_store_forget_folded(store, result.folded, result.folded_count, err);
    rc = rc != UMIG_OK ? rc : umig_store_commit(store, err);
    umig_folder_close(folder);
    return rc;
}

/* What is not folded and cannot be: better no answer than one that looks whole. */
static int refuse_if_waiting(struct umig_reader *reader, const char *dir, struct umig_err *err)
{
    uint64_t batches = 0;
    uint64_t bytes = 0;
    const int rc = umig_reader_inbox(reader, &batches, &bytes, err);
    if (rc == UMIG_OK && batches > 0) {
        return umig_err_set(err, UMIG_E_DENIED,
                            "%llu batches in %s wait to be folded and the folder may not be "
                            "written; run this as its owner, or on a copy that you may write",
                            (unsigned long long)batches, dir);
    }
    return rc;
}

/* SQLite makes a small file to read a log that a killed collector left: on a full disk it cannot.
 */
static int explain_full(const char *dir, struct umig_err *err)
{
    return umig_err_set(err, UMIG_E_LIMIT,
                        "the disk of %.150s is full: what it holds cannot be read whole; make room "
                        "there, or copy it elsewhere and read that with --data",
                        dir);
}

/*
 * Folds the rest where that can be; UMIG_OK: reading gives everything that was acknowledged, or, on
 * a full disk, all but what waits.
 */
static int prepare_rest(const char *dir,
                        struct umig_reader *reader,
                        struct umig_store **out_store,
                        bool *out_is_behind,
                        struct umig_err *err)
{
    struct umig_err open_err = UMIG_ERR_INIT;
    int rc = umig_store_open(dir, out_store, &open_err);
    if (rc == UMIG_OK) {
        rc = fold_rest(dir, *out_store, &open_err);
    } else if (rc == UMIG_E_BUSY) {
        rc = UMIG_OK; /* a collector is at it */
    } else if (rc == UMIG_E_DENIED) {
        return refuse_if_waiting(reader, dir, err);
    }
    if (rc == UMIG_E_LIMIT) {
        *out_is_behind = true;
        return UMIG_OK;
    }
    if (rc != UMIG_OK && err != NULL) {
        *err = open_err;
    }
    return rc;
}

int umig_query_folder(const char *dir,
                      const struct umig_query *query,
                      struct umig_buf *out,
                      struct umig_buf *note,
                      struct umig_err *err)
{
    struct umig_reader *reader = NULL;
    int rc = umig_reader_open(dir, &reader, err);
    if (rc == UMIG_NOT_FOUND) {
        return umig_err_set(err, UMIG_E_ARG,
                            "there is no umig data in %s; give the folder of a collector", dir);
    }
    struct umig_store *store = NULL;
    rc = rc == UMIG_E_LIMIT ? explain_full(dir, err) : rc;
    struct umig_query asked = *query;
    rc = rc != UMIG_OK ? rc : prepare_rest(dir, reader, &store, &asked.is_behind, err);
    asked.is_at_rest = store != NULL; /* we have its lock */
    rc = rc != UMIG_OK ? rc : umig_query_run(reader, &asked, out, note, err);
    umig_reader_close(reader);
    umig_store_close(store);
    return umig_store_explain(dir, rc, err);
}
