/*
 * Virtual threads as rows of the profile. There may be a million of them, each alive for
 * milliseconds: those seen most have rows of their own, all others share
 * (docs/adr/0009-virtual-threads.md).
 *
 *      what is known      row of its own                    shared row
 *
 *      name, id           NAME, id                          the pool: NAME with '*' for numbers
 *      name, too many     -                                 "virtual (more names)"
 *      no name, id        "virtual on CARRIER", id          "virtual on CARRIER", tid
 *      name unread        -                                 "virtual (unread) on CARRIER", tid
 *
 * A row's pool is the same whether it is shared or not, so that times by pool are right however
 * many threads there are.
 *
 * The native loop's alone.
 */
#ifndef UMIG_AGENT_SESSION_VIRTUAL_H
#define UMIG_AGENT_SESSION_VIRTUAL_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/memory.h"
#include "agent/session/admission.h"
#include "agent/session/thread_names.h"
#include "agent/signal/slots.h"
#include "include/umig/attr.h"
#include "include/umig/sample.h"
#include "include/umig/status.h"

/** Rows of single virtual threads, and of pools of them: at once, and one more each so often. */
#define UMIG_VIRTUAL_THREADS_MAX   1024
#define UMIG_VIRTUAL_THREAD_REFILL (6 * 1000000000ull)
#define UMIG_VIRTUAL_POOLS_MAX     256
#define UMIG_VIRTUAL_POOL_REFILL   (60 * 1000000000ull)

struct umig_virtual_threads {
    struct umig_memory *memory;
    bool is_refused; /* there was no memory for the tables: all share their carrier's row */
    struct umig_admission threads;
    struct umig_admission pools;
    struct umig_thread_names names;
    uint64_t samples;          /* on virtual threads */
    uint64_t shared_samples;   /* of these, in rows that several may share */
    uint64_t unread_samples;   /* of these, with id or name unread */
    uint64_t nameless_samples; /* of these, beyond UMIG_VIRTUAL_POOLS_MAX */
};

struct umig_virtual_row {
    uint32_t tid; /* of the carrier; 0: the row has an id, or is of no one carrier */
    uint64_t id;  /* 0: shared */
    size_t name_bytes;
    char name[UMIG_VIRTUAL_NAME_BYTES + UMIG_THREAD_NAME_BYTES];
};

/** Tables, about 400 KiB, are taken from the memory (borrowed) when the first thread is placed. */
void umig_virtual_threads_init(struct umig_virtual_threads *threads, struct umig_memory *memory);

/**
 * The row of a record of a virtual thread.
 *
 * @param carrier  the slot of the thread that ran it
 */
void umig_virtual_threads_place(struct umig_virtual_threads *threads,
                                const struct umig_record *record,
                                const struct umig_slot *carrier,
                                uint64_t now_ns,
                                struct umig_virtual_row *out_row);

#endif
