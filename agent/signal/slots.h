/*
 * The thread table: what the agent knows of each thread, found by tid without a lock.
 *
 * Readers: handlers and callbacks, lock-free. Writers: registration and freeing, under the table's
 * mutex, never in a handler. A slot is FREE (no tid), LIVE, ENDED, DRAINED, LEAVING and FREE again;
 * its serial counts up at every registration, so that a record can tell whom it meant.
 *
 * Threads are forgotten while they run, too: then a thread has an ended slot and, with the next
 * session, a live one. Whoever uses a slot of its own thread holds it. It says so, then looks
 * whether the slot is still its thread's; who frees says LEAVING, then looks whether it is held.
 * Both are sequentially consistent: one of the two sees the other.
 */
#ifndef UMIG_AGENT_SIGNAL_SLOTS_H
#define UMIG_AGENT_SIGNAL_SLOTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/signal/perf_ring.h"
#include "agent/signal/wait_carry.h"
#include "include/umig/attr.h"
#include "include/umig/kinds.h"

/** Longest thread name kept, NUL included; longer ones are cut. */
#define UMIG_THREAD_NAME_BYTES 96

/** A thread is looked for within this many neighbours of its hash. */
#define UMIG_SLOT_WINDOW 64

enum umig_slot_state {
    UMIG_SLOT_LIVE = 0,
    UMIG_SLOT_ENDED = 1,   /* the thread is gone or forgotten; records may be in the rings */
    UMIG_SLOT_DRAINED = 2, /* the rings were drained once since */
    UMIG_SLOT_LEAVING = 3, /* it becomes free, unless it is held */
};

struct umig_slot {
    /* These outlive a registration: a late signal may hold a slot that is another thread's now. */
    atomic_int tid; /* 0: free */
    atomic_uint serial;
    atomic_bool in_handler; /* the thread is in our handler, and holds the slot: no nesting */
    atomic_uint held;       /* by callbacks of the thread */

    atomic_int kind;                   /* enum umig_thread_kind */
    atomic_int state;                  /* enum umig_slot_state */
    atomic_int clock;                  /* enum umig_clock, what it is sampled by; AUTO: nothing */
    int timer;                         /* cputime: kernel's timer id, -1 none; under the mutex */
    uint32_t scan;                     /* last scan of /proc that saw the thread; under the mutex */
    atomic_uint_fast64_t interval_ns;  /* between its ticks */
    struct umig_perf_ring perf;        /* perf */
    void *retired_map;                 /* perf: a ring a handler may still read; under the mutex */
    atomic_bool is_asked;              /* wall: a signal is on its way */
    atomic_bool is_look_asked;         /* kind wall: a signal is on its way */
    atomic_uint_fast64_t began_ns;     /* CLOCK_MONOTONIC, when it was registered; 0: not said */
    atomic_uint_fast64_t ended_ns;     /* when it ended, or was forgotten */
    atomic_uint_fast64_t cpu_taken_ns; /* perf, wall: of the thread's clock, by samples */
    uint64_t cpu_swept_ns;             /* wall: what the clock said; under the mutex */
    _Atomic(void *) env;       /* the thread's JNIEnv; NULL: not a Java thread, or unknown */
    atomic_uintptr_t compiler; /* CompilerThread*; 0: it compiles nothing, or unknown */
    _Atomic(void *) guard;     /* sigjmp_buf of the walk in progress */
    atomic_uint_fast64_t rest_until_ns; /* not walked before, after a fault */

    /* Of the thread's CPU time; touched by its handler only. */
    uint64_t sample_began_ns;
    uint64_t due_cpu_ns;            /* not sampled before, after a sample that took long */
    atomic_uint_fast64_t unsaid_ns; /* of timer ticks before that: the next sample says them */

    /* Waits for locks: agent/vm/waits.h. The plain ones are touched by the thread itself only. */
    atomic_uint_fast64_t wait_from_ns; /* 0, or it waits, and its time since is in no record */
    uint64_t wait_began_ns;
    struct umig_wait_carry carries[2];  /* of waits and of pins: neither is told as the other */
    struct umig_wait_carry mutex_carry; /* of waits for native locks */
    bool is_pin; /* the wait that has begun keeps a carrier from others (agent/vm/vm_pins.c) */
    int32_t wait_holder_tid;
    atomic_uint wait_class; /* of the lock: a class of struct umig_wait_classes; 0 unknown */
    atomic_bool is_park;    /* it waits for a synchronizer, not for a monitor */
    atomic_int wait_owner;  /* of the synchronizer, as it was seen last: tid; 0 none or unknown */
    atomic_uint_fast64_t wait_since_ns; /* when it began, or was found */
    atomic_uint deadlock;               /* number of the deadlock it is part of; 0: of none */
    atomic_uint_fast64_t wait_cpu_ns;   /* 0, or nobody will hear the wait's end: it lasts while the
                                           thread's CPU clock stands here */

