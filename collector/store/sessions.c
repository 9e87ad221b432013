/* Ends, returns and forgetting of sessions and streams. */
#include <stdlib.h>
#include <unistd.h>

#include "collector/store/store_private.h"
#include "core/err.h"

int umig_store_close_sessions(struct umig_store *store,
                              int64_t stream,
                              enum umig_end reason,
                              struct umig_err *err)
{
    int rc = umig_store_begin(store, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    sqlite3_stmt *statement = umig_db_statement(&store->main, UMIG_MAIN_SESSIONS_CLOSE);
    sqlite3_bind_int64(statement, 1, stream);
    sqlite3_bind_int64(statement, 2, reason);
    rc = umig_db_run(&store->main, statement, err);
    if (rc == UMIG_OK && reason == UMIG_END_VM_EXIT) {
        statement = umig_db_statement(&store->main, UMIG_MAIN_STREAM_ENDED);
        sqlite3_bind_int64(statement, 1, stream);
        rc = umig_db_run(&store->main, statement, err);
    }
    return rc;
}

int umig_store_reopen_sessions(struct umig_store *store, int64_t stream, struct umig_err *err)
{
    const int rc = umig_store_begin(store, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    sqlite3_stmt *statement = umig_db_statement(&store->main, UMIG_MAIN_SESSIONS_REOPEN);
    sqlite3_bind_int64(statement, 1, stream);
    sqlite3_bind_int64(statement, 2, UMIG_END_LOST);
    return umig_db_run(&store->main, statement, err);
}

int umig_store_running_streams(struct umig_store *store,
                               void (*found)(void *context, int64_t stream, uint64_t epoch),
                               void *context,
                               struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&store->main, UMIG_MAIN_STREAMS_RUNNING);
    int rc = UMIG_OK;
    while ((rc = umig_db_step(&store->main, statement, err)) == UMIG_OK) {
        found(context, sqlite3_column_int64(statement, 0),
              (uint64_t)sqlite3_column_int64(statement, 1));
    }
    return rc == UMIG_END ? UMIG_OK : umig_err_trace(err, rc);
}

static int forget_stream(struct umig_store *store,
                         const struct umig_folded *folded,
                         struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&store->main, UMIG_MAIN_FORGET_INBOX);
    sqlite3_bind_int64(statement, 1, folded->stream);
    sqlite3_bind_int64(statement, 2, (int64_t)folded->sequence);
    int rc = umig_db_run(&store->main, statement, err);
    if (rc == UMIG_OK) {
        statement = umig_db_statement(&store->main, UMIG_MAIN_FORGET_DELTAS);
        sqlite3_bind_int64(statement, 1, folded->stream);
        rc = umig_db_run(&store->main, statement, err);
    }
    return rc;
}

int umig_store_forget_folded(struct umig_store *store,
                             const struct umig_folded *folded,
                             size_t count,
                             struct umig_err *err)
{
    int rc = umig_store_begin(store, err);
    for (size_t i = 0; rc == UMIG_OK && i < count; i++) {
        rc = forget_stream(store, &folded[i], err);
    }
    return rc != UMIG_OK ? umig_err_trace(err, rc) : UMIG_OK;
}

/* A day without a file and without waiting batches was dropped. UMIG_END: none is left. */
static int next_missing_day(struct umig_store *store, int64_t *out_day, struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&store->main, UMIG_MAIN_DAYS);
    int rc = UMIG_OK;
    while ((rc = umig_db_step(&store->main, statement, err)) == UMIG_OK) {
        const int64_t day = sqlite3_column_int64(statement, 0);
        char path[UMIG_STORE_PATH_BYTES];
        umig_store_day_path(store->dir, day, path);
        if (access(path, F_OK) != 0) {
            *out_day = day;
            break;
        }
    }
    sqlite3_reset(statement);
    return rc;
}

static int forget_missing_days(struct umig_store *store, struct umig_err *err)
{
    int64_t day = 0;
    int rc = UMIG_OK;
    while ((rc = next_missing_day(store, &day, err)) == UMIG_OK) {
        sqlite3_stmt *statement = umig_db_statement(&store->main, UMIG_MAIN_FORGET_DAY);
        sqlite3_bind_int64(statement, 1, day);
        rc = umig_db_run(&store->main, statement, err);
        if (rc != UMIG_OK) {
            return rc;
        }
    }
    return rc == UMIG_END ? UMIG_OK : rc;
}

int umig_store_forget_days(struct umig_store *store, uint64_t oldest_unix_ns, struct umig_err *err)
{
    static const int by_age[] = {UMIG_MAIN_FORGET_STREAM_DELTAS, UMIG_MAIN_FORGET_STREAMS};
    int rc = umig_store_begin(store, err);
    rc = rc != UMIG_OK ? rc : forget_missing_days(store, err);
    if (rc == UMIG_OK) {
        rc = umig_db_run(&store->main, umig_db_statement(&store->main, UMIG_MAIN_FORGET_SESSIONS),
                         err);
    }
    for (size_t i = 0; rc == UMIG_OK && i < sizeof by_age / sizeof by_age[0]; i++) {
        sqlite3_stmt *statement = umig_db_statement(&store->main, by_age[i]);
        sqlite3_bind_int64(statement, 1, (int64_t)oldest_unix_ns);
        rc = umig_db_run(&store->main, statement, err);
    }
    return rc != UMIG_OK ? umig_err_trace(err, rc) : UMIG_OK;
}
