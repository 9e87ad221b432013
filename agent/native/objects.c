#include "agent/native/objects.h"

#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/err.h"

enum {
    RANGES_MAX = UMIG_OBJECTS_MAX * UMIG_OBJECT_SEGMENTS,
    CLOSED_SHARE = 8 /* of the bound of memory: what closed objects may keep */
};

#define SLOTS_BYTES  ((size_t)UMIG_OBJECTS_MAX * sizeof(struct umig_object))
#define RANGES_BYTES ((size_t)RANGES_MAX * sizeof(struct umig_object_range))

int umig_objects_init(struct umig_objects *objects,
                      struct umig_memory *memory,
                      size_t limit_bytes,
                      struct umig_err *err)
{
    *objects = (struct umig_objects){
        .quota = {.memory = memory, .limit_bytes = limit_bytes},
        .debug_root = "/usr/lib/debug",
    };
    objects->slots = umig_quota_take(&objects->quota, SLOTS_BYTES);
    objects->live = umig_quota_take(&objects->quota, RANGES_BYTES);
    if (objects->slots == NULL || objects->live == NULL) {
        umig_objects_fini(objects);
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for an index of %d loaded objects",
                            UMIG_OBJECTS_MAX);
    }
    return UMIG_OK;
}

void umig_objects_fini(struct umig_objects *objects)
{
    for (uint32_t i = 0; i < objects->slot_count; i++) {
        if (objects->slots[i].serial != 0) {
            umig_object_fini(&objects->slots[i], &objects->quota);
        }
    }
    umig_quota_give(&objects->quota, objects->slots, SLOTS_BYTES);
    umig_quota_give(&objects->quota, objects->live, RANGES_BYTES);
    *objects = (struct umig_objects){.slots = NULL};
}

static struct umig_object *find_live(const struct umig_objects *objects, uintptr_t pc)
{
    uint32_t low = 0;
    uint32_t high = objects->live_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (objects->live[middle].segment.low <= pc) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0 && pc < objects->live[low - 1].segment.high
               ? &objects->slots[objects->live[low - 1].slot]
               : NULL;
}

void umig_objects_pin(struct umig_objects *objects, uintptr_t pc)
{
    struct umig_object *object = find_live(objects, pc);
    if (object != NULL) {
        object->is_pinned = true;
    }
}

/* --- taking the list --- */

/* A list that is being taken. */
struct listing {
    struct umig_objects *objects;
    uint64_t loads; /* the loader's counts at this list */
    uint64_t closes;
    uint32_t next;        /* slot behind the last one: lists repeat themselves */
    uint32_t pinned_left; /* pinned objects that come yet: what stands before them has stayed */
    bool has_closes;      /* something was closed since the last one */
};

static struct umig_object *find_key(struct listing *listing, uint64_t key)
{
    const struct umig_objects *objects = listing->objects;
    for (uint32_t i = 0; i < objects->slot_count; i++) {
        const uint32_t slot = (listing->next + i) % objects->slot_count;
        struct umig_object *object = &objects->slots[slot];
        if (object->serial != 0 && object->key == key && object->closed_in == 0 &&
            !object->is_seen) {
            listing->next = slot + 1;
            return object;
        }
    }
    return NULL;
}

/* The same object, loaded or closed. Without a build-id nobody can say that it is the same. */
static struct umig_object *find_identity(const struct umig_objects *objects,
                                         const struct umig_object *described)
{
    for (uint32_t i = 0; i < objects->slot_count && described->build_id.byte_count > 0; i++) {
        struct umig_object *object = &objects->slots[i];
        if (object->serial != 0 && object->identity == described->identity && !object->is_seen) {
            return object;
        }
    }
    return NULL;
}

static struct umig_object *find_free(struct umig_objects *objects)
{
    for (uint32_t i = 0; i < objects->slot_count; i++) {
        if (objects->slots[i].serial == 0) {
            return &objects->slots[i];
        }
    }
    return objects->slot_count < UMIG_OBJECTS_MAX ? &objects->slots[objects->slot_count++] : NULL;
}

