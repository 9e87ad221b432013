#include "agent/native/objects.h"

#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "agent/native/peek.h"
#include "core/err.h"

enum {
    HEADERS_MAX = 128,
    NOTES_MAX_BYTES = 4096,
    TABLE_HEAD_BYTES = 4096, /* of the unwind tables: what tells two builds of one path apart */
    PAGE_BYTES = 4096,
    RANGES_MAX = UMIG_OBJECTS_MAX * UMIG_OBJECT_SEGMENTS
};

#define SLOTS_BYTES  ((size_t)UMIG_OBJECTS_MAX * sizeof(struct umig_object))
#define RANGES_BYTES ((size_t)RANGES_MAX * sizeof(struct umig_object_range))

static const char program_link[] = "/proc/self/exe";

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
    objects->closed = umig_quota_take(&objects->quota, RANGES_BYTES);
    if (objects->slots == NULL || objects->live == NULL || objects->closed == NULL) {
        umig_objects_fini(objects);
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for an index of %d loaded objects",
                            UMIG_OBJECTS_MAX);
    }
    return UMIG_OK;
}

static void forget(struct umig_objects *objects, struct umig_object *object)
{
    umig_unwind_table_fini(&object->table, &objects->quota);
    umig_symbols_fini(&object->symbols, &objects->quota);
    umig_quota_give(&objects->quota, object->image, object->image_bytes);
    memset(object, 0, sizeof *object);
}

void umig_objects_fini(struct umig_objects *objects)
{
    for (uint32_t i = 0; i < objects->slot_count; i++) {
        if (objects->slots[i].serial != 0) {
            forget(objects, &objects->slots[i]);
        }
    }
    umig_quota_give(&objects->quota, objects->slots, SLOTS_BYTES);
    umig_quota_give(&objects->quota, objects->live, RANGES_BYTES);
    umig_quota_give(&objects->quota, objects->closed, RANGES_BYTES);
    *objects = (struct umig_objects){.slots = NULL};
}

static void add_segment(struct umig_object *object, const ElfW(Phdr) * header)
{
    if (object->segment_count < UMIG_OBJECT_SEGMENTS && header->p_memsz > 0) {
        const uintptr_t low = object->bias + header->p_vaddr;
        object->segments[object->segment_count++] =
            (struct umig_segment){.low = low, .high = low + header->p_memsz};
    }
}

static void read_notes(struct umig_object *object, const ElfW(Phdr) * header)
{
    uint8_t notes[NOTES_MAX_BYTES];
    if (object->build_id.byte_count == 0 && header->p_memsz <= sizeof notes &&
        umig_peek(object->bias + header->p_vaddr, notes, header->p_memsz)) {
        object->build_id = umig_build_id_of_notes(notes, header->p_memsz);
    }
}

/* The segment that holds the tables bounds them; one that is cut off there has none. */
static void find_unwind_segment(struct umig_object *object,
                                const ElfW(Phdr) * headers,
                                size_t header_count)
{
    struct umig_unwind_place *place = &object->unwind_place;
    for (size_t i = 0; i < header_count; i++) {
        const uintptr_t low = object->bias + headers[i].p_vaddr;
        if (headers[i].p_type == PT_LOAD && place->header >= low &&
            place->header < low + headers[i].p_filesz) {
            place->segment_low = low;
            place->segment_high = low + headers[i].p_filesz;
            return;
        }
    }
    place->header = 0;
}

static void read_headers(struct umig_object *object,
                         const ElfW(Phdr) * headers,
                         size_t header_count)
{
    for (size_t i = 0; i < header_count; i++) {
        switch (headers[i].p_type) {
        case PT_LOAD:
            if ((headers[i].p_flags & PF_X) != 0) {
                add_segment(object, &headers[i]);
            }
            break;
        case PT_NOTE:
            read_notes(object, &headers[i]);
            break;
        case PT_GNU_EH_FRAME:
            object->unwind_place.header = object->bias + headers[i].p_vaddr;
            break;
        default:
            break;
        }
    }
    find_unwind_segment(object, headers, header_count);
}

