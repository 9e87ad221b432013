#include "agent/native/quota.h"

void *umig_quota_take(struct umig_quota *quota, size_t byte_count)
{
    void *block = NULL;
    if (byte_count <= quota->limit_bytes - quota->used_bytes) {
        block = umig_memory_take_spare(quota->memory, byte_count);
    }
    if (block == NULL) {
        quota->refusals++;
        return NULL;
    }
    quota->used_bytes += byte_count;
    return block;
}

void umig_quota_give(struct umig_quota *quota, void *block, size_t byte_count)
{
    if (block != NULL) {
        umig_memory_give(quota->memory, block, byte_count);
        quota->used_bytes -= byte_count;
    }
}
