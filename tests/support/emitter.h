/*
 * An agent that is none: it makes up samples by a formula, keeps its own books of what it sent, and
 * speaks the wire with protobuf-c. What a store says of it can be compared with its books; nothing
 * in them comes from the collector but the acknowledgements.
 *
 * The stacks form a binary tree: stack 1 is the root frame, the callees of stack i are 2 i and
 * 2 i + 1. So a path of method names tells the number of its stack (umig_emitter_stack_of).
 */
#ifndef UMIG_TESTS_SUPPORT_EMITTER_H
#define UMIG_TESTS_SUPPORT_EMITTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/socket.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

enum {
    UMIG_EMITTER_METHODS = 50,
    UMIG_EMITTER_THREADS = 8,
    UMIG_EMITTER_MAX_STACKS = 4096
};

struct umig_emitter_options {
    uint64_t epoch;
    uint32_t seed;
    const char *session; /* id of its one session */
    const char *service;
    const char *build; /* label of the session and of the agent; NULL none */
    uint32_t samples_per_batch;
    uint32_t stacks_per_batch;       /* new ones, until UMIG_EMITTER_MAX_STACKS */
    uint32_t batches_per_generation; /* 0: one generation */
    bool has_gc_events;              /* one of each kind in a batch */
    uint32_t max_unacked;            /* batches; more samples are dropped with cause spool_full */
    uint64_t anchor_unix_ns;
};

/** What it made, by what became of it. Values of kind CPU in ns. */
struct umig_ledger {
    uint64_t produced_count, produced_value;
    uint64_t dropped_value;
    uint64_t sent_count, sent_value; /* went into a batch */
    uint64_t stack_count[UMIG_EMITTER_MAX_STACKS + 1], stack_value[UMIG_EMITTER_MAX_STACKS + 1];
    uint64_t thread_count[UMIG_EMITTER_THREADS + 1], thread_value[UMIG_EMITTER_THREADS + 1];
    uint64_t pauses, pause_ns;
    uint64_t gc_events, gc_event_ns;
    uint64_t heap_points;
    uint64_t waits, wait_ns;
    uint64_t batches; /* highest sequence made */
    uint64_t acked;   /* highest sequence acknowledged */
};

struct umig_emitter;

/** Makes an emitter that is not connected; asserts on failure. */
struct umig_emitter *umig_emitter_create(const struct umig_emitter_options *options);

/** Closes and frees; takes NULL; returns NULL. */
struct umig_emitter *umig_emitter_destroy(struct umig_emitter *emitter);

/** The books; borrowed. */
const struct umig_ledger *umig_emitter_ledger(const struct umig_emitter *emitter);

/** Makes one batch (the first one starts the session) and keeps it until it is acknowledged. */
void umig_emitter_make_batch(struct umig_emitter *emitter);

/** Makes a batch that ends the session. */
void umig_emitter_make_end(struct umig_emitter *emitter);

/**
 * Dials and says hello; what is unacknowledged will be sent again.
 *
 * @return UMIG_OK, UMIG_E_IO, UMIG_E_PROTO (refused; the text says why)
 */
UMIG_NODISCARD int umig_emitter_connect(struct umig_emitter *emitter,
                                        const struct umig_address *address,
                                        struct umig_err *err);

/** Closes the connection without a word. */
void umig_emitter_disconnect(struct umig_emitter *emitter);

/**
 * Sends what is not sent yet and waits until all is acknowledged.
 *
 * @return UMIG_OK; UMIG_AGAIN timeout; UMIG_E_IO the connection is gone; UMIG_E_PROTO refused;
 *         UMIG_E_LIMIT refused with a retry (after a pause, call again)
 */
UMIG_NODISCARD int umig_emitter_flush(struct umig_emitter *emitter,
                                      int timeout_ms,
                                      struct umig_err *err);

/** Says BYE. UMIG_OK or UMIG_E_IO. */
UMIG_NODISCARD int umig_emitter_bye(struct umig_emitter *emitter, struct umig_err *err);

/** Appends the frames of a whole life (HELLO, what is unacknowledged, BYE), as they would be sent.
 */
void umig_emitter_record(const struct umig_emitter *emitter, struct umig_buf *out);

/** Number of the stack one call below stack parent (0: none) in a method named "mN". */
uint32_t umig_emitter_stack_of(uint32_t parent, const char *method_name);

/** The connection's socket, for tests that write to it themselves; -1 without. */
int umig_emitter_fd(const struct umig_emitter *emitter);

#endif
