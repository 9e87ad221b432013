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

/** DIR/days/YYYY-MM-DD.db of a UTC day, counted from 1970-01-01. */
void umig_store_day_path(const char *dir, int64_t day, char out[UMIG_STORE_PATH_BYTES]);

/** UTC day of a time. */
int64_t umig_store_day_of(uint64_t unix_ns);

/** Reads a day from a file name YYYY-MM-DD.db; false for any other name. */
bool umig_store_day_parse(const char *file_name, int64_t *out_day);

#endif
