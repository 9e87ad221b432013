#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/store/failpoint.h"
#include "collector/store/places.h"
#include "collector/store/store_private.h"
#include "core/err.h"

static int status_of(int cause, int otherwise)
{
    return cause == ENOSPC || cause == EDQUOT || cause == EFBIG ? UMIG_E_LIMIT : otherwise;
}

static int make_folder(const char *path, bool *out_is_made, struct umig_err *err)
{
    *out_is_made = mkdir(path, 0700) == 0;
    if (!*out_is_made && errno != EEXIST) {
        return umig_err_set_cause(err, status_of(errno, UMIG_E_DENIED), errno,
                                  "cannot make the data folder %s: %s", path,
                                  umig_errno_text(errno));
    }
    return UMIG_OK;
}

/* As mkdir -p: the default data folder may lie under folders that nobody made yet. */
static int make_folders(const char *dir, bool *out_is_made, struct umig_err *err)
{
    char path[UMIG_STORE_PATH_BYTES];
    bool is_made = false;
    int len = snprintf(path, sizeof path, "%s", dir);
    if (len <= 0 || len > UMIG_STORE_MAX_DIR_BYTES) {
        return umig_err_set(err, UMIG_E_ARG, "the path of the data folder has %d bytes (1 to %d)",
                            len, UMIG_STORE_MAX_DIR_BYTES);
    }
    while (len > 1 && path[len - 1] == '/') {
        path[--len] = '\0';
    }
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        /* What cannot be made here is said by the last one, which needs it. */
        (void)mkdir(path, 0755);
        *slash = '/';
    }
    int rc = make_folder(path, out_is_made, err);
    if (rc == UMIG_OK) {
        snprintf(path, sizeof path, "%s/days", dir);
        rc = make_folder(path, &is_made, err);
    }
    return rc;
}

/* The lock goes with the process, however it ends; the pid in the file is for people. */
static int take_lock(struct umig_store *store, struct umig_err *err)
{
    char path[UMIG_STORE_PATH_BYTES];
    snprintf(path, sizeof path, "%.*s/lock", UMIG_STORE_MAX_DIR_BYTES, store->dir);
    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (store->lock_fd < 0) {
        return umig_err_set_cause(err, status_of(errno, UMIG_E_DENIED), errno,
                                  "the data folder %s is not writable: %s", store->dir,
                                  umig_errno_text(errno));
    }
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        char pid[16] = "";
        const ssize_t len = pread(store->lock_fd, pid, sizeof pid - 1, 0);
        pid[strcspn(pid, "\n")] = '\0';
        return umig_err_set(err, UMIG_E_BUSY,
                            "another collector (pid %s) is using the data folder %s; stop it, or "
                            "choose another folder with --data",
                            len > 0 ? pid : "?", store->dir);
    }
    store->is_locked = true;
    char pid[16];
    const int len = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    const ssize_t written =
        ftruncate(store->lock_fd, 0) == 0 ? pwrite(store->lock_fd, pid, (size_t)len, 0) : -1;
    if (written != len) {
        const int cause = written < 0 ? errno : ENOSPC; /* a part of it: there was no more room */
        return umig_err_set_cause(err, status_of(cause, UMIG_E_IO), cause, "%s: cannot write: %s",
                                  path, umig_errno_text(cause));
    }
    return UMIG_OK;
}

/* Looks for damage with a bound on time: the pages of the tables, not every row of an old inbox. */
static int check_integrity(struct umig_store *store, struct umig_err *err)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->main.handle, "PRAGMA quick_check(1)", -1, &statement, NULL) !=
        SQLITE_OK) {
        return umig_db_fail(&store->main, "cannot be checked", err);
    }
    int rc = umig_db_step(&store->main, statement, err);
    if (rc == UMIG_OK) {
        const char *verdict = (const char *)sqlite3_column_text(statement, 0);
        if (verdict == NULL || strcmp(verdict, "ok") != 0) {
            /* "*** in database main ***", a line end, and what is wrong. */
            const char *line = verdict != NULL ? strchr(verdict, '\n') : NULL;
            const char *what = line != NULL ? line + 1 : verdict;
            rc = umig_err_set_cause(err, UMIG_E_DB, SQLITE_CORRUPT, "%s: %.*s", store->main.path,
                                    what != NULL ? (int)strcspn(what, "\n") : 0,
                                    what != NULL ? what : "");
        }
    }
    sqlite3_finalize(statement);
    return rc > 0 ? UMIG_OK : rc;
}

