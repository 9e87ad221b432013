/*
 * How full the heap is, read from the JVM's own fields and counters: no VM lock, no JNI, no
 * safepoint, from a thread the JVM does not know.
 *
 * Every field read here belongs to an object that the JVM makes once and keeps until the process
 * ends (heap, generations, spaces, G1's monitoring support, Z's page allocator); its address is
 * checked once at open and then read directly. Only the performance counters can be unmapped, when
 * the JVM exits: they are read through the kernel.
 *
 * What a figure is worth (all five collectors compared with MemoryPoolMXBean by e2e.gc.truth):
 * - Serial, Parallel: exact at any moment, allocation buffers of threads counted as used.
 * - G1: eden grows by whole regions; survivor and old as of the latest collection. The
 *   MemoryPoolMXBean answers from the same fields, with 0 before the first, where ours is unknown.
 * - ZGC, Shenandoah: exact. Generational ZGC does not describe its generations to debuggers: its
 *   two pools are one here, ZHeap. With several NUMA nodes they are unknown from JDK 25 on.
 * - Metaspace and class space: as of the latest collection.
 */
#ifndef UMIG_AGENT_VM_HEAP_H
#define UMIG_AGENT_VM_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/vm/vmstructs.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** A figure that cannot be had, or a maximum that is not limited. */
#define UMIG_HEAP_UNKNOWN UINT64_MAX

#define UMIG_HEAP_MAX_POOLS 5u

enum umig_collector {
    UMIG_COLLECTOR_UNKNOWN = 0,
    UMIG_COLLECTOR_SERIAL,
    UMIG_COLLECTOR_PARALLEL,
    UMIG_COLLECTOR_G1,
    UMIG_COLLECTOR_Z,
    UMIG_COLLECTOR_SHENANDOAH,
};

enum umig_heap_origin {
    UMIG_HEAP_NOWHERE = 0, /* cannot be had */
    UMIG_HEAP_CONSTANT,    /* at is the figure */
    UMIG_HEAP_WORD,        /* at is the address of the figure */
    UMIG_HEAP_SPAN,        /* difference of two addresses kept in the object at `at` */
    UMIG_HEAP_SPAN_VIA,    /* the same; `at` is the address of a pointer to the object */
    UMIG_HEAP_COUNTER,     /* at is the address of a performance counter */
};

/** Where one figure comes from. */
struct umig_heap_figure {
    enum umig_heap_origin origin;
    uintptr_t at;
    int64_t low_offset;
    int64_t high_offset;
};

struct umig_heap_source {
    const char *name;
    bool is_heap;          /* part of the Java heap: metaspace is not */
    bool is_of_collection; /* used is as of the latest collection: unknown before the first */
    struct umig_heap_figure used;
    struct umig_heap_figure committed;
    struct umig_heap_figure maximum;
};

/** Where everything is in this JVM. Fixed after umig_heap_open(): any thread may read. */
struct umig_heap {
    enum umig_collector collector;
    uintptr_t collections_at; /* address of the JVM's count, 32 bits; 0: not to be had */
    size_t source_count;
    struct umig_heap_source sources[UMIG_HEAP_MAX_POOLS];
    struct umig_heap_figure used_total; /* kept by the collector itself, if it does */
    size_t collected_count;
    struct umig_heap_figure collected[UMIG_HEAP_MAX_POOLS]; /* umig_heap_used_collected() */
};

struct umig_heap_pool {
    const char *name; /* static; as MemoryPoolMXBean names it */
    uint64_t used;    /* bytes, each of the three may be UMIG_HEAP_UNKNOWN */
    uint64_t committed;
    uint64_t maximum;
};

/** Pools of a reading: those above, and what the owner adds. */
#define UMIG_HEAP_READING_POOLS (UMIG_HEAP_MAX_POOLS + 2u)

struct umig_heap_reading {
    uint64_t time_ns;   /* CLOCK_MONOTONIC */
    uint64_t rss_bytes; /* UMIG_HEAP_UNKNOWN without /proc */
    size_t pool_count;
    struct umig_heap_pool pools[UMIG_HEAP_READING_POOLS];
};

/**
 * Finds the collector in use and where its figures are. Call when the heap is there: VMInit.
 *
 * @return UMIG_OK; UMIG_E_UNSUPPORTED for a collector not known here: *out_heap is then valid and
 *         knows metaspace and RSS only
 */
UMIG_NODISCARD int umig_heap_open(const struct umig_libjvm *libjvm,
                                  struct umig_heap *out_heap,
                                  struct umig_err *err);

/**
 * Reads every pool and the process's resident memory. About 20 us.
 *
 * Thread: any, attached to the JVM or not.
 */
void umig_heap_read(const struct umig_heap *heap, struct umig_heap_reading *out_reading);

/**
 * Bytes of the Java heap in use, or UMIG_HEAP_UNKNOWN. No system call.
 *
 * For G1 what threads have used of the regions they are allocating in is missing: at most one
 * region (of each NUMA node) before a pause, nothing after one.
 *
 * Thread: any; exact on the VM thread inside a pause.
 * Signal: async-signal-safe.
 */
UMIG_SIGNAL_SAFE uint64_t umig_heap_used(const struct umig_heap *heap);

/**
 * Bytes of the Java heap that the latest collection left in use, or UMIG_HEAP_UNKNOWN. No system
 * call.
 *
 * Serial and Parallel allocate the object for which they collected before the pause is over; their
 * performance counters are of the moment before that. For the others this is umig_heap_used().
 *
 * Thread: the VM thread, inside a pause: the counters may go away only when it can run no more.
 */
uint64_t umig_heap_used_collected(const struct umig_heap *heap);

/** Name of a collector as people write it: "G1", "ZGC". "unknown" for another. */
const char *umig_collector_name(enum umig_collector collector);

#endif
