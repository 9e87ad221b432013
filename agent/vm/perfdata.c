#include "agent/vm/perfdata.h"

#include <stdlib.h>
#include <string.h>

#include "core/err.h"

#define MAGIC         0xcafec0c0u
#define MAJOR_VERSION 2
/* -XX:PerfDataMemorySize is 32 KiB unless somebody says otherwise. */
#define MAX_BYTES (4u << 20)

struct prologue {
    uint32_t magic; /* big-endian, whatever the machine */
    uint8_t byte_order;
    uint8_t major_version;
    uint8_t minor_version;
    uint8_t is_accessible;
    int32_t used;
    int32_t overflow;
    int64_t modified;
    int32_t entry_offset;
    int32_t entry_count;
};

struct entry {
    int32_t length;
    int32_t name_offset;
    int32_t vector_length;
    uint8_t data_type;
    uint8_t flags;
    uint8_t units;
    uint8_t variability;
    int32_t data_offset;
};

_Static_assert(sizeof(struct prologue) == 32, "layout of PerfDataPrologue");
_Static_assert(sizeof(struct entry) == 20, "layout of PerfDataEntry");

static bool read_prologue(const char *bytes, size_t len, struct prologue *prologue)
{
    if (len < sizeof *prologue) {
        return false;
    }
    memcpy(prologue, bytes, sizeof *prologue);
    return prologue->magic == __builtin_bswap32(MAGIC) &&
           prologue->major_version == MAJOR_VERSION &&
           prologue->entry_offset >= (int32_t)sizeof *prologue && prologue->entry_count >= 0;
}

/* One entry at bytes, of which rest bytes are left. False if it does not fit into itself. */
static bool read_entry(const char *bytes, size_t rest, struct entry *entry)
{
    if (rest < sizeof *entry) {
        return false;
    }
    memcpy(entry, bytes, sizeof *entry);
    if (entry->length < (int32_t)sizeof *entry || (size_t)entry->length > rest) {
        return false;
    }
    const size_t data_bytes = entry->vector_length == 0 ? 8 : (size_t)entry->vector_length;
    return entry->vector_length >= 0 && entry->name_offset >= (int32_t)sizeof *entry &&
           entry->name_offset < entry->length && entry->data_offset >= (int32_t)sizeof *entry &&
           entry->data_offset < entry->length &&
           data_bytes <= (size_t)entry->length - (size_t)entry->data_offset;
}

static bool has_name(const char *bytes, const struct entry *entry, const char *name)
{
    const size_t room = (size_t)(entry->length - entry->name_offset);
    const size_t name_bytes = strlen(name) + 1;
    return name_bytes <= room && memcmp(bytes + entry->name_offset, name, name_bytes) == 0;
}

bool umig_perfdata_find(const char *bytes,
                        size_t len,
                        const char *name,
                        struct umig_perf_place *out_place)
{
    struct prologue prologue;
    if (!read_prologue(bytes, len, &prologue)) {
        return false;
    }
    size_t at = (size_t)prologue.entry_offset;
    for (int32_t i = 0; i < prologue.entry_count && at < len; i++) {
        struct entry entry;
        if (!read_entry(bytes + at, len - at, &entry)) {
            return false;
        }
        if (has_name(bytes + at, &entry, name)) {
            out_place->offset = at + (size_t)entry.data_offset;
            out_place->vector_bytes = (size_t)entry.vector_length;
            return true;
        }
        at += (size_t)entry.length;
    }
    return false;
}

static uintptr_t region_start(const struct umig_libjvm *libjvm)
{
    uintptr_t start = 0;
    const void *cell = umig_vmstructs_static(libjvm, "PerfMemory", "_start");
    if (cell == NULL || !umig_vm_peek(cell, &start, sizeof start)) {
        return 0;
    }
    return start;
}

int umig_perfdata_open(const struct umig_libjvm *libjvm,
                       struct umig_perfdata *out_perfdata,
                       struct umig_err *err)
{
    struct prologue prologue;
    const uintptr_t start = region_start(libjvm);
    if (start == 0 || !umig_vm_peek((const void *)start, &prologue, sizeof prologue)) {
        return umig_err_set(err, UMIG_E_UNSUPPORTED,
                            "the JVM keeps no performance counters (-XX:-UsePerfData)");
    }
    if (!read_prologue((const char *)&prologue, sizeof prologue, &prologue) || prologue.used <= 0 ||
        (size_t)prologue.used > MAX_BYTES) {
        return umig_err_set(err, UMIG_E_UNSUPPORTED,
                            "the JVM's performance counters are not in format 2");
    }
    const size_t len = (size_t)prologue.used;
    char *bytes = malloc(len);
    if (bytes == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "%zu bytes of performance counters", len);
    }
    if (!umig_vm_peek((const void *)start, bytes, len)) {
        free(bytes);
        return umig_err_set(err, UMIG_E_UNSUPPORTED, "the JVM's performance counters went away");
    }
    *out_perfdata = (struct umig_perfdata){.bytes = bytes, .len = len, .start = start};
    return UMIG_OK;
}

void umig_perfdata_close(struct umig_perfdata *perfdata)
{
    free(perfdata->bytes);
    *perfdata = (struct umig_perfdata){0};
}

uintptr_t umig_perfdata_number(const struct umig_perfdata *perfdata, const char *name)
{
    struct umig_perf_place place;
    if (!umig_perfdata_find(perfdata->bytes, perfdata->len, name, &place) ||
        place.vector_bytes != 0) {
        return 0;
    }
    return perfdata->start + place.offset;
}

uintptr_t umig_perfdata_text(const struct umig_perfdata *perfdata,
                             const char *name,
                             size_t *out_room)
{
    struct umig_perf_place place;
    if (!umig_perfdata_find(perfdata->bytes, perfdata->len, name, &place) ||
        place.vector_bytes == 0) {
        return 0;
    }
    *out_room = place.vector_bytes;
    return perfdata->start + place.offset;
}
