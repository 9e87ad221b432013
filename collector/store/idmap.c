#include "collector/store/idmap.h"

#include <stdlib.h>

#include "collector/batch/columns.h"
#include "core/err.h"

enum {
    FIRST_ROOM = 64
};

static int push(struct umig_ids *ids, uint32_t id, struct umig_err *err)
{
    if (ids->count == ids->room) {
        const uint32_t room = ids->room == 0 ? FIRST_ROOM : ids->room * 2;
        uint32_t *grown = realloc(ids->ids, room * sizeof *grown);
        if (grown == NULL) {
            return umig_err_set(err, UMIG_E_NOMEM, "no memory for a map of %u ids", room);
        }
        ids->ids = grown;
        ids->room = room;
        if (ids->count == 0) {
            ids->ids[ids->count++] = 0; /* 0 is "none" on both sides */
        }
    }
    ids->ids[ids->count++] = id;
    return UMIG_OK;
}

static void destroy(struct umig_idmap *map)
{
    if (map != NULL) {
        free(map->strings.ids);
        free(map->methods.ids);
        free(map->frames.ids);
        free(map->stacks.ids);
        free(map->threads.ids);
        free(map->groups.ids);
        free(map);
    }
}

static size_t bytes_of(const struct umig_idmap *map)
{
    return sizeof *map +
           sizeof(uint32_t) * ((size_t)map->strings.room + map->methods.room + map->frames.room +
                               map->stacks.room + map->threads.room + map->groups.room);
}

void umig_idmaps_clear(struct umig_idmaps *maps)
{
    for (size_t i = 0; i < UMIG_IDMAP_SLOTS; i++) {
        destroy(maps->slots[i]);
        maps->slots[i] = NULL;
    }
}

/* Slot of the map that was not used for longest, and what all take together. */
static size_t oldest_slot(const struct umig_idmaps *maps, size_t *out_bytes)
{
    size_t oldest = 0;
    uint64_t oldest_use = UINT64_MAX;
    *out_bytes = 0;
    for (size_t i = 0; i < UMIG_IDMAP_SLOTS; i++) {
        const struct umig_idmap *map = maps->slots[i];
        if (map == NULL) {
            continue;
        }
        *out_bytes += bytes_of(map);
        if (map->used_at < oldest_use) {
            oldest_use = map->used_at;
            oldest = i;
        }
    }
    return oldest;
}

/* An empty slot, after as many maps went as the bound asks for. */
static size_t make_room(struct umig_idmaps *maps)
{
    for (;;) {
        size_t bytes = 0;
        const size_t oldest = oldest_slot(maps, &bytes);
        size_t empty = UMIG_IDMAP_SLOTS;
        for (size_t i = 0; i < UMIG_IDMAP_SLOTS && empty == UMIG_IDMAP_SLOTS; i++) {
            empty = maps->slots[i] == NULL ? i : empty;
        }
        if (bytes <= UMIG_IDMAP_MAX_BYTES && empty < UMIG_IDMAP_SLOTS) {
            return empty;
        }
        destroy(maps->slots[oldest]);
        maps->slots[oldest] = NULL;
    }
}

struct umig_idmap *umig_idmaps_get(struct umig_idmaps *maps,
                                   int64_t stream,
                                   uint32_t generation,
                                   bool *out_is_new)
{
    *out_is_new = false;
    maps->clock++;
    for (size_t i = 0; i < UMIG_IDMAP_SLOTS; i++) {
        struct umig_idmap *map = maps->slots[i];
        if (map != NULL && map->stream == stream && map->generation == generation) {
            map->used_at = maps->clock;
            return map;
        }
    }
    struct umig_idmap *map = calloc(1, sizeof *map);
    if (map != NULL) {
        map->stream = stream;
        map->generation = generation;
        map->used_at = maps->clock;
        *out_is_new = true;
        maps->slots[make_room(maps)] = map;
    }
    return map;
}

/* One delta on its way into a map. */
struct adding {
    struct umig_idmap *map;
    struct umig_day *day;
    const Umig__V1__Dictionary *delta;
    struct umig_err *err;
};

/* UMIG_OK: the id is the map's next; UMIG_DUPLICATE: it is there; UMIG_E_BUG: others lack before
 * it. */
static int place_of(const struct adding *adding, const struct umig_ids *ids, uint64_t id)
{
    const uint64_t next = ids->count == 0 ? 1 : ids->count;
    if (id > next) {
        return umig_err_set(adding->err, UMIG_E_BUG,
                            "stream %lld: a dictionary delta of generation %u is missing",
                            (long long)adding->map->stream, adding->map->generation);
    }
    return id < next ? UMIG_DUPLICATE : UMIG_OK;
}

