#include "collector/store/reader.h"

#include <stdio.h>
#include <stdlib.h>

#include "collector/store/reader_private.h"
#include "collector/store/schema.h"
#include "collector/store/time.h"
#include "core/err.h"

/* An agent makes a batch a second; twice that is long. */
#define BATCH_NS (2 * UMIG_NS_PER_S)

int umig_reader_open(const char *dir, struct umig_reader **out_reader, struct umig_err *err)
{
    struct umig_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory to read the store");
    }
    snprintf(reader->dir, sizeof reader->dir, "%s", dir);
    char path[UMIG_STORE_PATH_BYTES];
    umig_store_main_path(dir, path);
    int rc = umig_arena_init(&reader->hello_arena, err);
    rc = rc != UMIG_OK ? rc : umig_arena_init(&reader->start_arena, err);
    rc = rc != UMIG_OK ? rc
                       : umig_db_open(&reader->main, path, UMIG_DB_READ, &umig_read_schema, err);
    if (rc != UMIG_OK) {
        umig_reader_close(reader);
        return rc == UMIG_NOT_FOUND ? rc : umig_err_trace(err, rc);
    }
    *out_reader = reader;
    return UMIG_OK;
}

struct umig_reader *umig_reader_close(struct umig_reader *reader)
{
    if (reader != NULL) {
        umig_db_close(&reader->main);
        umig_arena_fini(&reader->hello_arena);
        umig_arena_fini(&reader->start_arena);
        free(reader);
    }
    return NULL;
}

int umig_reader_row(struct umig_reader *reader,
                    sqlite3_stmt *statement,
                    struct umig_session_row *out_row,
                    struct umig_err *err)
{
    const Umig__V1__Hello *hello = NULL;
    struct umig_session_row row = {
        .key = sqlite3_column_int64(statement, 0),
        .id = (const char *)sqlite3_column_text(statement, 1),
        .uid = sqlite3_column_int64(statement, 2),
        .start_unix_ns = (uint64_t)sqlite3_column_int64(statement, 3),
        .end_unix_ns = (uint64_t)sqlite3_column_int64(statement, 4),
        .end = (enum umig_end)sqlite3_column_int(statement, 6),
    };
    if (row.end == UMIG_END_RUNNING) {
        row.end_unix_ns = (uint64_t)sqlite3_column_int64(statement, 5);
    }
    int rc = umig_session_start_decode(&reader->start_arena, sqlite3_column_blob(statement, 7),
                                       (size_t)sqlite3_column_bytes(statement, 7), &row.start, err);
    rc = rc != UMIG_OK ? rc
                       : umig_hello_decode(&reader->hello_arena, sqlite3_column_blob(statement, 8),
                                           (size_t)sqlite3_column_bytes(statement, 8), &hello, err);
    if (rc != UMIG_OK) {
        return umig_err_set_cause(err, UMIG_E_DB, SQLITE_CORRUPT, "%s: session %lld is damaged",
                                  reader->main.path, (long long)row.key);
    }
    row.process = hello->process;
    *out_row = row;
    return UMIG_OK;
}

int umig_reader_sessions(struct umig_reader *reader,
                         int (*found)(void *context, const struct umig_session_row *row),
                         void *context,
                         struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&reader->main, UMIG_READ_SESSIONS);
    int rc = UMIG_OK;
    while ((rc = umig_db_step(&reader->main, statement, err)) == UMIG_OK) {
        struct umig_session_row row;
        rc = umig_reader_row(reader, statement, &row, err);
        rc = rc != UMIG_OK ? rc : found(context, &row);
        if (rc != UMIG_OK) {
            break;
        }
    }
    sqlite3_reset(statement);
    return rc == UMIG_END ? UMIG_OK : rc;
}

bool umig_reader_is_day_waiting(struct umig_reader *reader, int64_t day)
{
    sqlite3_stmt *statement = umig_db_statement(&reader->main, UMIG_READ_INBOX_STREAMS);
    sqlite3_bind_int64(statement, 1, day);
    const int rc = umig_db_step(&reader->main, statement, NULL);
    sqlite3_reset(statement);
    return rc == UMIG_OK;
}

/*
 * Had a session ended long before the oldest batch that waits was made? Its end goes out in the
 * next batch after it; what is not known counts as no.
 */
static bool has_ended_before(struct umig_reader *reader, sqlite3_stmt *oldest)
{
    struct umig_batch batch;
    if (sqlite3_column_int(oldest, 2) == UMIG_END_RUNNING ||
        umig_batch_decode(&reader->start_arena, sqlite3_column_blob(oldest, 4),
                          (size_t)sqlite3_column_bytes(oldest, 4), &batch, NULL) != UMIG_OK) {
        return false;
    }
    const uint64_t made_ns =
        umig_store_unix_at((uint64_t)sqlite3_column_int64(oldest, 0),
                           (uint64_t)sqlite3_column_int64(oldest, 1), batch.message->created_ns);
    return (uint64_t)sqlite3_column_int64(oldest, 3) + BATCH_NS < made_ns;
}

int umig_reader_waiting(struct umig_reader *reader,
                        int64_t key,
                        uint64_t *out_batches,
                        struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&reader->main, UMIG_READ_SESSION_WAITING);
    sqlite3_bind_int64(statement, 1, key);
    const int rc = umig_db_step(&reader->main, statement, err);
    if (rc >= UMIG_OK) {
        *out_batches = rc == UMIG_OK && !has_ended_before(reader, statement)
                           ? (uint64_t)sqlite3_column_int64(statement, 5)
                           : 0;
    }
    sqlite3_reset(statement);
    return rc == UMIG_END ? UMIG_OK : rc;
}

int umig_reader_inbox(struct umig_reader *reader,
                      uint64_t *out_batches,
                      uint64_t *out_bytes,
                      struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&reader->main, UMIG_READ_INBOX_SIZE);
    const int rc = umig_db_step(&reader->main, statement, err);
    if (rc == UMIG_OK) {
        *out_batches = (uint64_t)sqlite3_column_int64(statement, 0);
        *out_bytes = (uint64_t)sqlite3_column_int64(statement, 1);
    }
    sqlite3_reset(statement);
    return rc;
}
