#include "agent/memory.h"

#include <sys/mman.h>

enum {
    PAGE_BYTES = 4096
};

static size_t round_up(size_t byte_count)
{
    return (byte_count + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

void *umig_memory_take(struct umig_memory *memory, size_t byte_count)
{
    const size_t rounded = round_up(byte_count);
    const size_t before = atomic_fetch_add(&memory->used_bytes, rounded);
    if (before + rounded > memory->limit_bytes) {
        atomic_fetch_sub(&memory->used_bytes, rounded);
        return NULL;
    }
    void *block = mmap(NULL, rounded, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (block == MAP_FAILED) {
        atomic_fetch_sub(&memory->used_bytes, rounded);
        return NULL;
    }
    return block;
}

void umig_memory_give(struct umig_memory *memory, void *block, size_t byte_count)
{
    if (block != NULL) {
        munmap(block, round_up(byte_count));
        atomic_fetch_sub(&memory->used_bytes, round_up(byte_count));
    }
}
