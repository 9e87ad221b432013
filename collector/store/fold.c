#include "collector/store/fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/store/failpoint.h"
#include "collector/store/fold_private.h"
#include "collector/store/schema.h"
#include "core/err.h"

/* Payload that one transaction takes; bounds its memory. One batch always fits. */
enum {
    TRANSACTION_BYTES = 1024 * 1024
};

int umig_folder_open(const char *dir,
                     int64_t store_id,
                     struct umig_folder **out_folder,
                     struct umig_err *err)
{
    struct umig_folder *folder = calloc(1, sizeof *folder);
    if (folder == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory to fold");
    }
    snprintf(folder->dir, sizeof folder->dir, "%s", dir);
    folder->store_id = store_id;
    char path[UMIG_STORE_PATH_BYTES];
    umig_store_main_path(dir, path);
    int rc = umig_arena_init(&folder->batch_arena, err);
    rc = rc != UMIG_OK ? rc : umig_arena_init(&folder->delta_arena, err);
    rc = rc != UMIG_OK ? rc
                       : umig_db_open(&folder->main, path, UMIG_DB_READ, &umig_read_schema, err);
    if (rc != UMIG_OK) {
        umig_folder_close(folder);
        return rc == UMIG_NOT_FOUND ? umig_err_set(err, UMIG_E_IO, "%s is missing", path)
                                    : umig_err_trace(err, rc);
    }
    *out_folder = folder;
    return UMIG_OK;
}

struct umig_folder *umig_folder_close(struct umig_folder *folder)
{
    if (folder == NULL) {
        return NULL;
    }
    umig_day_close(&folder->day);
    umig_db_close(&folder->main);
    umig_idmaps_clear(&folder->maps);
    umig_fold_rows_fini(&folder->rows);
    umig_arena_fini(&folder->batch_arena);
    umig_arena_fini(&folder->delta_arena);
    free(folder->folded);
    free(folder);
    return NULL;
}

/* Notes that a stream is folded up to a sequence; the pass reports it. */
static int note_folded(struct umig_folder *folder,
                       int64_t stream,
                       uint64_t sequence,
                       struct umig_err *err)
{
    /* Entries below committed_count stand for what is durable: never moved on in place. */
    if (folder->folded_count > folder->committed_count &&
        folder->folded[folder->folded_count - 1].stream == stream) {
        folder->folded[folder->folded_count - 1].sequence = sequence;
        return UMIG_OK;
    }
    if (folder->folded_count == folder->folded_room) {
        const size_t room = folder->folded_room == 0 ? 64 : folder->folded_room * 2;
        struct umig_folded *grown = realloc(folder->folded, room * sizeof *grown);
        if (grown == NULL) {
            return umig_err_set(err, UMIG_E_NOMEM, "no memory for %zu streams", room);
        }
        folder->folded = grown;
        folder->folded_room = room;
    }
    folder->folded[folder->folded_count++] = (struct umig_folded){stream, sequence};
    return UMIG_OK;
}

/* Replays what the stream sent in this generation before the batch: the map was not in memory. */
static int replay_deltas(struct umig_folder *folder,
                         struct umig_idmap *map,
                         uint64_t sequence,
                         struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&folder->main, UMIG_READ_DELTAS);
    sqlite3_bind_int64(statement, 1, map->stream);
    sqlite3_bind_int64(statement, 2, map->generation);
    sqlite3_bind_int64(statement, 3, (int64_t)sequence);
    int rc = UMIG_OK;
    while ((rc = umig_db_step(&folder->main, statement, err)) == UMIG_OK) {
        const Umig__V1__Dictionary *delta = NULL;
        rc = umig_dictionary_decode(&folder->delta_arena, sqlite3_column_blob(statement, 0),
                                    (size_t)sqlite3_column_bytes(statement, 0), &delta, err);
        rc = rc != UMIG_OK ? rc : umig_idmap_add(map, &folder->day, delta, err);
        if (rc != UMIG_OK) {
            break;
        }
    }
    sqlite3_reset(statement);
    return rc == UMIG_END ? UMIG_OK : umig_err_trace(err, rc);
}

