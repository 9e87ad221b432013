/*
 * How full the code cache is, read from its heaps: no VM lock, no JNI. Their list of blocks is
 * followed from header to header while compilers change it; what is caught in between is counted
 * as it stood then, and a header that makes no sense ends its heap.
 *
 * Used is what MemoryPoolMXBean calls so, of all code heaps together: blocks that are in use, by
 * whole segments (CodeHeap::allocated_capacity() in share/memory/heap.cpp). Memory once committed
 * to a code heap stays: headers may be read without a guard.
 */
#ifndef UMIG_AGENT_VM_CODE_ROOM_H
#define UMIG_AGENT_VM_CODE_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/walk/hotspot.h"

struct umig_code_room {
    uint64_t used_bytes;
    uint64_t committed_bytes;
};

/**
 * Reads it: 1 to 2 ms for 40 MB of code, each of whose blocks is a miss of the cache.
 *
 * @return false: this JVM does not describe its code heaps
 *
 * Thread: any, attached to the JVM or not.
 */
bool umig_code_room_read(const struct umig_hotspot *hotspot, struct umig_code_room *out_room);

#endif
