/*
 * Reads a data folder, also while a collector writes it: sessions, and one session as a profile.
 * What is still in the inbox is not seen: fold first (fold.h), or read what is at most one fold
 * old.
 */
#ifndef UMIG_COLLECTOR_STORE_READER_H
#define UMIG_COLLECTOR_STORE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile.h"
#include "collector/batch/batch.h"
#include "include/umig/attr.h"
#include "include/umig/kinds.h"
#include "include/umig/status.h"

struct umig_reader;

/** One session as a list shows it. Texts and messages live until the next call on the reader. */
struct umig_session_row {
    int64_t key; /* number in this store, never used twice */
    const char *id;
    int64_t uid; /* who sent it; -1 over TCP */
    uint64_t start_unix_ns;
    uint64_t end_unix_ns; /* of the last data while it runs */
    enum umig_end end;
    const Umig__V1__Process *process;
    const Umig__V1__SessionStart *start;
};

/**
 * Opens a data folder for reading.
 *
 * @return UMIG_OK; UMIG_NOT_FOUND there is no store in it; UMIG_E_DENIED, UMIG_E_DB, UMIG_E_IO,
 *         UMIG_E_UNSUPPORTED
 *
 * Thread: the reader belongs to the thread that opened it.
 */
UMIG_NODISCARD int umig_reader_open(const char *dir,
                                    struct umig_reader **out_reader,
                                    struct umig_err *err);

/** Closes; takes NULL; returns NULL. */
struct umig_reader *umig_reader_close(struct umig_reader *reader);

/**
 * Calls back with every session, newest last, until the callback returns other than UMIG_OK.
 *
 * @return UMIG_OK, what the callback returned, or a failure of the store
 */
UMIG_NODISCARD int umig_reader_sessions(struct umig_reader *reader,
                                        int (*found)(void *context,
                                                     const struct umig_session_row *row),
                                        void *context,
                                        struct umig_err *err);

/** What of a session is loaded, and how; all zero: the whole of it. */
struct umig_reader_part {
    size_t most_blocks; /* part the time into at most so many blocks of equal length, and tell
                           samples of different blocks apart; 0: do not */
    uint64_t last_ns; /* only what was measured so long before the end, or the last data, and up to
                         10 s more, for samples are added up by slots of that length;
                         session.start_unix_ns is where it begins. Totals of threads and books are
                         since the session's start. 0: all */
};

/**
 * Loads one session into an empty profile.
 *
 * @param key      of a session row
 * @param part     NULL: the whole of it
 * @param profile  filled; after a failure it holds a part
 * @return UMIG_OK; UMIG_NOT_FOUND; UMIG_E_NOMEM the profile's bound; UMIG_E_DB a day file is
 *         damaged: it is named; UMIG_E_IO all its day files are gone: the first is named; failures
 *         of the store. Some of its files gone are counted in session.lost_files.
 */
UMIG_NODISCARD int umig_reader_load(struct umig_reader *reader,
                                    int64_t key,
                                    const struct umig_reader_part *part,
                                    struct umig_profile *profile,
                                    struct umig_err *err);

/** CPU samples of one session over all its days, and what is known to be missing of any kind. */
struct umig_session_sum {
    uint64_t samples;
    uint64_t value_ns;
    uint64_t produced_ns;  /* by the agent's newest books */
    uint64_t remainder_ns; /* of it: left over below one interval, no loss */
    uint64_t books_ns;     /* agent's time of those books; 0: none came */
    bool has_drops;        /* by the books of some kind something was dropped */
    bool has_lost_file;    /* a file that held a part of it is gone or damaged */
};

/**
 * Adds up the CPU samples of all sessions, reading each day file once.
 *
 * @param sums  indexed by session key, sum_count zeroed items; higher keys are left out
 */
UMIG_NODISCARD int umig_reader_sums(struct umig_reader *reader,
                                    struct umig_session_sum *sums,
                                    size_t sum_count,
                                    struct umig_err *err);

/** Batches in the inbox of the JVM that a session is of, if they may have something of it. */
UMIG_NODISCARD int umig_reader_waiting(struct umig_reader *reader,
                                       int64_t key,
                                       uint64_t *out_batches,
                                       struct umig_err *err);

/** Batches in the inbox, acknowledged and not folded yet. */
UMIG_NODISCARD int umig_reader_inbox(struct umig_reader *reader,
                                     uint64_t *out_batches,
                                     uint64_t *out_bytes,
                                     struct umig_err *err);

#endif
