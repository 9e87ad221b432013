/*
 * The unwind tables of one loaded object: .eh_frame_hdr, a sorted table of functions, and
 * .eh_frame, how to find the caller from each instruction of them (LSB Core, "Exception Frames").
 *
 * They are copied from the object's memory, not from its file: what is copied then belongs to the
 * code that runs, also where the file was replaced or deleted meanwhile, and where there is none
 * (the vDSO). The copy is taken inside dl_iterate_phdr(3), whose lock keeps the object from being
 * unmapped, and through umig_peek(), so that no table can make us fault. Afterwards the object may
 * go at any time.
 */
#ifndef UMIG_AGENT_NATIVE_UNWIND_TABLE_H
#define UMIG_AGENT_NATIVE_UNWIND_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/native/quota.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** A copied table; zero-initialised: there is none, nothing is found. */
struct umig_unwind_table {
    uint8_t *bytes; /* copy of memory from address on; in place: that memory */
    bool is_in_place;
    size_t byte_count;
    uintptr_t address; /* a multiple of 8 */
    uintptr_t header;  /* address of .eh_frame_hdr: entries are relative to it */
    uintptr_t entries; /* address of the sorted table */
    uint32_t entry_count;
};

/** Where an object says its table is: PT_GNU_EH_FRAME, and the segment that holds it. */
struct umig_unwind_place {
    uintptr_t header;
    uintptr_t segment_low;
    uintptr_t segment_high; /* first byte behind */
};

/** What the table says of a pc. */
struct umig_unwind_entry {
    uintptr_t address;    /* of the entry of the sorted table */
    bool is_signal_frame; /* the caller was interrupted: its pc is no return address */
};

/**
 * Copies the tables of an object.
 *
 * @param stays  it is never unloaded: its tables are not copied, but read where they are
 *
 * @return UMIG_OK, UMIG_E_UNSUPPORTED (an encoding no linker of this platform writes, or values
 * that point elsewhere), UMIG_E_NOMEM (the quota is used up), UMIG_E_IO (not readable)
 */
UMIG_NODISCARD int umig_unwind_table_copy(struct umig_unwind_table *out_table,
                                          struct umig_unwind_place place,
                                          bool stays,
                                          struct umig_quota *quota);

/** Gives the copy back. */
void umig_unwind_table_fini(struct umig_unwind_table *table, struct umig_quota *quota);

/** Finds the entry of a pc. False: before the first function; behind the last is not told apart. */
bool umig_unwind_table_find(const struct umig_unwind_table *table,
                            uintptr_t pc,
                            struct umig_unwind_entry *out_entry);

/** Reads the 8 bytes at an address out of the copy; false outside of it. */
bool umig_unwind_table_word(const struct umig_unwind_table *table,
                            uintptr_t address,
                            uint64_t *out_word);

#endif
