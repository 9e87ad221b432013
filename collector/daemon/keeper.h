/*
 * The two threads beside the ingest: one folds and retains, one answers queries. They own their
 * connections to the store; nothing they do makes an acknowledgement wait.
 */
#ifndef UMIG_COLLECTOR_DAEMON_KEEPER_H
#define UMIG_COLLECTOR_DAEMON_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/ingest/ingest.h"
#include "collector/store/fold.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

struct umig_keeper;

struct umig_keeper_options {
    const char *dir; /* borrowed */
    int64_t store_id;
    struct umig_retention retention;
};

/** Makes a keeper; nothing runs yet. UMIG_OK, UMIG_E_NOMEM, failures of the store. */
UMIG_NODISCARD int umig_keeper_create(const struct umig_keeper_options *options,
                                      struct umig_keeper **out_keeper,
                                      struct umig_err *err);

/** Frees a keeper that was stopped; takes NULL; returns NULL. */
struct umig_keeper *umig_keeper_destroy(struct umig_keeper *keeper);

/** Hooks for the ingest. */
struct umig_ingest_hooks umig_keeper_hooks(struct umig_keeper *keeper);

/** Starts the threads. The ingest is woken when there is something to forget, stopped on failure.
 */
UMIG_NODISCARD int umig_keeper_start(struct umig_keeper *keeper,
                                     struct umig_ingest *ingest,
                                     struct umig_err *err);

/** Ends the threads: queries that wait are answered first. */
void umig_keeper_stop(struct umig_keeper *keeper);

/**
 * The failure that made the keeper stop the ingest: UMIG_OK if none. After umig_keeper_stop(), or
 * under the keeper's lock.
 */
UMIG_NODISCARD int umig_keeper_failure(const struct umig_keeper *keeper, struct umig_err *err);

/** Folds the rest and brings the store in line, on the calling thread. After umig_keeper_stop(). */
UMIG_NODISCARD int umig_keeper_finish(struct umig_keeper *keeper,
                                      struct umig_store *store,
                                      struct umig_err *err);

#endif
