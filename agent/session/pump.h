/*
 * The pump: from rings and queues to batches. Takes records, names their frames in the dictionary
 * of the wire, gives each session its share, and writes a batch when one is full or a second is
 * over.
 *
 * The native loop's alone.
 */
#ifndef UMIG_AGENT_SESSION_PUMP_H
#define UMIG_AGENT_SESSION_PUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/memory.h"
#include "agent/session/batch.h"
#include "agent/session/holders.h"
#include "agent/session/kernel.h"
#include "agent/session/late.h"
#include "agent/session/native.h"
#include "agent/session/session.h"
#include "agent/session/virtual.h"
#include "agent/signal/handler.h"
#include "agent/symbol/dictionary.h"
#include "agent/uplink/uplink.h"
#include "agent/vm/gc.h"
#include "agent/vm/heap.h"
#include "agent/vm/jvm_counters.h"
#include "agent/vm/pools.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

struct umig_live_sites;
struct umig_wall;

/** Where a thread was seen: ids of one generation of the dictionary. */
struct umig_pump_place {
    uint32_t generation; /* 0: there was no room; drop says where */
    uint32_t thread;
    uint32_t stack;
    uint8_t outcome;
    enum umig_drop drop;
};

/** Safepoints that wait until the samples taken meanwhile are there. */
#define UMIG_PUMP_LATE_MAX 16u

/** A stack that was interned, root first: the next one mostly begins the same. */
struct umig_pump_chain {
    uint32_t frames[UMIG_STACK_MAX_FRAMES + 1];
    uint32_t stacks[UMIG_STACK_MAX_FRAMES + 1];
    uint32_t count;
};

struct umig_pump {
    struct umig_sampler *sampler;
    struct umig_names *names[2]; /* the two generations; the sampler uses one of them */
    struct umig_sessions *sessions;
    struct umig_uplink *uplink;
    struct umig_memory *memory;
    struct umig_cost *cost;                  /* kept up to date by the owner */
    uint64_t drained_bytes[UMIG_KIND_COUNT]; /* of records by kind, in this drain */
    uint64_t drain_ns[UMIG_KIND_COUNT];      /* CPU of drains ever, shared out by these */
    struct umig_live_sites *live;            /* where objects are followed; NULL: nowhere */
    struct umig_wall *wall;                  /* takes records of type LOOK; NULL: there are none */

    struct umig_dictionary dictionary;
    struct umig_batch *batch;
    uint8_t *payload; /* UMIG_BATCH_MAX_BYTES */

    /* Dictionary frame of each frame id of the two generations of names; 0 not asked yet. */
    uint32_t *frame_ids[2];
    uint32_t names_generation; /* counts up at every switch */

    struct umig_pump_chain chain;       /* of the record before */
    struct umig_pump_chain mixed_chain; /* and of the last one that had native code in between */

    struct umig_late *late; /* NULL: there was no memory: nobody is told to be late */
    struct umig_gc_event slow[UMIG_PUMP_LATE_MAX]; /* safepoints that took long to be reached */
    uint32_t slow_count;

    struct umig_holders holders;
    struct umig_virtual_threads virtual_threads;
    struct umig_native_frames native; /* closed until a session asks for native frames */
    struct umig_kernel_frames kernel; /* closed until a session gets kernel frames */

    uint64_t dropped_seen_ns[UMIG_DROP_COUNT]; /* of the sampler's books */
    uint64_t dropped_wait_seen_ns[UMIG_DROP_COUNT];
    uint64_t dropped_mutex_seen_ns[UMIG_DROP_COUNT];
    uint64_t dropped_alloc_seen[UMIG_DROP_COUNT]; /* bytes */
    uint64_t dropped_live_seen[UMIG_DROP_COUNT];  /* the same, for kind live */
    uint64_t pauses_lost_seen;
    uint64_t next_batch_ns;
    uint64_t records;     /* taken from the rings */
    uint64_t recorded_ns; /* their CPU time: produced = recorded + dropped, checked at stop */
    uint64_t walk_ns;
    uint64_t names_switches;
    uint64_t batches;
};

/**
 * Takes the memory for the dictionary and batches. The sampler is still to be prepared.
 *
 * @param stack_room  of the dictionary
 */
