/*
 * Understands what the JVM's GC log says beside the lines that end a pause: the steps of pauses and
 * of concurrent cycles, whole cycles, threads that waited for memory, what was promoted, humongous
 * objects, copying that failed, and safepoints. Lines in, events out; no clock, no file.
 *
 *     [9ns][gc,phases ] GC(7)   Evacuate Collection Set: 2.1ms
 *     [9ns][gc,marking] GC(8) Concurrent Mark From Roots 12.345ms
 *     [9ns][gc        ] GC(8) Concurrent Mark Cycle 20.123ms
 *     [9ns][gc        ] Allocation Stall (http-1) 3.210ms
 *     [9ns][gc,heap   ] GC(7) Old regions: 10->14
 *     [9ns][safepoint ] Safepoint "Cleanup", Time since last: 9 ns, Reaching safepoint: 9 ns, ...
 *
 * A line is written when what it tells is over, so an event begins its duration before that. Steps
 * of a pause are told at its end, one after the other: their time is that of the line, and they
 * belong to the pause that began last before it.
 */
#ifndef UMIG_AGENT_VM_GC_EVENTS_H
#define UMIG_AGENT_VM_GC_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/vm/gc_text.h"
#include "agent/vm/heap.h"
#include "include/umig/gc_events.h"

/** Longest name of an event, NUL included: longer ones are cut. */
#define UMIG_GC_EVENT_NAME_BYTES 64u

/** Events that wait to be taken; reading needs room for those of one line. A power of two. */
#define UMIG_GC_EVENTS_ROOM 64u
#define UMIG_GC_EVENTS_LINE 2u

struct umig_gc_event {
    enum umig_gc_event_kind kind;
    uint64_t start_ns; /* CLOCK_MONOTONIC; of steps of a pause: when they were told */
    uint64_t duration_ns;
    uint64_t before; /* include/umig/gc_events.h; 0 where the kind has none */
    uint64_t after;
    char name[UMIG_GC_EVENT_NAME_BYTES];   /* "Concurrent Mark", "G1CollectForAllocation" */
    char detail[UMIG_GC_EVENT_NAME_BYTES]; /* cycle: cause; stall: the thread's name; else empty */
};

/** What is read from one log. Zeroed memory is one without events and of no known collector. */
struct umig_gc_events {
    enum umig_collector collector;
    uint64_t region_bytes; /* of G1's heap; 0 unknown: nothing is told in bytes of regions */

    /* The old generation as the collection with this number, plus 1, changed it. */
    uint64_t old_of;
    struct umig_gc_event old;

    /* ZGC's collection with this number, plus 1, began then. */
    uint64_t cycle_of;
    uint64_t cycle_start_ns;

    unsigned head; /* events begin at tail */
    unsigned tail;
    struct umig_gc_event items[UMIG_GC_EVENTS_ROOM];
};

/** What to ask of the log for a collector, as in -Xlog; the lines that end pauses are among it. */
const char *umig_gc_events_selection(enum umig_collector collector);

/** Is there room for what the next line may say? */
bool umig_gc_events_have_room(const struct umig_gc_events *events);

/** Takes in one line; a line that says nothing of this is passed over. There is room. */
void umig_gc_events_read(struct umig_gc_events *events, const char *line);

/** Takes the oldest event out; false: there is none. */
bool umig_gc_events_take(struct umig_gc_events *events, struct umig_gc_event *out_event);

#endif
