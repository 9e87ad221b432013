/*
 * Columns that the wire writes short (proto/umig/v1/stream.proto), read row by row: callers of
 * stacks by chain, and what samples leave out. For messages that umig_batch_check() has passed;
 * over others they are bounded, and wrong.
 */
#ifndef UMIG_COLLECTOR_BATCH_COLUMNS_H
#define UMIG_COLLECTOR_BATCH_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "umig/v1/stream.pb-c.h"

/** Walks over the callers of a dictionary's stacks. Begins as {.dictionary = ...}, borrowed. */
struct umig_callers {
    const Umig__V1__Dictionary *dictionary;
    size_t chain;    /* the one it is in */
    uint32_t passed; /* stacks of this chain that were handed out */
    uint32_t stacks; /* and of all chains */
};

/** The caller of the next stack, 0 for a thread's root; false: the chains end here. */
bool umig_callers_next(struct umig_callers *callers, uint32_t *out_parent);

/** Outcome of a sample: a number of enum umig_outcome. */
uint32_t umig_samples_outcome(const Umig__V1__Samples *samples, size_t row);

/** Value of a sample in the unit of its kind. */
uint64_t umig_samples_value(const Umig__V1__Samples *samples, size_t row);

/** What a sample counts for: objects, of allocation; else 1. */
uint64_t umig_samples_count(const Umig__V1__Samples *samples, size_t row);

#endif
