/*
 * Which methods stand at a pc of compiled code: the method itself and what was inlined into it.
 *
 * The compiler leaves a table of PcDescs, sorted by pc offset, that point into a stream of scopes.
 * A scope is a run of UNSIGNED5 numbers, of which the first three matter: where its caller's scope
 * begins (0: it is the outermost), the index of its Method* in the metadata (from 1), and its
 * bytecode index + 1. The innermost scope is the one pointed at. (src/hotspot/share/code:
 * pcDesc.hpp, scopeDesc.cpp, debugInfoRec.cpp; nmethod.cpp for where each part lies.)
 */
#ifndef UMIG_AGENT_WALK_SCOPES_H
#define UMIG_AGENT_WALK_SCOPES_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/walk/codecache.h"
#include "agent/walk/hotspot.h"
#include "agent/walk/kept.h"
#include "include/umig/attr.h"

/** Methods inlined into each other at one pc that are followed; HotSpot's own bound is far below.
 */
#define UMIG_SCOPES_MAX 512

/**
 * Adds the frames at a pc, innermost first.
 *
 * @param blob      an nmethod
 * @param pc    described itself where it is the return address of a call that may stop; behind a
 *              call of a leaf, and where code was interrupted, the first description at or behind
 *              it is taken, as the JVM itself does
 * @return false if nothing is described there: then the nmethod's own method was added, without a
 *         bytecode index
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE bool umig_scopes_expand(const struct umig_hotspot *hotspot,
                                         const struct umig_blob *blob,
                                         uintptr_t pc,
                                         struct umig_kept *kept);

#endif
