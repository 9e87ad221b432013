/* One session out of its day files into a profile, and what to say when some of them are gone. */
#include "collector/store/load_private.h"
#include "collector/store/reader_private.h"
#include "collector/store/schema.h"
#include "collector/store/time.h"
#include "core/err.h"

/* Does the statement give a row for the session? UMIG_OK, UMIG_END, or a failure. */
static int has_row(struct umig_loader *loader, int statement_index)
{
    sqlite3_stmt *statement = umig_db_statement(&loader->db, statement_index);
    sqlite3_bind_int64(statement, 1, loader->session);
    const int rc = umig_db_step(&loader->db, statement, loader->err);
    sqlite3_reset(statement);
    return rc;
}

/*
 * Adds one if the session had data in a file of this name that was set aside. UMIG_AGAIN: so it is,
 * and the file that was begun in its place has none.
 */
static int count_set_aside(struct umig_loader *loader)
{
    const int lost = has_row(loader, UMIG_VIEW_LOST);
    if (lost != UMIG_OK) {
        return lost == UMIG_END ? UMIG_OK : lost;
    }
    loader->profile->session.lost_files++;
    const int has_data = has_row(loader, UMIG_VIEW_HAS_DATA);
    return has_data == UMIG_END ? UMIG_AGAIN : has_data;
}

/*
 * One consistent view of a day that may be written meanwhile. UMIG_NOT_FOUND: it has no file;
 * UMIG_AGAIN: as count_set_aside().
 */
static int load_day_file(const struct umig_reader *reader,
                         int64_t day,
                         int64_t session,
                         const struct umig_blocks *blocks,
                         uint64_t from_unix_ns,
                         struct umig_profile *profile,
                         struct umig_err *err)
{
    char path[UMIG_STORE_PATH_BYTES];
    umig_store_day_path(reader->dir, day, path);
    struct umig_loader loader = {.profile = profile,
                                 .session = session,
                                 .blocks = *blocks,
                                 .from_unix_ns = from_unix_ns,
                                 .err = err};
    int rc = umig_db_open(&loader.db, path, UMIG_DB_READ, &umig_view_schema, err);
    rc = rc != UMIG_OK ? rc : umig_db_exec(&loader.db, "BEGIN", err);
    rc = rc != UMIG_OK ? rc : umig_loader_rows(&loader);
    rc = rc != UMIG_OK ? rc : count_set_aside(&loader);
    umig_loader_fini(&loader);
    return rc;
}

/* Files that a session had data in. */
struct files {
    size_t count;
    size_t gone;
    size_t set_aside; /* and what was begun in their places has nothing of it */
    int64_t first_gone;
    int64_t first_set_aside;
};

/* Without any of its files a session would look as if nothing had run. */
static int refuse_if_all_gone(const struct umig_reader *reader,
                              const struct files *files,
                              struct umig_err *err)
{
    const size_t lost = files->gone + files->set_aside;
    if (lost == 0 || lost < files->count) {
        return UMIG_OK;
    }
    char path[UMIG_STORE_PATH_BYTES];
    if (files->gone == 0) {
        umig_store_day_path(reader->dir, files->first_set_aside, path);
        return umig_err_set(err, UMIG_E_IO,
                            "all data of this session was in %s as it was before it was damaged%s; "
                            "that file is set aside: read a backup of the folder with --data",
                            path, files->count > 1 ? " and in others like it" : "");
    }
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

/* Parts a session's slots, both ends included, into at most so many blocks. */
static struct umig_blocks part_time(const struct umig_profile_session *session, size_t most)
{
    struct umig_blocks blocks = {.first_slot = umig_store_slot_of(session->start_unix_ns)};
    const int64_t slots = umig_store_slot_of(session->end_unix_ns) - blocks.first_slot + 1;
    if (most == 0) {
        return blocks;
    }
    const int64_t all = slots < 1 ? 1 : slots;
    blocks.slots = (all + (int64_t)most - 1) / (int64_t)most;
    blocks.count = (all + blocks.slots - 1) / blocks.slots;
    return blocks;
}

/* Moves the start to that of the slot in which the last part begins; 0: all is wanted. */
static uint64_t narrow(struct umig_profile_session *session, uint64_t last_ns)
{
    if (last_ns == 0 || last_ns >= session->end_unix_ns) {
        return 0;
    }
    const uint64_t from_ns = session->end_unix_ns - last_ns;
    const uint64_t slot_ns = from_ns - from_ns % UMIG_STORE_SLOT_NS;
    if (slot_ns <= session->start_unix_ns) {
        return 0;
    }
    session->start_unix_ns = slot_ns;
    return slot_ns;
}

int umig_reader_load(struct umig_reader *reader,
                     int64_t key,
                     const struct umig_reader_part *part,
                     struct umig_profile *profile,
                     struct umig_err *err)
{
    int rc = umig_reader_load_session(reader, key, profile, err);
    const uint64_t from_ns = narrow(&profile->session, part != NULL ? part->last_ns : 0);
    const struct umig_blocks blocks =
        part_time(&profile->session, part != NULL ? part->most_blocks : 0);
    sqlite3_stmt *statement = umig_db_statement(&reader->main, UMIG_READ_SESSION_DAYS);
    sqlite3_bind_int64(statement, 1, key);
    struct files files = {.count = 0};
    while (rc == UMIG_OK && (rc = umig_db_step(&reader->main, statement, err)) == UMIG_OK) {
        const int64_t day = sqlite3_column_int64(statement, 0);
        struct umig_err day_err = UMIG_ERR_INIT;
        files.count++;
        rc = load_day_file(reader, day, key, &blocks, from_ns, profile, &day_err);
        if (rc == UMIG_NOT_FOUND && umig_reader_is_day_waiting(reader, day)) {
            rc = UMIG_OK;
        } else if (rc == UMIG_NOT_FOUND) {
            files.first_gone = files.gone++ == 0 ? day : files.first_gone;
            profile->session.lost_files++;
            rc = UMIG_OK;
        } else if (rc == UMIG_AGAIN) {
            files.first_set_aside = files.set_aside++ == 0 ? day : files.first_set_aside;
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
