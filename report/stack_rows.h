/*
 * The stacks of one kind as rows, which all files for other tools are written from, and what the
 * figures of a kind are called in them: as Go's own profiles (CPU, heap, mutex) call them, since
 * viewers of pprof know those names. Go has no wall time; it is called as CPU time is.
 */
#ifndef UMIG_REPORT_STACK_ROWS_H
#define UMIG_REPORT_STACK_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile.h"
#include "include/umig/attr.h"

/** What the figures of a kind's stacks are called; the unit of a row's count is "count". */
struct umig_stack_terms {
    const char *count_type;
    const char *value_type, *value_unit;
    const char *period_type, *period_unit;
};

/** All of a thread group at one stack. */
struct umig_stack_row {
    uint32_t group; /* string */
    uint32_t stack; /* ends in what was allocated, in the class of the lock, or in the state */
    uint64_t count; /* samples; objects allocated; waits that ended: 0 for one that goes on */
    uint64_t value; /* in the unit of the kind's terms */
};

/** From umig_stack_rows_read(); free with umig_stack_rows_fini(). */
struct umig_stack_rows {
    const struct umig_profile *profile; /* that ids are of; borrowed */
    enum umig_kind kind;
    const struct umig_stack_terms *terms;
    uint64_t period; /* of one sample, in the unit of the period; 0 unknown */
    struct umig_stack_row *items;
    size_t count;
};

/** The terms of cpu, alloc, locks and wall; NULL: files for other tools have no such kind. */
const struct umig_stack_terms *umig_stack_terms(enum umig_kind kind);

/** Would there be a row? */
bool umig_stack_rows_are_any(const struct umig_profile *profile, enum umig_kind kind);

/**
 * Adds up the stacks of a kind by thread group, in the order in which they come. Of locks the class
 * of the lock stands innermost; parks that only pin are no waits for one. Of wall what the thread
 * did stands innermost in brackets: "[parked]", "[blocked: svc.Inventory]". These frames are no
 * methods of the program; they are interned in the profile, behind its own.
 *
 * @param profile   folded, or renamed only; gets frames and stacks
 * @param out_rows  free with umig_stack_rows_fini()
 * @return UMIG_OK, UMIG_E_ARG (a kind without terms), UMIG_E_NOMEM
 */
UMIG_NODISCARD int umig_stack_rows_read(struct umig_profile *profile,
                                        enum umig_kind kind,
                                        struct umig_stack_rows *out_rows,
                                        struct umig_err *err);

/** Makes room for the frames of any stack of a profile; NULL: no memory. The caller frees it. */
UMIG_NODISCARD uint32_t *umig_stack_chain_create(const struct umig_profile *profile);

/** Fills a chain with the frames of a stack, innermost first; returns how many. */
size_t umig_stack_chain(const struct umig_profile *profile, uint32_t stack, uint32_t *chain);

/** Frees the rows. */
void umig_stack_rows_fini(struct umig_stack_rows *rows);

#endif
