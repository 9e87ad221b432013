/*
 * One session out of its day files into a profile. Each file has its own ids, so names and stacks
 * are translated on the way, each once per file, and only those the session refers to.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "collector/store/cell.h"
#include "collector/store/reader_private.h"
#include "collector/store/schema.h"
#include "collector/store/varint.h"
#include "core/err.h"
#include "core/units.h"

/* Profile's id + 1 by the day's id; 0: not translated yet. */
struct translation {
    uint32_t *ids;
    size_t room;
};

struct loader {
    struct umig_db db;
    struct umig_profile *profile;
    int64_t session;
    struct translation strings, methods, frames, stacks, threads;
    struct umig_cell cell; /* working memory */
    uint32_t *pending;     /* stacks on the way to a known ancestor */
    size_t pending_room;
    struct umig_err *err;
};

enum {
    FIRST_ROOM = 256
};

static int out_of_memory(const struct loader *loader)
{
    return umig_err_set(loader->err, UMIG_E_NOMEM,
                        "the session does not fit into the %zu MiB that a report may take",
                        loader->profile->limit_bytes >> 20);
}

static int damaged(const struct loader *loader, const char *what)
{
    return umig_err_set_cause(loader->err, UMIG_E_DB, SQLITE_CORRUPT, "%s: %s", loader->db.path,
                              what);
}

static bool look_up(const struct translation *translation, uint32_t day_id, uint32_t *out_id)
{
    if (day_id == 0) {
        *out_id = 0;
        return true;
    }
    if (day_id < translation->room && translation->ids[day_id] != 0) {
        *out_id = translation->ids[day_id] - 1;
        return true;
    }
    return false;
}

static int remember(struct loader *loader,
                    struct translation *translation,
                    uint32_t day_id,
                    uint32_t id)
{
    if (day_id >= translation->room) {
        size_t room = translation->room == 0 ? FIRST_ROOM : translation->room;
        while (room <= day_id) {
            room *= 2;
        }
        uint32_t *ids = realloc(translation->ids, room * sizeof *ids);
        if (ids == NULL) {
            return out_of_memory(loader);
        }
        memset(ids + translation->room, 0, (room - translation->room) * sizeof *ids);
        translation->ids = ids;
        translation->room = room;
    }
    translation->ids[day_id] = id + 1;
    return UMIG_OK;
}

/* Steps to the row of an id; a dangling id is damage. */
static int fetch(struct loader *loader,
                 int statement_index,
                 uint32_t day_id,
                 sqlite3_stmt **out_statement)
{
    sqlite3_stmt *statement = umig_db_statement(&loader->db, statement_index);
    sqlite3_bind_int64(statement, 1, day_id);
    const int rc = umig_db_step(&loader->db, statement, loader->err);
    *out_statement = statement;
    return rc == UMIG_END ? damaged(loader, "a row refers to a name that is not there") : rc;
}

static uint32_t column(sqlite3_stmt *statement, int index)
{
    return (uint32_t)sqlite3_column_int64(statement, index);
}

static uint64_t wide(sqlite3_stmt *statement, int index)
{
    return (uint64_t)sqlite3_column_int64(statement, index);
}

static int load_string(struct loader *loader, uint32_t day_id, uint32_t *out_id)
{
    if (look_up(&loader->strings, day_id, out_id)) {
        return UMIG_OK;
    }
    sqlite3_stmt *statement = NULL;
    int rc = fetch(loader, UMIG_VIEW_STRING, day_id, &statement);
    if (rc != UMIG_OK) {
        return rc;
    }
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    rc = umig_profile_string(loader->profile, text != NULL ? text : "",
                             (size_t)sqlite3_column_bytes(statement, 0), out_id);
    return rc != UMIG_OK ? out_of_memory(loader)
                         : remember(loader, &loader->strings, day_id, *out_id);
}

static int load_method(struct loader *loader, uint32_t day_id, uint32_t *out_id)
{
    if (look_up(&loader->methods, day_id, out_id)) {
        return UMIG_OK;
    }
    sqlite3_stmt *statement = NULL;
    int rc = fetch(loader, UMIG_VIEW_METHOD, day_id, &statement);
    if (rc != UMIG_OK) {
        return rc;
    }
    const uint32_t names[3] = {column(statement, 0), column(statement, 1), column(statement, 2)};
    struct umig_profile_method method = {0};
    rc = load_string(loader, names[0], &method.class_name);
    rc = rc != UMIG_OK ? rc : load_string(loader, names[1], &method.name);
    rc = rc != UMIG_OK ? rc : load_string(loader, names[2], &method.file);
    if (rc != UMIG_OK) {
        return rc;
    }
    rc = umig_profile_method(loader->profile, &method, out_id);
    return rc != UMIG_OK ? out_of_memory(loader)
                         : remember(loader, &loader->methods, day_id, *out_id);
}