static int add_row(const struct adding *adding,
                   struct umig_ids *ids,
                   uint64_t id,
                   enum umig_day_table table,
                   const int64_t columns[3])
{
    uint32_t day_id = 0;
    int rc = place_of(adding, ids, id);
    if (rc != UMIG_OK) {
        return rc == UMIG_DUPLICATE ? UMIG_OK : rc;
    }
    rc = umig_day_row(adding->day, table, columns, &day_id, adding->err);
    return rc != UMIG_OK ? rc : push(ids, day_id, adding->err);
}

static int add_strings(const struct adding *adding)
{
    const Umig__V1__Dictionary *d = adding->delta;
    struct umig_ids *ids = &adding->map->strings;
    for (size_t i = 0; i < d->n_strings; i++) {
        uint32_t day_id = 0;
        int rc = place_of(adding, ids, d->first_string + (uint64_t)i);
        if (rc == UMIG_DUPLICATE) {
            continue;
        }
        rc = rc != UMIG_OK ? rc : umig_day_string(adding->day, d->strings[i], &day_id, adding->err);
        rc = rc != UMIG_OK ? rc : push(ids, day_id, adding->err);
        if (rc != UMIG_OK) {
            return rc;
        }
    }
    return UMIG_OK;
}

static int add_methods(const struct adding *adding)
{
    const Umig__V1__Dictionary *d = adding->delta;
    const struct umig_ids *strings = &adding->map->strings;
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < d->n_method_name; i++) {
        const int64_t columns[3] = {umig_ids_get(strings, d->method_class[i]),
                                    umig_ids_get(strings, d->method_name[i]),
                                    umig_ids_get(strings, d->method_file[i])};
        rc = add_row(adding, &adding->map->methods, d->first_method + (uint64_t)i, UMIG_DAY_METHODS,
                     columns);
    }
    return rc;
}

static int add_frames(const struct adding *adding)
{
    const Umig__V1__Dictionary *d = adding->delta;
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < d->n_frame_method; i++) {
        const int64_t columns[3] = {umig_ids_get(&adding->map->methods, d->frame_method[i]),
                                    d->frame_line[i], d->frame_kind[i]};
        rc = add_row(adding, &adding->map->frames, d->first_frame + (uint64_t)i, UMIG_DAY_FRAMES,
                     columns);
    }
    return rc;
}

static int add_stacks(const struct adding *adding)
{
    const Umig__V1__Dictionary *d = adding->delta;
    struct umig_callers callers = {.dictionary = d};
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < d->n_stack_frame; i++) {
        uint32_t parent = 0;
        if (!umig_callers_next(&callers, &parent)) {
            return umig_err_set_cause(adding->err, UMIG_E_DB, SQLITE_CORRUPT,
                                      "stream %lld: stack %zu of a dictionary delta has no caller",
                                      (long long)adding->map->stream, d->first_stack + i);
        }
        const int64_t columns[3] = {umig_ids_get(&adding->map->stacks, parent),
                                    umig_ids_get(&adding->map->frames, d->stack_frame[i]), 0};
        rc = add_row(adding, &adding->map->stacks, d->first_stack + (uint64_t)i, UMIG_DAY_STACKS,
                     columns);
    }
    return rc;
}

static int add_threads(const struct adding *adding)
{
    const Umig__V1__Dictionary *d = adding->delta;
    struct umig_idmap *map = adding->map;
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < d->n_thread_tid; i++) {
        const uint32_t name = umig_ids_get(&map->strings, d->thread_name[i]);
        const uint64_t virtual_id = d->n_thread_virtual_id > 0 ? d->thread_virtual_id[i] : 0;
        const int64_t columns[3] = {virtual_id != 0 ? -(int64_t)virtual_id : d->thread_tid[i], name,
                                    d->thread_kind[i]};
        const uint64_t id = d->first_thread + (uint64_t)i;
        uint32_t group = 0;
        rc = add_row(adding, &map->threads, id, UMIG_DAY_THREADS, columns);
        if (rc == UMIG_OK && place_of(adding, &map->groups, id) == UMIG_OK) {
            rc = umig_day_group(adding->day, name, &group, adding->err);
            rc = rc != UMIG_OK ? rc : push(&map->groups, group, adding->err);
        }
    }
    return rc;
}

int umig_idmap_add(struct umig_idmap *map,
                   struct umig_day *day,
                   const Umig__V1__Dictionary *dictionary,
                   struct umig_err *err)
{
    const struct adding adding = {.map = map, .day = day, .delta = dictionary, .err = err};
    int rc = add_strings(&adding);
    rc = rc != UMIG_OK ? rc : add_methods(&adding);
    rc = rc != UMIG_OK ? rc : add_frames(&adding);
    rc = rc != UMIG_OK ? rc : add_stacks(&adding);
    rc = rc != UMIG_OK ? rc : add_threads(&adding);
    return rc != UMIG_OK ? umig_err_trace(err, rc) : UMIG_OK;
}