UMIG_NODISCARD int umig_pump_init(struct umig_pump *pump,
                                  struct umig_memory *memory,
                                  uint32_t stack_room,
                                  struct umig_err *err);

/**
 * Begins again as a new stream: an empty dictionary of generation 1, sessions that start now with
 * new books. What was in the batch being built is booked as refused in the old books and gone.
 */
void umig_pump_restart(struct umig_pump *pump, uint64_t now_ns);

/** Takes everything out of the rings and books what handlers dropped. */
void umig_pump_drain(struct umig_pump *pump, uint64_t now_ns);

/** The kind that what a record costs is charged to. */
enum umig_kind umig_pump_charged_kind(const struct umig_pump *pump,
                                      const struct umig_record *record);

/** Shares the CPU of a drain out among the kinds of its records; without any it is nobody's. */
void umig_pump_charge(struct umig_pump *pump, uint64_t cpu_ns);

/** Interns the thread and the stack of a record, in the rings or not; a carrier's as its own. */
void umig_pump_find_place(struct umig_pump *pump,
                          const struct umig_record *record,
                          uint64_t now_ns,
                          struct umig_pump_place *out_place);

/** Makes sure that the next row finds room; it may begin a generation of the dictionary. False: it
 * finds none, in the spool. */
bool umig_pump_make_room(struct umig_pump *pump, uint64_t now_ns);

/** Dictionary string of a class by its signature, cut ones too: "Lorders/Lock;" to "orders.Lock".
 */
uint32_t umig_pump_class(struct umig_pump *pump, const char *signature, size_t len);

/** A pause, for every session that takes part. */
void umig_pump_pause(struct umig_pump *pump, const struct umig_gc_pause *pause, uint64_t now_ns);

/** What the log says beside pauses, for every session that takes part. */
void umig_pump_gc_event(struct umig_pump *pump, const struct umig_gc_event *event, uint64_t now_ns);

/** Tells who was late to the safepoints that came in; call when the rings have been drained. */
void umig_pump_tell_late(struct umig_pump *pump, uint64_t now_ns);

/** Books the pauses that nobody took in time: how many there ever were. */
void umig_pump_lost_pauses(struct umig_pump *pump, uint64_t lost_count);

/** A reading of the heap and of the JVM's counters, for one session. */
void umig_pump_heap(struct umig_pump *pump,
                    struct umig_session *session,
                    const struct umig_heap_reading *reading,
                    const struct umig_jvm_reading *counters,
                    uint64_t now_ns);

/** A reading of the pools, for one session. */
void umig_pump_pools(struct umig_pump *pump,
                     struct umig_session *session,
                     const struct umig_pool_reading *reading,
                     uint64_t now_ns);

/** Moves what held sessions took out of the batch and into their backlogs. */
void umig_pump_set_aside(struct umig_pump *pump, uint64_t now_ns);

/**
 * The condition of an armed session holds: what it has kept goes to the collector, in order, and
 * then what comes. Its time to run begins. What the spool has no room for follows when it has.
 */
void umig_pump_fire(struct umig_pump *pump, struct umig_session *session, uint64_t now_ns);

/** Ends an armed session whose condition has never held: nothing is left of it. */
void umig_pump_disarm(struct umig_pump *pump, struct umig_session *session, uint64_t now_ns);

/** Begins a generation of the dictionary; what backlogs hold goes along. */
void umig_pump_begin_generation(struct umig_pump *pump);

/** A session that fired begins anew with what of its backlog was not sent, if there is any. */
void umig_pump_restart_backlog(struct umig_session *session);

/** Sends what is left of the backlogs of sessions that fired, as far as the spool has room. */
void umig_pump_release(struct umig_pump *pump, uint64_t now_ns);

/** Writes the batch, which holds nothing of a held session's, and empties it. */
void umig_pump_send(struct umig_pump *pump, uint64_t now_ns);

/** Does the spool take a batch? */
bool umig_pump_has_room(const struct umig_pump *pump);

/** Writes and submits a batch if one is due and its time has come, or in any case when forced. */
void umig_pump_flush(struct umig_pump *pump, uint64_t now_ns, bool is_forced);

#endif
