/*
 * Names of the kernel's functions, from /proc/kallsyms: an address, a type, a name, and the module
 * in brackets behind a tab. All of it is read once, off the handler, and kept: two passes of 0.1 s
 * for 120,000 lines. Addresses are zero for who may not see them.
 */
#ifndef UMIG_AGENT_NATIVE_KALLSYMS_H
#define UMIG_AGENT_NATIVE_KALLSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/memory.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Longest name, NUL included, as the kernel has it (KSYM_NAME_LEN). */
#define UMIG_KALLSYMS_NAME_BYTES 512

/** Functions are found within 2 GiB from the first one: text and modules lie so on x86-64. */
struct umig_kallsyms_function {
    uint32_t offset; /* from base */
    uint32_t name;   /* offset in names */
};

/** Zero-initialised: none. */
struct umig_kallsyms {
    uint64_t base;
    struct umig_kallsyms_function *functions; /* by offset, one for each */
    uint32_t count;
    char *names; /* each terminated; a module stands in brackets behind a space */
    size_t function_bytes;
    size_t name_bytes;
};

/** One line. */
struct umig_kallsyms_line {
    uint64_t address;
    char type;
    const char *name; /* not terminated */
    size_t name_bytes;
    const char *module; /* not terminated; with its brackets, "" without */
    size_t module_bytes;
};

/** Reads a line without its end. False: it is none. */
bool umig_kallsyms_parse(const char *text, size_t byte_count, struct umig_kallsyms_line *out_line);

/**
 * Does the file show addresses? Looks at its begin only.
 *
 * @return UMIG_OK; UMIG_E_UNSUPPORTED: they are hidden, or there is no such file. The text says
 * what would help.
 */
UMIG_NODISCARD int umig_kallsyms_check(const char *path, struct umig_err *err);

/**
 * Reads them.
 *
 * @param path  "/proc/kallsyms"
 * @return UMIG_OK; UMIG_E_UNSUPPORTED: addresses are hidden, or there is no such file;
 * UMIG_E_NOMEM: more than max_bytes, or beyond the bound of memory. The text says what would help.
 */
UMIG_NODISCARD int umig_kallsyms_read(struct umig_kallsyms *out_symbols,
                                      const char *path,
                                      struct umig_memory *memory,
                                      size_t max_bytes,
                                      struct umig_err *err);

/** Gives the memory back. */
void umig_kallsyms_fini(struct umig_kallsyms *symbols, struct umig_memory *memory);

/**
 * The function an address lies in: its index plus 1, or 0. A module that came later may lie behind
 * another one's last function, whose end nobody tells: that one ends a page behind its begin.
 */
uint32_t umig_kallsyms_find(const struct umig_kallsyms *symbols, uint64_t address);

/** Its name, "vfs_read" or "nf_hook_slow [nf_tables]". Valid until fini. */
const char *umig_kallsyms_name(const struct umig_kallsyms *symbols, uint32_t function);

#endif
