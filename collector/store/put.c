/* Batches and sessions on their way into umig.db. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "collector/store/store_private.h"
#include "collector/store/time.h"
#include "core/err.h"

/* Sessions that one batch may speak of. */
enum {
    MAX_SESSIONS = 256
};

/* Session numbers a batch refers to, each once. */
struct numbers {
    uint32_t items[MAX_SESSIONS];
    size_t count;
};

static int note_number(struct numbers *numbers, uint32_t number, struct umig_err *err)
{
    for (size_t i = 0; i < numbers->count; i++) {
        if (numbers->items[i] == number) {
            return UMIG_OK;
        }
    }
    if (numbers->count == MAX_SESSIONS) {
        return umig_err_set(err, UMIG_E_PROTO, "a batch of over %d sessions", MAX_SESSIONS);
    }
    numbers->items[numbers->count++] = number;
    return UMIG_OK;
}

static int collect_numbers(const Umig__V1__Batch *batch,
                           struct numbers *numbers,
                           struct umig_err *err)
{
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < batch->n_starts; i++) {
        rc = note_number(numbers, batch->starts[i]->session, err);
    }
    for (size_t i = 0; rc == UMIG_OK && i < batch->n_samples; i++) {
        rc = note_number(numbers, batch->samples[i]->session, err);
    }
    for (size_t i = 0; rc == UMIG_OK && i < batch->n_gc_pauses; i++) {
        rc = note_number(numbers, batch->gc_pauses[i]->session, err);
    }
    for (size_t i = 0; rc == UMIG_OK && i < batch->n_heap_points; i++) {
        rc = note_number(numbers, batch->heap_points[i]->session, err);
    }
    for (size_t i = 0; rc == UMIG_OK && i < batch->n_waits; i++) {
        rc = note_number(numbers, batch->waits[i]->session, err);
    }
    for (size_t i = 0; rc == UMIG_OK && i < batch->n_tallies; i++) {
        rc = note_number(numbers, batch->tallies[i]->session, err);
    }
    for (size_t i = 0; rc == UMIG_OK && i < batch->n_problems; i++) {
        rc = note_number(numbers, batch->problems[i]->session, err);
    }
    for (size_t i = 0; rc == UMIG_OK && i < batch->n_ends; i++) {
        rc = note_number(numbers, batch->ends[i]->session, err);
    }
    return rc;
}

static int find_session(struct umig_store *store,
                        int64_t stream,
                        uint32_t number,
                        int64_t *out_key,
                        struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&store->main, UMIG_MAIN_SESSION_FIND);
    sqlite3_bind_int64(statement, 1, stream);
    sqlite3_bind_int64(statement, 2, number);
    const int rc = umig_db_step(&store->main, statement, err);
    if (rc == UMIG_OK) {
        *out_key = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
        return UMIG_OK;
    }
    return rc == UMIG_END ? UMIG_NOT_FOUND : umig_err_trace(err, rc);
}

static bool is_started_here(const Umig__V1__Batch *batch, uint32_t number)
{
    for (size_t i = 0; i < batch->n_starts; i++) {
        if (batch->starts[i]->session == number) {
            return true;
        }
    }
    return false;
}

/* Before anything is written: every session the batch speaks of exists or starts in it. */
static int check_sessions(struct umig_store *store,
                          const struct umig_stream *stream,
                          const Umig__V1__Batch *batch,
                          const struct numbers *numbers,
                          struct umig_err *err)
{
    for (size_t i = 0; i < numbers->count; i++) {
        int64_t key = 0;
        const uint32_t number = numbers->items[i];
        if (is_started_here(batch, number)) {
            continue;
        }
        const int rc = find_session(store, stream->key, number, &key, err);
        if (rc == UMIG_NOT_FOUND) {
            return umig_err_set(err, UMIG_E_PROTO, "session %" PRIu32 " was never started", number);
        }
        if (rc != UMIG_OK) {
            return rc;
        }
    }
    return UMIG_OK;
}