static int load_frame(struct loader *loader, uint32_t day_id, uint32_t *out_id)
{
    if (look_up(&loader->frames, day_id, out_id)) {
        return UMIG_OK;
    }
    sqlite3_stmt *statement = NULL;
    int rc = fetch(loader, UMIG_VIEW_FRAME, day_id, &statement);
    if (rc != UMIG_OK) {
        return rc;
    }
    const uint32_t kind = column(statement, 2);
    const uint32_t method = column(statement, 0);
    struct umig_profile_frame frame = {.line = column(statement, 1),
                                       .kind = (enum umig_frame_kind)kind};
    if (kind == 0 || kind >= UMIG_FRAME_COUNT) {
        return damaged(loader, "a frame of an unknown kind");
    }
    rc = load_method(loader, method, &frame.method);
    if (rc != UMIG_OK) {
        return rc;
    }
    rc = umig_profile_frame(loader->profile, &frame, out_id);
    return rc != UMIG_OK ? out_of_memory(loader)
                         : remember(loader, &loader->frames, day_id, *out_id);
}

static int push_pending(struct loader *loader, size_t count, uint32_t day_id)
{
    if (count == loader->pending_room) {
        const size_t room = count == 0 ? FIRST_ROOM : count * 2;
        uint32_t *grown = realloc(loader->pending, room * sizeof *grown);
        if (grown == NULL) {
            return out_of_memory(loader);
        }
        loader->pending = grown;
        loader->pending_room = room;
    }
    loader->pending[count] = day_id;
    return UMIG_OK;
}

/* Interns one stack whose parent is known already. */
static int load_one_stack(struct loader *loader, uint32_t day_id, uint32_t *io_id)
{
    sqlite3_stmt *statement = NULL;
    int rc = fetch(loader, UMIG_VIEW_STACK, day_id, &statement);
    if (rc != UMIG_OK) {
        return rc;
    }
    uint32_t frame = 0;
    rc = load_frame(loader, column(statement, 1), &frame);
    if (rc != UMIG_OK) {
        return rc;
    }
    rc = umig_profile_stack(loader->profile, *io_id, frame, io_id);
    return rc != UMIG_OK ? out_of_memory(loader)
                         : remember(loader, &loader->stacks, day_id, *io_id);
}

/* Up to an ancestor that is known, then down again. A parent has the lower id, so this ends. */
static int load_stack(struct loader *loader, uint32_t day_id, uint32_t *out_id)
{
    size_t count = 0;
    uint32_t id = 0;
    uint32_t at = day_id;
    while (!look_up(&loader->stacks, at, &id)) {
        sqlite3_stmt *statement = NULL;
        int rc = push_pending(loader, count++, at);
        rc = rc != UMIG_OK ? rc : fetch(loader, UMIG_VIEW_STACK, at, &statement);
        if (rc != UMIG_OK) {
            return rc;
        }
        const uint32_t parent = column(statement, 0);
        if (parent >= at) {
            return damaged(loader, "a stack that is its own caller");
        }
        at = parent;
    }
    while (count > 0) {
        const int rc = load_one_stack(loader, loader->pending[--count], &id);
        if (rc != UMIG_OK) {
            return rc;
        }
    }
    *out_id = id;
    return UMIG_OK;
}

static int load_thread(struct loader *loader, uint32_t day_id, uint32_t *out_id)
{
    if (look_up(&loader->threads, day_id, out_id)) {
        return UMIG_OK;
    }
    sqlite3_stmt *statement = NULL;
    int rc = fetch(loader, UMIG_VIEW_THREAD, day_id, &statement);
    if (rc != UMIG_OK) {
        return rc;
    }
    const uint32_t tid = column(statement, 0);
    const uint32_t kind = column(statement, 2);
    uint32_t name = 0;
    rc = load_string(loader, column(statement, 1), &name);
    if (rc != UMIG_OK || kind >= UMIG_THREAD_COUNT) {
        return rc != UMIG_OK ? rc : damaged(loader, "a thread of an unknown kind");
    }
    rc = umig_profile_thread(loader->profile, tid, (enum umig_thread_kind)kind, name, out_id);
    return rc != UMIG_OK ? out_of_memory(loader)
                         : remember(loader, &loader->threads, day_id, *out_id);
}

