/*
 * Memory for one decoded message: taken front to back, given back all at once, never beyond a cap.
 * protobuf-c allocates from it, so that a hostile message cannot cost more than the cap.
 */
#ifndef UMIG_COLLECTOR_BATCH_ARENA_H
#define UMIG_COLLECTOR_BATCH_ARENA_H

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "include/umig/attr.h"
#include "include/umig/status.h"

/** What a message may cost at most, and how many times its own size. */
#define UMIG_ARENA_MAX_BYTES (8u << 20)
#define UMIG_ARENA_FACTOR    8u

struct umig_arena {
    char *base; /* address space; pages are touched only when used */
    size_t used;
    size_t cap; /* of this round, at most UMIG_ARENA_MAX_BYTES */
    ProtobufCAllocator allocator;
};

/** Reserves address space. UMIG_OK or UMIG_E_NOMEM. The arena must not move afterwards. */
UMIG_NODISCARD int umig_arena_init(struct umig_arena *arena, struct umig_err *err);

/** Gives everything back; takes an arena whose init failed. */
void umig_arena_fini(struct umig_arena *arena);

/**
 * Forgets what is in it and sets the cap for a message of byte_count bytes: UMIG_ARENA_FACTOR times
 * as much plus 64 KiB (structs of tiny messages are larger than their bytes), at most
 * UMIG_ARENA_MAX_BYTES. Pages of a large round go back to the system.
 */
void umig_arena_reset(struct umig_arena *arena, size_t byte_count);

/** 16-byte aligned memory, or NULL beyond the cap. */
void *umig_arena_alloc(struct umig_arena *arena, size_t byte_count);

#endif
