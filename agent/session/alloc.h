/*
 * What a sample of allocation stands for, and each session's share of it.
 *
 * The JVM lets a point fall into what a thread allocates, on average every T bytes, the distances
 * exponential, and samples the object it falls into. So an object of s bytes is sampled with
 * p = 1 - exp(-s / T), whatever was allocated before it, and a sampled one stands for 1 / p objects
 * and s / p bytes: on average that is what was allocated, by class, by place and in all, for small
 * and for large objects alike.
 *
 * A session with a coarser interval than was in force takes a sample with the chance that its own
 * would have had, p(T of the session) / p(T in force), by a draw of its own: no session's samples
 * depend on another one being there. docs/adr/0017-allocation.md
 *
 * The native loop's alone.
 */
#ifndef UMIG_AGENT_SESSION_ALLOC_H
#define UMIG_AGENT_SESSION_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/session/session.h"
#include "include/umig/sample.h"

/** What a session takes of a sample. */
struct umig_alloc_share {
    uint64_t bytes; /* 0: nothing this time */
    uint64_t objects;
};

/** Does a frame of this kind stand for an object, its class being its name? */
static inline bool umig_alloc_is_object(uint32_t kind)
{
    return kind == UMIG_FRAME_ALLOCATED || kind == UMIG_FRAME_OUTSIDE ||
           kind == UMIG_FRAME_HUMONGOUS;
}

/** A session's share of one sample of allocation; counted as produced. */
struct umig_alloc_share umig_session_share_alloc(struct umig_sessions *sessions,
                                                 struct umig_session *session,
                                                 const struct umig_record *record);

/** Objects of the session were sampled by so many bytes: what umig_session_tell_alloc() goes by. */
void umig_session_note_interval(struct umig_session *session,
                                enum umig_kind kind,
                                uint64_t interval);

/**
 * Says in the session's problem that allocation is sampled more coarsely than it asks, if it is and
 * nothing else is the matter. Changes as the interval does.
 */
void umig_session_tell_alloc(struct umig_session *session);

#endif
