/* Inside of struct umig_reader; for reader.c, load.c, load_session.c and sums.c. */
#ifndef UMIG_COLLECTOR_STORE_READER_PRIVATE_H
#define UMIG_COLLECTOR_STORE_READER_PRIVATE_H

#include "collector/store/db.h"
#include "collector/store/places.h"
#include "collector/store/reader.h"

struct umig_reader {
    char dir[UMIG_STORE_PATH_BYTES];
    struct umig_db main;
    struct umig_arena hello_arena;
    struct umig_arena start_arena;
};

/** Reads the row a statement stands on. UMIG_OK or UMIG_E_DB. */
UMIG_NODISCARD int umig_reader_row(struct umig_reader *reader,
                                   sqlite3_stmt *statement,
                                   struct umig_session_row *out_row,
                                   struct umig_err *err);

/** Describes the session of a profile; no data yet. UMIG_OK, UMIG_NOT_FOUND, UMIG_E_NOMEM ... */
UMIG_NODISCARD int umig_reader_load_session(struct umig_reader *reader,
                                            int64_t key,
                                            struct umig_profile *profile,
                                            struct umig_err *err);

/** Does something wait in the inbox for a day's file? One that is not there yet is not lost. */
bool umig_reader_is_day_waiting(struct umig_reader *reader, int64_t day);

#endif
