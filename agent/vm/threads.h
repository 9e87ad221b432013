/*
 * Which threads there are, and a clock for each while a CPU session runs (agent/vm/ticks.h).
 *
 * Java threads announce themselves (JVMTI ThreadStart and ThreadEnd, on the thread itself); threads
 * of the JVM and of native code are found in /proc/self/task: when the number of threads changed,
 * at most ten times a second, and every two seconds in any case.
 *
 * As a rule it is a timer on the thread's CPU clock: it stands still while the thread does, so a
 * sleeping thread costs nothing and is not sampled. Intervals below the kernel's tick (4 ms at
 * HZ=250) come late, with what was missed in the overrun count. The first tick comes after a random
 * part of the interval, so that threads which live shorter than one are sampled in proportion.
 */
#ifndef UMIG_AGENT_VM_THREADS_H
#define UMIG_AGENT_VM_THREADS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/signal/slots.h"
#include "agent/vm/ticks.h"
#include "agent/walk/hotspot.h"
#include "include/umig/attr.h"

struct umig_threads {
    struct umig_slots *slots;
    const struct umig_hotspot *hotspot; /* set before anything ticks; NULL: no JVM to be asked */
    atomic_uint leaving;                /* slots whose thread ended and that are not free yet */
    struct umig_ticks ticks;
    bool is_watched; /* threads are looked for though nothing ticks; the loop's */
    int task_fd;
    uint32_t scan;
    uint64_t thread_count;
    uint64_t next_check_ns;
    uint64_t next_scan_ns;
};

/** Sets up; nothing ticks yet. slots are borrowed; the others as umig_ticks_init(). */
void umig_threads_init(struct umig_threads *threads,
                       struct umig_slots *slots,
                       uint64_t memory_bytes,
                       atomic_uint_fast64_t *stopped_ns);

/** Says by which signal. While nothing ticks; see umig_threads_set_ticks(). */
void umig_threads_set_signal(struct umig_threads *threads, int signo);

/**
 * Says what is known of a Java thread, and gives it a clock if any is asked for.
 *
 * @param env   its JNIEnv; NULL leaves what is known
 * @param name  NULL leaves what is known
 *
 * Thread: any. Signal: never.
 */
void umig_threads_started(struct umig_threads *threads, int tid, void *env, const char *name);

/**
 * Makes the calling thread known, which nobody has told of or found yet; false: not now. It never
 * waits: the thread may have any lock.
 *
 * Thread: any. Signal: never.
 */
UMIG_NODISCARD bool umig_threads_came(struct umig_threads *threads, int tid);

/** Says that a thread is about to end: its clock goes, its slot is kept until reaped. */
void umig_threads_ended(struct umig_threads *threads, int tid);

/**
 * Forgets all threads and their JNIEnvs: from now on nobody says when one ends. Thread: any.
 */
void umig_threads_forget(struct umig_threads *threads);

/** Says whether threads are looked for though nothing ticks. Thread: the native loop. */
void umig_threads_watch(struct umig_threads *threads, bool is_watched);

/**
 * Asks a thread that runs, or would, for a look of kind wall: by a signal, which may end a system
 * call that it enters meanwhile. Asking again is no harm. Thread: the native loop.
 */
void umig_threads_ask_look(struct umig_threads *threads, struct umig_slot *slot);

/** Looks for new and vanished threads if it is time. Thread: the native loop. */
void umig_threads_check(struct umig_threads *threads, uint64_t now_ns);

/**
 * Starts, changes (interval 0: stops) the clocks of all threads.
 *
 * @param clock  not AUTO
 *
 * Thread: the native loop.
 */
void umig_threads_set_ticks(struct umig_threads *threads,
                            uint64_t interval_ns,
                            enum umig_clock clock);

/** A slot is free again: nothing of its thread is to come. Under the thread table's mutex. */
typedef void umig_slot_gone_fn(void *user, uint32_t slot);

/**
 * Frees slots of ended threads; call once after every drain of the rings. A slot goes at the second
 * call after its thread ended: by then the rings were drained once since. Thread: the native loop.
 *
 * @param gone  is told of each
 */
void umig_threads_reap(struct umig_threads *threads, umig_slot_gone_fn *gone, void *user);

#endif
