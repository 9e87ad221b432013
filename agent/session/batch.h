/*
 * Builds one Batch at a time: rows are collected in fixed memory, grouped by session when the batch
 * is written. Field numbers: message Batch in proto/umig/v1/stream.proto.
 *
 * The native loop's alone.
 */
#ifndef UMIG_AGENT_SESSION_BATCH_H
#define UMIG_AGENT_SESSION_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/session/cost.h"
#include "agent/session/session.h"
#include "agent/symbol/dictionary.h"
#include "agent/vm/jvm_counters.h"
#include "include/umig/attr.h"
#include "wire/codec.h"

#define UMIG_BATCH_SAMPLES     4096
#define UMIG_BATCH_WAITS       1024
#define UMIG_BATCH_PAUSES      1024
#define UMIG_BATCH_GC_EVENTS   1024
#define UMIG_BATCH_HEAP_POINTS 128
#define UMIG_BATCH_POOLS       8
#define UMIG_BATCH_POOL_ROWS   1024

/** A batch is written before the dictionary's delta passes this. */
#define UMIG_BATCH_DELTA_BYTES (384u * 1024u)

/** Most bytes a batch takes: what the spool must have room for before anything is taken in. */
#define UMIG_BATCH_MAX_BYTES (768u * 1024u)

struct umig_batch_sample {
    uint32_t session; /* number */
    uint32_t kind;
    uint64_t time_ns;
    uint32_t thread;
    uint32_t stack;
    uint32_t outcome;
    uint64_t value;
    uint64_t count; /* alloc: objects it stands for; 0: one */
};

struct umig_batch_wait {
    uint32_t session;
    uint64_t time_ns;
    uint32_t thread;
    uint32_t stack;
    uint32_t monitor_class; /* string */
    uint32_t holder;        /* thread */
    uint64_t wait_ns;
    uint32_t count;
    uint32_t holder_stack; /* 0: unknown */
    uint32_t deadlock;     /* 0: in none */
};

struct umig_batch_pause {
    uint32_t session;
    uint64_t start_ns;
    uint64_t duration_ns;
    uint32_t collection;  /* string */
    uint32_t cause;       /* string */
    uint64_t heap_before; /* bytes + 1; 0 unknown */
    uint64_t heap_after;
};

struct umig_batch_gc_event {
    uint32_t session;
    uint32_t kind;
    uint64_t start_ns;
    uint64_t duration_ns;
    uint32_t name;   /* string */
    uint32_t detail; /* string; 0 none */
    uint64_t before; /* include/umig/gc_events.h */
    uint64_t after;
    uint32_t thread; /* late: whose stack it is; else 0 */
    uint32_t stack;
};

struct umig_batch_heap_point {
    uint32_t session;
    uint64_t time_ns;
    uint64_t rss_bytes;
    uint32_t pool_count;
    struct {
        uint32_t name; /* string */
        uint64_t used;
        uint64_t committed;
        uint64_t maximum; /* bytes + 1; 0 unknown */
    } pools[UMIG_BATCH_POOLS];
    struct umig_jvm_reading counters;
};

/** A pool of threads or of connections at one reading; rows of a reading follow each other. */
struct umig_batch_pool {
    uint32_t session;
    uint32_t number;
    uint64_t time_ns;
    uint32_t kind;
    uint32_t name; /* string */
    uint64_t size;
    uint64_t maximum; /* + 1; 0 without a bound */
    uint64_t active;
    uint64_t queued;    /* + 1; 0 unknown */
    uint64_t completed; /* + 1; 0 unknown */
};

/** The rows of the batch being built. About 570 KiB. */
struct umig_batch {
    struct umig_batch_sample samples[UMIG_BATCH_SAMPLES];
    struct umig_batch_wait waits[UMIG_BATCH_WAITS];
    struct umig_batch_pause pauses[UMIG_BATCH_PAUSES];
    struct umig_batch_gc_event gc_events[UMIG_BATCH_GC_EVENTS];
    struct umig_batch_heap_point heap_points[UMIG_BATCH_HEAP_POINTS];
    struct umig_batch_pool pools[UMIG_BATCH_POOL_ROWS];
    uint32_t sample_count;
    uint32_t pool_count;
    uint32_t wait_count;
    uint32_t pause_count;
    uint32_t gc_event_count;
    uint32_t heap_point_count;
};

/** Is a list full, or the delta about to be too large? Then write the batch first. */
bool umig_batch_is_full(const struct umig_batch *batch, const struct umig_dictionary *dictionary);

/** Is there anything to write: rows, a session that began or ended? Held sessions do not count. */
bool umig_batch_is_due(const struct umig_batch *batch, const struct umig_sessions *sessions);

/**
 * Writes the batch: dictionary delta, sessions that began, rows, books of all sessions, sessions
 * that ended; nothing of held ones. The end of a session whose backlog has more waits for it.
 *
 * @param writer  an empty one with UMIG_BATCH_MAX_BYTES of room; is_full afterwards is a fault in
 *                the bounds above
 *
 * The rows stay until umig_batch_clear().
 */
void umig_batch_write(const struct umig_batch *batch,
                      const struct umig_dictionary *dictionary,
                      const struct umig_sessions *sessions,
                      const struct umig_cost *cost,
                      uint64_t now_ns,
                      struct umig_pb_writer *writer);

/** Empties the batch and marks in the sessions what has been written; closes ended ones. */
void umig_batch_clear(struct umig_batch *batch,
                      struct umig_sessions *sessions,
                      const struct umig_cost *cost);

#endif
