/*
 * SQLite as this store uses it: prepared statements only, every failure named and sorted.
 * Private to collector/store, the only place that includes sqlite3.h.
 */
#ifndef UMIG_COLLECTOR_STORE_DB_H
#define UMIG_COLLECTOR_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Most prepared statements of one connection. */
#define UMIG_DB_MAX_STATEMENTS 40

enum {
    UMIG_DB_PATH_BYTES = 4160,
    UMIG_DB_URI_BYTES = 3 * UMIG_DB_PATH_BYTES + 32 /* every byte escaped */
};

struct umig_db {
    sqlite3 *handle; /* NULL: closed */
    sqlite3_stmt *statements[UMIG_DB_MAX_STATEMENTS];
    char path[UMIG_DB_PATH_BYTES];
};

/** One step of a schema's history; applied in order, each in a transaction of its own. */
struct umig_db_migration {
    const char *sql;
};

/** A schema: its migrations and the statements that run on the newest version. */
struct umig_db_schema {
    const char *what; /* for messages: "umig.db", "a day file" */
    const struct umig_db_migration *migrations;
    int migration_count;
    const char *const *statements; /* indexed by an enum of the owner */
    int statement_count;           /* at most UMIG_DB_MAX_STATEMENTS */
};

enum umig_db_mode {
    UMIG_DB_READ,
    UMIG_DB_WRITE,  /* makes what is not there, and fills in what is empty */
    UMIG_DB_UPDATE, /* writes a file that is there; an empty one is damaged */
};

/**
 * Opens a database in WAL mode with synchronous=FULL, brings its schema up to date (UMIG_DB_WRITE,
 * UMIG_DB_UPDATE) or checks that it is (UMIG_DB_READ), and prepares the statements. What lies in a
 * folder that cannot be written, or on a full disk, is read as it lies, unless a log holds a part
 * of it (UMIG_E_DENIED, UMIG_E_LIMIT).
 *
 * @param db  closed by umig_db_close() by the caller, after a failure too
 * @return UMIG_OK; UMIG_NOT_FOUND (not UMIG_DB_WRITE: no such file); failures as umig_db_fail(); an
 *         empty file is damaged
 *
 * Thread: a connection belongs to one thread.
 */
UMIG_NODISCARD int umig_db_open(struct umig_db *db,
                                const char *path,
                                enum umig_db_mode mode,
                                const struct umig_db_schema *schema,
                                struct umig_err *err);

/** Finishes the statements and closes; takes a half-open connection and a zeroed one. */
void umig_db_close(struct umig_db *db);

/** Runs SQL that is a constant of the program and gives no rows. */
UMIG_NODISCARD int umig_db_exec(struct umig_db *db, const char *sql, struct umig_err *err);

/** Reads the first column of the first row of constant SQL; 0 without a row. */
UMIG_NODISCARD int umig_db_number(struct umig_db *db,
                                  const char *sql,
                                  int64_t *out_number,
                                  struct umig_err *err);

/** A prepared statement, reset and unbound. Borrowed. */
sqlite3_stmt *umig_db_statement(struct umig_db *db, int index);

/** Takes one step: UMIG_OK there is a row, UMIG_END there is none, or a failure. */
UMIG_NODISCARD int umig_db_step(struct umig_db *db, sqlite3_stmt *statement, struct umig_err *err);

/** Runs a statement that gives no rows and resets it. */
UMIG_NODISCARD int umig_db_run(struct umig_db *db, sqlite3_stmt *statement, struct umig_err *err);

/**
 * Sorts what SQLite said last.
 *
 *   UMIG_E_LIMIT    the disk, a quota or a file size limit is full: roll back and try later
 *   UMIG_E_DENIED   the file or folder may not be opened or written
 *   UMIG_E_IO       the device failed: never go on with this file
 *   UMIG_E_DB       damaged (umig_db_is_damaged), or a fault of ours
 *
 * err->cause is SQLite's extended code.
 */
int umig_db_fail(struct umig_db *db, const char *what, struct umig_err *err);

/** Does this error say that the file's content is damaged? */
bool umig_db_is_damaged(const struct umig_err *err);

/** Binds without copying; the bytes must live until the statement is reset. */
void umig_db_bind_bytes(sqlite3_stmt *statement, int index, const void *bytes, size_t byte_count);

/** As umig_db_bind_bytes(), as text. */
void umig_db_bind_text(sqlite3_stmt *statement, int index, const char *text);

#endif
