#include "collector/batch/arena.h"

#include <sys/mman.h>

#include "core/err.h"

enum {
    ALIGNMENT = 16,
    BASE_BYTES = 64 * 1024,
    KEPT_BYTES = 1024 * 1024
};

static void *allocate(void *arena, size_t byte_count)
{
    return umig_arena_alloc(arena, byte_count);
}

/* Single pieces are not given back: the arena is reset as a whole. */
static void release(void *arena, void *piece)
{
    (void)arena;
    (void)piece;
}

int umig_arena_init(struct umig_arena *arena, struct umig_err *err)
{
    *arena = (struct umig_arena){.base = NULL};
    void *base = mmap(NULL, UMIG_ARENA_MAX_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        return umig_err_set(err, UMIG_E_NOMEM, "no address space for decoding (%u bytes)",
                            UMIG_ARENA_MAX_BYTES);
    }
    arena->base = base;
    arena->allocator =
        (ProtobufCAllocator){.alloc = allocate, .free = release, .allocator_data = arena};
    return UMIG_OK;
}

void umig_arena_fini(struct umig_arena *arena)
{
    if (arena->base != NULL) {
        munmap(arena->base, UMIG_ARENA_MAX_BYTES);
        arena->base = NULL;
    }
}

void umig_arena_reset(struct umig_arena *arena, size_t byte_count)
{
    if (arena->used > KEPT_BYTES) {
        /* Advice: that the pages stay would only cost memory. */
        (void)madvise(arena->base + KEPT_BYTES, UMIG_ARENA_MAX_BYTES - KEPT_BYTES, MADV_DONTNEED);
    }
    arena->used = 0;
    const size_t most = UMIG_ARENA_MAX_BYTES;
    arena->cap = byte_count < (most - BASE_BYTES) / UMIG_ARENA_FACTOR
                     ? byte_count * UMIG_ARENA_FACTOR + BASE_BYTES
                     : most;
}

void *umig_arena_alloc(struct umig_arena *arena, size_t byte_count)
{
    if (byte_count > arena->cap) {
        return NULL;
    }
    const size_t rounded = (byte_count + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (rounded > arena->cap - arena->used) {
        return NULL;
    }
    void *piece = arena->base + arena->used;
    arena->used += rounded;
    return piece;
}
