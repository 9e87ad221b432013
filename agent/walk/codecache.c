/*
 * The code cache is a few heaps; each divides its memory into segments and keeps one byte per
 * segment: how many segments back its block begins (chained beyond 254), 0xff if it is free. A
 * block begins with a header, then the CodeBlob.
 */
#include "agent/walk/codecache.h"

#include "agent/signal/sigsafe_only.h"

enum {
    HEAPS_MAX = 8,
    SEGMENT_STEPS_MAX = 4096,
    SEGMENT_FREE = 0xff,
    NAME_BYTES = 32
};

bool umig_codecache_contains(const struct umig_hotspot *hotspot, uintptr_t pc)
{
    return hotspot->can_find_code && pc >= *hotspot->code_low && pc < *hotspot->code_high;
}

static uintptr_t find_in_heap(const struct umig_hotspot *hs, uintptr_t heap, uintptr_t pc)
{
    const uintptr_t low = umig_hs_ptr(heap, hs->heap_low);
    if (pc < low || pc >= umig_hs_ptr(heap, hs->heap_high)) {
        return 0;
    }
    const uint32_t log2_segment = umig_hs_u32(heap, hs->heap_log2_segment);
    const uintptr_t segmap = umig_hs_ptr(heap, hs->heap_segmap);
    uintptr_t segment = (pc - low) >> (log2_segment & 31);
    uint32_t back = umig_hs_u8(segmap + segment, 0);
    for (int i = 0; back != 0; i++) {
        if (back == SEGMENT_FREE || back > segment || i >= SEGMENT_STEPS_MAX) {
            return 0;
        }
        segment -= back;
        back = umig_hs_u8(segmap + segment, 0);
    }
    const uintptr_t block = low + (segment << (log2_segment & 31));
    return umig_hs_u8(block, hs->block_used) != 0 ? block + hs->block_bytes : 0;
}

static uintptr_t find_blob(const struct umig_hotspot *hs, uintptr_t pc)
{
    const uintptr_t heaps = *hs->code_heaps;
    const uint32_t count = umig_hs_u32(heaps, 0); /* GrowableArray begins with its length */
    const uintptr_t data = umig_hs_ptr(heaps, hs->array_data);
    for (uint32_t i = 0; i < count && i < HEAPS_MAX; i++) {
        const uintptr_t heap = umig_hs_ptr(data, (int32_t)(i * sizeof(uintptr_t)));
        const uintptr_t blob = find_in_heap(hs, heap, pc);
        if (blob != 0) {
            return blob;
        }
    }
    return 0;
}

struct blob_name {
    char prefix[NAME_BYTES];
    uint8_t bytes;
    uint8_t kind;
};

/* By name, since the type of a blob is not exported by every version. */
static const struct blob_name g_blob_names[] = {
    {"nmethod", 7, UMIG_BLOB_NMETHOD},
    {"native nmethod", 14, UMIG_BLOB_NATIVE},
    {"Interpreter", 11, UMIG_BLOB_INTERPRETER},
    {"I2C/C2I", 7, UMIG_BLOB_FRAMELESS},
    {"vtable", 6, UMIG_BLOB_FRAMELESS},
    {"itable", 6, UMIG_BLOB_FRAMELESS},
    {"VtableBlob", 10, UMIG_BLOB_FRAMELESS},
    {"MethodHandles", 13, UMIG_BLOB_FRAMELESS},
    {"upcall_stub", 11, UMIG_BLOB_UPCALL},
    {"StubRoutines (continuation", 26, UMIG_BLOB_CONTINUATION},
};

static enum umig_blob_kind kind_of_name(uintptr_t name)
{
    const char *text = (const char *)name;
    for (uint32_t i = 0; i < sizeof g_blob_names / sizeof g_blob_names[0]; i++) {
        const struct blob_name *row = &g_blob_names[i];
        uint32_t same = 0;
        while (same < row->bytes && text[same] == row->prefix[same]) {
            same++;
        }
        if (same == row->bytes) {
            return (enum umig_blob_kind)row->kind;
        }
    }
    return UMIG_BLOB_STUB;
}

struct umig_blob umig_codecache_find(const struct umig_hotspot *hotspot, uintptr_t pc)
{
    struct umig_blob blob = {.kind = UMIG_BLOB_NONE};
    if (!umig_codecache_contains(hotspot, pc)) {
        return blob;
    }
    blob.at = find_blob(hotspot, pc);
    if (blob.at == 0) {
        return blob;
    }
    const uintptr_t name = umig_hs_ptr(blob.at, hotspot->blob_name);
    blob.kind = name != 0 ? kind_of_name(name) : UMIG_BLOB_STUB;
    blob.frame_words = umig_hs_i32(blob.at, hotspot->blob_frame_size);
    blob.frame_complete = hotspot->blob_frame_complete_bytes == 2
                              ? (int16_t)umig_hs_u16(blob.at, hotspot->blob_frame_complete)
                              : umig_hs_i32(blob.at, hotspot->blob_frame_complete);
    blob.code = hotspot->blob_code_begin >= 0
                    ? umig_hs_ptr(blob.at, hotspot->blob_code_begin)
                    : blob.at + umig_hs_u16(blob.at, hotspot->blob_code_offset);
    return blob;
}