/* One that is new, or was away. */
static void take_new(struct umig_objects *objects, const struct dl_phdr_info *info)
{
    struct umig_object described;
    objects->described++;
    if (!umig_object_describe(&described, info)) {
        return;
    }
    struct umig_object *object = find_identity(objects, &described);
    if (object == NULL) {
        object = find_free(objects);
        if (object == NULL) {
            objects->refused++;
            return;
        }
        *object = described;
        object->serial = ++objects->last_serial;
        object->is_pinned = umig_object_is_jvm(object);
    }
    object->has_read_table = object->table.bytes != NULL; /* they are there again */
    object->key = described.key;
    object->closed_in = 0;
    object->is_seen = true;
    object->is_found_again = true;
}

static uint32_t count_pinned(const struct umig_objects *objects)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < objects->slot_count; i++) {
        count += objects->slots[i].is_pinned && objects->slots[i].closed_in == 0;
    }
    return count;
}

static int collect(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    struct listing *listing = context;
    struct umig_objects *objects = listing->objects;
    listing->loads = info->dlpi_adds;
    listing->closes = info->dlpi_subs;
    listing->has_closes = listing->closes != objects->closes || objects->generation == 0;
    struct umig_object *known = find_key(listing, umig_object_key(info));
    if (known != NULL && (!listing->has_closes || listing->pinned_left > 0)) {
        known->is_seen = true;
        listing->pinned_left -= known->is_pinned;
    } else {
        take_new(objects, info);
    }
    return 0;
}

/* What is not in the list any more is closed; what comes from here on was there before it. */
static void end_collecting(struct umig_objects *objects, bool has_closes)
{
    const uint64_t now_ns = umig_clock_monotonic_ns();
    objects->quiet_ns = has_closes ? now_ns : objects->quiet_ns;
    for (uint32_t i = 0; i < objects->slot_count; i++) {
        struct umig_object *object = &objects->slots[i];
        if (object->serial != 0 && !object->is_seen && object->closed_in == 0) {
            object->closed_in = objects->generation;
            object->until_ns = objects->listed_ns;
        }
        if (object->is_found_again) {
            object->since_ns = objects->quiet_ns;
        }
        object->is_seen = false;
        object->is_found_again = false;
    }
}

static int by_address(const void *left, const void *right)
{
    const struct umig_object_range *a = left;
    const struct umig_object_range *b = right;
    return a->segment.low < b->segment.low ? -1 : a->segment.low > b->segment.low;
}

static void make_ranges(struct umig_objects *objects)
{
    objects->live_count = 0;
    for (uint32_t slot = 0; slot < objects->slot_count; slot++) {
        struct umig_object *object = &objects->slots[slot];
        for (uint32_t i = 0; object->closed_in == 0 && i < object->segment_count; i++) {
            objects->live[objects->live_count++] =
                (struct umig_object_range){object->segments[i], slot};
        }
    }
    qsort(objects->live, objects->live_count, sizeof objects->live[0], by_address);
}

/* Puts a closed object into its place; what falls out behind is forgotten. */
static void keep_closed(struct umig_objects *objects, uint32_t slot)
{
    uint32_t *closed = objects->closed;
    uint32_t at = objects->closed_count;
    while (at > 0 && objects->slots[closed[at - 1]].closed_in < objects->slots[slot].closed_in) {
        at--;
    }
    if (at == UMIG_OBJECTS_CLOSED_MAX) {
        umig_object_fini(&objects->slots[slot], &objects->quota);
        return;
    }
    if (objects->closed_count == UMIG_OBJECTS_CLOSED_MAX) {
        umig_object_fini(&objects->slots[closed[--objects->closed_count]], &objects->quota);
    }
    memmove(closed + at + 1, closed + at, (objects->closed_count - at) * sizeof *closed);
    closed[at] = slot;
    objects->closed_count++;
}

static void bound_closed(struct umig_objects *objects)
{
    size_t byte_count = 0;
    objects->closed_count = 0;
    for (uint32_t slot = 0; slot < objects->slot_count; slot++) {
        if (objects->slots[slot].serial != 0 && objects->slots[slot].closed_in != 0) {
            keep_closed(objects, slot);
        }
    }
    for (uint32_t i = 0; i < objects->closed_count; i++) {
        byte_count += umig_object_bytes(&objects->slots[objects->closed[i]]);
        if (byte_count > objects->quota.limit_bytes / CLOSED_SHARE) {
            for (uint32_t j = i; j < objects->closed_count; j++) {
                umig_object_fini(&objects->slots[objects->closed[j]], &objects->quota);
            }
            objects->closed_count = i;
        }
    }
}

