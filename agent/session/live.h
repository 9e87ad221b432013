/*
 * Objects that stay alive: where they were allocated, and what sessions are told of them.
 *
 * The table (agent/vm/live.h) has the objects, this has their stacks: in a dictionary of its own,
 * since objects stay for longer than the wire's dictionary does. When it is full, what the objects
 * in the table still need of it is carried to another one; when that is most of it, the table is
 * thinned.
 *
 * Sessions are told by snapshots: for each place, class and age what is alive of what was allocated
 * since the session began, as far as it is known: what was allocated after a collection that nobody
 * has looked after yet, within a quarter of a second, is left to the next snapshot, for most of it
 * is dead, and with much garbage it is more than the whole heap.
 *
 * A snapshot is samples of one moment, each with a frame of kind LIVE innermost, and one whose
 * frame is called "[snapshot]", worth one byte, so that a snapshot of nothing is one, too; its
 * count is one more than the collections of old objects that there were. The last one of a session
 * counts, those before it say how it came to that. Snapshots are ten seconds apart, or the
 * thirtieth part of what the session has lasted, if that is more: the store tells apart what lies
 * ten seconds apart.
 *
 * An object's age is how many collections it has survived, as told in LIVE's line: the number of
 * bits it has, plus one. docs/adr/0018-live-objects.md
 *
 * The native loop's alone.
 */
#ifndef UMIG_AGENT_SESSION_LIVE_H
#define UMIG_AGENT_SESSION_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/memory.h"
#include "agent/session/pump.h"
#include "agent/session/session.h"
#include "agent/symbol/carry.h"
#include "agent/symbol/dictionary.h"
#include "agent/vm/live.h"
#include "include/umig/attr.h"
#include "include/umig/sample.h"
#include "include/umig/status.h"

/** Ages that are told apart: 0, 1, 2 to 3, 4 to 7, ..., 2^14 and more collections. */
#define UMIG_LIVE_AGES 16u

/** Least time between two snapshots: what the store tells apart. */
#define UMIG_LIVE_SPACING_NS (10 * UINT64_C(1000000000))

/** Zeroed memory is one that is not open: it follows nothing. */
struct umig_live_sites {
    bool is_open;
    struct umig_live *table; /* borrowed */
    struct umig_pump *pump;  /* borrowed */
    struct umig_dictionary dictionaries[2];
    int which;              /* of them is in use */
    struct umig_carry in;   /* from the wire's dictionary to the one in use */
    struct umig_carry out;  /* back */
    struct umig_carry move; /* from the one in use to the other */
    uint32_t *first;        /* by stack: 1 + the first entry of a list of them; 0: none */
    uint32_t checked;       /* collections that had been looked after when a snapshot began */
    uint32_t checked_old;   /* of these, those that look at old objects, too */
    uint64_t refused_seen;  /* of the table's books */
    uint32_t tid;           /* of the loop, whose samples a snapshot is */
};

/** Memory for so many entries and stacks beside a wire's dictionary of so many. */
size_t umig_live_sites_bytes(uint32_t wire_stack_room, uint32_t room, uint32_t stack_room);

/**
 * Takes the memory and gives the table its room; once.
 *
 * @param room        entries, a power of two
 * @param stack_room  of stacks that are kept
 * @return UMIG_OK, UMIG_E_NOMEM: nothing was taken
 */
UMIG_NODISCARD int umig_live_sites_open(struct umig_live_sites *sites,
                                        struct umig_live *table,
                                        struct umig_pump *pump,
                                        struct umig_memory *memory,
                                        uint32_t room,
                                        uint32_t stack_room,
                                        struct umig_err *err);

/** An object's sample has come out of the ring: its stack in the wire's dictionary, or 0. */
void umig_live_sites_follow(struct umig_live_sites *sites,
                            const struct umig_record *record,
                            uint32_t stack,
                            enum umig_drop cause);

/** The wire's dictionary has begun anew, under a number that it had before. */
void umig_live_sites_restart(struct umig_live_sites *sites);

/** Frees what was collected, and tells sessions whose next snapshot is due. */
void umig_live_sites_tell(struct umig_live_sites *sites, uint64_t now_ns);

/** Tells a session that ends its last snapshot. */
void umig_live_sites_settle(struct umig_live_sites *sites,
                            struct umig_session *session,
                            uint64_t now_ns);

#endif