    /* Allocation: agent/vm/vm_alloc.c. Touched by the thread itself only. */
    uint32_t alloc_era;      /* of sampling, in which its last sample was; another one: none yet */
    uint32_t alloc_interval; /* by which its next sample is drawn */

    /* umig_slot_set_name() under the mutex; umig_slot_name(). */
    atomic_uint_fast64_t name[UMIG_THREAD_NAME_BYTES / sizeof(uint64_t)];
};

struct umig_slots {
    struct umig_slot *slots;
    uint32_t count; /* a power of two */
    pthread_mutex_t mutex;
    atomic_uint live;             /* slots that are not free */
    atomic_uint registered;       /* counts up with each thread that gets a slot */
    atomic_uint_fast64_t refused; /* threads for which there was no room */
};

/**
 * Sets up a table in zeroed memory of the caller.
 *
 * @param memory  count * sizeof(struct umig_slot) zero bytes; borrowed until the table is forgotten
 * @param count   a power of two, at least UMIG_SLOT_WINDOW
 *
 * Signal: never.
 */
void umig_slots_init(struct umig_slots *table, void *memory, uint32_t count);

/**
 * Finds the slot of a live thread; NULL if it has none.
 *
 * Signal: async-signal-safe; at most UMIG_SLOT_WINDOW loads.
 */
UMIG_SIGNAL_SAFE struct umig_slot *umig_slots_find(const struct umig_slots *table, int tid);

/**
 * The innermost guard a thread has armed (struct umig_guard), whatever has become of its slot: when
 * the last session ends, slots do while their threads are in the handler. NULL if there is none.
 *
 * Signal: async-signal-safe; at most UMIG_SLOT_WINDOW loads.
 */
UMIG_SIGNAL_SAFE void *umig_slots_guard(const struct umig_slots *table, int tid);

/**
 * Is the slot, which in_handler or held says is in use, still a thread's? Then it stays so.
 *
 * Signal: async-signal-safe.
 */
UMIG_SIGNAL_SAFE static inline bool umig_slot_is_of(const struct umig_slot *slot, int tid)
{
    return atomic_load(&slot->state) != UMIG_SLOT_LEAVING && atomic_load(&slot->tid) == tid;
}

/**
 * Holds the slot of a live thread, by that thread, until umig_slot_release(); NULL if it has none.
 *
 * Signal: async-signal-safe; at most UMIG_SLOT_WINDOW loads.
 */
UMIG_SIGNAL_SAFE UMIG_NODISCARD struct umig_slot *umig_slots_hold(const struct umig_slots *table,
                                                                  int tid);

/**
 * Names a slot's thread, cut at UMIG_THREAD_NAME_BYTES - 1. Under the table's mutex.
 *
 * Signal: never.
 */
void umig_slot_set_name(struct umig_slot *slot, const char *name);

/**
 * A thread's name; one that changes meanwhile may come out as a mixture of both.
 *
 * Signal: never.
 */
void umig_slot_name(const struct umig_slot *slot, char out_name[UMIG_THREAD_NAME_BYTES]);

/** Lets a slot go; NULL is none. Signal: async-signal-safe. */
UMIG_SIGNAL_SAFE static inline void umig_slot_release(struct umig_slot *slot)
{
    if (slot != NULL) {
        atomic_fetch_sub(&slot->held, 1);
    }
}

/** Index of a slot of this table. Signal: async-signal-safe. */
UMIG_SIGNAL_SAFE static inline uint32_t umig_slots_index(const struct umig_slots *table,
                                                         const struct umig_slot *slot)
{
    return (uint32_t)(slot - table->slots);
}

/**
 * Gives a thread a slot, or finds the one it has. NULL when the window is full (counted in
 * refused).
 *
 * Thread: the caller holds the mutex. Signal: never.
 */
struct umig_slot *umig_slots_register_locked(struct umig_slots *table, int tid);

/**
 * Frees a slot whose records are all out of the rings.
 *
 * @return false: its thread uses it, in the handler or in a callback; later, then
 *
 * Thread: the caller holds the mutex. Signal: never.
 */
UMIG_NODISCARD bool umig_slots_free_locked(struct umig_slots *table, struct umig_slot *slot);

#endif
