/* Ends, returns and forgetting of sessions and streams. */
#include <errno.h>
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

/* Files that sessions had data in, oldest first; days whose batches wait may have none yet. */
int umig_store_missing_files(struct umig_store *store,
                             uint64_t oldest_unix_ns,
                             struct umig_missing_files *out_missing,
                             struct umig_err *err)
{
    struct umig_missing_files missing = {.count = 0};
    sqlite3_stmt *statement = umig_db_statement(&store->main, UMIG_MAIN_FILES);
    sqlite3_bind_int64(statement, 1, umig_store_file_of(umig_store_day_of(oldest_unix_ns), 0));
    int rc = UMIG_OK;
    while ((rc = umig_db_step(&store->main, statement, err)) == UMIG_OK) {
        const int64_t file = sqlite3_column_int64(statement, 0);
        char path[UMIG_STORE_PATH_BYTES];
        umig_store_day_path(store->dir, file, path);
        if (access(path, F_OK) != 0 && errno == ENOENT) {
            missing.first = missing.count == 0 ? file : missing.first;
            missing.first_sessions =
                missing.count == 0 ? sqlite3_column_int64(statement, 1) : missing.first_sessions;
            missing.last = file;
            missing.count++;
        }
    }
    if (rc != UMIG_END) {
        return umig_err_trace(err, rc);
    }
    *out_missing = missing;
    return UMIG_OK;
}

/* A file that is gone and was not dropped may come back: only what retention let go is forgotten.
 */
static int forget_files(struct umig_store *store, int64_t through_file, struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&store->main, UMIG_MAIN_FORGET_FILES);
    sqlite3_bind_int64(statement, 1, through_file);
    const int rc = umig_db_run(&store->main, statement, err);
    return rc != UMIG_OK
               ? rc
               : umig_db_run(&store->main,
                             umig_db_statement(&store->main, UMIG_MAIN_FORGET_SESSIONS), err);
}

int umig_store_forget_dropped(struct umig_store *store,
                              int64_t dropped_file,
                              uint64_t oldest_unix_ns,
                              struct umig_err *err)
{
    static const int by_age[] = {UMIG_MAIN_FORGET_STREAM_DELTAS, UMIG_MAIN_FORGET_STREAMS};
    const int64_t aged_file = umig_store_file_of(umig_store_day_of(oldest_unix_ns), 0) - 1;
    int rc = umig_store_begin(store, err);
    rc = rc != UMIG_OK
             ? rc
             : forget_files(store, dropped_file > aged_file ? dropped_file : aged_file, err);
    for (size_t i = 0; rc == UMIG_OK && i < sizeof by_age / sizeof by_age[0]; i++) {
        sqlite3_stmt *statement = umig_db_statement(&store->main, by_age[i]);
        sqlite3_bind_int64(statement, 1, (int64_t)oldest_unix_ns);
        rc = umig_db_run(&store->main, statement, err);
    }
    return rc != UMIG_OK ? umig_err_trace(err, rc) : UMIG_OK;
}
