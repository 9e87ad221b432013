/*
 * Objects that are followed until they are collected: a bounded table of weak references.
 *
 * An entry is an object that was sampled when it was allocated (agent/vm/vm_alloc.c). Who
 * allocates claims a free entry, makes the weak reference and sends the entry's handle along with
 * the sample; the loop gives the entry its stack; the attached thread looks, after collections,
 * whether the reference is still set, and is the only one to delete what was followed:
 *
 *   FREE -> CLAIMED -> WAITING -> FOLLOWED ----> DYING -> DEAD -> FREE
 *    allocating thread     |  loop       attached thread     loop
 *                          +-> UNWANTED -^    (there was no room for its stack)
 *
 * Every step is one compare-and-swap on the entry's state, which has a serial number that counts
 * up at each claim: a handle of an earlier object fits no later one. The loop reads what is
 * FOLLOWED or DEAD without fear: nobody but itself makes such an entry free again. So a weak
 * reference is deleted once, by whom the swap to DYING succeeded for, whatever comes between.
 *
 * The table is full: its share. Each object has a random number, and is kept while that is below
 * 2^-shift. When three quarters are taken the shift grows by one: half of the entries are given up,
 * whatever they are and however old, and each that is left stands for twice as many. So what stands
 * for what is as unbiased as before, only coarser. With little left the shift falls again, for
 * new objects; older ones keep what they stand for.
 *
 * Large objects have shifts of their own, by bytes: a reference keeps what G1 would free at the
 * next pause of the young generation until a marking has found that nobody else has it. One is the
 * floor, which like the table's shift thins what is there, when that is too much. The other is
 * for new ones alone: it grows while they come faster than they are looked at.
 */
#ifndef UMIG_AGENT_VM_LIVE_H
#define UMIG_AGENT_VM_LIVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/umig/attr.h"

/** Most entries a table may have: handles have 16 bits for them. */
#define UMIG_LIVE_ROOM_MAX 65536u

/** Most that the shift grows to: an entry stands for a million. */
#define UMIG_LIVE_SHIFT_MAX 20u

enum umig_live_state {
    UMIG_LIVE_FREE,
    UMIG_LIVE_CLAIMED, /* its reference is being made */
    UMIG_LIVE_WAITING, /* for its stack, which is in a ring */
    UMIG_LIVE_FOLLOWED,
    UMIG_LIVE_UNWANTED,
    UMIG_LIVE_DYING, /* its reference is being deleted */
    UMIG_LIVE_DEAD,
};

struct umig_live_entry {
    atomic_uint state;       /* enum umig_live_state, and the serial above it */
    uint32_t random;         /* drawn when it was claimed */
    atomic_uint shift;       /* it stands for 2^shift objects that were sampled like it */
    uint32_t interval;       /* it was sampled by: mean bytes between two samples */
    uint64_t bytes;          /* of the object */
    uint64_t time_ns;        /* it was allocated; CLOCK_MONOTONIC */
    uint32_t collection;     /* as many had ended when it was allocated */
    uint32_t stack;          /* the loop's: agent/session/live.h */
    uint32_t next;           /* the loop's */
    uint32_t old_collection; /* likewise, of those that look at old objects */
    void *reference;         /* jweak */
};

/** Zeroed memory is a table without room. */
struct umig_live {
    struct umig_live_entry *entries;
    uint32_t room; /* a power of two */
    atomic_bool is_on;
    atomic_uint used; /* entries that are not FREE */
    atomic_uint shift;
    atomic_uint swept_shift; /* to which all entries were thinned */
    uint64_t large_from;     /* objects of more bytes than this are large; 0: none is */
    uint64_t large_limit;    /* about so many bytes of large objects are followed */
    atomic_uint large_floor;
    atomic_uint swept_large_floor;
    atomic_uint large_shift;
    atomic_uint_fast64_t large_taken; /* bytes of large ones since that was changed, or a sweep */
    atomic_uint_fast64_t draws;
    atomic_uint next;                    /* where to look for a free entry */
    atomic_uint references;              /* there are now */
    atomic_uint_fast64_t since_ns;       /* what was allocated before is nobody's */
    atomic_uint_fast64_t swept_since_ns; /* by which all entries were looked at */
    atomic_uint followed;                /* entries, as the last sweep found them */
    atomic_uint checked_old; /* the same, of collections that look at old objects, too */
    atomic_uint checked;     /* collections that had ended when all entries were last looked at */
    atomic_uint_fast64_t refused;       /* objects there was no room for */
    atomic_uint_fast64_t refused_bytes; /* what they stand for; who claims counts them */
};