static int insert_stream(struct umig_store *store,
                         struct umig_stream *stream,
                         const struct umig_store_batch *in,
                         struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&store->main, UMIG_MAIN_STREAM_INSERT);
    sqlite3_bind_int64(statement, 1, (int64_t)stream->epoch);
    sqlite3_bind_int64(statement, 2, stream->uid);
    sqlite3_bind_int64(statement, 3, (int64_t)stream->anchor_monotonic_ns);
    sqlite3_bind_int64(statement, 4, (int64_t)stream->anchor_unix_ns);
    sqlite3_bind_int64(statement, 5, (int64_t)in->now_unix_ns);
    umig_db_bind_bytes(statement, 6, in->hello, in->hello_bytes);
    const int rc = umig_db_run(&store->main, statement, err);
    if (rc == UMIG_OK) {
        stream->key = sqlite3_last_insert_rowid(store->main.handle);
    }
    return rc;
}

static int update_stream(struct umig_store *store,
                         const struct umig_stream *stream,
                         uint64_t now_unix_ns,
                         struct umig_err *err)
{
    const struct umig_known *known = &stream->known;
    sqlite3_stmt *statement = umig_db_statement(&store->main, UMIG_MAIN_STREAM_UPDATE);
    sqlite3_bind_int64(statement, 1, stream->key);
    sqlite3_bind_int64(statement, 2, (int64_t)stream->watermark);
    sqlite3_bind_int64(statement, 3, known->generation);
    sqlite3_bind_int64(statement, 4, known->strings);
    sqlite3_bind_int64(statement, 5, known->methods);
    sqlite3_bind_int64(statement, 6, known->frames);
    sqlite3_bind_int64(statement, 7, known->stacks);
    sqlite3_bind_int64(statement, 8, known->threads);
    sqlite3_bind_int64(statement, 9, known->sessions);
    sqlite3_bind_int64(statement, 10, (int64_t)now_unix_ns);
    return umig_db_run(&store->main, statement, err);
}

static int insert_payload(struct umig_store *store,
                          const struct umig_stream *stream,
                          const struct umig_store_batch *in,
                          struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&store->main, UMIG_MAIN_INBOX_INSERT);
    sqlite3_bind_int64(statement, 1, stream->key);
    sqlite3_bind_int64(statement, 2, (int64_t)in->sequence);
    sqlite3_bind_int64(statement, 3, umig_store_file_at(store, in->now_unix_ns));
    umig_db_bind_bytes(statement, 4, in->payload, in->payload_bytes);
    int rc = umig_db_run(&store->main, statement, err);
    if (rc != UMIG_OK || in->batch->dictionary_bytes == 0) {
        return rc;
    }
    statement = umig_db_statement(&store->main, UMIG_MAIN_DELTA_INSERT);
    sqlite3_bind_int64(statement, 1, stream->key);
    sqlite3_bind_int64(statement, 2, in->known.generation);
    sqlite3_bind_int64(statement, 3, (int64_t)in->sequence);
    umig_db_bind_bytes(statement, 4, in->batch->dictionary, in->batch->dictionary_bytes);
    return umig_db_run(&store->main, statement, err);
}

/* Keeps a start as it came, under the keys of a statement. */
static int write_start(struct umig_store *store,
                       sqlite3_stmt *statement,
                       int place,
                       const Umig__V1__SessionStart *start,
                       struct umig_err *err)
{
    const size_t byte_count = umig__v1__session_start__get_packed_size(start);
    uint8_t *packed = malloc(byte_count + 1);
    if (packed == NULL) {
        sqlite3_clear_bindings(statement);
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for a session's start");
    }
    umig__v1__session_start__pack(start, packed);
    umig_db_bind_bytes(statement, place, packed, byte_count);
    const int rc = umig_db_run(&store->main, statement, err);
    sqlite3_clear_bindings(statement);
    free(packed);
    return rc;
}

