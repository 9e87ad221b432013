#include "collector/daemon/keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "collector/daemon/keeper_private.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/log.h"
#include "core/parse.h"

#define FOLD_EVERY_NS (10 * UMIG_NS_PER_S)

/* An inbox of this size is folded before its time. */
#define FOLD_AT_BYTES (8u << 20)

int umig_keeper_create(const struct umig_keeper_options *options,
                       struct umig_keeper **out_keeper,
                       struct umig_err *err)
{
    struct umig_keeper *keeper = calloc(1, sizeof *keeper);
    if (keeper == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for the keeper");
    }
    keeper->options = *options;
    keeper->full_file = -1;
    keeper->dropped_file = -1;
    pthread_mutex_init(&keeper->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&keeper->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    const int rc = umig_folder_open(options->dir, options->store_id, &keeper->folder, err);
    if (rc != UMIG_OK) {
        umig_keeper_destroy(keeper);
        return umig_err_trace(err, rc);
    }
    *out_keeper = keeper;
    return UMIG_OK;
}

struct umig_keeper *umig_keeper_destroy(struct umig_keeper *keeper)
{
    if (keeper != NULL) {
        for (size_t i = 0; i < keeper->query_count; i++) {
            close(keeper->queries[i].fd);
        }
        umig_folder_close(keeper->folder);
        pthread_cond_destroy(&keeper->changed);
        pthread_mutex_destroy(&keeper->lock);
        free(keeper->folded);
        free(keeper);
    }
    return NULL;
}

/* Hands what was folded to the store's thread. Without memory the next fold hands it over again. */
static void post_folded(struct umig_keeper *keeper, const struct umig_fold_result *result)
{
    pthread_mutex_lock(&keeper->lock);
    const size_t needed = keeper->folded_count + result->folded_count;
    if (needed > keeper->folded_room) {
        struct umig_folded *grown = realloc(keeper->folded, needed * sizeof *grown);
        if (grown != NULL) {
            keeper->folded = grown;
            keeper->folded_room = needed;
        }
    }
    if (needed <= keeper->folded_room && result->folded_count > 0) {
        memcpy(keeper->folded + keeper->folded_count, result->folded,
               result->folded_count * sizeof *result->folded);
        keeper->folded_count = needed;
    }
    pthread_mutex_unlock(&keeper->lock);
}

static void fail(struct umig_keeper *keeper, int rc, const struct umig_err *err)
{
    pthread_mutex_lock(&keeper->lock);
    if (keeper->failure == UMIG_OK) {
        keeper->failure = rc;
        keeper->failure_err = *err;
    }
    pthread_mutex_unlock(&keeper->lock);
    umig_ingest_stop(keeper->ingest);
}

static bool can_wait(int rc)
{
    return rc == UMIG_OK || rc == UMIG_E_LIMIT || rc == UMIG_E_NOMEM;
}

static void tell_set_aside(const char *set_aside)
{
    if (set_aside != NULL) {
        umig_log(UMIG_LOG_ERROR,
                 "a day file was damaged or of another store; it is kept as %s and a new one begun",
                 set_aside);
    }
}

/* Folds on the calling thread; what was folded is posted, whatever came after it. */
static int fold_now(struct umig_keeper *keeper, struct umig_err *err)
{
    struct umig_fold_result result;
    const int rc = umig_folder_run(keeper->folder, &result, err);
    tell_set_aside(result.set_aside);
    post_folded(keeper, &result);
    return rc;
}

static int fold(struct umig_keeper *keeper)
{
    struct umig_err err = UMIG_ERR_INIT;
    const int rc = fold_now(keeper, &err);
    if (rc != UMIG_OK && can_wait(rc)) {
        umig_log_err(UMIG_LOG_ERROR, "cannot fold now, batches wait in the inbox", &err);
    }
    if (!can_wait(rc)) {
        fail(keeper, rc, &err);
    }
    return rc;
}

static void log_retention(const struct umig_keeper *keeper, const struct umig_retain_result *result)
{
    char dropped[32];
    char left[32];
    umig_format_bytes(result->bytes_dropped, dropped, sizeof dropped);
    umig_format_bytes(result->bytes_left, left, sizeof left);
    if (result->files_dropped > 0) {
        umig_log(UMIG_LOG_INFO, "retention: dropped %u day file(s), %s; %s are left",
                 result->files_dropped, dropped, left);
    }
    if (result->is_over_size) {
        umig_log(UMIG_LOG_WARN,
                 "retention: still over --retain-size with the newest file only: %s in %s", left,
                 keeper->options.dir);
    }
}

static void retain(struct umig_keeper *keeper, bool is_first)
{
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_retain_result result;
    const int rc = umig_folder_retain(keeper->folder, &keeper->options.retention,
                                      umig_clock_unix_ns(), &result, &err);
    if (rc != UMIG_OK) {
        umig_log_err(UMIG_LOG_ERROR, "retention failed", &err);
        return;
    }
    log_retention(keeper, &result);
    /* A commit that failed may have taken back what the store had forgotten. */
    const uint64_t full_commits = atomic_load(&umig_ingest_counters(keeper->ingest)->full_disk);
    pthread_mutex_lock(&keeper->lock);
    /* Once at start in any case: days grew too old while no collector ran. */
    keeper->must_forget = keeper->must_forget || is_first || result.files_dropped > 0 ||
                          full_commits != keeper->full_commits;
    keeper->full_commits = full_commits;
    if (result.dropped_file > keeper->dropped_file) {
        keeper->dropped_file = result.dropped_file;
    }
    keeper->full_file = result.full_file;
    pthread_mutex_unlock(&keeper->lock);
}

static struct timespec timespec_of(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / UMIG_NS_PER_S),
                             .tv_nsec = (long)(ns % UMIG_NS_PER_S)};
}