/* Only the counts: the first object has them. */
static int read_counts(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    uint64_t *counts = context;
    counts[0] = info->dlpi_adds;
    counts[1] = info->dlpi_subs;
    return 1;
}

bool umig_objects_refresh(struct umig_objects *objects)
{
    uint64_t counts[2] = {0, 0};
    const uint64_t begin_ns = umig_clock_monotonic_ns();
    dl_iterate_phdr(read_counts, counts);
    if (objects->generation > 0 && counts[0] == objects->loads && counts[1] == objects->closes) {
        objects->listed_ns = begin_ns;
        return false;
    }
    struct listing listing = {.objects = objects, .pinned_left = count_pinned(objects)};
    dl_iterate_phdr(collect, &listing);
    objects->generation++;
    objects->loads = listing.loads;
    objects->closes = listing.closes;
    end_collecting(objects, listing.has_closes);
    bound_closed(objects);
    make_ranges(objects);
    if (objects->generation == 1) {
        umig_objects_pin(objects, (uintptr_t)umig_objects_refresh);
    }
    objects->listed_ns = begin_ns;
    return true;
}

/* --- what is where --- */

bool umig_objects_holds(const struct umig_objects *objects,
                        const struct umig_object *object,
                        uint64_t time_ns)
{
    const uint64_t until_ns = object->closed_in == 0 ? objects->listed_ns : object->until_ns;
    return time_ns == UMIG_OBJECTS_ANY_TIME || (object->since_ns <= time_ns && time_ns <= until_ns);
}

static bool has_code_at(const struct umig_object *object, uintptr_t pc)
{
    for (uint32_t i = 0; i < object->segment_count; i++) {
        if (pc >= object->segments[i].low && pc < object->segments[i].high) {
            return true;
        }
    }
    return false;
}

struct umig_object *umig_objects_find(const struct umig_objects *objects,
                                      uintptr_t pc,
                                      uint64_t time_ns)
{
    struct umig_object *live = find_live(objects, pc);
    if (live != NULL && umig_objects_holds(objects, live, time_ns)) {
        return live;
    }
    for (uint32_t i = 0; i < objects->closed_count; i++) {
        struct umig_object *closed = &objects->slots[objects->closed[i]];
        if (has_code_at(closed, pc) && umig_objects_holds(objects, closed, time_ns)) {
            return closed;
        }
    }
    return NULL;
}

struct umig_object *umig_objects_by_serial(const struct umig_objects *objects, uint32_t serial)
{
    for (uint32_t i = 0; serial != 0 && i < objects->slot_count; i++) {
        if (objects->slots[i].serial == serial) {
            return &objects->slots[i];
        }
    }
    return NULL;
}

/* --- what is read of one when it is wanted --- */

struct copying {
    struct umig_objects *objects;
    struct umig_object *object;
};

/* Under the loader's lock, and only if what is there is still the object that was described. */
static int copy_table(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    struct copying *copying = context;
    struct umig_object *object = copying->object;
    struct umig_object described;
    if (umig_object_key(info) != object->key || !umig_object_describe(&described, info) ||
        described.identity != object->identity) {
        return 0;
    }
    if (described.build_id.byte_count == 0 && info->dlpi_subs != copying->objects->closes) {
        object->has_read_table = false; /* perhaps another one: the next list will say */
        return 2;
    }
    const int rc = umig_unwind_table_copy(&object->table, described.unwind_place,
                                          umig_object_is_jvm(object), &copying->objects->quota);
    return rc == UMIG_OK ? 1 : 2;
}

const struct umig_unwind_table *umig_objects_table(struct umig_objects *objects,
                                                   struct umig_object *object)
{
    if (!object->has_read_table) {
        object->has_read_table = true;
        if (object->unwind_place.header != 0 && object->closed_in == 0) {
            struct copying copying = {objects, object};
            dl_iterate_phdr(copy_table, &copying);
        }
    }
    return object->table.bytes == NULL ? NULL : &object->table;
}

uint32_t umig_objects_symbol(struct umig_objects *objects, struct umig_object *object, uintptr_t pc)
{
    umig_object_read_symbols(object, objects->debug_root, &objects->quota);
    return umig_symbols_find(&object->symbols, pc - object->bias);
}

int umig_objects_name(const struct umig_object *object, uint32_t symbol, char *out, size_t room)
{
    return umig_symbols_name(&object->symbols, symbol, out, room);
}
