/*
 * One day file being written: its dictionaries by content, its rows. Private to collector/store.
 * Everything happens inside a transaction that fold.c begins and ends.
 */
#ifndef UMIG_COLLECTOR_STORE_DAY_H
#define UMIG_COLLECTOR_STORE_DAY_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/store/cell.h"
#include "collector/store/db.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

struct umig_day {
    struct umig_db db; /* db.handle NULL: no day is open */
    int64_t day;
    bool is_new;         /* to be claimed before anything else is written */
    bool is_replacement; /* new, and one of its name was set aside: what was in that is lost */
};

/**
 * Opens the file of a day. One that is damaged or belongs to another store is set aside as
 * FILE.damaged-N or FILE.foreign-N.
 *
 * @param out_set_aside  new name of a file that was set aside, "" if none was;
 * UMIG_STORE_PATH_BYTES
 * @return as umig_db_open(); UMIG_NOT_FOUND: there is none, or none any more
 */
UMIG_NODISCARD int umig_day_open(struct umig_day *day,
                                 const char *dir,
                                 int64_t number,
                                 int64_t store_id,
                                 char *out_set_aside,
                                 struct umig_err *err);

/**
 * Brings the file of a day, if there is one, up to date: tables and columns that a newer umig has.
 *
 * @return UMIG_OK, or as umig_db_open(); the file is as it was then
 */
UMIG_NODISCARD int umig_day_migrate(const char *dir, int64_t number, struct umig_err *err);

/**
 * Begins the file of a day that has none, under another name: on a disk that is full it would stand
 * there without its tables, as a file does that was cut. It becomes the day's by
 * umig_day_publish().
 *
 * @return as umig_db_open(); a failure leaves umig_day_discard() to the caller
 */
UMIG_NODISCARD int umig_day_begin(struct umig_day *day,
                                  const char *dir,
                                  int64_t number,
                                  struct umig_err *err);

/** Gives a new file, claimed and outside of a transaction, its name for good, and opens it. */
UMIG_NODISCARD int umig_day_publish(struct umig_day *day, const char *dir, struct umig_err *err);

/** Closes a file that was begun and removes it. */
void umig_day_discard(struct umig_day *day, const char *dir);

/** Makes a new file one of this store's. */
UMIG_NODISCARD int umig_day_claim(struct umig_day *day, int64_t store_id, struct umig_err *err);

/** Closes; takes a day that is not open. */
void umig_day_close(struct umig_day *day);

/** Closes a damaged file and moves it out of the way, with its WAL. */
UMIG_NODISCARD int umig_day_set_aside(struct umig_day *day,
                                      const char *suffix,
                                      char *out_path,
                                      struct umig_err *err);

/** Highest sequence of a stream in this file; 0: none. */
UMIG_NODISCARD int umig_day_folded(struct umig_day *day,
                                   int64_t stream,
                                   uint64_t *out_sequence,
                                   struct umig_err *err);

/** Sets what umig_day_folded() gives. */
UMIG_NODISCARD int umig_day_set_folded(struct umig_day *day,
                                       int64_t stream,
                                       uint64_t sequence,
                                       struct umig_err *err);

/** Id of a string by content. */
UMIG_NODISCARD int umig_day_string(struct umig_day *day,
                                   const char *text,
                                   uint32_t *out_id,
                                   struct umig_err *err);

/** Id of the group of a thread's name; see umig_thread_group(). */
UMIG_NODISCARD int umig_day_group(struct umig_day *day,
                                  uint32_t name,
                                  uint32_t *out_group,
                                  struct umig_err *err);

/** Tables whose rows are two or three numbers. */
enum umig_day_table {
    UMIG_DAY_METHODS,
    UMIG_DAY_FRAMES,
    UMIG_DAY_STACKS,
    UMIG_DAY_THREADS
};

/**
 * Id of a row by content.
 *
 * @param columns  methods: class, name, file; frames: method, line, kind; stacks: parent, frame;
 *                 threads: tid, name, kind; a virtual thread that is told by itself has in place
 *                 of a tid its own id, negated
 */
UMIG_NODISCARD int umig_day_row(struct umig_day *day,
                                enum umig_day_table table,
                                const int64_t columns[3],
                                uint32_t *out_id,
                                struct umig_err *err);

/** Key of a cell. */
struct umig_cell_key {
    int64_t session;
    int64_t slot; /* unix time / 10 s */
    uint32_t kind;
    uint32_t group; /* string */
    uint32_t outcome;
};

/** Merges entries into a cell; cell is normalised and used as working memory. */
UMIG_NODISCARD int umig_day_merge_cell(struct umig_day *day,
                                       const struct umig_cell_key *key,
                                       struct umig_cell *cell,
                                       struct umig_err *err);

/** Writes a row of up to 8 numbers by one of the statements of enum umig_day_statement. */
UMIG_NODISCARD int umig_day_write(struct umig_day *day,
                                  int statement,
                                  const int64_t *numbers,
                                  int number_count,
                                  struct umig_err *err);

#endif