static uint64_t identity_of(const struct umig_object *object)
{
    uint8_t head[TABLE_HEAD_BYTES];
    uint64_t hash = umig_hash_bytes(UMIG_HASH_START, object->path, strlen(object->path));
    hash = umig_hash_bytes(hash, &object->bias, sizeof object->bias);
    hash = umig_hash_bytes(hash, &object->program_hash, sizeof object->program_hash);
    hash = umig_hash_bytes(hash, object->build_id.bytes, object->build_id.byte_count);
    const struct umig_unwind_place *place = &object->unwind_place;
    const size_t left = place->segment_high - place->header;
    const size_t count = left < sizeof head ? left : sizeof head;
    if (place->header != 0 && umig_peek(place->header, head, count)) {
        hash = umig_hash_bytes(hash, head, count);
    }
    return hash;
}

/* What the loader says of an object, and what its headers in memory say. */
static bool describe(struct umig_object *object, const struct dl_phdr_info *info)
{
    if (info->dlpi_phdr == NULL || info->dlpi_phnum == 0 || info->dlpi_phnum > HEADERS_MAX) {
        return false;
    }
    memset(object, 0, sizeof *object);
    object->bias = info->dlpi_addr;
    const char *name = info->dlpi_name == NULL ? "" : info->dlpi_name;
    if (name[0] == '\0') {
        const ssize_t length = readlink(program_link, object->path, sizeof object->path - 1);
        object->path[length < 0 ? 0 : length] = '\0';
    } else {
        strncpy(object->path, name, sizeof object->path - 1);
    }
    object->program_hash = umig_hash_bytes(UMIG_HASH_START, info->dlpi_phdr,
                                           info->dlpi_phnum * sizeof info->dlpi_phdr[0]);
    read_headers(object, info->dlpi_phdr, info->dlpi_phnum);
    object->identity = identity_of(object);
    return object->segment_count > 0;
}

