/*
 * Fills the layout the walk needs (agent/walk/hotspot.h) from HotSpot's own tables. What moved
 * between versions stands in one table in layout.c: alternatives are tried in order.
 */
#ifndef UMIG_AGENT_VM_LAYOUT_H
#define UMIG_AGENT_VM_LAYOUT_H

#include "agent/vm/vmstructs.h"
#include "agent/walk/hotspot.h"

/**
 * Reads the layout.
 *
 * @param jdk          feature release: 17, 21, 25
 * @param out_hotspot  can_name, can_find_code and can_bound_stack say what is complete; env_offset
 *                     is left 0 for the caller to measure
 * @param out_missing  name of the first field that is not described, or ""; at least 96 bytes
 */
void umig_layout_read(const struct umig_libjvm *libjvm,
                      uint32_t jdk,
                      struct umig_hotspot *out_hotspot,
                      char *out_missing,
                      size_t missing_room);

#endif
