/* The agent's library: where it is on this side, and how a JVM gets to see it. */
#ifndef UMIG_CLI_ATTACH_LIBRARY_H
#define UMIG_CLI_ATTACH_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/attach.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Longest path of the library, NUL included. */
#define UMIG_LIBRARY_PATH_BYTES UMIG_ATTACH_WORD_BYTES

/**
 * Finds the library that belongs to this command: next to it in a build tree, or installed.
 *
 * @return false: there is none
 */
bool umig_attach_library_find(char out_path[UMIG_LIBRARY_PATH_BYTES]);

/** The library within reach of one JVM. */
struct umig_attach_library {
    char path[UMIG_LIBRARY_PATH_BYTES]; /* as the JVM sees it */
    char folder[32];                    /* made for a copy, in the JVM's /tmp; "": no copy */
};

/**
 * Sees to it that the JVM can open the library. Where the same file is at the same path for it and
 * its user may read it, nothing is done; else (a container, a home closed to others) it is copied
 * into a fresh folder in its /tmp, mode 0700, of its user.
 *
 * @param path         absolute, on this side
 * @param out_library  finish with umig_attach_library_withdraw()
 * @return UMIG_OK; UMIG_E_IO: not to be read, or no room for the copy; UMIG_E_DENIED
 */
UMIG_NODISCARD int umig_attach_library_offer(const struct umig_attach_site *site,
                                             const char *path,
                                             struct umig_attach_library *out_library,
                                             struct umig_err *err);

/** Removes the copy, if there is one: a JVM that has loaded it keeps what it has mapped. */
void umig_attach_library_withdraw(const struct umig_attach_site *site,
                                  struct umig_attach_library *library);

#endif
