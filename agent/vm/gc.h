/*
 * Stop-the-world pauses of the garbage collector.
 *
 * JVMTI's GarbageCollectionStart and Finish are the edges of a pause (not of a cycle, which for
 * G1, ZGC and Shenandoah runs beside the application). Their callbacks run on the VM thread with
 * the world stopped: they read a few words of memory and write one record into a fixed ring; no
 * lock, no allocation, no JNI, no system call (but one to wake the loop when memory runs out). The
 * consumer turns records into pauses:
 *
 * - start, duration: from the two callbacks.
 * - heap before and after: read from the heap's own fields inside the pause, to the byte; G1's own
 *   log figure where ours, which leaves out the regions being allocated in, is further off.
 * - kind, cause: from the JVM's own log where it is on (umig_gc_log_start): the VM thread writes
 *   the line of a pause after its begin and before the next one's. Without it from the performance
 * counters: the cause, and for Serial, Parallel and G1 whether the pause was a young or a full
 * collection. ZGC's and Shenandoah's pauses are then of unknown kind.
 *
 * What the log says beside pauses (agent/vm/gc_events.h) is taken from the same lines, in their
 * order: umig_gc_take_event().
 */
#ifndef UMIG_AGENT_VM_GC_H
#define UMIG_AGENT_VM_GC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/signal/told.h"
#include "agent/vm/gc_events.h"
#include "agent/vm/gc_line.h"
#include "agent/vm/heap.h"
#include "agent/vm/unified_log.h"
#include "agent/vm/vmstructs.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Pauses kept until they are taken: at 100 pauses a second, 10 s. A power of two. */
#define UMIG_GC_RING_RECORDS 1024u

/** How long a pause waits for its line in the JVM's log (which -Xlog:async may delay). */
#define UMIG_GC_LINE_WAIT_NS UINT64_C(500000000)

/** One stop-the-world pause. */
struct umig_gc_pause {
    uint64_t start_ns; /* CLOCK_MONOTONIC */
    uint64_t duration_ns;
    char kind[UMIG_GC_KIND_BYTES];   /* "Pause Young (Mixed)"; empty: unknown */
    char cause[UMIG_GC_CAUSE_BYTES]; /* "G1 Evacuation Pause"; empty: unknown */
    uint64_t heap_before;            /* bytes, or UMIG_HEAP_UNKNOWN */
    uint64_t heap_after;
};

/* What the JVM counts by collector: young, full, pauses of a concurrent cycle. */
#define UMIG_GC_COUNTERS 3u

/* What the callbacks leave for the consumer. */
struct umig_gc_record {
    uint64_t start_ns;
    uint64_t finish_ns;
    uint64_t heap_before;
    uint64_t heap_after;
    uint64_t lost_before; /* pauses lost when this one was put */
    uint32_t grown;       /* bit i: the JVM's counter i grew */
    char cause[UMIG_GC_CAUSE_BYTES];
};

/** Everything there is to know of one JVM's pauses. Zeroed memory is a valid closed one. */
struct umig_gc {
    const struct umig_heap *heap;
    uintptr_t invocations[UMIG_GC_COUNTERS]; /* addresses of counters; 0 unknown */
    uintptr_t cause;                         /* addresses of texts; 0 unknown */
    uintptr_t last_cause;
    uint64_t short_bytes; /* of the heap left in use: memory is running out */

    atomic_bool is_active;
    atomic_uint_fast64_t begun_ns; /* start of the latest pause, running or over */

    atomic_uint collections;     /* that have ended: umig_gc_collections() */
    atomic_uint old_collections; /* the same: umig_gc_old_collections() */

    /* The VM thread's own. */
    unsigned depth;
    struct umig_gc_record open; /* the pause that is running */
    uint64_t counted[UMIG_GC_COUNTERS];

    /* Ring: the VM thread writes at head, the consumer reads at tail. */
    atomic_uint head;
    atomic_uint tail;
    atomic_uint_fast64_t lost;
    struct umig_gc_record ring[UMIG_GC_RING_RECORDS];

    /* The consumer's own. */
    struct umig_unified_log log;
    bool has_line; /* line was read but belongs to a later pause */
    struct umig_gc_line line;
    struct umig_gc_line merged; /* of the pause at the tail, from its lines so far */
    unsigned line_count;        /* in merged */
    unsigned missed_in_row;     /* pauses whose line never came */
    struct umig_gc_events events;
};