static int read_store_id(struct umig_store *store, struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&store->main, UMIG_MAIN_STORE_ID);
    const int rc = umig_db_step(&store->main, statement, err);
    if (rc == UMIG_OK) {
        store->id = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
        return UMIG_OK;
    }
    return rc < 0 ? rc
                  : umig_err_set_cause(err, UMIG_E_DB, SQLITE_CORRUPT, "%s: its identity is gone",
                                       store->main.path);
}

/* No new file under the name of one that is gone: that one can be put back. */
static int pass_over_missing(struct umig_store *store, struct umig_err *err)
{
    struct umig_missing_files missing;
    const int rc = umig_store_missing_files(store, 0, &missing, err);
    if (rc == UMIG_OK && missing.count > 0) {
        umig_store_begin_part(store, missing.last);
    }
    return rc;
}

static int count_days(const char *dir, size_t *out_count, struct umig_err *err)
{
    char path[UMIG_STORE_PATH_BYTES];
    snprintf(path, sizeof path, "%.*s/days", UMIG_STORE_MAX_DIR_BYTES, dir);
    DIR *days = opendir(path);
    if (days == NULL) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "cannot read %s: %s", path,
                                  umig_errno_text(errno));
    }
    size_t count = 0;
    int64_t file = 0;
    const struct dirent *entry = NULL;
    while ((entry = readdir(days)) != NULL) { /* NOLINT(concurrency-mt-unsafe): own stream */
        count += umig_store_day_parse(entry->d_name, &file);
    }
    closedir(days);
    *out_count = count;
    return UMIG_OK;
}

/* A new umig.db knows nothing of the day files that are there: they would only grow too old. */
static int refuse_orphans(const char *dir, const char *main_path, struct umig_err *err)
{
    struct stat st;
    const bool is_there = stat(main_path, &st) == 0;
    size_t count = 0;
    const int rc = is_there && st.st_size > 0 ? UMIG_OK : count_days(dir, &count, err);
    if (rc != UMIG_OK || count == 0) {
        return rc;
    }
    return umig_err_set(err, UMIG_E_IO,
                        "%s %s and days/ beside it has %zu file%s that no session can be read from "
                        "without it; put it back or restore it from a backup, or move days/ away "
                        "too to begin anew",
                        main_path, is_there ? "is empty" : "is missing", count,
                        count == 1 ? "" : "s");
}

static int remember_file(struct umig_store *store, struct umig_err *err)
{
    struct stat st;
    if (stat(store->main.path, &st) != 0) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "cannot look at %s: %s", store->main.path,
                                  umig_errno_text(errno));
    }
    store->device = st.st_dev;
    store->inode = st.st_ino;
    return UMIG_OK;
}

/* SQLite goes on in a file that was taken away or cut to nothing, and nobody could read it. */
static int check_file(const struct umig_store *store, struct umig_err *err)
{
    struct stat st;
    if (stat(store->main.path, &st) != 0) {
        return umig_err_set_cause(err, UMIG_E_DB, SQLITE_CORRUPT, "%s was taken away: %s",
                                  store->main.path, umig_errno_text(errno));
    }
    if (st.st_dev != store->device || st.st_ino != store->inode) {
        return umig_err_set_cause(err, UMIG_E_DB, SQLITE_CORRUPT, "%s was put in place of ours",
                                  store->main.path);
    }
    return st.st_size > 0 ? UMIG_OK
                          : umig_err_set_cause(err, UMIG_E_DB, SQLITE_CORRUPT,
                                               "%s was cut to nothing", store->main.path);
}

static int open_main(struct umig_store *store, struct umig_err *err)
{
    char path[UMIG_STORE_PATH_BYTES];
    umig_store_main_path(store->dir, path);
    int rc = refuse_orphans(store->dir, path, err);
    rc = rc != UMIG_OK ? rc
                       : umig_db_open(&store->main, path, UMIG_DB_WRITE, &umig_main_schema, err);
    rc = rc != UMIG_OK ? rc : remember_file(store, err);
    rc = rc != UMIG_OK ? rc : check_integrity(store, err);
    rc = rc != UMIG_OK ? rc : read_store_id(store, err);
    /* Goes on with the part that was being filled. */
    rc = rc != UMIG_OK
             ? rc
             : umig_db_number(&store->main, "SELECT max(day) FROM session_days", &store->file, err);
    return rc != UMIG_OK ? rc : pass_over_missing(store, err);
}

int umig_store_open(const char *dir, struct umig_store **out_store, struct umig_err *err)
{
    struct umig_store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for the store");
    }
    store->lock_fd = -1;
    snprintf(store->dir, sizeof store->dir, "%s", dir);
    int rc = make_folders(dir, &store->is_made, err);
    rc = rc != UMIG_OK ? rc : take_lock(store, err);
    rc = rc != UMIG_OK ? rc : open_main(store, err);
    if (rc != UMIG_OK) {
        umig_store_abandon(store);
        return umig_err_trace(err, rc);
    }
    *out_store = store;
    return UMIG_OK;
}

