/* Inside of struct umig_folder; for fold.c, fold_gc.c, fold_rows.c and retain.c. */
#ifndef UMIG_COLLECTOR_STORE_FOLD_PRIVATE_H
#define UMIG_COLLECTOR_STORE_FOLD_PRIVATE_H

#include "collector/store/day.h"
#include "collector/store/fold.h"
#include "collector/store/idmap.h"
#include "collector/store/places.h"

/** A sample with the key of its cell; a wait's share of its thread's total has no cell. */
struct umig_fold_sample {
    struct umig_cell_key key;
    struct umig_cell_entry entry;
};

struct umig_fold_total {
    int64_t session;
    uint32_t kind;
    uint32_t thread;
    uint64_t count;
    uint64_t value;
};

/** What one transaction adds up before it writes. */
struct umig_fold_rows {
    struct umig_fold_sample *samples;
    size_t sample_count;
    size_t sample_room;
    struct umig_fold_total *totals;
    size_t total_count;
    size_t total_room;
    struct umig_cell cell; /* working memory */
};

/** Streams folded in one pass over a day; more wait for the next. */
#define UMIG_FOLD_MAX_STREAMS 4096

struct umig_folder {
    char dir[UMIG_STORE_PATH_BYTES];
    int64_t store_id;
    struct umig_db main; /* read-only */
    struct umig_day day;
    struct umig_idmaps maps;
    struct umig_arena batch_arena;
    struct umig_arena delta_arena;
    struct umig_fold_rows rows;
    size_t transaction_bytes;
    int64_t streams[UMIG_FOLD_MAX_STREAMS];

    struct umig_folded *folded; /* of this pass */
    size_t folded_count;
    size_t folded_room;
    size_t committed_count; /* of folded: in a day file for good */
    struct umig_fold_result result;
    char set_aside[UMIG_STORE_PATH_BYTES];
};

/** The stream whose batch is being folded. */
struct umig_fold_stream {
    int64_t key;
    uint64_t anchor_monotonic_ns;
    uint64_t anchor_unix_ns;
    const struct umig_idmap *map;
};

/** Writes a batch's rows into the open transaction and adds its samples up for the end of it. */
UMIG_NODISCARD int umig_fold_rows_add(struct umig_folder *folder,
                                      const struct umig_fold_stream *stream,
                                      const Umig__V1__Batch *batch,
                                      struct umig_err *err);

/** Writes what a batch says of one session's collections: collector/store/fold_gc.c. */
UMIG_NODISCARD int umig_fold_gc_events(struct umig_folder *folder,
                                       const struct umig_fold_stream *stream,
                                       int64_t session,
                                       const Umig__V1__GcEvents *events,
                                       struct umig_err *err);

/** Writes the cells and totals that were added up; rows are empty afterwards. */
UMIG_NODISCARD int umig_fold_rows_write(struct umig_folder *folder, struct umig_err *err);

/** Forgets what was added up. */
void umig_fold_rows_clear(struct umig_fold_rows *rows);

/** Frees the memory. */
void umig_fold_rows_fini(struct umig_fold_rows *rows);

#endif
