#include "agent/vm/code_room.h"

#define HEAPS_MAX 8u

/* Two VirtualSpaces: the memory, and a byte a segment that is 0 where a block begins. */
struct code_heap {
    uintptr_t low, segmap;
    uint64_t segments; /* committed of both */
    uint32_t log2_segment;
};

static struct code_heap open_heap(const struct umig_hotspot *hs, uintptr_t at)
{
    struct code_heap heap = {
        .low = umig_hs_ptr(at, hs->heap_low),
        .segmap = umig_hs_ptr(at, hs->heap_segmap),
        .log2_segment = umig_hs_u32(at, hs->heap_log2_segment) & 31,
    };
    /* The memory grows first, the map after it. */
    const uintptr_t map_end = umig_hs_ptr(at, hs->heap_segmap + (hs->heap_high - hs->heap_low));
    const uintptr_t end = umig_hs_ptr(at, hs->heap_high);
    const uint64_t mapped = map_end - heap.segmap;
    heap.segments = (end - heap.low) >> heap.log2_segment;
    heap.segments = mapped < heap.segments ? mapped : heap.segments;
    return heap;
}

/* Its header's length, in segments: 64 bits up to JDK 17, then 32. */
static uint64_t length_of(const struct umig_hotspot *hs, uintptr_t block)
{
    return hs->block_used - hs->block_length >= 8 ? (uint64_t)umig_hs_ptr(block, hs->block_length)
                                                  : umig_hs_u32(block, hs->block_length);
}

static uint64_t used_segments(const struct umig_hotspot *hs, const struct code_heap *heap)
{
    uint64_t used = 0;
    uint64_t at = 0;
    while (at < heap->segments && umig_hs_u8(heap->segmap + at, 0) == 0) {
        const uintptr_t block = heap->low + (at << heap->log2_segment);
        const uint64_t length = length_of(hs, block);
        if (length == 0 || length > heap->segments - at) {
            break; /* what lies behind was never a block's, or it is being made */
        }
        used += umig_hs_u8(block, hs->block_used) != 0 ? length : 0;
        at += length;
    }
    return used;
}

bool umig_code_room_read(const struct umig_hotspot *hotspot, struct umig_code_room *out_room)
{
    if (!hotspot->can_find_code || hotspot->block_length < 0) {
        return false;
    }
    const uintptr_t heaps = *hotspot->code_heaps;
    const uint32_t count = umig_hs_u32(heaps, 0); /* GrowableArray begins with its length */
    const uintptr_t data = umig_hs_ptr(heaps, hotspot->array_data);
    *out_room = (struct umig_code_room){0};
    for (uint32_t i = 0; i < count && i < HEAPS_MAX; i++) {
        const uintptr_t at = umig_hs_ptr(data, (int32_t)(i * sizeof(uintptr_t)));
        const struct code_heap heap = open_heap(hotspot, at);
        out_room->used_bytes += used_segments(hotspot, &heap) << heap.log2_segment;
        out_room->committed_bytes += umig_hs_ptr(at, hotspot->heap_high) - heap.low;
    }
    return true;
}