static int find_map(struct umig_folder *folder,
                    int64_t stream,
                    uint64_t sequence,
                    const Umig__V1__Batch *batch,
                    struct umig_idmap **out_map,
                    struct umig_err *err)
{
    bool is_new = false;
    struct umig_idmap *map = umig_idmaps_get(&folder->maps, stream, batch->generation, &is_new);
    if (map == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for the dictionary of a stream");
    }
    *out_map = map;
    if (is_new) {
        return replay_deltas(folder, map, sequence, err);
    }
    return batch->dictionary == NULL ? UMIG_OK
                                     : umig_idmap_add(map, &folder->day, batch->dictionary, err);
}

static int fold_batch(struct umig_folder *folder,
                      struct umig_fold_stream *stream,
                      uint64_t sequence,
                      const uint8_t *payload,
                      size_t payload_bytes,
                      struct umig_err *err)
{
    struct umig_batch batch;
    if (umig_batch_decode(&folder->batch_arena, payload, payload_bytes, &batch, NULL) != UMIG_OK) {
        /* It decoded when it was accepted. */
        return umig_err_set_cause(err, UMIG_E_DB, SQLITE_CORRUPT, "%s: batch %llu is damaged",
                                  folder->main.path, (unsigned long long)sequence);
    }
    struct umig_idmap *map = NULL;
    int rc = find_map(folder, stream->key, sequence, batch.message, &map, err);
    stream->map = map;
    rc = rc != UMIG_OK ? rc : umig_fold_rows_add(folder, stream, batch.message, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    folder->transaction_bytes += payload_bytes;
    folder->result.batches++;
    folder->result.bytes += payload_bytes;
    return UMIG_OK;
}

static int read_stream(struct umig_folder *folder,
                       int64_t key,
                       struct umig_fold_stream *out_stream,
                       struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&folder->main, UMIG_READ_STREAM);
    sqlite3_bind_int64(statement, 1, key);
    const int rc = umig_db_step(&folder->main, statement, err);
    if (rc != UMIG_OK) {
        return rc == UMIG_END ? umig_err_set(err, UMIG_E_BUG, "stream %lld has batches and no row",
                                             (long long)key)
                              : rc;
    }
    *out_stream = (struct umig_fold_stream){
        .key = key,
        .anchor_monotonic_ns = (uint64_t)sqlite3_column_int64(statement, 0),
        .anchor_unix_ns = (uint64_t)sqlite3_column_int64(statement, 1),
    };
    sqlite3_reset(statement);
    return UMIG_OK;
}

/*
 * Folds batches of a stream until the transaction is full.
 *
 * @return UMIG_OK when the stream has no more, UMIG_AGAIN when it has
 */
static int fold_stream(struct umig_folder *folder,
                       struct umig_fold_stream *stream,
                       struct umig_err *err)
{
    uint64_t before = 0;
    int rc = umig_day_folded(&folder->day, stream->key, &before, err);
    if (rc != UMIG_OK) {
        return rc;
    }
    uint64_t sequence = before;
    sqlite3_stmt *statement = umig_db_statement(&folder->main, UMIG_READ_INBOX_NEXT);
    sqlite3_bind_int64(statement, 1, folder->day.day);
    sqlite3_bind_int64(statement, 2, stream->key);
    sqlite3_bind_int64(statement, 3, (int64_t)before);
    while ((rc = umig_db_step(&folder->main, statement, err)) == UMIG_OK) {
        sequence = (uint64_t)sqlite3_column_int64(statement, 0);
        rc = fold_batch(folder, stream, sequence, sqlite3_column_blob(statement, 1),
                        (size_t)sqlite3_column_bytes(statement, 1), err);
        if (rc != UMIG_OK || folder->transaction_bytes >= TRANSACTION_BYTES) {
            break;
        }
    }
    sqlite3_reset(statement);
    if (rc < 0) {
        return umig_err_trace(err, rc);
    }
    /* Nothing new writes nothing: on a full disk that is folded, too. */
    const int written = sequence == before
                            ? UMIG_OK
                            : umig_day_set_folded(&folder->day, stream->key, sequence, err);
    if (written != UMIG_OK) {
        return written;
    }
    const int noted = note_folded(folder, stream->key, sequence, err);
    return noted != UMIG_OK ? noted : rc == UMIG_END ? UMIG_OK : UMIG_AGAIN;
}

