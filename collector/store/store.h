/*
 * The store: what is acknowledged is in it, once. Interface of collector/store for the rest of the
 * collector and the command; docs/storage.md tells how it lies on disk.
 *
 *   struct umig_store   the one writer of a data folder: streams, batches, sessions
 *   struct umig_folder  turns stored batches into cells of day files (fold.h)
 *   struct umig_reader  lists sessions and loads profiles (reader.h)
 *
 * Failures that every function here may give, beside those it names:
 *   UMIG_E_LIMIT  the disk is full; roll back, refuse, try again later
 *   UMIG_E_IO     the device failed; UMIG_E_DB: the file is damaged. The folder must not be written
 *                 any more: close and end the process, loudly
 */
#ifndef UMIG_COLLECTOR_STORE_STORE_H
#define UMIG_COLLECTOR_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/batch/batch.h"
#include "include/umig/attr.h"
#include "include/umig/kinds.h"
#include "include/umig/status.h"

struct umig_store;

/** A process that sends batches, as the store knows it. */
struct umig_stream {
    int64_t key; /* 0: no batch of it is stored yet */
    uint64_t epoch;
    int64_t uid;        /* who used the epoch first; -1 over TCP */
    uint64_t watermark; /* highest sequence stored */
    struct umig_known known;
    uint64_t anchor_monotonic_ns; /* of its first Hello */
    uint64_t anchor_unix_ns;
    bool has_ended; /* it said BYE: its dictionary may be forgotten */
};

/** One decoded and checked batch on its way into the store. */
struct umig_store_batch {
    uint64_t sequence; /* the stream's watermark + 1 */
    const uint8_t *payload;
    size_t payload_bytes;
    const struct umig_batch *batch; /* decoded from payload */
    struct umig_known known;        /* after it */
    const uint8_t *hello;           /* payload of the stream's Hello */
    size_t hello_bytes;
    uint64_t now_unix_ns; /* decides which day file it goes to */
};

/**
 * Opens a data folder for writing; makes what is missing, and removes a folder it made if it fails.
 * One process at a time: a lock on DIR/lock.
 *
 * @return UMIG_OK; UMIG_E_BUSY another collector has it (named by pid); UMIG_E_DENIED not writable;
 *         UMIG_E_DB damaged; UMIG_E_UNSUPPORTED written by a newer umig; UMIG_E_LIMIT; UMIG_E_IO,
 *         among others there are day files and the umig.db they belong to is missing or empty
 *
 * Thread: the store belongs to the thread that opened it.
 */
UMIG_NODISCARD int umig_store_open(const char *dir,
                                   struct umig_store **out_store,
                                   struct umig_err *err);

/**
 * Says of a failure with umig.db, whoever met it, which file it is, what is wrong and what to do.
 * Other failures, those of day files among them, stay as they are.
 *
 * @param rc   of the failure
 * @param err  of the failure; may be NULL
 * @return rc
 */
int umig_store_explain(const char *dir, int rc, struct umig_err *err);

/** Rolls back what is open, closes, unlocks; takes NULL; returns NULL. */
struct umig_store *umig_store_close(struct umig_store *store);

/**
 * umig_store_close() of a store that nothing was put into: a folder that umig_store_open() made is
 * removed again.
 */
struct umig_store *umig_store_abandon(struct umig_store *store);

/** Finds a stream by its epoch. UMIG_OK or UMIG_NOT_FOUND. */
UMIG_NODISCARD int umig_store_find_stream(struct umig_store *store,
                                          uint64_t epoch,
                                          struct umig_stream *out_stream,
                                          struct umig_err *err);

/**
 * Adds a batch to the open transaction, beginning one if there is none. Nothing is durable before
 * umig_store_commit().
 *
 * @param stream  moves on to the batch's sequence and ids; a stream with key 0 gets its key. After
 *                a rollback the caller restores it from a copy
 * @return UMIG_OK; UMIG_E_PROTO a session number does not exist (nothing was added);
 *         UMIG_E_LIMIT and others: the transaction must be rolled back
 */
UMIG_NODISCARD int umig_store_put(struct umig_store *store,
                                  struct umig_stream *stream,
                                  const struct umig_store_batch *in,
                                  struct umig_err *err);

/** Makes everything since the last commit durable. On failure it has been rolled back. */
UMIG_NODISCARD int umig_store_commit(struct umig_store *store, struct umig_err *err);

/** Takes back everything since the last commit. */
void umig_store_rollback(struct umig_store *store);

/**
 * Ends the running sessions of a stream at the time of their last data (in the open transaction).
 *
 * @param reason  UMIG_END_LOST, or UMIG_END_VM_EXIT after a BYE, which also marks the stream ended
 */
UMIG_NODISCARD int umig_store_close_sessions(struct umig_store *store,
                                             int64_t stream,
                                             enum umig_end reason,
                                             struct umig_err *err);

/** Lets the lost sessions of a stream that came back run again (in the open transaction). */
UMIG_NODISCARD int umig_store_reopen_sessions(struct umig_store *store,
                                              int64_t stream,
                                              struct umig_err *err);

/** Calls back with each stream that has running sessions: at start nobody is connected yet. */
UMIG_NODISCARD int umig_store_running_streams(struct umig_store *store,
                                              void (*found)(void *context,
                                                            int64_t stream,
                                                            uint64_t epoch),
                                              void *context,
                                              struct umig_err *err);

/**
 * Begins a new day file with the next batch, if full_file is still the one being filled: it has had
 * its share of the size (umig_folder_retain).
 */
void umig_store_begin_part(struct umig_store *store, int64_t full_file);

/** A stream's batches up to a sequence are in a day file for good. */
struct umig_folded {
    int64_t stream;
    uint64_t sequence;
};

/** Deletes batches that were folded, and dictionaries nobody will ask for (open transaction). */
UMIG_NODISCARD int umig_store_forget_folded(struct umig_store *store,
                                            const struct umig_folded *folded,
                                            size_t count,
                                            struct umig_err *err);

/**
 * Brings sessions and streams in line with what retention dropped: sessions all of whose data was
 * in dropped files, and streams without sessions that were silent since oldest_unix_ns, go (open
 * transaction). Whatever else is gone may come back: its sessions stay.
 *
 * @param dropped_file    newest day file that was dropped, all older ones with it; -1: none
 * @param oldest_unix_ns  files of days wholly before it were dropped too; 0: none
 */
UMIG_NODISCARD int umig_store_forget_dropped(struct umig_store *store,
                                             int64_t dropped_file,
                                             uint64_t oldest_unix_ns,
                                             struct umig_err *err);

/** Day files that sessions have data in and that are not there. */
struct umig_missing_files {
    size_t count;
    int64_t first; /* oldest; its path: umig_store_day_path() */
    int64_t first_sessions;
    int64_t last;
};

/** Looks for files that somebody took away, of the days since oldest_unix_ns. */
UMIG_NODISCARD int umig_store_missing_files(struct umig_store *store,
                                            uint64_t oldest_unix_ns,
                                            struct umig_missing_files *out_missing,
                                            struct umig_err *err);

/** Random number of this store; its day files carry it too. */
int64_t umig_store_id(const struct umig_store *store);

#endif