struct umig_store *umig_store_close(struct umig_store *store)
{
    if (store == NULL) {
        return NULL;
    }
    umig_store_rollback(store);
    umig_db_close(&store->main);
    if (store->lock_fd >= 0) {
        close(store->lock_fd);
    }
    free(store);
    return NULL;
}

/* Another process may have come between making the folder and locking it: what it stored stays. */
static bool is_unused(struct umig_store *store)
{
    char path[UMIG_STORE_PATH_BYTES];
    struct stat st;
    int64_t streams = 0;
    umig_store_main_path(store->dir, path);
    if (stat(path, &st) != 0) {
        return errno == ENOENT;
    }
    return st.st_size == 0 || (store->main.handle != NULL &&
                               umig_db_number(&store->main, "SELECT count(*) FROM streams",
                                              &streams, NULL) == UMIG_OK &&
                               streams == 0);
}

/* The lock is held to the end. */
static void remove_folder(const char *dir)
{
    static const char *const files[] = {"umig.db", "umig.db-wal", "umig.db-shm", "umig.db-journal",
                                        "lock"};
    char path[UMIG_STORE_PATH_BYTES];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%.*s/%s", UMIG_STORE_MAX_DIR_BYTES, dir, files[i]);
        (void)unlink(path);
    }
    snprintf(path, sizeof path, "%.*s/days", UMIG_STORE_MAX_DIR_BYTES, dir);
    (void)rmdir(path);
    (void)rmdir(dir); /* what somebody else put there stays */
}

struct umig_store *umig_store_abandon(struct umig_store *store)
{
    if (store != NULL && store->is_made && store->is_locked && is_unused(store)) {
        umig_store_rollback(store);
        umig_db_close(&store->main);
        remove_folder(store->dir);
    }
    return umig_store_close(store);
}

int umig_store_explain(const char *dir, int rc, struct umig_err *err)
{
    char path[UMIG_STORE_PATH_BYTES];
    umig_store_main_path(dir, path);
    const size_t len = strlen(path);
    if (rc != UMIG_E_DB || err == NULL || strncmp(err->text, path, len) != 0) {
        return rc;
    }
    const struct umig_err before = *err;
    const char *what = before.text + len;
    what += strspn(what, ": ");
    return umig_err_set_cause(
        err, rc, before.cause,
        "%s cannot be used (%.60s): restore it from a backup, or move umig.db "
        "away with days/ and start again; agents resume by themselves",
        path, what);
}

int64_t umig_store_id(const struct umig_store *store)
{
    return store->id;
}

void umig_store_begin_part(struct umig_store *store, int64_t full_file)
{
    if (store->file == full_file && full_file % UMIG_STORE_PARTS < UMIG_STORE_PARTS - 1) {
        store->file++;
    }
}

int64_t umig_store_file_at(struct umig_store *store, uint64_t now_unix_ns)
{
    const int64_t day = umig_store_day_of(now_unix_ns);
    if (store->file / UMIG_STORE_PARTS != day) {
        store->file = umig_store_file_of(day, 0);
    }
    return store->file;
}

int umig_store_begin(struct umig_store *store, struct umig_err *err)
{
    if (store->in_transaction) {
        return UMIG_OK;
    }
    const int rc = umig_db_exec(&store->main, "BEGIN IMMEDIATE", err);
    store->in_transaction = rc == UMIG_OK;
    return rc;
}

int umig_store_commit(struct umig_store *store, struct umig_err *err)
{
    if (!store->in_transaction) {
        return UMIG_OK;
    }
    int rc = umig_failpoint("before_commit", err);
    rc = rc != UMIG_OK ? rc : check_file(store, err);
    rc = rc != UMIG_OK ? rc : umig_db_exec(&store->main, "COMMIT", err);
    if (rc != UMIG_OK) {
        umig_store_rollback(store);
        return umig_err_trace(err, rc);
    }
    store->in_transaction = false;
    return UMIG_OK;
}

void umig_store_rollback(struct umig_store *store)
{
    if (store->in_transaction) {
        /* SQLite may have rolled back by itself (SQLITE_FULL): then there is nothing to do. */
        if (sqlite3_get_autocommit(store->main.handle) == 0) {
            (void)sqlite3_exec(store->main.handle, "ROLLBACK", NULL, NULL, NULL);
        }
        store->in_transaction = false;
    }
}
