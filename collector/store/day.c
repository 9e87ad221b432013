#include "collector/store/day.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/batch/prescan.h"
#include "collector/store/places.h"
#include "collector/store/schema.h"
#include "core/err.h"
#include "core/thread_group.h"

enum {
    MAX_SET_ASIDE = 1000
};

/* Reads the id of the store that made the file; 0 in a new file. */
static int read_store_id(struct umig_day *day, int64_t *out_id, struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&day->db, UMIG_DAY_STORE_ID);
    const int rc = umig_db_step(&day->db, statement, err);
    if (rc == UMIG_OK) {
        *out_id = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
        return UMIG_OK;
    }
    *out_id = 0;
    return rc == UMIG_END ? UMIG_OK : rc;
}

int umig_day_claim(struct umig_day *day, int64_t store_id, struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&day->db, UMIG_DAY_SET_STORE_ID);
    sqlite3_bind_int64(statement, 1, store_id);
    const int rc = umig_db_run(&day->db, statement, err);
    day->is_new = day->is_new && rc != UMIG_OK;
    return rc;
}

/* Whether a file of this name was set aside before. */
static bool has_set_aside(const char *path)
{
    static const char *const suffixes[] = {"damaged-1", "foreign-1"};
    bool has = false;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char file[UMIG_STORE_PATH_BYTES + 16];
        snprintf(file, sizeof file, "%s.%s", path, suffixes[i]);
        has = has || access(file, F_OK) == 0;
    }
    return has;
}

static int remove_logs(const char *path, struct umig_err *err)
{
    static const char *const logs[] = {"-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        char log[UMIG_DB_PATH_BYTES + 16];
        snprintf(log, sizeof log, "%s%s", path, logs[i]);
        if (unlink(log) != 0 && errno != ENOENT) {
            return umig_err_set_cause(err, UMIG_E_IO, errno, "cannot remove %s: %s", log,
                                      umig_errno_text(errno));
        }
    }
    return UMIG_OK;
}

int umig_day_set_aside(struct umig_day *day,
                       const char *suffix,
                       char *out_path,
                       struct umig_err *err)
{
    char path[sizeof day->db.path];
    snprintf(path, sizeof path, "%s", day->db.path);
    umig_day_close(day);
    for (int i = 1; i <= MAX_SET_ASIDE; i++) {
        snprintf(out_path, UMIG_STORE_PATH_BYTES, "%.*s.%s-%d", UMIG_STORE_MAX_DIR_BYTES + 100,
                 path, suffix, i);
        if (access(out_path, F_OK) != 0) {
            break;
        }
    }
    if (rename(path, out_path) != 0) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "cannot rename %s: %s", path,
                                  umig_errno_text(errno));
    }
    return remove_logs(path, err); /* a new file must not find the old one's */
}

static int open_file(struct umig_day *day, const char *path, int64_t *out_id, struct umig_err *err)
{
    int rc = umig_db_open(&day->db, path, UMIG_DB_UPDATE, &umig_day_schema, err);
    return rc != UMIG_OK ? rc : read_store_id(day, out_id, err);
}

static int remove_new(const char *path, struct umig_err *err)
{
    if (unlink(path) != 0 && errno != ENOENT) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "cannot remove %s: %s", path,
                                  umig_errno_text(errno));
    }
    return remove_logs(path, err);
}

int umig_day_begin(struct umig_day *day, const char *dir, int64_t number, struct umig_err *err)
{
    char path[UMIG_STORE_PATH_BYTES];
    umig_store_day_path(dir, number, path);
    day->day = number;
    day->is_new = true;
    day->is_replacement = has_set_aside(path);
    umig_store_new_day_path(dir, path);
    const int rc = remove_new(path, err); /* what a collector left that was killed here */
    return rc != UMIG_OK ? rc : umig_db_open(&day->db, path, UMIG_DB_WRITE, &umig_day_schema, err);
}

/* Takes the log into the file: it has another name. */
static int end_log(struct umig_day *day, struct umig_err *err)
{
    char log[sizeof day->db.path + 8];
    const int rc = umig_db_exec(&day->db, "PRAGMA journal_mode=DELETE", err);
    snprintf(log, sizeof log, "%s-wal", day->db.path);
    if (rc == UMIG_OK && access(log, F_OK) == 0) {
        return umig_err_set(err, UMIG_E_BUSY, "%s is still in use", log);
    }
    return rc;
}

