/*
 * Reads ELF files of x86-64 that may be cut short, damaged or hostile: every offset is checked
 * against the size of the file, every count is bounded, nothing is followed twice.
 *
 * The file is read by pread(2), not mapped: whoever shortens a mapped file kills its reader by
 * SIGBUS, and a file being replaced under a running program is an ordinary deployment.
 */
#ifndef UMIG_AGENT_NATIVE_ELF_FILE_H
#define UMIG_AGENT_NATIVE_ELF_FILE_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Longest build-id that is kept; GNU ld writes 20 bytes (SHA-1), others 8 or 16. */
#define UMIG_BUILD_ID_MAX 32

/** Sections of a file beyond this count are not looked at. */
#define UMIG_ELF_SECTIONS_MAX 65536

struct umig_build_id {
    uint32_t byte_count; /* 0: there is none */
    uint8_t bytes[UMIG_BUILD_ID_MAX];
};

/** Where the bytes come from: an open file, or an image in memory (the vDSO has no file). */
struct umig_elf_source {
    int fd;               /* -1: bytes is set */
    const uint8_t *bytes; /* borrowed */
    uint64_t byte_count;  /* of the file or the image */
};

struct umig_elf {
    struct umig_elf_source source;
    Elf64_Ehdr header;
    uint64_t section_count;
    uint32_t names_section;
};

/** Why an ELF section is of interest; see umig_elf_find(). */
struct umig_elf_query {
    uint32_t type;    /* SHT_* */
    const char *name; /* NULL: any */
};

/** Opens over a source. UMIG_OK, UMIG_E_IO (cut short), UMIG_E_UNSUPPORTED (not ELF of x86-64). */
UMIG_NODISCARD int umig_elf_open(struct umig_elf *elf,
                                 struct umig_elf_source source,
                                 struct umig_err *err);

/** Reads bytes at an offset of the source: UMIG_OK, UMIG_E_IO if not all of them are there. */
UMIG_NODISCARD int umig_elf_read(const struct umig_elf *elf,
                                 uint64_t offset,
                                 void *out,
                                 size_t byte_count);

/** First section that fits: UMIG_OK, UMIG_NOT_FOUND, UMIG_E_IO. It lies within the file. */
UMIG_NODISCARD int umig_elf_find(const struct umig_elf *elf,
                                 struct umig_elf_query query,
                                 Elf64_Shdr *out_section);

/** Section by number, as umig_elf_find(). */
UMIG_NODISCARD int umig_elf_section(const struct umig_elf *elf,
                                    uint64_t number,
                                    Elf64_Shdr *out_section);

/**
 * Reads a NUL-terminated string of a string table.
 *
 * @param offset  in the section
 * @param out     always terminated on success; room at least 1
 * @return UMIG_OK; UMIG_TRUNCATED: longer than room; UMIG_E_IO: outside the section or not ended
 */
UMIG_NODISCARD int umig_elf_string(const struct umig_elf *elf,
                                   const Elf64_Shdr *section,
                                   uint64_t offset,
                                   char *out,
                                   size_t room);

/** The GNU build-id among notes: byte_count 0 if there is none. Notes: bytes of a note section. */
struct umig_build_id umig_build_id_of_notes(const uint8_t *notes, size_t byte_count);

/** The GNU build-id of a file; byte_count 0 if there is none or it cannot be read. */
struct umig_build_id umig_elf_build_id(const struct umig_elf *elf);

/** Hash of the program headers, by which a file without build-id is told; 0: cannot be read. */
uint64_t umig_elf_program_hash(const struct umig_elf *elf);

/** FNV-1a over bytes, from an earlier value or UMIG_HASH_START. Never 0. */
uint64_t umig_hash_bytes(uint64_t hash, const void *bytes, size_t byte_count);
#define UMIG_HASH_START UINT64_C(0xcbf29ce484222325)

#endif