static struct umig_object *find_identity(const struct umig_objects *objects, uint64_t identity)
{
    for (uint32_t i = 0; i < objects->slot_count; i++) {
        struct umig_object *object = &objects->slots[i];
        if (object->serial != 0 && object->identity == identity && !object->is_seen) {
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

static int collect(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    struct umig_objects *objects = context;
    struct umig_object described;
    objects->loads = info->dlpi_adds;
    objects->closes = info->dlpi_subs;
    if (!describe(&described, info)) {
        return 0;
    }
    struct umig_object *known = find_identity(objects, described.identity);
    if (known == NULL) {
        known = find_free(objects);
        if (known == NULL) {
            objects->refused++;
            return 0;
        }
        *known = described;
        known->serial = ++objects->last_serial;
    }
    if (known->is_closed && known->table.bytes == NULL) {
        known->has_read_table = false; /* loaded again: its tables are there again */
    }
    known->is_seen = true;
    known->is_closed = false;
    return 0;
}

/* What is not in the list any more is closed; what was closed already is forgotten. */
static void end_collecting(struct umig_objects *objects)
{
    for (uint32_t i = 0; i < objects->slot_count; i++) {
        struct umig_object *object = &objects->slots[i];
        if (object->is_closed) {
            forget(objects, object);
        } else if (object->serial != 0 && !object->is_seen) {
            object->is_closed = true;
        }
        object->is_seen = false;
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
    objects->closed_count = 0;
    for (uint32_t slot = 0; slot < objects->slot_count; slot++) {
        struct umig_object *object = &objects->slots[slot];
        for (uint32_t i = 0; i < object->segment_count; i++) {
            const struct umig_object_range range = {object->segments[i], slot};
            if (object->is_closed) {
                objects->closed[objects->closed_count++] = range;
            } else {
                objects->live[objects->live_count++] = range;
            }
        }
    }
    qsort(objects->live, objects->live_count, sizeof objects->live[0], by_address);
    qsort(objects->closed, objects->closed_count, sizeof objects->closed[0], by_address);
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
    dl_iterate_phdr(read_counts, counts);
    if (objects->generation > 0 && counts[0] == objects->loads && counts[1] == objects->closes) {
        return false;
    }
    dl_iterate_phdr(collect, objects);
    end_collecting(objects);
    make_ranges(objects);
    objects->generation++;
    return true;
}

static struct umig_object *find_range(const struct umig_objects *objects,
                                      const struct umig_object_range *ranges,
                                      uint32_t count,
                                      uintptr_t pc)
{
    uint32_t low = 0;
    uint32_t high = count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (ranges[middle].segment.low <= pc) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0 && pc < ranges[low - 1].segment.high ? &objects->slots[ranges[low - 1].slot]
                                                        : NULL;
}

struct umig_object *umig_objects_find(const struct umig_objects *objects, uintptr_t pc)
{
    struct umig_object *object = find_range(objects, objects->live, objects->live_count, pc);
    return object != NULL ? object
                          : find_range(objects, objects->closed, objects->closed_count, pc);
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

struct copying {
    struct umig_objects *objects;
    struct umig_object *object;
};

/* Under the loader's lock, and only if what is there is still the object that was described. */
/* A JVM is not unloaded; its tables, 2 MiB, are the largest by far. */
static bool is_jvm(const struct umig_object *object)
{
    const char *slash = strrchr(object->path, '/');
    return slash != NULL && strcmp(slash, "/libjvm.so") == 0;
}

static int copy_table(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    struct copying *copying = context;
    struct umig_object described;
    if (info->dlpi_addr != copying->object->bias || !describe(&described, info) ||
        described.identity != copying->object->identity) {
        return 0;
    }
    const int rc = umig_unwind_table_copy(&copying->object->table, described.unwind_place,
                                          is_jvm(copying->object), &copying->objects->quota);
    return rc == UMIG_OK ? 1 : 2;
}

const struct umig_unwind_table *umig_objects_table(struct umig_objects *objects,
                                                   struct umig_object *object)
{
    if (!object->has_read_table) {
        object->has_read_table = true;
        if (object->unwind_place.header != 0 && !object->is_closed) {
            struct copying copying = {objects, object};
            dl_iterate_phdr(copy_table, &copying);
        }
    }
    return object->table.bytes == NULL ? NULL : &object->table;
}

static bool is_vdso(const struct umig_object *object)
{
    const uintptr_t base = getauxval(AT_SYSINFO_EHDR);
    return base != 0 && strchr(object->path, '/') == NULL && object->segment_count > 0 &&
           base >= object->bias && base < object->segments[0].high;
}

/* The kernel maps whole pages of an ELF file, its section headers among them. */
static void read_vdso_symbols(struct umig_objects *objects, struct umig_object *object)
{
    const uintptr_t base = getauxval(AT_SYSINFO_EHDR);
    const size_t byte_count =
        (object->segments[0].high - base + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    object->image = umig_quota_take(&objects->quota, byte_count);
    object->image_bytes = byte_count;
    if (object->image != NULL && umig_peek(base, object->image, byte_count)) {
        const struct umig_elf_source source = {
            .fd = -1, .bytes = object->image, .byte_count = byte_count};
        const int rc = umig_symbols_read_image(&object->symbols, source, &objects->quota);
        (void)rc; /* without symbols its frames have no names */
    }
}

uint32_t umig_objects_symbol(struct umig_objects *objects, struct umig_object *object, uintptr_t pc)
{
    if (!object->has_read_symbols) {
        object->has_read_symbols = true;
        if (is_vdso(object)) {
            read_vdso_symbols(objects, object);
        } else {
            const struct umig_symbols_query query = {
                .path = object->path,
                .debug_root = objects->debug_root,
                .build_id = object->build_id,
                .program_hash = object->program_hash,
            };
            const int rc = umig_symbols_read(&object->symbols, &query, &objects->quota);
            (void)rc; /* without symbols its frames have no names */
        }
    }
    return umig_symbols_find(&object->symbols, pc - object->bias);
}

int umig_objects_name(const struct umig_object *object, uint32_t symbol, char *out, size_t room)
{
    return umig_symbols_name(&object->symbols, symbol, out, room);
}
