/*
 * Where a JVM's heap dump is written. The JVM writes files by itself, as its own user, in its own
 * file system, FILE and, since JDK 22, pieces of it beside it. So it is given a folder of its own
 * next to FILE, which only it and we may enter: the dump takes FILE's name when it is whole, and
 * what is left of one that is not goes with the folder.
 */
#ifndef UMIG_CLI_HEAP_PLACE_H
#define UMIG_CLI_HEAP_PLACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cli/attach.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Zeroed, or filled by umig_heap_place_open(); not to be copied. */
struct umig_heap_place {
    char file[UMIG_ATTACH_WORD_BYTES];       /* FILE, absolute, as the JVM sees it */
    char seen[UMIG_ATTACH_WORD_BYTES + 288]; /* the same from here; "" not to be found */
    char dump[UMIG_ATTACH_WORD_BYTES];       /* what the JVM is to write, as it sees it */
    char folder[48];                         /* of its own, in FILE's folder; "" not made */
    const char *name;                        /* FILE's, within file */
    int parent_fd;                           /* FILE's folder */
    int folder_fd;
    uint64_t free_bytes; /* that a file in that folder may take */
    bool is_limited;     /* free_bytes is the JVM's limit for files (ulimit -f) */
};

/**
 * Finds FILE's folder and looks whether FILE may be made. Nothing is made.
 *
 * @param file       a relative one is understood only where the JVM sees the same folder as we
 * @param overwrite  a file of that name may be there
 * @param out_place  finish with umig_heap_place_close()
 * @return UMIG_OK; UMIG_E_ARG: FILE cannot be a path of the JVM; UMIG_E_IO, UMIG_E_DENIED with the
 *         reason
 */
UMIG_NODISCARD int umig_heap_place_open(const struct umig_attach_site *site,
                                        const char *file,
                                        bool overwrite,
                                        struct umig_heap_place *out_place,
                                        struct umig_err *err);

/** Lets go; also of one that is zeroed, or was not opened. What is there stays. */
void umig_heap_place_close(struct umig_heap_place *place);

/** Makes the folder, as the JVM's user. UMIG_OK, UMIG_E_DENIED, UMIG_E_IO. */
UMIG_NODISCARD int umig_heap_place_make(const struct umig_attach_site *site,
                                        struct umig_heap_place *place,
                                        struct umig_err *err);

/** Bytes of the dump that are there: of its pieces while they are written, then of the whole. */
uint64_t umig_heap_place_bytes(const struct umig_attach_site *site,
                               const struct umig_heap_place *place);

/**
 * Gives the dump FILE's name and removes the folder.
 *
 * @param said_bytes  what the JVM says it wrote; 0: it does not say
 * @param out_bytes   size of the dump
 * @return UMIG_OK; UMIG_E_IO: it is not what the JVM says, or FILE has come into being meanwhile;
 *         the folder is still there then
 */
UMIG_NODISCARD int umig_heap_place_keep(const struct umig_attach_site *site,
                                        struct umig_heap_place *place,
                                        bool overwrite,
                                        uint64_t said_bytes,
                                        uint64_t *out_bytes,
                                        struct umig_err *err);

/**
 * Removes the folder and all in it, so that the JVM can make nothing there any more. Files that it
 * has open get their position set behind the last byte that a file may have: the next write fails,
 * and the JVM walks on through its heap without writing it.
 *
 * @return whether the JVM can write no more: false where its descriptors cannot be had (a kernel
 *         before 5.6, a security module); it writes to the end then, into a file without a name
 */
bool umig_heap_place_remove(const struct umig_attach_site *site, struct umig_heap_place *place);

#endif
