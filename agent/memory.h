/*
 * The accountant: every block of the agent comes from here, and the sum never passes the bound the
 * user set; what is lent for a while (umig_memory_borrow()) stands beside it. Blocks are mapped,
 * zeroed, cost nothing until touched, and are rarely given back: what they take of the machine's
 * memory is less than the sum.
 *
 * A part of the bound is kept for what comes later and is to have its share. What can do with less,
 * or is good to have, takes of the rest only (umig_memory_take_spare()): so whoever comes first
 * leaves something for every kind.
 */
#ifndef UMIG_AGENT_MEMORY_H
#define UMIG_AGENT_MEMORY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#include "include/umig/attr.h"

/** Blocks that are looked at one by one; of those beyond every page counts as touched. */
#define UMIG_MEMORY_BLOCKS_MAX 256

/** A block that was taken; begin is NULL where there is none. */
struct umig_memory_block {
    void *begin;
    size_t byte_count;
};

/** Zeroed but for the bound, it is ready. */
struct umig_memory {
    size_t limit_bytes;
    atomic_size_t used_bytes; /* the sum of all blocks */
    atomic_size_t kept_bytes; /* of the bound, that are not spare */
    pthread_mutex_t mutex;    /* of blocks; all zeroes are a mutex (Linux) */
    struct umig_memory_block blocks[UMIG_MEMORY_BLOCKS_MAX];
};

/** Takes a zeroed block; NULL when it would pass the bound or the system has none. Signal: never.
 */
UMIG_NODISCARD void *umig_memory_take(struct umig_memory *memory, size_t byte_count);

/** As umig_memory_take(), but NULL also when it would come out of what is kept. Signal: never. */
UMIG_NODISCARD void *umig_memory_take_spare(struct umig_memory *memory, size_t byte_count);

/** Keeps so much more of the bound. Signal: never. */
void umig_memory_keep(struct umig_memory *memory, size_t byte_count);

/** Keeps so much less: for whom it was kept takes it now, or will not. Signal: never. */
void umig_memory_unkeep(struct umig_memory *memory, size_t byte_count);

/** Gives a block back, with the size it was taken with. Takes NULL. Signal: never. */
void umig_memory_give(struct umig_memory *memory, void *block, size_t byte_count);

/**
 * Takes a zeroed block for a while, beside the sum: much of what is taken is never touched. NULL
 * when what is touched now would pass the bound with it, or the system has none. Signal: never.
 */
UMIG_NODISCARD void *umig_memory_borrow(struct umig_memory *memory, size_t byte_count);

/** Gives back what was borrowed, with the size it was borrowed with. Takes NULL. Signal: never. */
void umig_memory_return(void *block, size_t byte_count);

/**
 * What the blocks take of the machine's memory now: pages that were touched and are not swapped
 * out, as mincore(2) says.
 *
 * @return bytes, at most used_bytes
 *
 * Some ten microseconds for a thousand pages. Signal: never.
 */
size_t umig_memory_resident(struct umig_memory *memory);

#endif
