/*
 * What a developer needs to see why a stack could not be walked: the position where the walk was
 * lost, the code around it and the stack below it. Only the newest are kept.
 */
#ifndef UMIG_AGENT_WALK_EVIDENCE_H
#define UMIG_AGENT_WALK_EVIDENCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/signal/regs.h"
#include "agent/walk/step.h"
#include "include/umig/attr.h"

enum {
    UMIG_EVIDENCE_ROWS = 32,
    UMIG_EVIDENCE_CODE_BYTES = 32, /* half of them before the pc */
    UMIG_EVIDENCE_STACK_WORDS = 8, /* from sp up */
    UMIG_EVIDENCE_NAME_BYTES = 32,
};

struct umig_evidence {
    struct umig_regs leaf; /* where the sample was taken; the walk may have come further */
    char leaf_name[UMIG_EVIDENCE_NAME_BYTES];
    uint8_t leaf_code[UMIG_EVIDENCE_CODE_BYTES];
    uint64_t time_ns; /* CLOCK_MONOTONIC */
    int32_t tid;
    uint32_t outcome; /* enum umig_outcome */
    uint32_t frames;  /* frames walked before */
    int32_t thread_state;
    bool is_leaf;       /* it was lost in the interrupted frame itself */
    uintptr_t fault_pc; /* of the load that faulted; 0: none has */
    uintptr_t fault_address;
    struct umig_regs regs;
    char code_name[UMIG_EVIDENCE_NAME_BYTES]; /* the JVM's name of the code; "" outside of it */
    uint64_t code_offset;                     /* of the pc in that code */
    int32_t frame_words;
    int32_t frame_complete;
    uint8_t code[UMIG_EVIDENCE_CODE_BYTES]; /* 0 where it could not be read */
    uintptr_t stack[UMIG_EVIDENCE_STACK_WORDS];
};

/** The newest failures; a ring written by handlers. */
struct umig_evidence_ring {
    atomic_uint next; /* rows ever begun */
    struct {
        atomic_uint version; /* odd while it is written */
        struct umig_evidence evidence;
    } rows[UMIG_EVIDENCE_ROWS];
};

/**
 * Writes down where a walk was lost.
 *
 * @param step  position; its registers need not lead anywhere
 *
 * Signal: async-signal-safe; needs no guard.
 */
UMIG_SIGNAL_SAFE void umig_evidence_put(struct umig_evidence_ring *ring,
                                        const struct umig_step *step,
                                        const struct umig_evidence *head);

/**
 * Copies a row.
 *
 * @param back  0 is the newest
 * @return false if there is no such row, or it is being written
 *
 * Thread: any. Signal: never.
 */
bool umig_evidence_get(const struct umig_evidence_ring *ring,
                       uint32_t back,
                       struct umig_evidence *out);

#endif