/* A name is durable when its folder is. */
static int rename_durably(const char *from, const char *to, const char *dir, struct umig_err *err)
{
    char days[UMIG_STORE_PATH_BYTES];
    snprintf(days, sizeof days, "%.*s/days", UMIG_STORE_MAX_DIR_BYTES, dir);
    if (rename(from, to) != 0) {
        return umig_err_set_cause(err, errno == ENOSPC ? UMIG_E_LIMIT : UMIG_E_IO, errno,
                                  "cannot rename %s: %s", from, umig_errno_text(errno));
    }
    const int fd = open(days, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int error_number = fd >= 0 && fsync(fd) == 0 ? 0 : errno;
    if (fd >= 0) {
        close(fd);
    }
    return error_number == 0
               ? UMIG_OK
               : umig_err_set_cause(err, UMIG_E_IO, error_number, "%s cannot be made durable: %s",
                                    days, umig_errno_text(error_number));
}

int umig_day_publish(struct umig_day *day, const char *dir, struct umig_err *err)
{
    char begun[UMIG_STORE_PATH_BYTES];
    char path[UMIG_STORE_PATH_BYTES];
    int64_t id = 0;
    umig_store_new_day_path(dir, begun);
    umig_store_day_path(dir, day->day, path);
    int rc = end_log(day, err);
    umig_day_close(day);
    rc = rc != UMIG_OK ? rc : rename_durably(begun, path, dir, err);
    return rc != UMIG_OK ? rc : open_file(day, path, &id, err);
}

void umig_day_discard(struct umig_day *day, const char *dir)
{
    char path[UMIG_STORE_PATH_BYTES];
    umig_day_close(day);
    umig_store_new_day_path(dir, path);
    (void)!remove_new(path, NULL); /* what stays is removed when a file is begun again */
}

int umig_day_migrate(const char *dir, int64_t number, struct umig_err *err)
{
    char path[UMIG_STORE_PATH_BYTES];
    struct umig_db db;
    struct stat st;
    umig_store_day_path(dir, number, path);
    if (stat(path, &st) != 0 || st.st_size == 0) {
        return UMIG_OK; /* an empty one is told as empty by who reads it, and not filled in */
    }
    const int rc = umig_db_open(&db, path, UMIG_DB_UPDATE, &umig_day_schema, err);
    umig_db_close(&db);
    return rc == UMIG_NOT_FOUND ? UMIG_OK : umig_err_trace(err, rc);
}

int umig_day_open(struct umig_day *day,
                  const char *dir,
                  int64_t number,
                  int64_t store_id,
                  char *out_set_aside,
                  struct umig_err *err)
{
    char path[UMIG_STORE_PATH_BYTES];
    umig_store_day_path(dir, number, path);
    out_set_aside[0] = '\0';
    struct umig_err open_err = UMIG_ERR_INIT;
    int64_t id = 0;
    int rc = open_file(day, path, &id, &open_err);
    const bool is_damaged = rc != UMIG_OK && umig_db_is_damaged(&open_err);
    if (is_damaged || (rc == UMIG_OK && id != 0 && id != store_id)) {
        rc = umig_day_set_aside(day, is_damaged ? "damaged" : "foreign", out_set_aside, &open_err);
        rc = rc != UMIG_OK ? rc : UMIG_NOT_FOUND;
    }
    if (rc == UMIG_NOT_FOUND) {
        umig_day_close(day);
        return rc;
    }
    if (rc != UMIG_OK) {
        umig_day_close(day);
        if (err != NULL) {
            *err = open_err;
        }
        return umig_err_trace(err, rc);
    }
    day->day = number;
    day->is_new = id == 0;
    day->is_replacement = id == 0 && has_set_aside(path);
    return UMIG_OK;
}

void umig_day_close(struct umig_day *day)
{
    umig_db_close(&day->db);
}

int umig_day_folded(struct umig_day *day,
                    int64_t stream,
                    uint64_t *out_sequence,
                    struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&day->db, UMIG_DAY_FOLDED);
    sqlite3_bind_int64(statement, 1, stream);
    const int rc = umig_db_step(&day->db, statement, err);
    *out_sequence = 0;
    if (rc == UMIG_OK) {
        *out_sequence = (uint64_t)sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    return rc < 0 ? umig_err_trace(err, rc) : UMIG_OK;
}

int umig_day_set_folded(struct umig_day *day,
                        int64_t stream,
                        uint64_t sequence,
                        struct umig_err *err)
{
    const int64_t numbers[] = {stream, (int64_t)sequence};
    return umig_day_write(day, UMIG_DAY_SET_FOLDED, numbers, 2, err);
}

/* Runs the find, then the insert of a pair of statements that bind the same way. */
static int find_or_insert(struct umig_day *day,
                          int find,
                          void (*bind)(sqlite3_stmt *statement, const void *content),
                          const void *content,
                          uint32_t *out_id,
                          struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&day->db, find);
    bind(statement, content);
    int rc = umig_db_step(&day->db, statement, err);
    if (rc == UMIG_OK) {
        *out_id = (uint32_t)sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
        return UMIG_OK;
    }
    if (rc == UMIG_END) {
        statement = umig_db_statement(&day->db, find + 1);
        bind(statement, content);
        rc = umig_db_run(&day->db, statement, err);
    }
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    *out_id = (uint32_t)sqlite3_last_insert_rowid(day->db.handle);
    return UMIG_OK;
}

static void bind_text(sqlite3_stmt *statement, const void *content)
{
    umig_db_bind_text(statement, 1, content);
}

static void bind_three(sqlite3_stmt *statement, const void *content)
{
    const int64_t *columns = content;
    for (int i = 0; i < 3; i++) {
        sqlite3_bind_int64(statement, i + 1, columns[i]);
    }
}