static int commit_day(struct umig_folder *folder, struct umig_err *err)
{
    int rc = umig_fold_rows_write(folder, err);
    rc = rc != UMIG_OK ? rc : umig_db_exec(&folder->day.db, "COMMIT", err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    folder->committed_count = folder->folded_count;
    folder->transaction_bytes = 0;
    return umig_failpoint("after_fold_commit_before_delete", err);
}

/* A transaction that failed leaves no trace: not in the file, not in the maps, not in the result.
 */
static void abandon_day(struct umig_folder *folder)
{
    if (folder->day.db.handle != NULL && sqlite3_get_autocommit(folder->day.db.handle) == 0) {
        (void)sqlite3_exec(folder->day.db.handle, "ROLLBACK", NULL, NULL, NULL);
    }
    umig_idmaps_clear(&folder->maps);
    umig_fold_rows_clear(&folder->rows);
    folder->folded_count = folder->committed_count;
    folder->transaction_bytes = 0;
}

/* Folds one stream's batches of the open day, in as many transactions as they need. */
static int fold_stream_of_day(struct umig_folder *folder, int64_t key, struct umig_err *err)
{
    struct umig_fold_stream stream;
    int rc = read_stream(folder, key, &stream, err);
    int folded = UMIG_AGAIN;
    while (rc == UMIG_OK && folded == UMIG_AGAIN) {
        if (sqlite3_get_autocommit(folder->day.db.handle) != 0) {
            rc = umig_db_exec(&folder->day.db, "BEGIN IMMEDIATE", err);
        }
        folded = rc != UMIG_OK ? rc : fold_stream(folder, &stream, err);
        if (folded == UMIG_AGAIN) {
            rc = commit_day(folder, err);
        }
    }
    return rc != UMIG_OK ? rc : folded;
}

/* Reads a column of keys at once: the statement must not stay open over the fold. */
static int read_keys(struct umig_folder *folder,
                     sqlite3_stmt *statement,
                     int64_t *keys,
                     size_t room,
                     size_t *out_count,
                     struct umig_err *err)
{
    size_t count = 0;
    int rc = UMIG_OK;
    while (count < room && (rc = umig_db_step(&folder->main, statement, err)) == UMIG_OK) {
        keys[count++] = sqlite3_column_int64(statement, 0);
    }
    sqlite3_reset(statement);
    *out_count = count;
    return rc < 0 ? umig_err_trace(err, rc) : UMIG_OK;
}

/*
 * Sessions with data in the day so far: where a file of its name was set aside it is lost, unless
 * all of it waits in the inbox still (fold_rows.c: note_starts).
 */
static int mark_lost(struct umig_folder *folder, struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&folder->main, UMIG_READ_DAY_SESSIONS);
    sqlite3_bind_int64(statement, 1, folder->day.day);
    int rc = UMIG_OK;
    while ((rc = umig_db_step(&folder->main, statement, err)) == UMIG_OK) {
        const int64_t session = sqlite3_column_int64(statement, 0);
        rc = umig_day_write(&folder->day, UMIG_DAY_LOST_PUT, &session, 1, err);
        if (rc != UMIG_OK) {
            break;
        }
    }
    sqlite3_reset(statement);
    return rc == UMIG_END ? UMIG_OK : umig_err_trace(err, rc);
}

/* In one transaction: a new file that is ours has its marks. */
static int claim_day(struct umig_folder *folder, struct umig_err *err)
{
    int rc = umig_db_exec(&folder->day.db, "BEGIN IMMEDIATE", err);
    if (rc == UMIG_OK && folder->day.is_replacement) {
        rc = mark_lost(folder, err);
    }
    rc = rc != UMIG_OK ? rc : umig_day_claim(&folder->day, folder->store_id, err);
    rc = rc != UMIG_OK ? rc : umig_db_exec(&folder->day.db, "COMMIT", err);
    if (rc != UMIG_OK) {
        umig_day_close(&folder->day); /* rolls back; it is opened anew */
    }
    return rc;
}

/* Nobody sees the file before it is whole. */
static int make_day(struct umig_folder *folder, int64_t day, struct umig_err *err)
{
    int rc = umig_day_begin(&folder->day, folder->dir, day, err);
    rc = rc != UMIG_OK ? rc : claim_day(folder, err);
    rc = rc != UMIG_OK ? rc : umig_day_publish(&folder->day, folder->dir, err);
    if (rc != UMIG_OK) {
        umig_day_discard(&folder->day, folder->dir);
    }
    return rc;
}

