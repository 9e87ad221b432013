/*
 * From the bytes of a BATCH or HELLO frame to a message that may be believed: bounded, decoded, and
 * checked against what the stream has sent before. Pure: no store, no socket, no clock.
 */
#ifndef UMIG_COLLECTOR_BATCH_BATCH_H
#define UMIG_COLLECTOR_BATCH_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "collector/batch/arena.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"
#include "umig/v1/control.pb-c.h"
#include "umig/v1/stream.pb-c.h"

/** Most ids of each group in one generation. A full generation is followed by the next. */
#define UMIG_BATCH_MAX_IDS (1u << 20)

/** Bounds of one session's start. */
#define UMIG_BATCH_MAX_LABELS      32u
#define UMIG_BATCH_MAX_LABEL_BYTES 256u

/** What a stream has said so far: ids of its dictionary's generation, sessions. */
struct umig_known {
    uint32_t generation; /* 0: no batch yet */
    uint32_t strings;    /* ids 1 to this number are taken; so for the others */
    uint32_t methods;
    uint32_t frames;
    uint32_t stacks;
    uint32_t threads;
    uint32_t sessions; /* highest session number started */
};

struct umig_batch {
    const Umig__V1__Batch *message; /* lives in the arena */
    const uint8_t *dictionary;      /* its bytes inside the payload; NULL: the batch has none */
    size_t dictionary_bytes;
    uint64_t samples; /* rows of all Samples and Waits, for the books of the collector */
};

/**
 * Bounds and decodes a batch; nothing is known yet of what it refers to.
 *
 * @param arena      reset first; the message lives there until the next reset
 * @param payload    borrowed by out_batch->dictionary
 * @return UMIG_OK, UMIG_E_PROTO or UMIG_E_LIMIT
 */
UMIG_NODISCARD int umig_batch_decode(struct umig_arena *arena,
                                     const uint8_t *payload,
                                     size_t byte_count,
                                     struct umig_batch *out_batch,
                                     struct umig_err *err);

/**
 * Checks what a batch says: columns of equal length, ids that exist, new ids that follow the known
 * ones, parents before children, numbers of the tables of include/umig/kinds.h, times that add up.
 *
 * @param known      what the stream has said before this batch
 * @param out_known  what it has said after it; may be known itself
 * @return UMIG_OK, UMIG_E_PROTO or UMIG_E_LIMIT, naming the column and the row
 *
 * Whether a session number exists is the store's to say.
 */
UMIG_NODISCARD int umig_batch_check(const Umig__V1__Batch *batch,
                                    const struct umig_known *known,
                                    struct umig_known *out_known,
                                    struct umig_err *err);

/** Bounds, decodes and checks a Hello; it lives in the arena. UMIG_OK, E_PROTO, E_LIMIT. */
UMIG_NODISCARD int umig_hello_decode(struct umig_arena *arena,
                                     const uint8_t *payload,
                                     size_t byte_count,
                                     const Umig__V1__Hello **out_hello,
                                     struct umig_err *err);

/** Bounds and decodes a Query; it lives in the arena. UMIG_OK, E_PROTO, E_LIMIT. */
UMIG_NODISCARD int umig_query_decode(struct umig_arena *arena,
                                     const uint8_t *payload,
                                     size_t byte_count,
                                     const Umig__V1__Query **out_query,
                                     struct umig_err *err);

/** Decodes a Dictionary that was checked before; it lives in the arena. UMIG_OK, E_PROTO. */
UMIG_NODISCARD int umig_dictionary_decode(struct umig_arena *arena,
                                          const uint8_t *bytes,
                                          size_t byte_count,
                                          const Umig__V1__Dictionary **out_dictionary,
                                          struct umig_err *err);

/** Decodes a SessionStart that was checked before; it lives in the arena. UMIG_OK, E_PROTO. */
UMIG_NODISCARD int umig_session_start_decode(struct umig_arena *arena,
                                             const uint8_t *bytes,
                                             size_t byte_count,
                                             const Umig__V1__SessionStart **out_start,
                                             struct umig_err *err);

#endif
