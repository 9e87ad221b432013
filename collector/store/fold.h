/*
 * Folding: batches of the inbox become cells and rows of day files.
 *
 * umig.db and a day file cannot be committed as one. So a fold commits the day file together with
 * the highest sequence of each stream that is in it, and only then the batches are deleted from the
 * inbox. Whoever folds again after a crash skips what the day file says it has: the effect is
 * exactly once.
 *
 *   store thread                        fold thread
 *   put, commit, acknowledge  --inbox-->  fold: day file committed
 *   forget_folded            <--folded--
 */
#ifndef UMIG_COLLECTOR_STORE_FOLD_H
#define UMIG_COLLECTOR_STORE_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/store/store.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

struct umig_folder;

/** What one fold did; the caller frees nothing, reads it before the next fold. */
struct umig_fold_result {
    const struct umig_folded *folded; /* to be given to umig_store_forget_folded() */
    size_t folded_count;
    uint64_t batches;
    uint64_t bytes;
    const char *set_aside; /* new name of a day file that was damaged or foreign; NULL: none */
};

/**
 * Opens the inbox of a data folder for folding, beside the umig_store that writes it.
 *
 * @param store_id  umig_store_id() of that store
 * Thread: the folder belongs to one thread, which need not be the store's.
 */
UMIG_NODISCARD int umig_folder_open(const char *dir,
                                    int64_t store_id,
                                    struct umig_folder **out_folder,
                                    struct umig_err *err);

/** Closes; takes NULL; returns NULL. */
struct umig_folder *umig_folder_close(struct umig_folder *folder);

/**
 * Opens the newest day file, as the next fold would: for the collector's start, so that a file that
 * cannot be used is told then and not with the first data.
 *
 * @param out_set_aside  as umig_fold_result.set_aside; set on failure too
 * @return as umig_folder_run()
 */
UMIG_NODISCARD int umig_folder_open_newest(struct umig_folder *folder,
                                           const char **out_set_aside,
                                           struct umig_err *err);

/**
 * Brings every day file up to date that an older umig wrote, so that it can be read. A damaged one
 * is left: a report that meets it names it.
 *
 * @return UMIG_OK, or the first failure; the other files are done all the same. UMIG_E_DENIED,
 *         UMIG_E_LIMIT, UMIG_E_UNSUPPORTED, UMIG_E_BUSY: a report that meets the file is refused
 *         and says why; UMIG_E_IO: end the process
 *
 * An empty table more takes a moment whatever the file's size.
 */
UMIG_NODISCARD int umig_folder_migrate(struct umig_folder *folder, struct umig_err *err);

/**
 * Folds everything that is in the inbox now.
 *
 * @param out_result  set on failure too: what was committed before the failure
 * @return UMIG_OK; UMIG_E_LIMIT disk full: nothing is lost, fold again later; UMIG_E_IO, UMIG_E_DB,
 *         UMIG_E_BUG: end the process
 */
UMIG_NODISCARD int umig_folder_run(struct umig_folder *folder,
                                   struct umig_fold_result *out_result,
                                   struct umig_err *err);

/** How long and how much is kept. 0: no bound. */
struct umig_retention {
    uint64_t age_ns;
    uint64_t size_bytes;
};

/** What is older is out of retention; 0: nothing is. */
uint64_t umig_retention_oldest_ns(const struct umig_retention *retention, uint64_t now_unix_ns);

/** A day file that has this share of the size gets a next part: dropping one frees as much. */
#define UMIG_RETENTION_SHARES 8u

struct umig_retain_result {
    unsigned files_dropped;
    uint64_t bytes_dropped;
    int64_t dropped_file; /* newest that was dropped; -1: none */
    uint64_t bytes_left;  /* of the whole data folder */
    bool is_over_size;    /* still, with only the newest file left */
    int64_t full_file; /* the newest, if it has had its share: umig_store_begin_part(); else -1 */
};

/**
 * Unlinks day files: those of days that are wholly older than the age, then the oldest while the
 * folder is over its size; the file that is being filled stays. To be called after a fold, so that
 * no batch waits for a file that goes. The caller then calls umig_store_forget_dropped().
 */
UMIG_NODISCARD int umig_folder_retain(struct umig_folder *folder,
                                      const struct umig_retention *retention,
                                      uint64_t now_unix_ns,
                                      struct umig_retain_result *out_result,
                                      struct umig_err *err);

#endif
