/*
 * What an armed session took before its condition held: the rows of its last minute, in slices of
 * about a second, each with its part of the session's books. A slice that is older than what is to
 * be kept is forgotten, rows and books: to the session it never was. When memory ends, the oldest
 * rows go and their slice's books say so (UMIG_DROP_BACKLOG_FULL): that is loss.
 *
 * So what is kept at any moment is whole: for every kind, produced = rows + dropped.
 *
 * Rows name threads, stacks and strings by ids of the wire's dictionary, in its generation. When
 * that begins anew they are carried over (umig_backlog_carry()).
 *
 *   [ unused | slice | slice | ... | free ]     begin, end; moved to the front when the end is
 * short
 *
 * The native loop's alone.
 */
#ifndef UMIG_AGENT_SESSION_BACKLOG_H
#define UMIG_AGENT_SESSION_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/memory.h"
#include "agent/session/batch.h"
#include "agent/session/session.h"
#include "agent/symbol/carry.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Memory that a backlog begins with; without it none is opened. */
#define UMIG_BACKLOG_MIN_BYTES (64u * 1024u)

/** Head of a slice; behind it its rows and books, as many as it says, in this order. */
struct umig_backlog_slice {
    uint32_t byte_count; /* of all of it */
    uint32_t sample_count;
    uint32_t wait_count;
    uint32_t pause_count;
    uint32_t gc_event_count;
    uint32_t heap_point_count;
    uint32_t pool_count;
    uint32_t book_count;
    uint64_t from_ns; /* of what it holds */
    uint64_t until_ns;
    uint64_t agent_cpu_ns; /* at from_ns */
    uint64_t process_cpu_ns;
};

/** One figure of a session's books. */
struct umig_backlog_book {
    uint32_t kind;
    uint32_t what; /* 0: produced; a cause of loss: dropped; UMIG_DROP_COUNT: samples */
    uint64_t value;
};

struct umig_backlog {
    struct umig_memory *memory;
    uint8_t *bytes;
    size_t room;
    size_t most; /* that room may become */
    size_t begin;
    size_t end;
    uint64_t from_ns; /* of the next slice: where the last one ended */
    uint64_t agent_cpu_ns;
    uint64_t process_cpu_ns;
    uint64_t rows; /* that are kept */
};

/**
 * Opens one. Its memory doubles as it is needed, up to so much, and as long as there is some.
 *
 * @return UMIG_OK, UMIG_E_NOMEM: nothing was taken
 */
UMIG_NODISCARD int umig_backlog_open(struct umig_memory *memory,
                                     size_t most_bytes,
                                     struct umig_backlog **out_backlog,
                                     struct umig_err *err);

/** The session begins: the first slice is from now on. */
void umig_backlog_begin(struct umig_backlog *backlog,
                        const struct umig_cost *cost,
                        uint64_t now_ns);

/** Gives the memory back. Takes NULL. */
void umig_backlog_close(struct umig_backlog *backlog);

/**
 * Moves the session's rows out of the batch, and what its books have come to since the last time,
 * into a slice that ends now; the session's books are empty afterwards.
 *
 * @param session  has a backlog
 */
void umig_backlog_cut(struct umig_session *session,
                      struct umig_batch *batch,
                      const struct umig_cost *cost,
                      uint64_t now_ns);

/** Forgets the slices that ended before a moment. */
void umig_backlog_forget(struct umig_backlog *backlog, uint64_t before_ns);

/** The oldest slice, borrowed until the next call; NULL: none. */
const struct umig_backlog_slice *umig_backlog_first(const struct umig_backlog *backlog);

/**
 * Moves the oldest slice into a batch, under the session's number, and into the session's books.
 *
 * @param batch  empty: a slice is never larger than a batch
 * @return false: there is none
 */
bool umig_backlog_take(struct umig_session *session, struct umig_batch *batch);

/**
 * Carries what the rows name to another dictionary. A row for whose stack there is no room is told
 * as dropped when it is taken (UMIG_DROP_DICTIONARY_FULL).
 *
 * @param carry  NULL: all are lost
 */
void umig_backlog_carry(struct umig_backlog *backlog, struct umig_carry *carry);

#endif