/**
 * Prepares for pauses. Call at VMInit, before the events are enabled.
 *
 * @param gc    kept at its place while events are enabled
 * @param heap  borrowed for as long
 * @return UMIG_OK; UMIG_E_UNSUPPORTED when neither counters nor the log can be had: pauses are then
 *         seen without kind and cause
 */
UMIG_NODISCARD int umig_gc_open(struct umig_gc *gc,
                                const struct umig_libjvm *libjvm,
                                const struct umig_heap *heap,
                                struct umig_err *err);

/** Gives the log's memory back. No event may be running or come later. */
void umig_gc_close(struct umig_gc *gc);

/**
 * Body of JVMTI GarbageCollectionStart.
 *
 * Thread: the VM thread, in the pause. A begin inside a pause belongs to that pause.
 */
void umig_gc_pause_begin(struct umig_gc *gc, uint64_t now_ns);

/** Body of JVMTI GarbageCollectionFinish. A full ring loses the pause, counted. */
void umig_gc_pause_end(struct umig_gc *gc, uint64_t now_ns);

/**
 * Whether the pause that has just ended left the heap nearly full (seven eighths of its maximum).
 *
 * It is the only warning: with ExitOnOutOfMemoryError or CrashOnOutOfMemoryError the JVM ends
 * inside report_java_out_of_memory() (debug.cpp), without VMDeath and before JVMTI's
 * ResourceExhausted.
 *
 * Thread: the VM thread, behind umig_gc_pause_end().
 */
bool umig_gc_is_short(const struct umig_gc *gc);

/**
 * Whether a pause is running.
 *
 * Signal: async-signal-safe.
 */
UMIG_SIGNAL_SAFE bool umig_gc_is_active(const struct umig_gc *gc);

/** Where handlers read whether a pause is running, and its cause. Call behind umig_gc_open(). */
struct umig_told_sources umig_gc_told(const struct umig_gc *gc);

/**
 * Takes the oldest pause.
 *
 * @param now_ns  CLOCK_MONOTONIC
 * @return UMIG_OK; UMIG_AGAIN when there is none, or its line in the log may still come
 *
 * Thread: one consumer, attached or not.
 */
UMIG_NODISCARD int umig_gc_take(struct umig_gc *gc,
                                uint64_t now_ns,
                                struct umig_gc_pause *out_pause);

/**
 * Takes the next thing that the log says beside pauses; nothing while the log is off.
 *
 * It reads up to the line of a pause that umig_gc_take() has not taken: call both in turns until
 * neither has more.
 *
 * @return UMIG_OK; UMIG_AGAIN when there is none
 *
 * Thread: the consumer.
 */
UMIG_NODISCARD int umig_gc_take_event(struct umig_gc *gc, struct umig_gc_event *out_event);

/**
 * Collections that have ended: pauses in which a young or a full one ran; with ZGC and Shenandoah,
 * which collect between pauses, all pauses, of which a cycle has three or four.
 *
 * Thread: any.
 */
uint32_t umig_gc_collections(const struct umig_gc *gc);

/**
 * How often garbage of the old generation was found, or is being found: pauses in which a full
 * collection ran or that are of G1's marking; with ZGC and Shenandoah all pauses. Without the
 * JVM's counters: none are known.
 *
 * Thread: any.
 */
uint32_t umig_gc_old_collections(const struct umig_gc *gc);

/** Pauses lost because nobody took them in time. */
uint64_t umig_gc_lost(const struct umig_gc *gc);

/**
 * Switches the JVM's log of collections and safepoints on: 5 to 20 lines a collection, read by
 * umig_gc_take() and umig_gc_take_event().
 *
 * Errors: UMIG_E_UNSUPPORTED, UMIG_E_IO, UMIG_E_JVM: pauses are described without it.
 * Thread: attached to the JVM.
 */
UMIG_NODISCARD int umig_gc_log_start(struct umig_gc *gc, void *jni_env, struct umig_err *err);

/** Switches it off. As umig_gc_log_start(). */
UMIG_NODISCARD int umig_gc_log_stop(struct umig_gc *gc, void *jni_env, struct umig_err *err);

/**
 * Whether the log is on but silent: the application has run VM.log disable. Pauses are then
 * described without it, until a line comes again.
 *
 * Thread: the consumer.
 */
bool umig_gc_log_is_silent(const struct umig_gc *gc);

#endif
