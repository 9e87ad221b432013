#include "collector/store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/err.h"

/* Pragmas of every connection: reference in docs/storage.md. */
static const char pragmas[] = "PRAGMA synchronous=FULL;"
                              "PRAGMA trusted_schema=OFF;"
                              "PRAGMA cell_size_check=ON;"
                              "PRAGMA foreign_keys=ON;"
                              "PRAGMA temp_store=MEMORY;"
                              "PRAGMA cache_size=-2048;"
                              "PRAGMA journal_size_limit=16777216;";

static bool is_no_space(int error_number)
{
    return error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
}

static int status_of(int primary, int error_number)
{
    switch (primary) {
    case SQLITE_FULL:
        return UMIG_E_LIMIT;
    case SQLITE_IOERR:
        return is_no_space(error_number) ? UMIG_E_LIMIT : UMIG_E_IO;
    case SQLITE_CANTOPEN:
        return is_no_space(error_number) ? UMIG_E_LIMIT : UMIG_E_DENIED;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
        return UMIG_E_DENIED;
    case SQLITE_NOMEM:
        return UMIG_E_NOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return UMIG_E_BUSY;
    default:
        return UMIG_E_DB;
    }
}

int umig_db_fail(struct umig_db *db, const char *what, struct umig_err *err)
{
    /*
     * SQLite 3.40 forgets the errno of a write that failed inside COMMIT; the thread's own still
     * has it. Were it another's, the failure would count as I/O: on the safe side.
     */
    const int thread_errno = errno;
    const int code = sqlite3_extended_errcode(db->handle);
    const int sqlite_errno = sqlite3_system_errno(db->handle);
    const int error_number = sqlite_errno != 0 ? sqlite_errno : thread_errno;
    return umig_err_set_cause(err, status_of(code & 0xff, error_number), code, "%s: %s: %s%s%s",
                              db->path, what, sqlite3_errmsg(db->handle),
                              (code & 0xff) == SQLITE_IOERR ? ": " : "",
                              (code & 0xff) == SQLITE_IOERR ? umig_errno_text(error_number) : "");
}

bool umig_db_is_damaged(const struct umig_err *err)
{
    const int primary = err->cause & 0xff;
    return err->status == UMIG_E_DB && (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB);
}

int umig_db_exec(struct umig_db *db, const char *sql, struct umig_err *err)
{
    if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK) {
        return umig_db_fail(db, "statement refused", err);
    }
    return UMIG_OK;
}

int umig_db_number(struct umig_db *db, const char *sql, int64_t *out_number, struct umig_err *err)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL) != SQLITE_OK) {
        return umig_db_fail(db, "cannot read", err);
    }
    int rc = umig_db_step(db, statement, err);
    if (rc >= UMIG_OK) {
        *out_number = rc == UMIG_OK ? sqlite3_column_int64(statement, 0) : 0;
        rc = UMIG_OK;
    }
    sqlite3_finalize(statement);
    return rc;
}

sqlite3_stmt *umig_db_statement(struct umig_db *db, int index)
{
    sqlite3_stmt *statement = db->statements[index];
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return statement;
}

int umig_db_step(struct umig_db *db, sqlite3_stmt *statement, struct umig_err *err)
{
    const int rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) {
        return UMIG_OK;
    }
    if (rc == SQLITE_DONE) {
        sqlite3_reset(statement);
        return UMIG_END;
    }
    const int failure = umig_db_fail(db, "cannot read or write", err);
    sqlite3_reset(statement);
    return failure;
}

int umig_db_run(struct umig_db *db, sqlite3_stmt *statement, struct umig_err *err)
{
    const int rc = umig_db_step(db, statement, err);
    sqlite3_reset(statement);
    return rc < 0 ? umig_err_trace(err, rc) : UMIG_OK;
}

void umig_db_bind_bytes(sqlite3_stmt *statement, int index, const void *bytes, size_t byte_count)
{
    /* A NULL pointer would bind SQL NULL. */
    (void)sqlite3_bind_blob64(statement, index, byte_count > 0 ? bytes : "", byte_count,
                              SQLITE_STATIC);
}

void umig_db_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    (void)sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