static int add_cell(struct loader *loader, sqlite3_stmt *statement)
{
    struct umig_profile_sample sample = {.kind = (enum umig_kind)column(statement, 0),
                                         .outcome = (enum umig_outcome)column(statement, 2)};
    const uint32_t group = column(statement, 1);
    if (sample.kind == 0 || sample.kind >= UMIG_KIND_COUNT ||
        sample.outcome >= UMIG_OUTCOME_COUNT) {
        return damaged(loader, "a cell of an unknown kind");
    }
    loader->cell.count = 0;
    int rc = umig_cell_unpack(&loader->cell, sqlite3_column_blob(statement, 3),
                              (size_t)sqlite3_column_bytes(statement, 3));
    if (rc != UMIG_OK) {
        return rc == UMIG_E_NOMEM ? out_of_memory(loader) : damaged(loader, "a cell is damaged");
    }
    rc = load_string(loader, group, &sample.group);
    for (size_t i = 0; rc == UMIG_OK && i < loader->cell.count; i++) {
        const struct umig_cell_entry *entry = &loader->cell.items[i];
        sample.count = entry->count;
        sample.value = entry->value;
        loader->profile->tallies[sample.kind].stored += entry->value;
        rc = load_stack(loader, entry->stack, &sample.stack);
        if (rc == UMIG_OK && umig_profile_add_sample(loader->profile, &sample) != UMIG_OK) {
            rc = out_of_memory(loader);
        }
    }
    return rc;
}

static int add_total(struct loader *loader, sqlite3_stmt *statement)
{
    struct umig_profile_thread_total total = {.kind = (enum umig_kind)column(statement, 0),
                                              .count = wide(statement, 2),
                                              .value = wide(statement, 3)};
    if (total.kind == 0 || total.kind >= UMIG_KIND_COUNT) {
        return damaged(loader, "a total of an unknown kind");
    }
    const int rc = load_thread(loader, column(statement, 1), &total.thread);
    if (rc == UMIG_OK && umig_profile_add_thread_total(loader->profile, &total) != UMIG_OK) {
        return out_of_memory(loader);
    }
    return rc;
}

static uint64_t bytes_or_unknown(uint64_t stored)
{
    return stored == 0 ? UMIG_BYTES_UNKNOWN : stored - 1;
}

static int add_pause(struct loader *loader, sqlite3_stmt *statement)
{
    struct umig_profile_pause pause = {.start_unix_ns = wide(statement, 0),
                                       .duration_ns = wide(statement, 1),
                                       .before_bytes = bytes_or_unknown(wide(statement, 4)),
                                       .after_bytes = bytes_or_unknown(wide(statement, 5))};
    int rc = load_string(loader, column(statement, 2), &pause.collection);
    rc = rc != UMIG_OK ? rc : load_string(loader, column(statement, 3), &pause.cause);
    if (rc == UMIG_OK && umig_profile_add_pause(loader->profile, &pause) != UMIG_OK) {
        return out_of_memory(loader);
    }
    loader->profile->tallies[UMIG_KIND_GC].stored++;
    return rc;
}

static int add_pool(struct loader *loader, const struct umig_profile_pool_point *point)
{
    return umig_profile_add_pool_point(loader->profile, point) == UMIG_OK ? UMIG_OK
                                                                          : out_of_memory(loader);
}

static int add_heap_point(struct loader *loader, sqlite3_stmt *statement)
{
    const uint64_t unix_ns = wide(statement, 0);
    const uint64_t rss = wide(statement, 1);
    struct umig_varint_reader reader = {.at = sqlite3_column_blob(statement, 2)};
    reader.end = reader.at + sqlite3_column_bytes(statement, 2);
    int rc = UMIG_OK;
    while (rc == UMIG_OK && reader.at < reader.end) {
        uint64_t pool = 0;
        uint64_t maximum = 0;
        struct umig_profile_pool_point point = {.unix_ns = unix_ns};
        if (!umig_varint_get(&reader, &pool) || !umig_varint_get(&reader, &point.used_bytes) ||
            !umig_varint_get(&reader, &point.committed_bytes) ||
            !umig_varint_get(&reader, &maximum) || pool > UINT32_MAX) {
            return damaged(loader, "a heap point is damaged");
        }
        point.maximum_bytes = bytes_or_unknown(maximum);
        rc = load_string(loader, (uint32_t)pool, &point.pool);
        rc = rc != UMIG_OK ? rc : add_pool(loader, &point);
    }
    if (rc == UMIG_OK && rss > 0) {
        struct umig_profile_pool_point point = {.unix_ns = unix_ns,
                                                .used_bytes = rss,
                                                .committed_bytes = rss,
                                                .maximum_bytes = UMIG_BYTES_UNKNOWN};
        rc = umig_profile_string(loader->profile, "RSS", 3, &point.pool) != UMIG_OK
                 ? out_of_memory(loader)
                 : add_pool(loader, &point);
    }
    loader->profile->tallies[UMIG_KIND_HEAP].stored++;
    return rc;
}