/* Waits until a fold is wanted or due; false: the keeper stops. */
static bool await_fold(struct umig_keeper *keeper, uint64_t due_ns, uint64_t *out_wanted)
{
    const struct timespec due = timespec_of(due_ns);
    pthread_mutex_lock(&keeper->lock);
    int timed_out = 0;
    while (!keeper->is_stopping && keeper->folds_wanted == keeper->folds_done && timed_out == 0) {
        timed_out = pthread_cond_timedwait(&keeper->changed, &keeper->lock, &due);
    }
    const bool goes_on = !keeper->is_stopping;
    *out_wanted = keeper->folds_wanted;
    pthread_mutex_unlock(&keeper->lock);
    return goes_on;
}

static void *fold_loop(void *context)
{
    struct umig_keeper *keeper = context;
    bool is_first = true;
    uint64_t wanted = 0;
    uint64_t due_ns = 0; /* at once: what the last collector left */
    while (await_fold(keeper, due_ns, &wanted)) {
        const int rc = fold(keeper);
        if (rc == UMIG_OK || rc == UMIG_E_LIMIT) {
            retain(keeper, is_first); /* on a full disk, too: it may help */
            is_first = false;
        }
        pthread_mutex_lock(&keeper->lock);
        keeper->folds_done = wanted;
        keeper->last_fold = rc;
        pthread_cond_broadcast(&keeper->changed);
        pthread_mutex_unlock(&keeper->lock);
        umig_ingest_wake(keeper->ingest);
        due_ns = umig_clock_monotonic_ns() + FOLD_EVERY_NS;
    }
    return NULL;
}

int umig_keeper_flush(struct umig_keeper *keeper)
{
    pthread_mutex_lock(&keeper->lock);
    const uint64_t wanted = ++keeper->folds_wanted;
    pthread_cond_broadcast(&keeper->changed);
    while (!keeper->is_stopping && keeper->folds_done < wanted) {
        pthread_cond_wait(&keeper->changed, &keeper->lock);
    }
    const int rc = keeper->folds_done < wanted ? UMIG_AGAIN : keeper->last_fold;
    pthread_mutex_unlock(&keeper->lock);
    return rc;
}

/* Takes the oldest query; false: the keeper stops and none waits. */
static bool next_query(struct umig_keeper *keeper, struct umig_keeper_query *out_query)
{
    pthread_mutex_lock(&keeper->lock);
    while (!keeper->is_stopping && keeper->query_count == 0) {
        pthread_cond_wait(&keeper->changed, &keeper->lock);
    }
    const bool has_query = keeper->query_count > 0;
    if (has_query) {
        *out_query = keeper->queries[0];
        keeper->query_count--;
        memmove(keeper->queries, keeper->queries + 1, keeper->query_count * sizeof *out_query);
    }
    pthread_mutex_unlock(&keeper->lock);
    return has_query;
}

static void *query_loop(void *context)
{
    struct umig_keeper *keeper = context;
    struct umig_keeper_query query;
    while (next_query(keeper, &query)) {
        umig_keeper_answer(keeper, &query);
    }
    return NULL;
}

static bool take_query(void *context, const struct umig_ingest_query *in)
{
    struct umig_keeper *keeper = context;
    struct umig_keeper_query query = {
        .fd = in->fd,
        .uid = in->uid,
        .verb = in->query->verb,
        .should_unfold = in->query->unfold != 0,
        .takes_note = in->query->takes_notes != 0,
        .width = in->query->width,
        .last_ns = in->query->last_ns,
    };
    /* Longer names exist nowhere; cut, they match nothing and are refused by name. */
    snprintf(query.session, sizeof query.session, "%s", in->query->session);
    snprintf(query.format, sizeof query.format, "%s", in->query->format);
    snprintf(query.service, sizeof query.service, "%s", in->query->service);
    if (in->query->diff != NULL) {
        snprintf(query.other, sizeof query.other, "%s", in->query->diff->other);
        snprintf(query.per, sizeof query.per, "%s", in->query->diff->per);
        query.level_ppm = in->query->diff->level_ppm;
        query.noise_ppm = in->query->diff->noise_ppm;
    }
    pthread_mutex_lock(&keeper->lock);
    const bool has_room = keeper->query_count < UMIG_KEEPER_MAX_QUERIES && !keeper->is_stopping;
    if (has_room) {
        keeper->queries[keeper->query_count++] = query;
        pthread_cond_broadcast(&keeper->changed);
    }
    pthread_mutex_unlock(&keeper->lock);
    return has_room;
}

