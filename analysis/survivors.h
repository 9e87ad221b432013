/*
 * What stays alive of what a session has seen allocated: of which class, from where, through how
 * many collections. Read from its snapshots: the last one is what is alive, the one half-way says
 * how it came to that. docs/adr/0018-live-objects.md
 */
#ifndef UMIG_ANALYSIS_SURVIVORS_H
#define UMIG_ANALYSIS_SURVIVORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile.h"
#include "core/buf.h"

/** Ages that are told apart: 0, 1, 2 to 3, 4 to 7, ..., 2^14 and more collections. */
#define UMIG_SURVIVORS_AGES 16

/** Time that a block of samples of kind live stands for: a cell of the store. */
#define UMIG_SURVIVORS_BLOCK_NS (10 * UINT64_C(1000000000))

/** Objects of one class, from one place, or for one line. */
struct umig_survivors_row {
    uint32_t class_method;   /* method that names the class; 0 unknown, or of any class */
    uint32_t frame;          /* where it was allocated; 0 unknown, or anywhere */
    uint64_t objects;        /* estimates all; alive in the last snapshot */
    uint64_t bytes;          /* the same */
    uint64_t half_way_bytes; /* alive in the one half-way */
    uint64_t by_age[UMIG_SURVIVORS_AGES]; /* bytes, in the last one */
};

/** By bytes, most first; each of the three lists adds up to the whole. */
struct umig_survivors {
    uint64_t snapshots;
    uint64_t share; /* the table kept one in so many at the end; 1: all, 0: no snapshot */
    struct umig_survivors_row all;
    struct umig_survivors_row *classes; /* only class_method is set */
    size_t class_count;
    struct umig_survivors_row *places; /* both: the frame that allocated, dispatch left out */
    size_t place_count;
    struct umig_survivors_row *lines; /* only frame: the innermost one of the application */
    size_t line_count;
};

/** Adds up; free with umig_survivors_fini(). UMIG_OK, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_survivors_read(const struct umig_profile *profile,
                                       struct umig_survivors *out_survivors,
                                       struct umig_err *err);

/** Appends "1.2 GiB in some 3,400,000 objects ...". Nothing without a snapshot. */
void umig_survivors_sentence(const struct umig_survivors *survivors, struct umig_buf *out);

/** Fewest collections that objects of an age have survived: 0, 1, 2, 4, ... */
uint64_t umig_survivors_least(unsigned age);

/**
 * Appends the collections that nearly all (by bytes) have survived: "0 to 7", "64 or more"; each
 * end is one that at least a twentieth of the bytes reach.
 */
void umig_survivors_span(const struct umig_survivors_row *row, struct umig_buf *out);

/** Is it the row that every snapshot has, and no other? Its stack names no class. */
bool umig_survivors_is_head(const struct umig_profile *profile,
                            const struct umig_profile_sample *sample);

/** Frees the rows. */
void umig_survivors_fini(struct umig_survivors *survivors);

#endif
