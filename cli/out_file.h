/* A file that is there whole or not at all. */
#ifndef UMIG_CLI_OUT_FILE_H
#define UMIG_CLI_OUT_FILE_H

#include <stdint.h>
#include <stdio.h>

#include "include/umig/attr.h"
#include "include/umig/status.h"

/** A file being written beside the one it will replace. */
struct umig_out_file {
    FILE *file;       /* write here */
    char path[4096];  /* what it will be */
    char draft[4120]; /* where it is until then; "": path is no regular file and is written to */
};

/** Opens a draft next to the path. UMIG_OK, or UMIG_E_IO naming the path. */
UMIG_NODISCARD int umig_out_file_open(const char *path,
                                      struct umig_out_file *out_file,
                                      struct umig_err *err);

/**
 * Puts the draft in the place of the path, durably. The file is closed either way.
 *
 * @param out_byte_count  size of the file
 * @return UMIG_OK, or UMIG_E_IO: the path is as it was, the draft is gone
 */
UMIG_NODISCARD int umig_out_file_commit(struct umig_out_file *file,
                                        uint64_t *out_byte_count,
                                        struct umig_err *err);

/** Removes the draft; the path is as it was. */
void umig_out_file_abandon(struct umig_out_file *file);

#endif
