/* A share of the agent's memory with a bound of its own. Not thread-safe. */
#ifndef UMIG_AGENT_NATIVE_QUOTA_H
#define UMIG_AGENT_NATIVE_QUOTA_H

#include <stddef.h>
#include <stdint.h>

#include "agent/memory.h"
#include "include/umig/attr.h"

struct umig_quota {
    struct umig_memory *memory; /* borrowed */
    size_t limit_bytes;
    size_t used_bytes;
    uint64_t refusals; /* times something was not read for want of memory */
};

/** Takes a zeroed block; NULL beyond the quota or the accountant's bound. Signal: never. */
UMIG_NODISCARD void *umig_quota_take(struct umig_quota *quota, size_t byte_count);

/** Gives a block back, with the size it was taken with. Takes NULL. Signal: never. */
void umig_quota_give(struct umig_quota *quota, void *block, size_t byte_count);

#endif
