/*
 * What the files of the loader share (load.c): one day file on its way into a profile. Each file
 * has its own ids, so names and stacks are translated on the way, each once per file, and only
 * those the session refers to.
 */
#ifndef UMIG_COLLECTOR_STORE_LOAD_PRIVATE_H
#define UMIG_COLLECTOR_STORE_LOAD_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/profile.h"
#include "collector/store/cell.h"
#include "collector/store/db.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Profile's id + 1 by the day's id; 0: not translated yet. */
struct umig_translation {
    uint32_t *ids;
    size_t room;
};

/** How a session's time is parted into blocks of whole slots. Zero: it is not. */
struct umig_blocks {
    int64_t first_slot;
    int64_t slots; /* of one block; 0: none */
    int64_t count;
};

/** One day file being read. Begins as {.profile, .session, .blocks, .from_unix_ns, .err}. */
struct umig_loader {
    struct umig_db db;
    struct umig_profile *profile;
    int64_t session;
    struct umig_blocks blocks;
    uint64_t from_unix_ns; /* what was measured before is left out; 0: nothing */
    struct umig_translation strings, methods, frames, stacks, threads;
    struct umig_cell cell; /* working memory */
    uint32_t *pending;     /* stacks on the way to a known ancestor */
    size_t pending_room;
    struct umig_err *err;
};

/** Says that the profile's bound is reached. UMIG_E_NOMEM. */
int umig_loader_out_of_memory(const struct umig_loader *loader);

/** Says what of the file makes no sense. UMIG_E_DB, by its cause damage. */
int umig_loader_damaged(const struct umig_loader *loader, const char *what);

/** Profile's id of a string of the file; 0 is 0. UMIG_OK, UMIG_E_DB, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_loader_string(struct umig_loader *loader,
                                      uint32_t day_id,
                                      uint32_t *out_id);

/** Profile's id of a stack of the file, as umig_loader_string(). */
UMIG_NODISCARD int umig_loader_stack(struct umig_loader *loader, uint32_t day_id, uint32_t *out_id);

/** Profile's id of a thread of the file, as umig_loader_string(). */
UMIG_NODISCARD int umig_loader_thread(struct umig_loader *loader,
                                      uint32_t day_id,
                                      uint32_t *out_id);

/** Adds the events of the row that a statement stands on; the pauses are there. As
 * umig_loader_rows(). */
UMIG_NODISCARD int umig_loader_add_gc_events(struct umig_loader *loader, sqlite3_stmt *statement);

/** Adds all the session's rows of the open file. UMIG_OK, UMIG_E_DB, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_loader_rows(struct umig_loader *loader);

/** Closes the file and frees what the translation took. */
void umig_loader_fini(struct umig_loader *loader);

/** A column of the row a statement stands on. */
static inline uint32_t umig_loader_number(sqlite3_stmt *statement, int index)
{
    return (uint32_t)sqlite3_column_int64(statement, index);
}

/** A column beyond 32 bits. */
static inline uint64_t umig_loader_wide(sqlite3_stmt *statement, int index)
{
    return (uint64_t)sqlite3_column_int64(statement, index);
}

#endif
