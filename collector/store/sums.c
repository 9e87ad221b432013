/* Sums over all sessions, for lists of them. */
#include "collector/store/reader_private.h"
#include "collector/store/schema.h"
#include "collector/store/varint.h"
#include "core/err.h"

struct summing {
    struct umig_db db;
    struct umig_session_sum *sums;
    size_t count;
};

/* NULL: a session that is not asked for. */
static struct umig_session_sum *sum_of(const struct summing *summing, sqlite3_stmt *statement)
{
    const int64_t key = sqlite3_column_int64(statement, 0);
    return key > 0 && (uint64_t)key < summing->count ? &summing->sums[key] : NULL;
}

static void add_total(struct summing *summing, sqlite3_stmt *statement)
{
    struct umig_session_sum *sum = sum_of(summing, statement);
    if (sum != NULL) {
        sum->samples += (uint64_t)sqlite3_column_int64(statement, 1);
        sum->value_ns += (uint64_t)sqlite3_column_int64(statement, 2);
    }
}

/* Books are cumulative: the newest stand for all days, and what was dropped once stays dropped. */
static void add_books(struct summing *summing, sqlite3_stmt *statement)
{
    struct umig_session_sum *sum = sum_of(summing, statement);
    struct umig_varint_reader reader = {.at = sqlite3_column_blob(statement, 3)};
    reader.end = reader.at + sqlite3_column_bytes(statement, 3);
    const uint64_t books_ns = (uint64_t)sqlite3_column_int64(statement, 1);
    uint64_t remainder = 0;
    uint64_t cause = 0;
    uint64_t value = 0;
    while (sum != NULL && umig_varint_get(&reader, &cause) && umig_varint_get(&reader, &value)) {
        remainder += cause == UMIG_DROP_REMAINDER ? value : 0;
        sum->has_drops = sum->has_drops || (cause != UMIG_DROP_REMAINDER && value > 0);
    }
    if (sum != NULL && books_ns >= sum->books_ns &&
        sqlite3_column_int(statement, 4) == UMIG_KIND_CPU) {
        sum->books_ns = books_ns;
        sum->produced_ns = (uint64_t)sqlite3_column_int64(statement, 2);
        sum->remainder_ns = remainder;
    }
}

static void add_lost(struct summing *summing, sqlite3_stmt *statement)
{
    struct umig_session_sum *sum = sum_of(summing, statement);
    if (sum != NULL) {
        sum->has_lost_file = true;
    }
}

static int for_rows(struct summing *summing,
                    int statement_index,
                    void (*add)(struct summing *summing, sqlite3_stmt *statement),
                    struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&summing->db, statement_index);
    sqlite3_bind_int64(statement, 1, UMIG_KIND_CPU); /* the totals' alone */
    int rc = UMIG_OK;
    while ((rc = umig_db_step(&summing->db, statement, err)) == UMIG_OK) {
        add(summing, statement);
    }
    return rc == UMIG_END ? UMIG_OK : rc;
}

static int add_day(const struct umig_reader *reader,
                   int64_t day,
                   struct umig_session_sum *sums,
                   size_t sum_count,
                   struct umig_err *err)
{
    char path[UMIG_STORE_PATH_BYTES];
    umig_store_day_path(reader->dir, day, path);
    struct summing summing = {.sums = sums, .count = sum_count};
    int rc = umig_db_open(&summing.db, path, UMIG_DB_READ, &umig_view_schema, err);
    rc = rc != UMIG_OK ? rc : for_rows(&summing, UMIG_VIEW_ALL_TOTALS, add_total, err);
    rc = rc != UMIG_OK ? rc : for_rows(&summing, UMIG_VIEW_ALL_TALLIES, add_books, err);
    rc = rc != UMIG_OK ? rc : for_rows(&summing, UMIG_VIEW_ALL_LOST, add_lost, err);
    umig_db_close(&summing.db);
    return rc;
}

/* Marks the sessions that had data in a file which cannot be read. */
static int mark_lost(struct umig_reader *reader,
                     int64_t day,
                     struct umig_session_sum *sums,
                     size_t sum_count,
                     struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&reader->main, UMIG_READ_DAY_SESSIONS);
    sqlite3_bind_int64(statement, 1, day);
    int rc = UMIG_OK;
    while ((rc = umig_db_step(&reader->main, statement, err)) == UMIG_OK) {
        const int64_t key = sqlite3_column_int64(statement, 0);
        if (key > 0 && (uint64_t)key < sum_count) {
            sums[key].has_lost_file = true;
        }
    }
    return rc == UMIG_END ? UMIG_OK : rc;
}

int umig_reader_sums(struct umig_reader *reader,
                     struct umig_session_sum *sums,
                     size_t sum_count,
                     struct umig_err *err)
{
    sqlite3_stmt *statement = umig_db_statement(&reader->main, UMIG_READ_DAYS);
    int rc = UMIG_OK;
    while ((rc = umig_db_step(&reader->main, statement, err)) == UMIG_OK) {
        struct umig_err day_err = UMIG_ERR_INIT;
        const int64_t day = sqlite3_column_int64(statement, 0);
        rc = add_day(reader, day, sums, sum_count, &day_err);
        rc = rc == UMIG_NOT_FOUND && umig_reader_is_day_waiting(reader, day) ? UMIG_OK : rc;
        if (rc == UMIG_NOT_FOUND || (rc != UMIG_OK && umig_db_is_damaged(&day_err))) {
            rc = mark_lost(reader, day, sums, sum_count, &day_err);
        }
        if (rc != UMIG_OK) {
            sqlite3_reset(statement);
            if (err != NULL) {
                *err = day_err;
            }
            return umig_err_trace(err, rc);
        }
    }
    return rc == UMIG_END ? UMIG_OK : rc;
}