static void note_committed(void *context, uint64_t inbox_bytes)
{
    struct umig_keeper *keeper = context;
    if (inbox_bytes >= FOLD_AT_BYTES) {
        pthread_mutex_lock(&keeper->lock);
        if (keeper->folds_wanted == keeper->folds_done) {
            keeper->folds_wanted++;
            pthread_cond_broadcast(&keeper->changed);
        }
        pthread_mutex_unlock(&keeper->lock);
    }
}

/* On the ingest thread: the store forgets what is in day files, and what is gone from them. */
static int forget(void *context, struct umig_store *store, struct umig_err *err)
{
    struct umig_keeper *keeper = context;
    pthread_mutex_lock(&keeper->lock);
    struct umig_folded *folded = keeper->folded;
    const size_t count = keeper->folded_count;
    const bool must_forget = keeper->must_forget;
    const int64_t dropped_file = keeper->dropped_file;
    keeper->folded = NULL;
    keeper->folded_count = 0;
    keeper->folded_room = 0;
    const int64_t full_file = keeper->full_file;
    keeper->must_forget = false;
    pthread_mutex_unlock(&keeper->lock);
    int rc = UMIG_OK;
    umig_store_begin_part(store, full_file);
    if (count > 0) {
        rc = umig_store_forget_folded(store, folded, count, err);
    }
    free(folded);
    if (rc == UMIG_OK && must_forget) {
        rc = umig_store_forget_dropped(
            store, dropped_file,
            umig_retention_oldest_ns(&keeper->options.retention, umig_clock_unix_ns()), err);
    }
    return rc;
}

struct umig_ingest_hooks umig_keeper_hooks(struct umig_keeper *keeper)
{
    return (struct umig_ingest_hooks){
        .context = keeper, .query = take_query, .committed = note_committed, .woken = forget};
}

/* Only a device that fails ends the start: a file that stays old is told again by who reads it. */
static int migrate(struct umig_keeper *keeper, struct umig_err *err)
{
    struct umig_err file_err = UMIG_ERR_INIT;
    const int rc = umig_folder_migrate(keeper->folder, &file_err);
    if (rc == UMIG_E_IO) {
        *err = file_err;
        return umig_err_trace(err, rc);
    }
    if (rc != UMIG_OK) {
        umig_log_err(UMIG_LOG_WARN, "a day file cannot be read, the others can", &file_err);
    }
    return UMIG_OK;
}

int umig_keeper_start(struct umig_keeper *keeper, struct umig_ingest *ingest, struct umig_err *err)
{
    const char *set_aside = NULL;
    int rc = umig_folder_open_newest(keeper->folder, &set_aside, err);
    tell_set_aside(set_aside);
    rc = can_wait(rc) ? migrate(keeper, err) : rc;
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    keeper->ingest = ingest;
    int error_number = pthread_create(&keeper->fold_thread, NULL, fold_loop, keeper);
    if (error_number == 0) {
        error_number = pthread_create(&keeper->query_thread, NULL, query_loop, keeper);
        if (error_number != 0) {
            keeper->is_stopping = true;
            pthread_join(keeper->fold_thread, NULL);
        }
    }
    if (error_number != 0) {
        return umig_err_set_cause(err, UMIG_E_LIMIT, error_number, "cannot start a thread: %s",
                                  umig_errno_text(error_number));
    }
    keeper->is_started = true;
    return UMIG_OK;
}

void umig_keeper_stop(struct umig_keeper *keeper)
{
    if (keeper->is_started) {
        pthread_mutex_lock(&keeper->lock);
        keeper->is_stopping = true;
        pthread_cond_broadcast(&keeper->changed);
        pthread_mutex_unlock(&keeper->lock);
        pthread_join(keeper->fold_thread, NULL);
        pthread_join(keeper->query_thread, NULL);
        keeper->is_started = false;
    }
}

int umig_keeper_failure(const struct umig_keeper *keeper, struct umig_err *err)
{
    if (keeper->failure != UMIG_OK && err != NULL) {
        *err = keeper->failure_err;
    }
    return keeper->failure;
}

int umig_keeper_finish(struct umig_keeper *keeper, struct umig_store *store, struct umig_err *err)
{
    int rc = fold_now(keeper, err);
    rc = rc != UMIG_OK ? rc : forget(keeper, store, err);
    return rc != UMIG_OK ? umig_err_trace(err, rc) : umig_store_commit(store, err);
}
