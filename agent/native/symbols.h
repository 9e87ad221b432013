/*
 * Names of the functions of one object, from its file: .symtab; else the .symtab of its split debug
 * information, by build-id (/usr/lib/debug/.build-id/ab/cdef.debug) or by .gnu_debuglink; else
 * .dynsym (GDB manual, "Debugging Information in Separate Files").
 *
 * A symbol takes 12 bytes of memory; its name stays in the file and is read when asked for, which
 * happens once per function and dictionary. Names stay mangled: demangling is the reader's.
 */
#ifndef UMIG_AGENT_NATIVE_SYMBOLS_H
#define UMIG_AGENT_NATIVE_SYMBOLS_H

#include <stdint.h>
#include <sys/types.h>

#include "agent/native/elf_file.h"
#include "agent/native/quota.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Longest path of an object that is kept; the symbols of longer ones are not found. */
#define UMIG_OBJECT_PATH_BYTES 512

/** A function. Those above the first 4 GiB of an object, and beyond 1 GiB of size, are not kept. */
struct umig_symbol {
    uint32_t offset;      /* as linked: pc less the object's load bias */
    uint32_t size : 30;   /* where the file has none: to the end of its section */
    uint32_t binding : 2; /* of aliases the one with the highest names the function */
    uint32_t name;        /* offset in the string table */
};

/** What must be the same for a file to be the one that was read. */
struct umig_file_stamp {
    dev_t device;
    ino_t inode;
    off_t byte_count;
    int64_t changed_ns;
};

/** Symbols of one object; zero-initialised: none. */
struct umig_symbols {
    struct umig_symbol *items; /* by offset, one for each */
    uint32_t count;
    uint32_t room;
    Elf64_Shdr strings;
    struct umig_elf_source image; /* fd -1 and bytes: names come from memory, not from path */
    struct umig_file_stamp stamp;
    char path[UMIG_OBJECT_PATH_BYTES];
};

/** The object whose file is wanted. */
struct umig_symbols_query {
    const char *path;
    const char *debug_root; /* "/usr/lib/debug" */
    struct umig_build_id build_id;
    uint64_t program_hash; /* umig_elf_program_hash(), for a file without build-id */
};

/**
 * Reads the symbols of an object from its files. A file that is not the object's is not read.
 *
 * @return UMIG_OK (also without a symbol), UMIG_NOT_FOUND (no file, or another one), UMIG_E_NOMEM,
 *         UMIG_E_IO, UMIG_E_UNSUPPORTED
 */
UMIG_NODISCARD int umig_symbols_read(struct umig_symbols *out_symbols,
                                     const struct umig_symbols_query *query,
                                     struct umig_quota *quota);

/** Reads the symbols of an ELF image; its bytes are borrowed as long as the symbols live. */
UMIG_NODISCARD int umig_symbols_read_image(struct umig_symbols *out_symbols,
                                           struct umig_elf_source image,
                                           struct umig_quota *quota);

/** Gives the memory back. */
void umig_symbols_fini(struct umig_symbols *symbols, struct umig_quota *quota);

/** The symbol an offset lies in: its index plus 1, or 0. */
uint32_t umig_symbols_find(const struct umig_symbols *symbols, uint64_t offset);

/**
 * Reads the name of a symbol, mangled.
 *
 * @param symbol  index plus 1
 * @param out     terminated; "" unless UMIG_OK or UMIG_TRUNCATED
 * @return UMIG_OK; UMIG_TRUNCATED; UMIG_NOT_FOUND: the file is gone or changed; UMIG_E_IO: damaged
 */
UMIG_NODISCARD int umig_symbols_name(const struct umig_symbols *symbols,
                                     uint32_t symbol,
                                     char *out,
                                     size_t room);

#endif
