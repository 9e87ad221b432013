/*
 * Hot paths as a report prints them. Names are shortened and middles left out, so that ways which
 * differ may print the same: a reader sees one, with the sum.
 */
#ifndef UMIG_REPORT_PATH_ROWS_H
#define UMIG_REPORT_PATH_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/paths.h"
#include "core/buf.h"

/** One or more ways that print the same. */
struct umig_path_row {
    struct umig_buf text;
    uint64_t value; /* of all of them: the values of ways never overlap */
    bool is_rest;   /* as the way's; joined: of all */
};

/** Heaviest first, the rests behind all others; zero is empty. */
struct umig_path_rows {
    struct umig_path_row *items;
    size_t count;
};

/** Appends one way as the report prints it. */
typedef void umig_path_writer(const void *context,
                              const struct umig_path *path,
                              struct umig_buf *out);

/**
 * Writes all ways and joins those that read the same.
 *
 * @param context   handed to write
 * @param out_rows  free with umig_path_rows_fini(), also after a failure
 * @return UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT (a way above 1 MiB)
 */
UMIG_NODISCARD int umig_path_rows_write(const struct umig_paths *paths,
                                        umig_path_writer *write,
                                        const void *context,
                                        struct umig_path_rows *out_rows);

/** Value of the rows behind the first shown ones; *out_count is how many they are. */
uint64_t umig_path_rows_rest(const struct umig_path_rows *rows, size_t shown, size_t *out_count);

/** Frees the rows. */
void umig_path_rows_fini(struct umig_path_rows *rows);

#endif
