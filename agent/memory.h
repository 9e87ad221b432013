/*
 * The accountant: every block of the agent comes from here, and the sum never passes the bound the
 * user set. Blocks are mapped, zeroed, cost nothing until touched, and are rarely given back.
 */
#ifndef UMIG_AGENT_MEMORY_H
#define UMIG_AGENT_MEMORY_H

#include <stdatomic.h>
#include <stddef.h>

#include "include/umig/attr.h"

struct umig_memory {
    size_t limit_bytes;
    atomic_size_t used_bytes;
};

/** Takes a zeroed block; NULL when it would pass the bound or the system has none. Signal: never.
 */
UMIG_NODISCARD void *umig_memory_take(struct umig_memory *memory, size_t byte_count);

/** Gives a block back, with the size it was taken with. Takes NULL. Signal: never. */
void umig_memory_give(struct umig_memory *memory, void *block, size_t byte_count);

#endif
