/* Inside of struct umig_keeper; for keeper.c and answer.c. */
#ifndef UMIG_COLLECTOR_DAEMON_KEEPER_PRIVATE_H
#define UMIG_COLLECTOR_DAEMON_KEEPER_PRIVATE_H

#include <pthread.h>
#include <stddef.h>

#include "collector/daemon/keeper.h"

/** Queries that may wait. */
#define UMIG_KEEPER_MAX_QUERIES 16u

/** A Query frame with its texts copied. */
struct umig_keeper_query {
    int fd;
    int64_t uid;
    uint32_t verb;
    bool should_unfold;
    bool takes_note;
    uint32_t width;
    uint64_t last_ns;
    char session[128];
    char format[32];
    char service[128];
    char other[128]; /* QUERY_DIFF */
    char per[128];
    uint32_t level_ppm;
    uint32_t noise_ppm;
};

struct umig_keeper {
    struct umig_keeper_options options;
    struct umig_folder *folder; /* fold thread's, before and after it the caller's */
    struct umig_ingest *ingest;
    pthread_t fold_thread;
    pthread_t query_thread;
    bool is_started;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    bool is_stopping;
    uint64_t folds_wanted; /* the fold that satisfies want n began after n was wanted */
    uint64_t folds_done;
    int last_fold;              /* its status */
    struct umig_folded *folded; /* for the store to forget */
    size_t folded_count;
    size_t folded_room;
    bool must_forget;      /* the store has to hear of dropped_file */
    int64_t dropped_file;  /* newest day file that retention dropped; -1 none */
    uint64_t full_commits; /* of the ingest when it heard last */
    int64_t full_file;     /* day file that had its share of the size; -1 none */
    struct umig_keeper_query queries[UMIG_KEEPER_MAX_QUERIES];
    size_t query_count;
    int failure;
    struct umig_err failure_err;
};

/** Waits until everything acknowledged before the call is folded. Its status, or UMIG_AGAIN. */
int umig_keeper_flush(struct umig_keeper *keeper);

/** Answers one query on its socket and closes it. */
void umig_keeper_answer(struct umig_keeper *keeper, const struct umig_keeper_query *query);

#endif