static int add_wait(struct loader *loader, sqlite3_stmt *statement)
{
    struct umig_profile_wait wait = {
        .unix_ns = wide(statement, 0), .wait_ns = wide(statement, 5), .count = wide(statement, 6)};
    int rc = load_thread(loader, column(statement, 1), &wait.thread);
    rc = rc != UMIG_OK ? rc : load_thread(loader, column(statement, 2), &wait.holder);
    rc = rc != UMIG_OK ? rc : load_string(loader, column(statement, 3), &wait.monitor_class);
    rc = rc != UMIG_OK ? rc : load_stack(loader, column(statement, 4), &wait.stack);
    if (rc == UMIG_OK && umig_profile_add_wait(loader->profile, &wait) != UMIG_OK) {
        return out_of_memory(loader);
    }
    loader->profile->tallies[UMIG_KIND_LOCKS].stored += wait.wait_ns;
    return rc;
}

/* Days come in order: the last one's books are the newest. */
static int add_tally(struct loader *loader, sqlite3_stmt *statement)
{
    const uint32_t kind = column(statement, 0);
    if (kind == 0 || kind >= UMIG_KIND_COUNT) {
        return damaged(loader, "books of an unknown kind");
    }
    struct umig_profile_tally *tally = &loader->profile->tallies[kind];
    struct umig_profile_session *session = &loader->profile->session;
    tally->present = true;
    tally->produced = wide(statement, 1);
    memset(tally->dropped, 0, sizeof tally->dropped);
    struct umig_varint_reader reader = {.at = sqlite3_column_blob(statement, 2)};
    reader.end = reader.at + sqlite3_column_bytes(statement, 2);
    while (reader.at < reader.end) {
        uint64_t cause = 0;
        uint64_t value = 0;
        if (!umig_varint_get(&reader, &cause) || !umig_varint_get(&reader, &value) ||
            cause >= UMIG_DROP_COUNT) {
            return damaged(loader, "books are damaged");
        }
        tally->dropped[cause] += value;
    }
    const uint64_t agent_cpu_ns = wide(statement, 3);
    if (agent_cpu_ns >= session->agent_cpu_ns) {
        session->agent_cpu_ns = agent_cpu_ns;
        session->agent_memory_bytes = wide(statement, 4);
        session->process_cpu_ns = wide(statement, 5);
    }
    return UMIG_OK;
}

static int load_rows(struct loader *loader,
                     int statement_index,
                     int (*add)(struct loader *loader, sqlite3_stmt *statement))
{
    sqlite3_stmt *statement = umig_db_statement(&loader->db, statement_index);
    sqlite3_bind_int64(statement, 1, loader->session);
    int rc = UMIG_OK;
    while ((rc = umig_db_step(&loader->db, statement, loader->err)) == UMIG_OK) {
        rc = add(loader, statement);
        if (rc != UMIG_OK) {
            break;
        }
    }
    sqlite3_reset(statement);
    return rc == UMIG_END ? UMIG_OK : rc;
}

static int load_day(struct loader *loader)
{
    int rc = load_rows(loader, UMIG_VIEW_CELLS, add_cell);
    rc = rc != UMIG_OK ? rc : load_rows(loader, UMIG_VIEW_TOTALS, add_total);
    rc = rc != UMIG_OK ? rc : load_rows(loader, UMIG_VIEW_PAUSES, add_pause);
    rc = rc != UMIG_OK ? rc : load_rows(loader, UMIG_VIEW_HEAP, add_heap_point);
    rc = rc != UMIG_OK ? rc : load_rows(loader, UMIG_VIEW_WAITS, add_wait);
    return rc != UMIG_OK ? rc : load_rows(loader, UMIG_VIEW_TALLIES, add_tally);
}

