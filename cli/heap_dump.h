/* One heap dump: estimated, written by the JVM, given its name, or gone without a trace. */
#ifndef UMIG_CLI_HEAP_DUMP_H
#define UMIG_CLI_HEAP_DUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/heap_place.h"
#include "cli/heap_talk.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** What is asked for. */
struct umig_heap_dump_request {
    const char *file;
    bool wants_all;      /* what nobody can reach any more, too: no collection before */
    bool overwrites;     /* a file of that name is replaced once the dump is whole */
    bool is_forced;      /* though it seems not to fit */
    unsigned gzip_level; /* 1 to 9; 0: not compressed */
};

/** What became of it. */
struct umig_heap_dump {
    struct umig_heap_place place; /* names the file */
    struct umig_heap_cost cost;
    uint64_t byte_count;
    uint64_t used_bytes; /* of the heap before; 0 unknown */
    bool is_cut;         /* interrupted: the JVM writes no more; false: it goes on for a while */
    bool has_answered;   /* interrupted: the JVM is done with it */
};

/**
 * Bytes that a dump takes on its way, at most, as far as is known before.
 *
 * @param used_bytes  of the heap
 * @param feature     of the JDK; 0 unknown
 */
uint64_t umig_heap_dump_need(uint64_t used_bytes, int feature, unsigned gzip_level);

/**
 * Reads what the JVM says of a dump.
 *
 * @param out_bytes  what it says it wrote
 * @return UMIG_OK; UMIG_E_IO: it could not be made or written, with the JVM's reason; UMIG_E_PROTO
 */
UMIG_NODISCARD int umig_heap_dump_read(struct umig_span text,
                                       uint64_t *out_bytes,
                                       struct umig_err *err);

/**
 * Has a JVM write its heap.
 *
 * @param out_dump  finish with umig_heap_place_close() of its place, whatever the outcome
 * @return UMIG_OK: FILE is there; UMIG_END: interrupted; in all other cases nothing is left
 */
UMIG_NODISCARD int umig_heap_dump(const struct umig_heap_talk *talk,
                                  const struct umig_heap_dump_request *request,
                                  struct umig_heap_dump *out_dump,
                                  struct umig_err *err);

#endif