static int open_day(struct umig_folder *folder, int64_t day, struct umig_err *err)
{
    if (folder->day.db.handle != NULL && folder->day.day == day) {
        return UMIG_OK;
    }
    umig_day_close(&folder->day);
    umig_idmaps_clear(&folder->maps);
    const int rc =
        umig_day_open(&folder->day, folder->dir, day, folder->store_id, folder->set_aside, err);
    if (folder->set_aside[0] != '\0') {
        folder->result.set_aside = folder->set_aside;
    }
    if (rc == UMIG_NOT_FOUND) {
        return make_day(folder, day, err);
    }
    return rc == UMIG_OK && folder->day.is_new ? claim_day(folder, err) : rc;
}

static int fold_day_once(struct umig_folder *folder, int64_t day, struct umig_err *err)
{
    int rc = open_day(folder, day, err);
    if (rc != UMIG_OK) {
        return rc;
    }
    size_t count = 0;
    sqlite3_stmt *statement = umig_db_statement(&folder->main, UMIG_READ_INBOX_STREAMS);
    sqlite3_bind_int64(statement, 1, day);
    rc = read_keys(folder, statement, folder->streams, UMIG_FOLD_MAX_STREAMS, &count, err);
    for (size_t i = 0; rc == UMIG_OK && i < count; i++) {
        rc = fold_stream_of_day(folder, folder->streams[i], err);
        if (rc == UMIG_OK && folder->transaction_bytes >= TRANSACTION_BYTES) {
            rc = commit_day(folder, err);
        }
    }
    if (rc == UMIG_OK && sqlite3_get_autocommit(folder->day.db.handle) == 0) {
        rc = commit_day(folder, err);
    }
    if (rc != UMIG_OK) {
        abandon_day(folder);
    }
    return rc;
}

/* A day file that turns out damaged is set aside; what is still in the inbox goes to a new one. */
static int fold_day(struct umig_folder *folder, int64_t day, struct umig_err *err)
{
    struct umig_err day_err = UMIG_ERR_INIT;
    int rc = fold_day_once(folder, day, &day_err);
    if (rc == UMIG_E_DB && umig_db_is_damaged(&day_err) &&
        strncmp(day_err.text, folder->main.path, strlen(folder->main.path)) != 0) {
        rc = umig_day_set_aside(&folder->day, "damaged", folder->set_aside, &day_err);
        folder->result.set_aside = folder->set_aside;
        rc = rc != UMIG_OK ? rc : fold_day_once(folder, day, &day_err);
    }
    if (rc != UMIG_OK && err != NULL) {
        *err = day_err;
    }
    return rc;
}

enum {
    MAX_DAYS = 366
};

int umig_folder_open_newest(struct umig_folder *folder,
                            const char **out_set_aside,
                            struct umig_err *err)
{
    int64_t newest = 0;
    char path[UMIG_STORE_PATH_BYTES];
    int rc = umig_db_number(&folder->main, "SELECT max(day) FROM session_days", &newest, err);
    umig_store_day_path(folder->dir, newest, path);
    folder->result = (struct umig_fold_result){.set_aside = NULL};
    if (rc == UMIG_OK && access(path, F_OK) == 0) {
        rc = open_day(folder, newest, err);
    }
    *out_set_aside = folder->result.set_aside;
    return rc != UMIG_OK ? umig_err_trace(err, rc) : UMIG_OK;
}

int umig_folder_run(struct umig_folder *folder,
                    struct umig_fold_result *out_result,
                    struct umig_err *err)
{
    folder->folded_count = 0;
    folder->committed_count = 0;
    folder->result = (struct umig_fold_result){.set_aside = NULL};
    int64_t days[MAX_DAYS];
    size_t count = 0;
    int rc = read_keys(folder, umig_db_statement(&folder->main, UMIG_READ_INBOX_DAYS), days,
                       MAX_DAYS, &count, err);
    for (size_t i = 0; rc == UMIG_OK && i < count; i++) {
        rc = fold_day(folder, days[i], err);
    }
    *out_result = folder->result;
    out_result->folded = folder->folded;
    out_result->folded_count = folder->committed_count;
    return rc != UMIG_OK ? umig_err_trace(err, rc) : UMIG_OK;
}