static int set_version(struct umig_db *db, int version, struct umig_err *err)
{
    /* PRAGMA takes no parameters; the number is ours. */
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA user_version=%d", version);
    return umig_db_exec(db, sql, err);
}

static int apply_migration(struct umig_db *db, const char *sql, int version, struct umig_err *err)
{
    int rc = umig_db_exec(db, "BEGIN IMMEDIATE", err);
    rc = rc != UMIG_OK ? rc : umig_db_exec(db, sql, err);
    rc = rc != UMIG_OK ? rc : set_version(db, version, err);
    rc = rc != UMIG_OK ? rc : umig_db_exec(db, "COMMIT", err);
    if (rc != UMIG_OK) {
        (void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    }
    return rc;
}

static int migrate(struct umig_db *db,
                   enum umig_db_mode mode,
                   const struct umig_db_schema *schema,
                   struct umig_err *err)
{
    int64_t version = 0;
    int rc = umig_db_number(db, "PRAGMA user_version", &version, err);
    if (rc != UMIG_OK) {
        return rc;
    }
    if (version > schema->migration_count) {
        return umig_err_set(err, UMIG_E_UNSUPPORTED,
                            "%s was written by a newer umig (schema %d, this one knows %d)",
                            db->path, (int)version, schema->migration_count);
    }
    if (mode != UMIG_DB_WRITE && version == 0) {
        /* Ours is never seen before it has its tables: this one was cut. */
        return umig_err_set_cause(err, UMIG_E_DB, SQLITE_CORRUPT, "%s is empty", db->path);
    }
    if (mode == UMIG_DB_READ && version < schema->migration_count) {
        return umig_err_set(err, UMIG_E_UNSUPPORTED,
                            "%s was written by an older umig; start the collector on it, or on a "
                            "copy that may be written, once",
                            db->path);
    }
    for (int i = (int)version; rc == UMIG_OK && i < schema->migration_count; i++) {
        rc = apply_migration(db, schema->migrations[i].sql, i + 1, err);
    }
    return rc;
}

static int prepare_all(struct umig_db *db,
                       const struct umig_db_schema *schema,
                       struct umig_err *err)
{
    for (int i = 0; i < schema->statement_count; i++) {
        if (sqlite3_prepare_v3(db->handle, schema->statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &db->statements[i], NULL) != SQLITE_OK) {
            return umig_db_fail(db, "its tables are not what this umig expects", err);
        }
    }
    return UMIG_OK;
}

static int configure(struct umig_db *db, enum umig_db_mode mode, struct umig_err *err)
{
    (void)sqlite3_extended_result_codes(db->handle, 1);
    (void)sqlite3_busy_timeout(db->handle, 5000);
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    int rc = umig_db_exec(db, pragmas, err);
    if (rc == UMIG_OK && mode != UMIG_DB_READ) {
        rc = umig_db_exec(db, "PRAGMA journal_mode=WAL", err);
    }
    return rc;
}

/* Size of the file that SQLite keeps beside the database; -1: there is none. */
static int64_t companion_bytes(const char *path, const char *suffix)
{
    char file[UMIG_DB_PATH_BYTES + 8];
    struct stat st;
    snprintf(file, sizeof file, "%s%s", path, suffix);
    return stat(file, &st) == 0 ? (int64_t)st.st_size : -1;
}

static bool is_folder_writable(const char *path)
{
    char folder[UMIG_DB_PATH_BYTES];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash != NULL) {
        slash[1] = '\0'; /* keeps the root a root */
    }
    return faccessat(AT_FDCWD, slash != NULL ? folder : ".", W_OK, AT_EACCESS) == 0;
}

/* "file:PATH?immutable=1" with what has a meaning in a URI escaped. */
static void immutable_uri(const char *path, char out[UMIG_DB_URI_BYTES])
{
    size_t len = (size_t)snprintf(out, UMIG_DB_URI_BYTES, "file:");
    for (; *path != '\0' && len < UMIG_DB_URI_BYTES - 20; path++) {
        const bool is_special = *path == '?' || *path == '#' || *path == '%';
        len += (size_t)snprintf(out + len, UMIG_DB_URI_BYTES - len, is_special ? "%%%02X" : "%c",
                                (unsigned char)*path);
    }
    snprintf(out + len, UMIG_DB_URI_BYTES - len, "?immutable=1");
}

