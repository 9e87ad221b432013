/*
 * Which threads there are, and a CPU timer for each while a CPU session runs.
 *
 * Java threads announce themselves (JVMTI ThreadStart and ThreadEnd, on the thread itself); threads
 * of the JVM and of native code are found in /proc/self/task: when the number of threads changed,
 * at most ten times a second, and every two seconds in any case.
 *
 * The clock is CLOCK_THREAD_CPUTIME_ID of each thread: it stands still while the thread does, so a
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
#include "agent/walk/hotspot.h"
#include "include/umig/attr.h"

struct umig_threads {
    struct umig_slots *slots;
    const struct umig_hotspot *hotspot; /* set before there is a timer; NULL: no JVM to be asked */
    atomic_uint leaving;                /* slots whose thread ended and that are not free yet */
    int signo;                          /* that timers send; under the slots' mutex */
    atomic_uint_fast64_t interval_ns;   /* 0: no timers */
    atomic_uint_fast64_t refused;       /* timers the kernel did not give */
    atomic_uint_fast64_t random;
    int task_fd;
    uint32_t scan;
    uint64_t thread_count;
    uint64_t next_check_ns;
    uint64_t next_scan_ns;
};

/** Sets up; no timer runs yet. */
void umig_threads_init(struct umig_threads *threads, struct umig_slots *slots);

/** Says which signal timers send. While there are none; see umig_threads_set_interval(). */
void umig_threads_set_signal(struct umig_threads *threads, int signo);

/**
 * Says what is known of a Java thread, and gives it a timer if there are any.
 *
 * @param env   its JNIEnv; NULL leaves what is known
 * @param name  NULL leaves what is known
 *
 * Thread: any. Signal: never.
 */
void umig_threads_started(struct umig_threads *threads, int tid, void *env, const char *name);

/** Says that a thread is about to end: its timer goes, its slot is kept until reaped. */
void umig_threads_ended(struct umig_threads *threads, int tid);

/**
 * Forgets all threads and their JNIEnvs: from now on nobody says when one ends. Thread: any.
 */
void umig_threads_forget(struct umig_threads *threads);

/** Looks for new and vanished threads if it is time. Thread: the native loop. */
void umig_threads_check(struct umig_threads *threads, uint64_t now_ns);

/** Starts, changes (0: stops) the timers of all threads. Thread: the native loop. */
void umig_threads_set_interval(struct umig_threads *threads, uint64_t interval_ns);

/**
 * Frees slots of ended threads; call once after every drain of the rings. A slot goes at the second
 * call after its thread ended: by then the rings were drained once since. Thread: the native loop.
 */
void umig_threads_reap(struct umig_threads *threads);

#endif
