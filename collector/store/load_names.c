/* From the ids of a day file to those of a profile: strings, methods, frames, stacks, threads. */
#include <stdlib.h>
#include <string.h>

#include "collector/store/load_private.h"
#include "collector/store/schema.h"
#include "core/err.h"

enum {
    FIRST_ROOM = 256
};

int umig_loader_out_of_memory(const struct umig_loader *loader)
{
    return umig_err_set(loader->err, UMIG_E_NOMEM,
                        "the session does not fit into the %zu MiB that a report may take",
                        loader->profile->limit_bytes >> 20);
}

int umig_loader_damaged(const struct umig_loader *loader, const char *what)
{
    return umig_err_set_cause(loader->err, UMIG_E_DB, SQLITE_CORRUPT, "%s: %s", loader->db.path,
                              what);
}

static bool look_up(const struct umig_translation *translation, uint32_t day_id, uint32_t *out_id)
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

static int remember(struct umig_loader *loader,
                    struct umig_translation *translation,
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
            return umig_loader_out_of_memory(loader);
        }
        memset(ids + translation->room, 0, (room - translation->room) * sizeof *ids);
        translation->ids = ids;
        translation->room = room;
    }
    translation->ids[day_id] = id + 1;
    return UMIG_OK;
}

/* Steps to the row of an id; a dangling id is damage. */
static int fetch(struct umig_loader *loader,
                 int statement_index,
                 uint32_t day_id,
                 sqlite3_stmt **out_statement)
{
    sqlite3_stmt *statement = umig_db_statement(&loader->db, statement_index);
    sqlite3_bind_int64(statement, 1, day_id);
    const int rc = umig_db_step(&loader->db, statement, loader->err);
    *out_statement = statement;
    return rc == UMIG_END ? umig_loader_damaged(loader, "a row refers to a name that is not there")
                          : rc;
}

int umig_loader_string(struct umig_loader *loader, uint32_t day_id, uint32_t *out_id)
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
    return rc != UMIG_OK ? umig_loader_out_of_memory(loader)
                         : remember(loader, &loader->strings, day_id, *out_id);
}

static int load_method(struct umig_loader *loader, uint32_t day_id, uint32_t *out_id)
{
    if (look_up(&loader->methods, day_id, out_id)) {
        return UMIG_OK;
    }
    sqlite3_stmt *statement = NULL;
    int rc = fetch(loader, UMIG_VIEW_METHOD, day_id, &statement);
    if (rc != UMIG_OK) {
        return rc;
    }
    const uint32_t names[3] = {umig_loader_number(statement, 0), umig_loader_number(statement, 1),
                               umig_loader_number(statement, 2)};
    struct umig_profile_method method = {0};
    rc = umig_loader_string(loader, names[0], &method.class_name);
    rc = rc != UMIG_OK ? rc : umig_loader_string(loader, names[1], &method.name);
    rc = rc != UMIG_OK ? rc : umig_loader_string(loader, names[2], &method.file);
    if (rc != UMIG_OK) {
        return rc;
    }
    rc = umig_profile_method(loader->profile, &method, out_id);
    return rc != UMIG_OK ? umig_loader_out_of_memory(loader)
                         : remember(loader, &loader->methods, day_id, *out_id);
}

static int load_frame(struct umig_loader *loader, uint32_t day_id, uint32_t *out_id)
{
    if (look_up(&loader->frames, day_id, out_id)) {
        return UMIG_OK;
    }
    sqlite3_stmt *statement = NULL;
    int rc = fetch(loader, UMIG_VIEW_FRAME, day_id, &statement);
    if (rc != UMIG_OK) {
        return rc;
    }
    const uint32_t kind = umig_loader_number(statement, 2);
    const uint32_t method = umig_loader_number(statement, 0);
    struct umig_profile_frame frame = {.line = umig_loader_number(statement, 1),
                                       .kind = (enum umig_frame_kind)kind};
    if (kind == 0 || kind >= UMIG_FRAME_COUNT) {
        return umig_loader_damaged(loader, "a frame of an unknown kind");
    }
    rc = load_method(loader, method, &frame.method);
    if (rc != UMIG_OK) {
        return rc;
    }
    rc = umig_profile_frame(loader->profile, &frame, out_id);
    return rc != UMIG_OK ? umig_loader_out_of_memory(loader)
                         : remember(loader, &loader->frames, day_id, *out_id);
}

static int push_pending(struct umig_loader *loader, size_t count, uint32_t day_id)
{
    if (count == loader->pending_room) {
        const size_t room = count == 0 ? FIRST_ROOM : count * 2;
        uint32_t *grown = realloc(loader->pending, room * sizeof *grown);
        if (grown == NULL) {
            return umig_loader_out_of_memory(loader);
        }
        loader->pending = grown;
        loader->pending_room = room;
    }
    loader->pending[count] = day_id;
    return UMIG_OK;
}

/* Interns one stack whose parent is known already. */
static int load_one_stack(struct umig_loader *loader, uint32_t day_id, uint32_t *io_id)
{
    sqlite3_stmt *statement = NULL;
    int rc = fetch(loader, UMIG_VIEW_STACK, day_id, &statement);
    if (rc != UMIG_OK) {
        return rc;
    }
    uint32_t frame = 0;
    rc = load_frame(loader, umig_loader_number(statement, 1), &frame);
    if (rc != UMIG_OK) {
        return rc;
    }
    rc = umig_profile_stack(loader->profile, *io_id, frame, io_id);
    return rc != UMIG_OK ? umig_loader_out_of_memory(loader)
                         : remember(loader, &loader->stacks, day_id, *io_id);
}

/* Up to an ancestor that is known, then down again. A parent has the lower id, so this ends. */
int umig_loader_stack(struct umig_loader *loader, uint32_t day_id, uint32_t *out_id)
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
        const uint32_t parent = umig_loader_number(statement, 0);
        if (parent >= at) {
            return umig_loader_damaged(loader, "a stack that is its own caller");
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

int umig_loader_thread(struct umig_loader *loader, uint32_t day_id, uint32_t *out_id)
{
    if (look_up(&loader->threads, day_id, out_id)) {
        return UMIG_OK;
    }
    sqlite3_stmt *statement = NULL;
    int rc = fetch(loader, UMIG_VIEW_THREAD, day_id, &statement);
    if (rc != UMIG_OK) {
        return rc;
    }
    const int64_t tid = (int64_t)umig_loader_wide(statement, 0);
    const uint32_t kind = umig_loader_number(statement, 2);
    uint32_t name = 0;
    rc = umig_loader_string(loader, umig_loader_number(statement, 1), &name);
    if (rc != UMIG_OK || kind >= UMIG_THREAD_COUNT) {
        return rc != UMIG_OK ? rc : umig_loader_damaged(loader, "a thread of an unknown kind");
    }
    rc = tid < 0 ? umig_profile_virtual_thread(loader->profile, -(uint64_t)tid, name, out_id)
                 : umig_profile_thread(loader->profile, (uint32_t)tid, (enum umig_thread_kind)kind,
                                       name, out_id);
    return rc != UMIG_OK ? umig_loader_out_of_memory(loader)
                         : remember(loader, &loader->threads, day_id, *out_id);
}

void umig_loader_fini(struct umig_loader *loader)
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