/*
 * What to open for reading: SQLite makes files beside a database with a log, so one in a folder
 * that cannot be written is read as it lies. That is right only while nobody writes it and no log
 * holds a part of it. With both files there SQLite reads without making any.
 * https://www.sqlite.org/wal.html#read_only_databases
 */
static int name_for_reading(const char *path, char out[UMIG_DB_URI_BYTES], struct umig_err *err)
{
    if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) != 0) {
        const bool is_absent = errno == ENOENT || errno == ENOTDIR;
        return is_absent ? UMIG_NOT_FOUND
                         : umig_err_set_cause(err, UMIG_E_DENIED, errno, "cannot read %s: %s", path,
                                              umig_errno_text(errno));
    }
    const int64_t log_bytes = companion_bytes(path, "-wal");
    const bool has_index = companion_bytes(path, "-shm") >= 0;
    snprintf(out, UMIG_DB_URI_BYTES, "%s", path);
    if (is_folder_writable(path) || (log_bytes >= 0 && has_index)) {
        return UMIG_OK;
    }
    if (log_bytes > 0) {
        return umig_err_set(err, UMIG_E_DENIED,
                            "%s-wal holds a part of the data and the folder may not be written; "
                            "run this as its owner, or on a copy that you may write",
                            path);
    }
    immutable_uri(path, out);
    return UMIG_OK;
}

static int open_named(struct umig_db *db,
                      const char *name,
                      enum umig_db_mode mode,
                      const struct umig_db_schema *schema,
                      struct umig_err *err)
{
    const bool is_uri = strcmp(name, db->path) != 0;
    static const int flags[] = {
        [UMIG_DB_READ] = SQLITE_OPEN_READONLY,
        [UMIG_DB_WRITE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
        [UMIG_DB_UPDATE] = SQLITE_OPEN_READWRITE,
    };
    if (sqlite3_open_v2(name, &db->handle,
                        flags[mode] | (is_uri ? SQLITE_OPEN_URI : 0) | SQLITE_OPEN_NOMUTEX |
                            SQLITE_OPEN_NOFOLLOW,
                        NULL) != SQLITE_OK) {
        return umig_db_fail(db, "cannot open", err);
    }
    int rc = configure(db, mode, err);
    rc = rc != UMIG_OK ? rc : migrate(db, mode, schema, err);
    rc = rc != UMIG_OK ? rc : prepare_all(db, schema, err);
    return rc != UMIG_OK ? umig_err_trace(err, rc) : UMIG_OK;
}

int umig_db_open(struct umig_db *db,
                 const char *path,
                 enum umig_db_mode mode,
                 const struct umig_db_schema *schema,
                 struct umig_err *err)
{
    memset(db, 0, sizeof *db);
    snprintf(db->path, sizeof db->path, "%s", path);
    char name[UMIG_DB_URI_BYTES];
    snprintf(name, sizeof name, "%s", path);
    int rc = mode == UMIG_DB_READ ? name_for_reading(path, name, err) : UMIG_OK;
    if (mode == UMIG_DB_UPDATE && access(path, F_OK) != 0 && errno == ENOENT) {
        rc = UMIG_NOT_FOUND;
    }
    if (rc != UMIG_OK) {
        return rc;
    }
    rc = open_named(db, name, mode, schema, err);
    /* No room for the files beside it: without a log it is read as it lies, and nobody writes it.
     */
    if (rc == UMIG_E_LIMIT && mode == UMIG_DB_READ && companion_bytes(path, "-wal") <= 0) {
        umig_db_close(db);
        immutable_uri(path, name);
        rc = open_named(db, name, mode, schema, err);
    }
    return rc;
}

void umig_db_close(struct umig_db *db)
{
    for (int i = 0; i < UMIG_DB_MAX_STATEMENTS; i++) {
        sqlite3_finalize(db->statements[i]);
        db->statements[i] = NULL;
    }
    if (db->handle != NULL) {
        (void)sqlite3_close_v2(db->handle);
        db->handle = NULL;
    }
}
