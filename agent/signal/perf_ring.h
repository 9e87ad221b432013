/*
 * The ring a perf event of one thread writes into (perf_event_open(2), "MMAP layout"), read by that
 * thread's handler: which part of the CPU time since its sample before was spent in the kernel, and
 * where.
 *
 *   kernel: one record a tick: the event's clock, and the kernel's frames if it ticked in there
 *   handler: reads to data_head, moves data_tail; the loop's thread makes and retires the ring
 *
 * Several ticks may come before one signal: a system call is not interrupted for it. Each is a part
 * of the sample of its own, since all of them have the stack that led into the system call.
 */
#ifndef UMIG_AGENT_SIGNAL_PERF_RING_H
#define UMIG_AGENT_SIGNAL_PERF_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "include/umig/attr.h"

/** Bytes for records. The kernel's page of positions lies before them. */
#define UMIG_PERF_RING_BYTES 4096u

/** Bytes of address space of a ring. */
#define UMIG_PERF_MAP_BYTES (4096u + UMIG_PERF_RING_BYTES)

/** Frames of the kernel kept of one tick, the innermost ones. */
#define UMIG_KERNEL_FRAMES_MAX 64u

/** Part of a sample; frame_count addresses follow, innermost first. */
struct umig_kernel_part {
    uint64_t value_ns;
    uint32_t frame_count;
    uint32_t is_kernel; /* it ticked in the kernel; also without frames */
};

struct umig_perf_ring {
    _Atomic(void *) map; /* NULL: none, or retired */
    atomic_int fd;       /* as its signals name it; kept when the ring is retired */
    bool has_phase;      /* the first period was a random one; the handler sets the right one */
    uint64_t taken_ns;   /* of the event's clock, by samples; the handler's */
};

/** What was read at once. */
struct umig_perf_taken {
    uint64_t value_ns;   /* a multiple of the interval */
    uint32_t part_bytes; /* of parts; their values add up to value_ns */
    uint64_t lost;       /* ticks the ring had no room for; their time is in value_ns */
    bool is_broken;      /* a record did not make sense; what was in the ring is gone */
};

/** What ticks stand for. */
struct umig_perf_terms {
    uint64_t interval_ns;
    /*
     * All of them together at most: the thread's own clock since the last sample, and some more.
     * The event's clock runs on in interrupts and while the host has taken the processor away, 2 to
     * 3 % on a busy machine; ticks of such time stand for nothing.
     */
    uint64_t most_ns;
};

/**
 * Takes all that is in the ring. Ticks outside of the kernel are one part, which stands first.
 *
 * @param map    of the ring, UMIG_PERF_MAP_BYTES
 * @param parts  room for UMIG_PERF_RING_BYTES, 8-byte aligned; NULL: only the value is wanted
 *
 * Signal: async-signal-safe; bounded by the ring's size.
 */
UMIG_SIGNAL_SAFE struct umig_perf_taken umig_perf_ring_take(struct umig_perf_ring *ring,
                                                            void *map,
                                                            const struct umig_perf_terms *terms,
                                                            uint8_t *parts);

#endif
