/*
 * Deadlocks: threads each of which waits for a lock that the next one holds, round to the first.
 *
 * Each thread waits for one lock at most, so a walk from holder to holder ends or comes round. What
 * is read of threads that run is no instant of the program: a cycle is believed only when it is
 * there again, with the same threads holding each other up, each of them in the same wait as
 * before. Who has waited from one look to the next has taken no lock in between and released none.
 */
#ifndef UMIG_AGENT_VM_DEADLOCK_H
#define UMIG_AGENT_VM_DEADLOCK_H

#include <stdbool.h>
#include <stdint.h>

/** Threads in cycles that are kept from one look to the next; a larger cycle is not seen. */
#define UMIG_DEADLOCK_THREADS_MAX 64u

/** A thread that waits, for as long as it takes. */
struct umig_deadlock_wait {
    int32_t tid;
    uint32_t serial;    /* of its slot */
    int32_t holder_tid; /* of who holds what it waits for; 0: nobody, or unknown */
    uint64_t since_ns;  /* when the wait began, which tells it from the thread's other waits */
    uint32_t cycle;     /* out: number of its cycle, from 1; 0: it is in none */
};

/** What is remembered from one look to the next. All zero is nothing. */
struct umig_deadlock_memory {
    struct umig_deadlock_wait suspects[UMIG_DEADLOCK_THREADS_MAX];
    uint32_t count;
};

/**
 * Finds the cycles and numbers them.
 *
 * @param waits  one a thread
 * @return how many there are
 */
uint32_t umig_deadlock_find(struct umig_deadlock_wait *waits, uint32_t count);

/**
 * Of the cycles found, leaves those that were there at the call before: of the others cycle
 * becomes 0. All of them are remembered, the first UMIG_DEADLOCK_THREADS_MAX threads.
 *
 * @return threads in the cycles that are left
 */
uint32_t umig_deadlock_confirm(struct umig_deadlock_memory *memory,
                               struct umig_deadlock_wait *waits,
                               uint32_t count);

#endif
