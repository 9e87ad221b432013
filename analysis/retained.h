/*
 * What holds objects, as the latest search of a session found it: ways from static fields and
 * threads, and how many objects of a class each leads to.
 */
#ifndef UMIG_ANALYSIS_RETAINED_H
#define UMIG_ANALYSIS_RETAINED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile.h"
#include "core/buf.h"

/** Most ways that are read. */
#define UMIG_RETAINED_MAX 256

/** How a search ended; as enum umig_search_end of the agent. */
enum umig_retained_end {
    UMIG_RETAINED_NEVER,  /* there was no search */
    UMIG_RETAINED_WHOLE,  /* all that can be reached was looked at */
    UMIG_RETAINED_NO_CPU, /* the CPU time it might take was over */
    UMIG_RETAINED_CALLED_OFF,
    UMIG_RETAINED_NO_ROOM = 5, /* something was left out for want of room in the agent's memory */
};

/** What one way holds of one class. */
struct umig_retained_way {
    uint32_t class_name; /* string */
    uint32_t stack;      /* the way, its last step innermost; 0: all other ways */
    uint64_t objects;    /* estimates both */
    uint64_t bytes;      /* of the objects themselves */
};

struct umig_retained {
    enum umig_retained_end end;
    uint32_t moment;    /* 1 + the block of time of its samples; 0: there was no search */
    uint64_t looked_at; /* objects */
    struct umig_retained_way ways[UMIG_RETAINED_MAX];
    size_t count;
};

/** Reads the latest search; the ways are in no order. */
void umig_retained_read(const struct umig_profile *profile, struct umig_retained *out_retained);

/**
 * The ways that hold objects of a class, most bytes first.
 *
 * @param class_name    string; 0: unknown, none
 * @param out_ways      room for `room`
 * @param out_all       objects and bytes of all ways
 * @return how many there are, at most room; those without steps are not told
 */
size_t umig_retained_of(const struct umig_retained *retained,
                        uint32_t class_name,
                        struct umig_retained_way *out_ways,
                        size_t room,
                        struct umig_retained_way *out_all);

/**
 * The classes that were found, each once, in the order of their names.
 *
 * @param out_classes  strings; room for UMIG_RETAINED_MAX
 * @return how many
 */
size_t umig_retained_classes(const struct umig_profile *profile,
                             const struct umig_retained *retained,
                             uint32_t *out_classes);

/** Appends a way as umig_way_put() does (analysis/way.h). */
void umig_retained_put_way(const struct umig_profile *profile,
                           uint32_t stack,
                           struct umig_buf *out);

/** How a way holds an object. */
enum umig_retained_hold {
    UMIG_HOLD_FIRM,
    UMIG_HOLD_SOFT, /* through a soft reference, which the JVM clears before it runs out of memory
                     */
    UMIG_HOLD_BOUNDED, /* in a collection that gives up what it has too much of */
};

/** How a way holds. */
enum umig_retained_hold umig_retained_hold_of(const struct umig_profile *profile, uint32_t stack);

/** How nearly all objects of a class are held; FIRM if nothing is known of them. */
enum umig_retained_hold umig_retained_hold_on(const struct umig_profile *profile,
                                              const struct umig_retained *retained,
                                              uint32_t class_name);

/** Most steps of a way that are told: those next to the object. */
#define UMIG_RETAINED_STEPS 64

/** Lists the stacks of a way's steps, from the root on; returns how many there are. */
size_t umig_retained_steps(const struct umig_profile *profile,
                           uint32_t stack,
                           uint32_t out_steps[UMIG_RETAINED_STEPS]);

/** Is it a sample of a search, and not of a snapshot? */
bool umig_retained_is_found(const struct umig_profile *profile,
                            const struct umig_profile_sample *sample);

#endif
