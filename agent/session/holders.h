/*
 * What the holders of locks did when somebody began to wait for them, until that wait is over: it
 * comes in a record of its own (UMIG_RECORD_HOLDER), and belongs to the records of the wait.
 */
#ifndef UMIG_AGENT_SESSION_HOLDERS_H
#define UMIG_AGENT_SESSION_HOLDERS_H

#include <stdint.h>

#include "include/umig/sample.h"

/** Waits whose holder's stack is kept: by slot, the newest of those that share a place. */
#define UMIG_HOLDERS_MAX 256u

struct umig_holder {
    uint32_t slot, slot_serial; /* who waits */
    int32_t tid;                /* the holder; 0: nothing is known */
    uint32_t stack;
    uint32_t generation; /* of the dictionary that stack is of */
};

/** All zero is empty. */
struct umig_holders {
    struct umig_holder holders[UMIG_HOLDERS_MAX];
};

/** Keeps the stack of a record of type HOLDER. */
void umig_holders_keep(struct umig_holders *holders,
                       const struct umig_record *record,
                       uint32_t stack,
                       uint32_t generation);

/** The stack of who held up a wait; 0 unknown, or of another generation of the dictionary. */
uint32_t umig_holders_stack(const struct umig_holders *holders,
                            const struct umig_record *record,
                            uint32_t generation);

/** Forgets the holder of a wait that is over with this record; of others nothing. */
void umig_holders_end(struct umig_holders *holders, const struct umig_record *record);

#endif