static int insert_session(struct umig_store *store,
                          const struct umig_stream *stream,
                          const Umig__V1__SessionStart *start,
                          struct umig_err *err)
{
    const uint64_t start_unix = umig_store_unix_of(stream, start->start_ns);
    sqlite3_stmt *statement = umig_db_statement(&store->main, UMIG_MAIN_SESSION_INSERT);
    sqlite3_bind_int64(statement, 1, stream->key);
    sqlite3_bind_int64(statement, 2, start->session);
    umig_db_bind_text(statement, 3, start->id);
    sqlite3_bind_int64(statement, 4, stream->uid);
    sqlite3_bind_int64(statement, 5, (int64_t)start_unix);
    sqlite3_bind_int64(statement, 6, (int64_t)start_unix);
    return write_start(store, statement, 7, start, err);
}

/* The start as it is kept; NULL: there is none, or no memory. Free it with protobuf-c's own. */
static Umig__V1__SessionStart *read_start(struct umig_store *store,
                                          const struct umig_stream *stream,
                                          uint32_t number,
                                          struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&store->main, UMIG_MAIN_SESSION_START);
    sqlite3_bind_int64(statement, 1, stream->key);
    sqlite3_bind_int64(statement, 2, number);
    if (umig_db_step(&store->main, statement, err) != UMIG_OK) {
        return NULL;
    }
    Umig__V1__SessionStart *start = umig__v1__session_start__unpack(
        NULL, (size_t)sqlite3_column_bytes(statement, 0), sqlite3_column_blob(statement, 0));
    sqlite3_reset(statement);
    return start;
}

/* What a session lacks now stands in its start, where readers look. */
static int replace_problem(struct umig_store *store,
                           const struct umig_stream *stream,
                           const Umig__V1__SessionProblem *problem,
                           struct umig_err *err)
{
    Umig__V1__SessionStart *start = read_start(store, stream, problem->session, err);
    if (start == NULL) {
        return umig_err_set(err, UMIG_E_DB, "%s: the start of session %" PRIu32 " cannot be read",
                            store->main.path, problem->session);
    }
    Umig__V1__SessionStart changed = *start;
    changed.problem = problem->problem;
    sqlite3_stmt *statement = umig_db_statement(&store->main, UMIG_MAIN_SESSION_DESCRIBE);
    sqlite3_bind_int64(statement, 1, stream->key);
    sqlite3_bind_int64(statement, 2, problem->session);
    const int rc = write_start(store, statement, 3, &changed, err);
    umig__v1__session_start__free_unpacked(start, NULL);
    return rc;
}

static int end_session(struct umig_store *store,
                       const struct umig_stream *stream,
                       const Umig__V1__SessionEnd *end,
                       struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&store->main, UMIG_MAIN_SESSION_END);
    sqlite3_bind_int64(statement, 1, stream->key);
    sqlite3_bind_int64(statement, 2, end->session);
    sqlite3_bind_int64(statement, 3, (int64_t)umig_store_unix_of(stream, end->end_ns));
    sqlite3_bind_int64(statement, 4, end->reason);
    return umig_db_run(&store->main, statement, err);
}

/* Moves a session's last data on and notes the day file that will hold it. */
static int touch_session(struct umig_store *store,
                         const struct umig_stream *stream,
                         uint32_t number,
                         const struct umig_store_batch *in,
                         struct umig_err *err)
{
    int64_t key = 0;
    int rc = find_session(store, stream->key, number, &key, err);
    if (rc != UMIG_OK) {
        return rc == UMIG_NOT_FOUND ? umig_err_set(err, UMIG_E_BUG, "session %u vanished", number)
                                    : rc;
    }
    const uint64_t last = umig_store_unix_of(stream, in->batch->message->created_ns);
    sqlite3_stmt *statement = umig_db_statement(&store->main, UMIG_MAIN_SESSION_TOUCH);
    sqlite3_bind_int64(statement, 1, key);
    sqlite3_bind_int64(statement, 2, (int64_t)last);
    rc = umig_db_run(&store->main, statement, err);
    if (rc != UMIG_OK) {
        return rc;
    }
    statement = umig_db_statement(&store->main, UMIG_MAIN_SESSION_DAY);
    sqlite3_bind_int64(statement, 1, umig_store_file_at(store, in->now_unix_ns));
    sqlite3_bind_int64(statement, 2, key);
    return umig_db_run(&store->main, statement, err);
}

