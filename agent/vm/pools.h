/*
 * The table of pools that are followed, and of the threads that lead to them: what is known between
 * two readings. How a thread leads to its pool, and where a pool keeps its figures, is the affair
 * of vm_pools.c, which alone speaks JNI; docs/adr/0020-pools.md has the why.
 *
 *      thread ──────► worker ──────► pool
 *      by its id      weak           weak
 *
 * A thread's way to its pool never changes: it is looked up when the thread is first seen. A pool
 * has a number as long as it is in the table, which no other one gets after it. One without threads
 * is read twice more, for what its last threads left, and then left alone: reading would keep it
 * alive. It goes when it is collected, or when there is no room for another.
 *
 * Pure but for the references, which are deleted by whom the owner names; the attached thread's.
 */
#ifndef UMIG_AGENT_VM_POOLS_H
#define UMIG_AGENT_VM_POOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/memory.h"
#include "include/umig/attr.h"
#include "include/umig/pools.h"
#include "include/umig/status.h"

/** Pools that are followed at once. */
#define UMIG_POOLS_MAX 256u

/** Bytes of a pool's name, NUL included. */
#define UMIG_POOL_NAME_BYTES 64u

/** Readings of a pool after the last one that has seen a thread of it. */
#define UMIG_POOL_LAST_READINGS 2u

/** Classes of Java that are known, each with the ids of its fields: vm_pool_types.c. */
#define UMIG_POOL_TYPES_MAX  64u
#define UMIG_POOL_FIELDS_MAX 6u

struct umig_pool_type {
    int what;                           /* enum umig_pool_class */
    void *class;                        /* weak reference; NULL: free */
    void *fields[UMIG_POOL_FIELDS_MAX]; /* jfieldID; NULL: it has none of that name */
};

struct umig_pool {
    void *reference; /* weak; NULL: free */
    uint32_t number;
    enum umig_pool_kind kind;
    uint32_t type;        /* of umig_pools.types: of its class */
    uint32_t worker_type; /* of its workers; 0: they have nothing to read */
    uint32_t queue_type;  /* of its queue; 0: not known */
    uint32_t threads;     /* seen at this reading */
    uint32_t idle;        /* readings since it had one */
    bool is_named;        /* prefix is a name, not what names have in common */
    struct umig_pool_figures figures;
    uint64_t own_completed;     /* of threads that have ended */
    uint64_t threads_completed; /* of those seen */
    char prefix[UMIG_POOL_NAME_BYTES];
};

/** Where a thread leads to. */
#define UMIG_POOL_NONE     0u
#define UMIG_POOL_LEFT_OUT UINT32_MAX /* to a pool there is no room for, or that cannot be read */

struct umig_pool_thread {
    int64_t id;      /* Thread.threadId(), never used twice */
    void *worker;    /* weak reference; NULL: there is nothing to read of it */
    uint32_t number; /* of its pool, NONE or LEFT_OUT */
    uint16_t place;  /* of the pool in the table */
    bool is_seen;    /* at this reading */
};

/** A pool as a reading tells it. */
struct umig_pool_row {
    uint32_t number;
    enum umig_pool_kind kind;
    struct umig_pool_figures figures;
    char name[UMIG_POOL_NAME_BYTES];
};

struct umig_pool_reading {
    uint64_t time_ns;  /* CLOCK_MONOTONIC; 0: there is none yet */
    uint32_t left_out; /* threads of pools that there is no row for */
    uint32_t count;
    struct umig_pool_row rows[UMIG_POOLS_MAX];
};

/** Who deletes references. */
struct umig_pool_ops {
    void *ctx;
    void (*forget)(void *ctx, void *reference);
};

/** From umig_pools_create(). */
struct umig_pools {
    uint32_t next_number;
    uint32_t left_out;
    uint32_t thread_count, thread_room;
    uint32_t slot_mask;
    struct umig_pool_thread *threads; /* dense */
    uint32_t *slots;                  /* 1 + index of a thread, by its id; 0: free */
    struct umig_pool pools[UMIG_POOLS_MAX];
    struct umig_pool_type types[UMIG_POOL_TYPES_MAX]; /* 0 is none */
    char problem[192];                                /* what cannot be read; "" nothing */
    struct umig_pool_reading reading;                 /* the newest one that was told */
};

/** Memory for so many threads. */
size_t umig_pools_bytes(uint32_t thread_room);

/**
 * Takes the memory, for good; nothing is followed yet.
 *
 * @param thread_room  threads that are known at once, a power of two
 * @return UMIG_OK, UMIG_E_NOMEM
 */
UMIG_NODISCARD int umig_pools_create(struct umig_memory *memory,
                                     uint32_t thread_room,
                                     struct umig_pools **out_pools,
                                     struct umig_err *err);

/** Begins a reading: nobody has been seen. */
void umig_pools_begin(struct umig_pools *pools);

/**
 * Finds a thread, or makes it known.
 *
 * @param out_is_new  its way to its pool is still to be looked up
 * @return NULL: there is no room for another one; counted as left out
 */
struct umig_pool_thread *umig_pools_thread(struct umig_pools *pools, int64_t id, bool *out_is_new);

/** The pool a thread belongs to; NULL: to none that is followed. */
struct umig_pool *umig_pools_of(struct umig_pools *pools, const struct umig_pool_thread *thread);

/**
 * Follows another pool. Where there is no room the one goes that had no thread for longest.
 *
 * @param reference  taken over
 * @return NULL: each one has threads; the reference is the caller's
 */
struct umig_pool *umig_pools_add(struct umig_pools *pools,
                                 const struct umig_pool_ops *ops,
                                 void *reference,
                                 enum umig_pool_kind kind);

/** Follows a pool no more. */
void umig_pool_remove(struct umig_pool *pool, const struct umig_pool_ops *ops);

/** A thread leads to a pool. */
void umig_pool_thread_lead(struct umig_pool_thread *thread,
                           const struct umig_pools *pools,
                           const struct umig_pool *pool);

/** Is there something to read of it, or has it been without threads for too long? */
bool umig_pool_is_read(const struct umig_pool *pool);

/** Learns the name of one of its threads: the pool is called what they have in common. */
void umig_pool_learn_name(struct umig_pool *pool, const char *thread_name);

/** Writes the pool's name: without the numbers and marks that end it. */
void umig_pool_put_name(const struct umig_pool *pool, char out[UMIG_POOL_NAME_BYTES]);

/**
 * Adds what was counted by the pool and its threads to figures.completed, which never falls: what a
 * thread that ended between two looks had counted is missing for one reading.
 */
void umig_pool_count_completed(struct umig_pool *pool);

/** Ends a reading: threads that were not seen are forgotten, pools without threads get older. */
void umig_pools_end(struct umig_pools *pools, const struct umig_pool_ops *ops);

/** Makes what was read the reading of that time. */
void umig_pools_tell(struct umig_pools *pools, uint64_t time_ns);

/** Follows nobody any more. */
void umig_pools_clear(struct umig_pools *pools, const struct umig_pool_ops *ops);

#endif
