/*
 * Reads the JVM's own flags (-XX:...) from the table that HotSpot describes to debuggers: the value
 * in force, whoever chose it.
 */
#ifndef UMIG_AGENT_VM_JVMFLAG_H
#define UMIG_AGENT_VM_JVMFLAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/vm/vmstructs.h"

/** Whether a boolean flag exists in this JVM and is on. */
bool umig_jvmflag_is_on(const struct umig_libjvm *libjvm, const char *name);

/**
 * Reads a flag of 8 bytes: a size or a count.
 *
 * @return false if this JVM has no such flag; *out_value is then left alone
 */
bool umig_jvmflag_number(const struct umig_libjvm *libjvm, const char *name, uint64_t *out_value);

/**
 * Reads a flag that is a text, cut where it does not fit.
 *
 * @return false, and "", if this JVM has no such flag or it was not given
 */
bool umig_jvmflag_text(const struct umig_libjvm *libjvm, const char *name, char *out, size_t room);

/**
 * Turns a boolean flag on in the running JVM, as its own command line would have. Only for flags
 * that are read anew at each use (docs/adr/0004-debug-non-safepoints.md).
 *
 * @return false if this JVM has no such flag
 */
bool umig_jvmflag_turn_on(const struct umig_libjvm *libjvm, const char *name);

#endif
