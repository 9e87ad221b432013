/*
 * Objects of the Java heap, read in place. A collector that stops the world moves nothing while
 * this thread is in Java or in a handler out of it; one that moves objects beside the application
 * leaves old copies behind, whose memory may be gone or in use again: readers ask before they read,
 * and check what they find.
 */
#ifndef UMIG_AGENT_WALK_OBJECTS_H
#define UMIG_AGENT_WALK_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/walk/hotspot.h"
#include "include/umig/attr.h"

/**
 * Can memory of the heap be read now? Of more than 1 MiB only the first is asked for.
 *
 * A collector may have given back the page of an old copy; such a fault is expected, and no sign of
 * a misreading.
 *
 * Signal: async-signal-safe.
 */
UMIG_SIGNAL_SAFE bool umig_object_is_readable(uintptr_t low, uintptr_t high);

/**
 * The object a field refers to; 0 if none, or if the reference makes no sense.
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE uintptr_t umig_object_at(const struct umig_hotspot *hotspot,
                                          uintptr_t object,
                                          int32_t field);

/**
 * The object that a handle of the JVM's own refers to: a word outside of the heap, never narrow.
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE uintptr_t umig_object_of_handle(const struct umig_hotspot *hotspot,
                                                 uintptr_t handle);

/**
 * The Klass* of an object; 0 if its header cannot be read or makes no sense.
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE uintptr_t umig_object_klass(const struct umig_hotspot *hotspot, uintptr_t object);

#endif
