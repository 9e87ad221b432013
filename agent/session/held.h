/*
 * What holds objects, as sessions of kind live are told of it: samples whose stacks are the ways
 * that a search has found (agent/vm/search.h).
 *
 * All are of one moment, which no other search shares: the store tells apart what lies
 * UMIG_LIVE_SPACING_NS apart. Their frames are of kind HELD: innermost the class of the objects,
 * outside of it each step of the way with its class as the class, its field as the method and its
 * edge as the line, outermost the root. A sample of the class alone stands for all other ways.
 * Values are bytes, counts objects, both estimates. One more whose frame is called "[search]" is
 * worth a byte; its count is the number of objects that were looked at, its line how the search
 * ended.
 *
 * A search for class loaders is told alike, at a moment of its own, to each session of kind live.
 * The head is called "[loaders]" and counts loaders. Each kind of loaders is a stack of four frames
 * without a class: outermost "[kind]", or "[kinds]" where it stands for several, its line the group
 * of the ways that lead to it (0: none was looked for), then the loaders' class, a class that they
 * defined and innermost its source, "?" if unknown, whose line is how many are needed; it counts
 * loaders, its value is their classes. Innermost in a way stands "[group]", whose line is the
 * group.
 *
 * The native loop's alone.
 */
#ifndef UMIG_AGENT_SESSION_HELD_H
#define UMIG_AGENT_SESSION_HELD_H

#include <stdint.h>

#include "agent/session/pump.h"
#include "agent/session/session.h"
#include "agent/vm/search.h"

/**
 * Tells a session of a search that is done.
 *
 * @param tid  of the loop, whose samples these are
 */
void umig_held_tell(struct umig_pump *pump,
                    struct umig_session *session,
                    const struct umig_search *search,
                    uint32_t tid,
                    uint64_t now_ns);

/** The same for a search for class loaders. */
void umig_held_tell_loaders(struct umig_pump *pump,
                            struct umig_session *session,
                            const struct umig_search *search,
                            uint32_t tid,
                            uint64_t now_ns);

#endif
