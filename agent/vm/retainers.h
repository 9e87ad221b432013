/*
 * Who holds objects of a class: ways from static fields and threads to them, and how many each
 * holds. This is the search's memory; agent/vm/vm_retainers.c goes through the heap.
 *
 * A heap may be too large to be looked at as a whole while nothing is stopped, and need not be:
 * what leaks are many objects that lie alike. So objects are looked at once, first those near to a
 * root, and of a long array only some elements, spread over it evenly, each of which stands for
 * its neighbours: what it leads to weighs so much more. What a way holds is an estimate then.
 *
 * Ways are told apart by their shape: the fields gone through, each with the class that has it.
 * Lists and trees would have a shape for each of their elements: an object that one of the same
 * class refers to has that one's shape, and a field that was gone through before leads back there,
 * unless it is a collection's and something else than collections came between.
 *
 * One thread at a time; nothing here knows the JVM.
 */
#ifndef UMIG_AGENT_VM_RETAINERS_H
#define UMIG_AGENT_VM_RETAINERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/umig/attr.h"

/** Classes that are looked for in one search. */
#define UMIG_RETAINERS_TARGETS 32u

/** Elements that are looked at of one array. */
#define UMIG_RETAINERS_ELEMENTS 4096u

/** What leads from one object to the next. */
enum umig_retainers_edge {
    UMIG_EDGE_STATIC = 1, /* a static field of a class: a root, or held by its class */
    UMIG_EDGE_THREAD,     /* a root: a thread; the field is the number of its name */
    UMIG_EDGE_FIELD,      /* a field of an object */
    UMIG_EDGE_ELEMENT,    /* an element of an array */
    UMIG_EDGE_CLASS,      /* the class of an object, where its loader may go */
    UMIG_EDGE_SOFT,       /* a soft reference */
    UMIG_EDGE_BOUNDED,    /* a field of a collection that lets go of what it has too much of */
};

/** A step of a way: an edge, the class whose it is (0 none), and its field (0 none). */
struct umig_retainers_step {
    uint32_t edge;
    uint32_t class_index;
    uint32_t field;
    bool is_inside; /* of a collection, which only holds what it is given */
};

/** A way: its last step, and the way before that; 0 stands at a root. */
struct umig_retainers_shape {
    struct umig_retainers_step step;
    uint32_t parent;
    uint32_t next; /* in its bucket */
};

/** An object whose references are still to be looked at. */
struct umig_retainers_pending {
    void *object; /* a local reference, the caller's */
    uint32_t class_index;
    uint32_t shape;  /* of the way to it */
    uint32_t length; /* of an array */
    uint32_t cursor; /* elements that were looked at */
    double weight;   /* objects that it stands for */
};

/** What one way holds of one class. */
struct umig_retainers_hit {
    uint32_t shape;
    uint32_t target; /* + 1; 0: free */
    uint64_t found;  /* looked at */
    double objects;  /* estimates */
    double bytes;
};

/**
 * What soft references refer to: looked at when everything else was, so that only what nothing else
 * holds is found there. A sample of all of them.
 */
struct umig_retainers_soft {
    struct umig_retainers_pending *items;
    uint32_t room;
    uint32_t count;
    uint64_t offered;
};

struct umig_retainers {
    uint32_t *seen; /* fingerprints; 0: free */
    struct umig_retainers_pending *pending;
    struct umig_retainers_shape *shapes; /* [0] is none */
    uint32_t *buckets;
    struct umig_retainers_hit *hits;
    uint32_t seen_room; /* powers of two all */
    uint32_t pending_room;
    uint32_t shape_room;
    uint32_t hit_room;
    uint32_t seen_count;
    uint32_t first; /* of pending */
    uint32_t pending_count;
    uint32_t shape_count; /* the next one's number */
    uint32_t hit_count;
    uint64_t overflowed; /* objects not gone on from, for want of room */
    struct umig_retainers_soft soft;
};

/**
 * Bytes that a search of a size takes.
 *
 * @param scale  0 to 4: how often the usual sizes are halved
 */
size_t umig_retainers_bytes(unsigned scale);

/** Begins in zeroed memory of umig_retainers_bytes(), which stays the caller's. */
void umig_retainers_init(struct umig_retainers *retainers, void *memory, unsigned scale);

/**
 * Marks an object as seen.
 *
 * @param hash         its identity hash, of 31 bits: two objects of a class may share it, one in
 * two thousand when a million of them have been seen
 * @param class_index  of its class
 * @return false: it was, or it seems so, or there is no room for another one
 */
bool umig_retainers_see(struct umig_retainers *retainers, uint32_t hash, uint32_t class_index);

/**
 * The way that goes on from another by a step. If the step has been made on the way before, the way
 * up to there; see above for what is inside of collections.
 *
 * @param parent  0: the step is from a root
 * @return 0: no room
 */
uint32_t umig_retainers_go(struct umig_retainers *retainers,
                           uint32_t parent,
                           struct umig_retainers_step step);

/** An object of a class that is looked for was found at the end of a way. */
void umig_retainers_hit(struct umig_retainers *retainers,
                        uint32_t shape,
                        uint32_t target,
                        double weight,
                        uint64_t bytes);

/** Keeps an object to go on from. false: no room, the reference stays the caller's. */
bool umig_retainers_push(struct umig_retainers *retainers,
                         const struct umig_retainers_pending *pending);

/**
 * The next object to go on from: the one found first, so that ways are short, or when there are
 * many, the one found last, so that they do not get more. false: there is none.
 */
bool umig_retainers_pop(struct umig_retainers *retainers,
                        struct umig_retainers_pending *out_pending);

/**
 * Keeps what a soft reference refers to for later.
 *
 * @return the object that is not kept, of the caller's again: it, one that was kept before, or NULL
 */
void *umig_retainers_put_soft(struct umig_retainers *retainers,
                              const struct umig_retainers_pending *pending);

/** The next of them, with the weight of those that were not kept. false: there is none. */
bool umig_retainers_take_soft(struct umig_retainers *retainers,
                              struct umig_retainers_pending *out_pending);

/** Elements of an array that are looked at: all, or UMIG_RETAINERS_ELEMENTS. */
uint32_t umig_retainers_elements(uint32_t length);

/** The n-th element to look at; n below umig_retainers_elements(), each once, evenly spread. */
uint32_t umig_retainers_element(uint32_t length, uint32_t n);

/**
 * The ways to objects of a class that hold the most bytes, most first.
 *
 * @param out_hits  room for `room`
 * @param out_all   what all ways hold
 * @return how many there are
 */
size_t umig_retainers_rank(const struct umig_retainers *retainers,
                           uint32_t target,
                           struct umig_retainers_hit *out_hits,
                           size_t room,
                           struct umig_retainers_hit *out_all);

#endif
