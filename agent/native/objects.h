/*
 * The index of the objects that are loaded into this process: the program, its libraries, the vDSO.
 *
 * One thread owns it (the drainer), and nothing moves between two calls of umig_objects_refresh():
 * who looks something up never waits. Objects may be loaded and closed at any time: the list is
 * taken from dl_iterate_phdr(3) whenever its counts of loads and closes have changed, never in a
 * signal handler. What is known stays; only what is new is read.
 *
 * What was at an address when a sample was taken? Another object may have come to the place of one
 * that was closed, and gone again, between two lists. So an object holds for a time only if it is
 * certain that it was there:
 *
 *   nothing was closed between two lists    all that is in the later one, over the time between
 *   something was                           what stands before a pinned object in both: the loader
 *                                           appends what it loads, so it was loaded before, and
 *                                           stayed; of all others, the times of the lists alone
 *
 * For any other time there is no object at an address rather than the wrong one. Pinned are objects
 * that are never unloaded: the JVM, the agent, libunwind.
 *
 * An object that was closed stays, for samples of its time and in case it is loaded again (it is
 * known by path, place, headers and build-id; without a build-id it is a new one): the
 * UMIG_OBJECTS_CLOSED_MAX closed last, and no more than an eighth of the bound of memory. They go
 * while a list is taken, when nothing is being unwound.
 *
 * What an object costs is spent when a pc first falls into it, within a bound: its unwind tables
 * (libjvm: 2 MB; see unwind_table.h for how they are taken and why from memory) and its symbols
 * (libjvm: 0.7 MB; see symbols.h). An object for which nothing is left has none; refusals count.
 *
 * dl_iterate_phdr() waits while another thread links an object in, not while it runs constructors.
 */
#ifndef UMIG_AGENT_NATIVE_OBJECTS_H
#define UMIG_AGENT_NATIVE_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/memory.h"
#include "agent/native/object.h"
#include "agent/native/quota.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Objects that are known at most, those closed among them. */
#define UMIG_OBJECTS_MAX 1024

/** Closed objects that are kept. */
#define UMIG_OBJECTS_CLOSED_MAX 16u

/** A time of which nothing is known: what is there now holds, else what was closed last. */
#define UMIG_OBJECTS_ANY_TIME 0u

/** A stretch of code and its object. */
struct umig_object_range {
    struct umig_segment segment;
    uint32_t slot;
};

struct umig_objects {
    struct umig_quota quota;
    struct umig_object *slots;      /* UMIG_OBJECTS_MAX, free ones among them */
    struct umig_object_range *live; /* by address; UMIG_OBJECTS_MAX * UMIG_OBJECT_SEGMENTS */
    uint32_t slot_count;            /* slots from here on were never used */
    uint32_t live_count;
    uint32_t closed[UMIG_OBJECTS_CLOSED_MAX]; /* slots, closed last first */
    uint32_t closed_count;
    uint32_t last_serial;
    uint32_t generation; /* counts up with every change */
    uint64_t loads;      /* dlpi_adds of the list that was taken */
    uint64_t closes;
    uint64_t listed_ns; /* when the list was last known to be right */
    uint64_t quiet_ns;  /* nothing was closed from here to listed_ns */
    uint64_t refused;   /* objects beyond UMIG_OBJECTS_MAX */
    uint64_t described; /* objects that were read, again or for the first time */
    const char *debug_root;
};

/**
 * Makes an empty index; call umig_objects_refresh() next.
 *
 * @param memory       outlives the index
 * @param limit_bytes  for tables, symbols and the index itself (1.5 MB, touched as used)
 * @return UMIG_OK or UMIG_E_NOMEM
 */
UMIG_NODISCARD int umig_objects_init(struct umig_objects *objects,
                                     struct umig_memory *memory,
                                     size_t limit_bytes,
                                     struct umig_err *err);

/** Gives everything back. Takes a zeroed index. */
void umig_objects_fini(struct umig_objects *objects);

/**
 * Takes the list anew if objects were loaded or closed since the last call; well below 1 us if not.
 *
 * @return whether anything changed; pointers to objects are then invalid
 *
 * Thread: the owner. Signal: never.
 */
bool umig_objects_refresh(struct umig_objects *objects);

/** Says that the object whose code is at an address is never unloaded. */
void umig_objects_pin(struct umig_objects *objects, uintptr_t pc);

/** Is it certain that the object was there at a time (CLOCK_MONOTONIC)? */
bool umig_objects_holds(const struct umig_objects *objects,
                        const struct umig_object *object,
                        uint64_t time_ns);

/**
 * The object whose code was at an address at a time.
 *
 * @param time_ns  no later than listed_ns: refresh first; or UMIG_OBJECTS_ANY_TIME
 * @return NULL: none is known, or not which one it was
 */
struct umig_object *umig_objects_find(const struct umig_objects *objects,
                                      uintptr_t pc,
                                      uint64_t time_ns);

/** The object of a serial; NULL: it is forgotten. */
struct umig_object *umig_objects_by_serial(const struct umig_objects *objects, uint32_t serial);

/** The unwind tables of an object, copied now if they were not; NULL: it has none, or is closed. */
const struct umig_unwind_table *umig_objects_table(struct umig_objects *objects,
                                                   struct umig_object *object);

/** The symbol at an address of an object, for umig_objects_name(); 0: none. */
uint32_t umig_objects_symbol(struct umig_objects *objects,
                             struct umig_object *object,
                             uintptr_t pc);

/** Name of a symbol, mangled, as umig_symbols_name(). */
UMIG_NODISCARD int umig_objects_name(const struct umig_object *object,
                                     uint32_t symbol,
                                     char *out,
                                     size_t room);

#endif
