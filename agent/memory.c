#include "agent/memory.h"

#include <sys/mman.h>

enum {
    PAGE_BYTES = 4096,
    PAGES_AT_ONCE = 1024 /* a byte each, on the stack */
};

static size_t round_up(size_t byte_count)
{
    return (byte_count + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

static struct umig_memory_block *find_locked(struct umig_memory *memory, const void *begin)
{
    for (int i = 0; i < UMIG_MEMORY_BLOCKS_MAX; i++) {
        if (memory->blocks[i].begin == begin) {
            return &memory->blocks[i];
        }
    }
    return NULL;
}

/* From one block to another; NULL is none. Nobody remembers those for which there is no place. */
static void note(struct umig_memory *memory, const void *from, void *to, size_t byte_count)
{
    pthread_mutex_lock(&memory->mutex);
    struct umig_memory_block *block = find_locked(memory, from);
    if (block != NULL) {
        block->begin = to;
        block->byte_count = byte_count;
    }
    pthread_mutex_unlock(&memory->mutex);
}

static void *map(size_t byte_count)
{
    void *block = mmap(NULL, byte_count, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return block != MAP_FAILED ? block : NULL;
}

static void *take_within(struct umig_memory *memory, size_t byte_count, size_t limit_bytes)
{
    const size_t rounded = round_up(byte_count);
    const size_t before = atomic_fetch_add(&memory->used_bytes, rounded);
    if (before + rounded > limit_bytes) {
        atomic_fetch_sub(&memory->used_bytes, rounded);
        return NULL;
    }
    void *block = map(rounded);
    if (block == NULL) {
        atomic_fetch_sub(&memory->used_bytes, rounded);
        return NULL;
    }
    note(memory, NULL, block, rounded);
    return block;
}

void *umig_memory_take(struct umig_memory *memory, size_t byte_count)
{
    return take_within(memory, byte_count, memory->limit_bytes);
}

void *umig_memory_take_spare(struct umig_memory *memory, size_t byte_count)
{
    const size_t kept = atomic_load(&memory->kept_bytes);
    return take_within(memory, byte_count,
                       memory->limit_bytes > kept ? memory->limit_bytes - kept : 0);
}

void umig_memory_keep(struct umig_memory *memory, size_t byte_count)
{
    atomic_fetch_add(&memory->kept_bytes, byte_count);
}

void umig_memory_unkeep(struct umig_memory *memory, size_t byte_count)
{
    atomic_fetch_sub(&memory->kept_bytes, byte_count);
}

void umig_memory_give(struct umig_memory *memory, void *block, size_t byte_count)
{
    if (block != NULL) {
        note(memory, block, NULL, 0);
        munmap(block, round_up(byte_count));
        atomic_fetch_sub(&memory->used_bytes, round_up(byte_count));
    }
}

void *umig_memory_borrow(struct umig_memory *memory, size_t byte_count)
{
    const size_t touched = umig_memory_resident(memory);
    return touched + round_up(byte_count) <= memory->limit_bytes ? map(round_up(byte_count)) : NULL;
}

void umig_memory_return(void *block, size_t byte_count)
{
    if (block != NULL) {
        munmap(block, round_up(byte_count));
    }
}

static size_t resident_of(const struct umig_memory_block *block)
{
    unsigned char pages[PAGES_AT_ONCE];
    size_t resident = 0;
    for (size_t at = 0; at < block->byte_count; at += sizeof pages * PAGE_BYTES) {
        const size_t rest = block->byte_count - at;
        const size_t count = rest / PAGE_BYTES < sizeof pages ? rest / PAGE_BYTES : sizeof pages;
        if (mincore((char *)block->begin + at, count * PAGE_BYTES, pages) != 0) {
            return block->byte_count;
        }
        for (size_t i = 0; i < count; i++) {
            resident += (pages[i] & 1) * (size_t)PAGE_BYTES;
        }
    }
    return resident;
}

size_t umig_memory_resident(struct umig_memory *memory)
{
    size_t seen = 0;
    size_t resident = 0;
    pthread_mutex_lock(&memory->mutex);
    const size_t used = atomic_load(&memory->used_bytes);
    for (int i = 0; i < UMIG_MEMORY_BLOCKS_MAX; i++) {
        if (memory->blocks[i].begin != NULL) {
            seen += memory->blocks[i].byte_count;
            resident += resident_of(&memory->blocks[i]);
        }
    }
    pthread_mutex_unlock(&memory->mutex);
    return resident + (used > seen ? used - seen : 0);
}
