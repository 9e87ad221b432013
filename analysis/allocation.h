/* What was allocated: of which class, where, and for which line of the application. */
#ifndef UMIG_ANALYSIS_ALLOCATION_H
#define UMIG_ANALYSIS_ALLOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile.h"
#include "core/buf.h"

/** Objects of one class, at one place, or for one line. */
struct umig_allocation_row {
    uint32_t class_method; /* method that names the class; 0 unknown, or of any class */
    uint32_t frame;        /* where; 0 unknown, or anywhere */
    uint64_t objects;      /* estimates, as all below */
    uint64_t bytes;
    uint64_t outside_bytes; /* of them outside of threads' buffers, humongous ones left out */
    uint64_t humongous_bytes;
};

/** By bytes, most first; each of the three lists adds up to the whole. */
struct umig_allocation {
    uint64_t samples;
    uint64_t objects; /* estimates, as all below: what the samples stand for */
    uint64_t bytes;
    uint64_t outside_bytes; /* outside of threads' buffers (TLABs), humongous ones left out */
    uint64_t humongous_bytes;
    uint64_t humongous_objects;
    uint64_t session_ns;
    uint64_t collected_bytes; /* what the heap grew by from pause to pause; 0: not known */
    uint64_t collected_over_ns;
    bool is_miscounted; /* by a JVM that samples what lies outside of buffers too seldom */
    struct umig_allocation_row *classes; /* only class_method is set */
    size_t class_count;
    struct umig_allocation_row *places; /* both: the frame that allocated, dispatch left out */
    size_t place_count;
    struct umig_allocation_row *lines; /* only frame: the innermost one of the application */
    size_t line_count;
};

/** Adds up; free with umig_allocation_fini(). UMIG_OK, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_allocation_read(const struct umig_profile *profile,
                                        struct umig_allocation *out_allocation,
                                        struct umig_err *err);

/**
 * Appends "1.2 GiB in some 3,400,000 objects, 40.1 MiB a second; ...", and what collections say of
 * it where that is known. Nothing without a sample.
 */
void umig_allocation_sentence(const struct umig_allocation *allocation, struct umig_buf *out);

/** Does what the JVM miscounts have a hundredth of all bytes, or more, by the samples? */
bool umig_allocation_is_off(const struct umig_allocation *allocation);

/** Appends what the JVM miscounts, and which sum is the better one; nothing where it does not. */
void umig_allocation_caveat(const struct umig_allocation *allocation, struct umig_buf *out);

/** The frame that allocates, without dispatch; 0: there is none. */
uint32_t umig_allocation_place(const struct umig_profile *profile, uint32_t stack);

/** The innermost frame of the application; 0: there is none. */
uint32_t umig_allocation_line(const struct umig_profile *profile, uint32_t stack);

/** Does a frame of this kind stand for an object, its method naming a class? */
bool umig_allocation_is_object(enum umig_frame_kind kind);

/** Frees the rows. */
void umig_allocation_fini(struct umig_allocation *allocation);

#endif
