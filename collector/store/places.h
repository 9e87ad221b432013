/* Names of the files in a data folder. */
#ifndef UMIG_COLLECTOR_STORE_PLACES_H
#define UMIG_COLLECTOR_STORE_PLACES_H

#include <stdbool.h>
#include <stdint.h>

/** Longest data folder, and room for any path in it. */
#define UMIG_STORE_MAX_DIR_BYTES 3900
#define UMIG_STORE_PATH_BYTES    4096

/** DIR/umig.db */
void umig_store_main_path(const char *dir, char out[UMIG_STORE_PATH_BYTES]);

/** Files that one day may be cut into; beyond, the last one grows. */
#define UMIG_STORE_PARTS 1000

/**
 * Number of a day file: the UTC day, counted from 1970-01-01, times UMIG_STORE_PARTS, plus its
 * part. Newer files have higher numbers.
 */
static inline int64_t umig_store_file_of(int64_t day, int64_t part)
{
    return day * UMIG_STORE_PARTS + part;
}

/** DIR/days/YYYY-MM-DD.db, or DIR/days/YYYY-MM-DD.PART.db from part 1 on. */
void umig_store_day_path(const char *dir, int64_t file, char out[UMIG_STORE_PATH_BYTES]);

/** DIR/days/new.db: a day file that is being made, of whichever day. */
void umig_store_new_day_path(const char *dir, char out[UMIG_STORE_PATH_BYTES]);

/** UTC day of a time. */
int64_t umig_store_day_of(uint64_t unix_ns);

/** Reads a number from a file's name as umig_store_day_path() writes it; false for any other. */
bool umig_store_day_parse(const char *file_name, int64_t *out_file);

#endif