/** What was made of a wish to follow an object. */
enum umig_live_claim {
    UMIG_LIVE_TAKEN,
    UMIG_LIVE_THINNED, /* the share of the table left it out: nothing is lost */
    UMIG_LIVE_REFUSED, /* no room: counted */
};

/** What is done with references: by the JVM, or by a test. ctx is handed through. */
struct umig_live_ops {
    void *ctx;
    bool (*is_gone)(void *ctx, void *reference); /* has its object been collected? */
    void (*forget)(void *ctx, void *reference);  /* deletes it */
};

/** Memory for so many entries. */
size_t umig_live_bytes(uint32_t room);

/**
 * Gives the table room, once.
 *
 * @param memory  zeroed, umig_live_bytes(room) bytes; kept
 * @param room    a power of two, at most UMIG_LIVE_ROOM_MAX
 */
void umig_live_init(struct umig_live *live, void *memory, uint32_t room);

/**
 * Says which objects are large, and about how many bytes of them are followed; between two sweeps
 * a quarter of that more for each doubling of how many come. Before anything is claimed.
 */
void umig_live_set_large(struct umig_live *live, uint64_t from_bytes, uint64_t limit_bytes);

/** Is an object of so many bytes large? Any thread. */
bool umig_live_is_large(const struct umig_live *live, uint64_t bytes);

/** The shift by which an object of so many bytes would be followed now. Any thread. */
unsigned umig_live_shift(const struct umig_live *live, uint64_t bytes);

/**
 * Claims an entry for an object; the caller makes its reference and calls umig_live_publish().
 *
 * Thread: any.
 */
enum umig_live_claim umig_live_claim(struct umig_live *live,
                                     uint64_t bytes,
                                     struct umig_live_entry **out_entry);

/**
 * The entry's fields are set: it waits for its stack from now on.
 *
 * @return its handle, never 0
 */
uint32_t umig_live_publish(struct umig_live *live, struct umig_live_entry *entry);

/** There will be no reference: the entry is free again. */
void umig_live_unclaim(struct umig_live *live, struct umig_live_entry *entry);

/**
 * The sample was lost: gives its entry back, its reference deleted, unless a sweep has.
 *
 * Thread: the one that published it.
 */
void umig_live_drop(struct umig_live *live, uint32_t handle, const struct umig_live_ops *ops);

/**
 * Gives a waiting entry its stack; 0: there is none, it is not wanted any more.
 *
 * @return the entry; NULL: it is not followed
 *
 * Thread: the loop.
 */
struct umig_live_entry *umig_live_follow(struct umig_live *live, uint32_t handle, uint32_t stack);

/** Makes dead entries free. Thread: the loop. */
void umig_live_reap(struct umig_live *live);

/** Has half of all entries given up at the next look. Thread: any. */
void umig_live_thin(struct umig_live *live);

/** The entry at a place, if it is followed; NULL if not. Thread: the loop. */
struct umig_live_entry *umig_live_at(struct umig_live *live, uint32_t index);

/** Is it time to look: more collections have ended, or the table is to be thinned? Any thread. */
bool umig_live_is_due(const struct umig_live *live, uint32_t collections);

/**
 * Looks at every entry: deletes the references of what was collected, is not wanted, or is beyond
 * the table's share; of everything when the table is not on.
 *
 * @param collections      that have ended, read before the call
 * @param old_collections  of these, those that look at old objects, too
 * @return false: not on, and some entries are still in other hands; sweep again
 *
 * Thread: the attached one.
 */
bool umig_live_sweep(struct umig_live *live,
                     const struct umig_live_ops *ops,
                     uint32_t collections,
                     uint32_t old_collections);

#endif
