/* Line numbers from the table HotSpot keeps compressed behind a method's bytecodes. */
#ifndef UMIG_AGENT_WALK_LINES_H
#define UMIG_AGENT_WALK_LINES_H

#include <stdint.h>

#include "agent/walk/hotspot.h"
#include "include/umig/attr.h"

/**
 * The source line of a bytecode index; 0 when it is not known.
 *
 * Signal: async-signal-safe, under the guard; bounded by UMIG_LINES_MAX entries.
 */
UMIG_SIGNAL_SAFE uint32_t umig_lines_of_bci(const struct umig_hotspot *hotspot,
                                            uintptr_t const_method,
                                            int32_t bci);

/** Entries of a line number table that are looked at. */
#define UMIG_LINES_MAX 8192

#endif
