/*
 * The index of the objects that are loaded into this process: the program, its libraries, the vDSO.
 *
 * One thread owns it (the drainer), and nothing moves between two calls of umig_objects_refresh().
 * Objects may be loaded and closed at any time: the list is taken from dl_iterate_phdr(3) whenever
 * its counts of loads and closes have changed, never in a signal handler. An object that was closed
 * stays until the change after the next: samples taken while it was there are still in the ring.
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
#include "agent/native/elf_file.h"
#include "agent/native/quota.h"
#include "agent/native/symbols.h"
#include "agent/native/unwind_table.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Objects that are known at most, those just closed among them. */
#define UMIG_OBJECTS_MAX 1024

/** Executable segments of one object that are known; linkers write one. */
#define UMIG_OBJECT_SEGMENTS 4

struct umig_segment {
    uintptr_t low;
    uintptr_t high; /* first address behind */
};

/** A loaded object. Read-only to users. */
struct umig_object {
    uint32_t serial;   /* counts up from 1, never used again in this process; 0: free slot */
    uint64_t identity; /* hash of path, place, headers, build-id and the head of the tables */
    uintptr_t bias;    /* address less address as linked */
    char path[UMIG_OBJECT_PATH_BYTES]; /* of the program, too; "linux-vdso.so.1" is no file */
    struct umig_build_id build_id;
    uint64_t program_hash;
    struct umig_segment segments[UMIG_OBJECT_SEGMENTS];
    uint32_t segment_count;
    struct umig_unwind_place unwind_place; /* header 0: the object has no tables */
    struct umig_unwind_table table;
    struct umig_symbols symbols;
    uint8_t *image; /* the vDSO's, for its symbols */
    size_t image_bytes;
    bool is_seen;
    bool is_closed;
    bool has_read_table; /* or tried to */
    bool has_read_symbols;
};

/** A stretch of code and its object. */
struct umig_object_range {
    struct umig_segment segment;
    uint32_t slot;
};

struct umig_objects {
    struct umig_quota quota;
    struct umig_object *slots;      /* UMIG_OBJECTS_MAX, free ones among them */
    struct umig_object_range *live; /* by address; UMIG_OBJECTS_MAX * UMIG_OBJECT_SEGMENTS */
    struct umig_object_range *closed;
    uint32_t slot_count; /* slots from here on were never used */
    uint32_t live_count;
    uint32_t closed_count;
    uint32_t last_serial;
    uint32_t generation; /* counts up with every change */
    uint64_t loads;      /* dlpi_adds of the list that was taken */
    uint64_t closes;
    uint64_t refused; /* objects beyond UMIG_OBJECTS_MAX */
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

/** The object whose code is at an address, one just closed if none is there now; NULL: none. */
struct umig_object *umig_objects_find(const struct umig_objects *objects, uintptr_t pc);

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