static void bind_two(sqlite3_stmt *statement, const void *content)
{
    const int64_t *columns = content;
    sqlite3_bind_int64(statement, 1, columns[0]);
    sqlite3_bind_int64(statement, 2, columns[1]);
}

int umig_day_string(struct umig_day *day, const char *text, uint32_t *out_id, struct umig_err *err)
{
    return find_or_insert(day, UMIG_DAY_STRING_FIND, bind_text, text, out_id, err);
}

int umig_day_group(struct umig_day *day, uint32_t name, uint32_t *out_group, struct umig_err *err)
{
    if (name == 0) {
        *out_group = 0;
        return UMIG_OK;
    }
    sqlite3_stmt *statement = umig_db_statement(&day->db, UMIG_DAY_STRING_TEXT);
    sqlite3_bind_int64(statement, 1, name);
    const int rc = umig_db_step(&day->db, statement, err);
    if (rc != UMIG_OK) {
        return rc == UMIG_END ? umig_err_set(err, UMIG_E_BUG, "string %u is missing", name) : rc;
    }
    char text[UMIG_PRESCAN_MAX_STRING_BYTES + 1];
    char group[sizeof text];
    const char *stored = (const char *)sqlite3_column_text(statement, 0);
    snprintf(text, sizeof text, "%s", stored != NULL ? stored : "");
    umig_thread_group(text, group);
    sqlite3_reset(statement);
    return umig_day_string(day, group, out_group, err);
}

int umig_day_row(struct umig_day *day,
                 enum umig_day_table table,
                 const int64_t columns[3],
                 uint32_t *out_id,
                 struct umig_err *err)
{
    static const int finds[] = {
        [UMIG_DAY_METHODS] = UMIG_DAY_METHOD_FIND,
        [UMIG_DAY_FRAMES] = UMIG_DAY_FRAME_FIND,
        [UMIG_DAY_STACKS] = UMIG_DAY_STACK_FIND,
        [UMIG_DAY_THREADS] = UMIG_DAY_THREAD_FIND,
    };
    return find_or_insert(day, finds[table], table == UMIG_DAY_STACKS ? bind_two : bind_three,
                          columns, out_id, err);
}

static void bind_key(sqlite3_stmt *statement, const struct umig_cell_key *key)
{
    sqlite3_bind_int64(statement, 1, key->session);
    sqlite3_bind_int64(statement, 2, key->slot);
    sqlite3_bind_int64(statement, 3, key->kind);
    sqlite3_bind_int64(statement, 4, key->group);
    sqlite3_bind_int64(statement, 5, key->outcome);
}

/* Adds what the file already has for this key. */
static int add_stored(struct umig_day *day,
                      const struct umig_cell_key *key,
                      struct umig_cell *cell,
                      struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&day->db, UMIG_DAY_CELL_FIND);
    bind_key(statement, key);
    const int rc = umig_db_step(&day->db, statement, err);
    if (rc != UMIG_OK) {
        return rc == UMIG_END ? UMIG_OK : umig_err_trace(err, rc);
    }
    const int unpacked = umig_cell_unpack(cell, sqlite3_column_blob(statement, 0),
                                          (size_t)sqlite3_column_bytes(statement, 0));
    sqlite3_reset(statement);
    if (unpacked == UMIG_E_DB) {
        return umig_err_set_cause(err, UMIG_E_DB, SQLITE_CORRUPT, "%s: a cell is damaged",
                                  day->db.path);
    }
    return unpacked == UMIG_OK ? UMIG_OK : umig_err_set(err, unpacked, "no memory for a cell");
}

int umig_day_merge_cell(struct umig_day *day,
                        const struct umig_cell_key *key,
                        struct umig_cell *cell,
                        struct umig_err *err)
{
    int rc = add_stored(day, key, cell, err);
    if (rc != UMIG_OK) {
        return rc;
    }
    umig_cell_normalise(cell);
    struct umig_buf packed = UMIG_BUF_INIT(UMIG_CELL_MAX_BYTES);
    rc = umig_cell_pack(cell, &packed);
    if (rc != UMIG_OK) {
        umig_buf_fini(&packed);
        return umig_err_set(err, UMIG_E_NOMEM, "no memory to pack a cell of %zu stacks",
                            cell->count);
    }
    sqlite3_stmt *statement = umig_db_statement(&day->db, UMIG_DAY_CELL_PUT);
    bind_key(statement, key);
    umig_db_bind_bytes(statement, 6, packed.bytes, packed.len);
    rc = umig_db_run(&day->db, statement, err);
    sqlite3_clear_bindings(statement);
    umig_buf_fini(&packed);
    return rc;
}

int umig_day_write(struct umig_day *day,
                   int statement_index,
                   const int64_t *numbers,
                   int number_count,
                   struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&day->db, statement_index);
    for (int i = 0; i < number_count; i++) {
        sqlite3_bind_int64(statement, i + 1, numbers[i]);
    }
    return umig_db_run(&day->db, statement, err);
}
