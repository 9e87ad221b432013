/*
 * A load that may fault, for a pointer that need not be one: what a register or a stack word holds
 * where nothing yet says that it is what it should be. A fault costs that load, not the walk: the
 * fault's handler (guard.c) knows the one instruction and goes on behind it.
 */
#ifndef UMIG_AGENT_SIGNAL_PROBE_H
#define UMIG_AGENT_SIGNAL_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "include/umig/attr.h"

/**
 * Reads the word at an address.
 *
 * @param out  written only when true is returned
 * @return false if it could not be read, once umig_guard_install() has run; before, a bad address
 *         is a fault like any other
 *
 * Signal: async-signal-safe; needs no armed guard.
 */
bool umig_probe_word(uintptr_t address, uintptr_t *out);

/** If the fault happened in umig_probe_word(): where to go on; else 0. Signal: async-signal-safe.
 */
uintptr_t umig_probe_resume(uintptr_t fault_pc);

#endif