static int put_sessions(struct umig_store *store,
                        const struct umig_stream *stream,
                        const struct umig_store_batch *in,
                        const struct numbers *numbers,
                        struct umig_err *err)
{
    const Umig__V1__Batch *batch = in->batch->message;
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < batch->n_starts; i++) {
        rc = insert_session(store, stream, batch->starts[i], err);
    }
    for (size_t i = 0; rc == UMIG_OK && i < numbers->count; i++) {
        rc = touch_session(store, stream, numbers->items[i], in, err);
    }
    for (size_t i = 0; rc == UMIG_OK && i < batch->n_problems; i++) {
        rc = replace_problem(store, stream, batch->problems[i], err);
    }
    for (size_t i = 0; rc == UMIG_OK && i < batch->n_ends; i++) {
        rc = end_session(store, stream, batch->ends[i], err);
    }
    return rc;
}

int umig_store_put(struct umig_store *store,
                   struct umig_stream *stream,
                   const struct umig_store_batch *in,
                   struct umig_err *err)
{
    struct numbers numbers = {.count = 0};
    int rc = collect_numbers(in->batch->message, &numbers, err);
    rc = rc != UMIG_OK ? rc : check_sessions(store, stream, in->batch->message, &numbers, err);
    rc = rc != UMIG_OK ? rc : umig_store_begin(store, err);
    if (rc == UMIG_OK && stream->key == 0) {
        rc = insert_stream(store, stream, in, err);
    }
    if (rc == UMIG_OK) {
        stream->watermark = in->sequence;
        stream->known = in->known;
        rc = update_stream(store, stream, in->now_unix_ns, err);
    }
    rc = rc != UMIG_OK ? rc : insert_payload(store, stream, in, err);
    rc = rc != UMIG_OK ? rc : put_sessions(store, stream, in, &numbers, err);
    return rc != UMIG_OK ? umig_err_trace(err, rc) : UMIG_OK;
}

int umig_store_find_stream(struct umig_store *store,
                           uint64_t epoch,
                           struct umig_stream *out_stream,
                           struct umig_err *err)
{
    sqlite3_stmt *s = umig_db_statement(&store->main, UMIG_MAIN_STREAM_FIND);
    sqlite3_bind_int64(s, 1, (int64_t)epoch);
    const int rc = umig_db_step(&store->main, s, err);
    if (rc != UMIG_OK) {
        return rc == UMIG_END ? UMIG_NOT_FOUND : umig_err_trace(err, rc);
    }
    *out_stream = (struct umig_stream){
        .key = sqlite3_column_int64(s, 0),
        .epoch = epoch,
        .uid = sqlite3_column_int64(s, 1),
        .watermark = (uint64_t)sqlite3_column_int64(s, 2),
        .known = {.generation = (uint32_t)sqlite3_column_int64(s, 3),
                  .strings = (uint32_t)sqlite3_column_int64(s, 4),
                  .methods = (uint32_t)sqlite3_column_int64(s, 5),
                  .frames = (uint32_t)sqlite3_column_int64(s, 6),
                  .stacks = (uint32_t)sqlite3_column_int64(s, 7),
                  .threads = (uint32_t)sqlite3_column_int64(s, 8),
                  .sessions = (uint32_t)sqlite3_column_int64(s, 9)},
        .anchor_monotonic_ns = (uint64_t)sqlite3_column_int64(s, 10),
        .anchor_unix_ns = (uint64_t)sqlite3_column_int64(s, 11),
        .has_ended = sqlite3_column_int64(s, 12) != 0,
    };
    sqlite3_reset(s);
    return UMIG_OK;
}
