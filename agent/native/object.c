#include "agent/native/object.h"

#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "agent/native/peek.h"

enum {
    HEADERS_MAX = 128,
    NOTES_MAX_BYTES = 4096,
    TABLE_HEAD_BYTES = 4096, /* of the unwind tables: what tells two builds of one path apart */
    PAGE_BYTES = 4096
};

static const char program_link[] = "/proc/self/exe";

uint64_t umig_object_key(const struct dl_phdr_info *info)
{
    const char *name = info->dlpi_name == NULL ? "" : info->dlpi_name;
    uint64_t hash = umig_hash_bytes(UMIG_HASH_START, name, strlen(name));
    hash = umig_hash_bytes(hash, &info->dlpi_addr, sizeof info->dlpi_addr);
    hash = umig_hash_bytes(hash, &info->dlpi_phdr, sizeof info->dlpi_phdr);
    return umig_hash_bytes(hash, &info->dlpi_phnum, sizeof info->dlpi_phnum);
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

/* A build-id says all; without one the head of the tables says what it can. */
static uint64_t identity_of(const struct umig_object *object)
{
    uint8_t head[TABLE_HEAD_BYTES];
    uint64_t hash = umig_hash_bytes(UMIG_HASH_START, object->path, strlen(object->path));
    hash = umig_hash_bytes(hash, &object->bias, sizeof object->bias);
    hash = umig_hash_bytes(hash, &object->program_hash, sizeof object->program_hash);
    if (object->build_id.byte_count > 0) {
        return umig_hash_bytes(hash, object->build_id.bytes, object->build_id.byte_count);
    }
    const struct umig_unwind_place *place = &object->unwind_place;
    const size_t left = place->segment_high - place->header;
    const size_t count = left < sizeof head ? left : sizeof head;
    if (place->header != 0 && umig_peek(place->header, head, count)) {
        hash = umig_hash_bytes(hash, head, count);
    }
    return hash;
}

bool umig_object_describe(struct umig_object *out_object, const struct dl_phdr_info *info)
{
    if (info->dlpi_phdr == NULL || info->dlpi_phnum == 0 || info->dlpi_phnum > HEADERS_MAX) {
        return false;
    }
    memset(out_object, 0, sizeof *out_object);
    out_object->bias = info->dlpi_addr;
    out_object->key = umig_object_key(info);
    const char *name = info->dlpi_name == NULL ? "" : info->dlpi_name;
    if (name[0] == '\0') {
        const ssize_t length =
            readlink(program_link, out_object->path, sizeof out_object->path - 1);
        out_object->path[length < 0 ? 0 : length] = '\0';
    } else {
        strncpy(out_object->path, name, sizeof out_object->path - 1);
    }
    out_object->program_hash = umig_hash_bytes(UMIG_HASH_START, info->dlpi_phdr,
                                               info->dlpi_phnum * sizeof info->dlpi_phdr[0]);
    read_headers(out_object, info->dlpi_phdr, info->dlpi_phnum);
    out_object->identity = identity_of(out_object);
    return true;
}

bool umig_object_is_jvm(const struct umig_object *object)
{
    const char *slash = strrchr(object->path, '/');
    return slash != NULL && strcmp(slash, "/libjvm.so") == 0;
}

static bool is_vdso(const struct umig_object *object)
{
    const uintptr_t base = getauxval(AT_SYSINFO_EHDR);
    return base != 0 && strchr(object->path, '/') == NULL && object->segment_count > 0 &&
           base >= object->bias && base < object->segments[0].high;
}

/* The kernel maps whole pages of an ELF file, its section headers among them. */
static void read_vdso_symbols(struct umig_object *object, struct umig_quota *quota)
{
    const uintptr_t base = getauxval(AT_SYSINFO_EHDR);
    const size_t byte_count =
        (object->segments[0].high - base + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    object->image = umig_quota_take(quota, byte_count);
    object->image_bytes = byte_count;
    if (object->image != NULL && umig_peek(base, object->image, byte_count)) {
        const struct umig_elf_source source = {
            .fd = -1, .bytes = object->image, .byte_count = byte_count};
        const int rc = umig_symbols_read_image(&object->symbols, source, quota);
        (void)rc; /* without symbols its frames have no names */
    }
}

void umig_object_read_symbols(struct umig_object *object,
                              const char *debug_root,
                              struct umig_quota *quota)
{
    if (object->has_read_symbols) {
        return;
    }
    object->has_read_symbols = true;
    if (is_vdso(object)) {
        read_vdso_symbols(object, quota);
        return;
    }
    const struct umig_symbols_query query = {
        .path = object->path,
        .debug_root = debug_root,
        .build_id = object->build_id,
        .program_hash = object->program_hash,
    };
    const int rc = umig_symbols_read(&object->symbols, &query, quota);
    (void)rc; /* without symbols its frames have no names */
}

size_t umig_object_bytes(const struct umig_object *object)
{
    return (object->table.is_in_place ? 0 : object->table.byte_count) +
           object->symbols.room * sizeof *object->symbols.items +
           (object->image != NULL ? object->image_bytes : 0);
}

void umig_object_fini(struct umig_object *object, struct umig_quota *quota)
{
    umig_unwind_table_fini(&object->table, quota);
    umig_symbols_fini(&object->symbols, quota);
    umig_quota_give(quota, object->image, object->image_bytes);
    memset(object, 0, sizeof *object);
}
