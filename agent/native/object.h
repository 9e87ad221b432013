/*
 * One loaded object (the program, a library, the vDSO): what the loader and its headers in memory
 * say of it, and what was read of it since.
 */
#ifndef UMIG_AGENT_NATIVE_OBJECT_H
#define UMIG_AGENT_NATIVE_OBJECT_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/native/elf_file.h"
#include "agent/native/quota.h"
#include "agent/native/symbols.h"
#include "agent/native/unwind_table.h"
#include "include/umig/attr.h"

/** Executable segments of one object that are known; linkers write one. */
#define UMIG_OBJECT_SEGMENTS 4

struct umig_segment {
    uintptr_t low;
    uintptr_t high; /* first address behind */
};

/** A loaded object, or one that was closed. Read-only to users of the index. */
struct umig_object {
    uint32_t serial;   /* counts up from 1, never used again in this process; 0: free slot */
    uint64_t key;      /* hash of what the loader says of it */
    uint64_t identity; /* hash of path, place, headers and build-id */
    uintptr_t bias;    /* address less address as linked */
    char path[UMIG_OBJECT_PATH_BYTES]; /* of the program, too; "linux-vdso.so.1" is no file */
    struct umig_build_id build_id;
    uint64_t program_hash;
    struct umig_segment segments[UMIG_OBJECT_SEGMENTS];
    uint32_t segment_count;                /* 0: it has no code */
    struct umig_unwind_place unwind_place; /* header 0: the object has no tables */
    struct umig_unwind_table table;
    struct umig_symbols symbols;
    uint8_t *image; /* the vDSO's, for its symbols */
    size_t image_bytes;
    uint64_t since_ns;   /* from here on it is certain that this object was there */
    uint64_t until_ns;   /* closed: and up to here */
    uint32_t closed_in;  /* generation of the index in which it was gone; 0: it is loaded */
    bool is_seen;        /* in the list that is being taken */
    bool is_found_again; /* in that list, but perhaps not all the time since the last one */
    bool is_pinned;      /* it is never unloaded */
    bool has_read_table; /* or tried to */
    bool has_read_symbols;
};

/** What tells an object from others that are loaded at the same time. Reads its name only. */
uint64_t umig_object_key(const struct dl_phdr_info *info);

/**
 * Reads what an object says of itself: its path, segments, build-id and where its tables are.
 *
 * @param out_object  all else is zero
 * @return false: its headers cannot be; nothing is known of it
 *
 * Thread: within dl_iterate_phdr(3), whose lock keeps the object from being unmapped.
 */
UMIG_NODISCARD bool umig_object_describe(struct umig_object *out_object,
                                         const struct dl_phdr_info *info);

/** Is it the JVM, which stays? Its tables, 2 MiB, are the largest by far. */
bool umig_object_is_jvm(const struct umig_object *object);

/** Reads its symbols, once; without them its frames have no names. */
void umig_object_read_symbols(struct umig_object *object,
                              const char *debug_root,
                              struct umig_quota *quota);

/** Bytes of the quota that its tables and symbols take. */
size_t umig_object_bytes(const struct umig_object *object);

/** Gives all of it back; the slot is free then. */
void umig_object_fini(struct umig_object *object, struct umig_quota *quota);

#endif