static void fini(struct loader *loader)
{
    umig_db_close(&loader->db);
    free(loader->strings.ids);
    free(loader->methods.ids);
    free(loader->frames.ids);
    free(loader->stacks.ids);
    free(loader->threads.ids);
    free(loader->cell.items);
    free(loader->pending);
}

/*
 * Whether a part of a file was set aside after the session began: the new one of that name has only
 * what came later. The change time of what was set aside is when it was renamed, or copied.
 */
static bool is_set_aside(const char *path, const struct umig_profile *profile)
{
    static const char *const suffixes[] = {"damaged-1", "foreign-1"};
    bool is_aside = false;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char file[UMIG_STORE_PATH_BYTES + 16];
        struct stat st;
        snprintf(file, sizeof file, "%s.%s", path, suffixes[i]);
        if (stat(file, &st) == 0) {
            const uint64_t renamed_ns =
                (uint64_t)st.st_ctim.tv_sec * UMIG_NS_PER_S + (uint64_t)st.st_ctim.tv_nsec;
            is_aside = is_aside || renamed_ns > profile->session.start_unix_ns;
        }
    }
    return is_aside;
}

/* One consistent view of a day that may be written meanwhile. UMIG_NOT_FOUND: it has no file. */
static int load_day_file(const struct umig_reader *reader,
                         int64_t day,
                         int64_t session,
                         struct umig_profile *profile,
                         struct umig_err *err)
{
    char path[UMIG_STORE_PATH_BYTES];
    umig_store_day_path(reader->dir, day, path);
    struct loader loader = {.profile = profile, .session = session, .err = err};
    int rc = umig_db_open(&loader.db, path, UMIG_DB_READ, &umig_view_schema, err);
    rc = rc != UMIG_OK ? rc : umig_db_exec(&loader.db, "BEGIN", err);
    rc = rc != UMIG_OK ? rc : load_day(&loader);
    fini(&loader);
    if (rc == UMIG_OK && is_set_aside(path, profile)) {
        profile->session.lost_files++;
    }
    return rc;
}

/* Files that a session had data in. */
struct files {
    size_t count;
    size_t gone;
    int64_t first_gone;
};

/* Without any of its files a session would look as if nothing had run. */
static int refuse_if_all_gone(const struct umig_reader *reader,
                              const struct files *files,
                              struct umig_err *err)
{
    if (files->gone == 0 || files->gone < files->count) {
        return UMIG_OK;
    }
    char path[UMIG_STORE_PATH_BYTES];
    umig_store_day_path(reader->dir, files->first_gone, path);
    return umig_err_set(err, UMIG_E_IO,
                        "%s is gone: all data of this session was in it%s; put it back, "
                        "or restore it from a backup",
                        path, files->count > 1 ? " and in others that are gone" : "");
}

static int explain_damage(const struct umig_err *day_err, struct umig_err *err)
{
    return umig_err_set_cause(err, UMIG_E_DB, day_err->cause,
                              "%.140s; a part of this session cannot be read: move the file away "
                              "to see the rest",
                              day_err->text);
}

int umig_reader_load(struct umig_reader *reader,
                     int64_t key,
                     struct umig_profile *profile,
                     struct umig_err *err)
{
    int rc = umig_reader_load_session(reader, key, profile, err);
    sqlite3_stmt *statement = umig_db_statement(&reader->main, UMIG_READ_SESSION_DAYS);
    sqlite3_bind_int64(statement, 1, key);
    struct files files = {.count = 0};
    while (rc == UMIG_OK && (rc = umig_db_step(&reader->main, statement, err)) == UMIG_OK) {
        const int64_t day = sqlite3_column_int64(statement, 0);
        struct umig_err day_err = UMIG_ERR_INIT;
        files.count++;
        rc = load_day_file(reader, day, key, profile, &day_err);
        if (rc == UMIG_NOT_FOUND) {
            files.first_gone = files.gone++ == 0 ? day : files.first_gone;
            profile->session.lost_files++;
            rc = UMIG_OK;
        } else if (rc == UMIG_E_DB && umig_db_is_damaged(&day_err)) {
            rc = explain_damage(&day_err, err);
        } else if (rc != UMIG_OK && err != NULL) {
            *err = day_err;
        }
    }
    sqlite3_reset(statement);
    return rc == UMIG_END ? refuse_if_all_gone(reader, &files, err) : rc;
}
