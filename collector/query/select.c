/* Which session a person means. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/query/query.h"
#include "core/err.h"

enum {
    ID_BYTES = 65,
    CLOSE_MAX = 3,
    FAR = 1000
};

/* An id that resembles what was asked for. */
struct close_id {
    char id[ID_BYTES];
    int distance;
};

struct search {
    const struct umig_query *query;
    const char *wanted;
    int64_t latest;
    int64_t exact;
    uint64_t seen;    /* sessions that may be meant */
    int64_t prefixed; /* newest session whose id begins with it */
    char prefixed_id[ID_BYTES];
    char other_id[ID_BYTES]; /* another id that begins with it; "" none */
    struct close_id close[CLOSE_MAX];
};

static int min(int a, int b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance of two short words (V. Levenshtein, 1966), one row at a time. */
static int distance_of(const char *a, const char *b)
{
    int row[ID_BYTES];
    const int b_len = (int)strnlen(b, ID_BYTES - 1);
    for (int j = 0; j <= b_len; j++) {
        row[j] = j;
    }
    for (int i = 1; a[i - 1] != '\0'; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= b_len; j++) {
            const int replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = min(replaced, min(row[j], row[j - 1]) + 1);
        }
    }
    return row[b_len];
}

/* Keeps the nearest ids, nearest first, each once. */
static void note_close(struct search *search, const char *id)
{
    struct close_id entry = {.distance = distance_of(id, search->wanted)};
    snprintf(entry.id, sizeof entry.id, "%s", id);
    for (size_t i = 0; i < CLOSE_MAX; i++) {
        struct close_id *slot = &search->close[i];
        if (strcmp(slot->id, entry.id) == 0) {
            return;
        }
        if (entry.distance < slot->distance) {
            const struct close_id pushed = *slot;
            *slot = entry;
            entry = pushed;
        }
    }
}

static int consider(void *context, const struct umig_session_row *row)
{
    struct search *search = context;
    if (!umig_query_sees(search->query, row)) {
        return UMIG_OK;
    }
    search->latest = row->key;
    search->seen++;
    char number[32];
    snprintf(number, sizeof number, "#%lld", (long long)row->key);
    if (strcmp(row->id, search->wanted) == 0 || strcmp(number, search->wanted) == 0) {
        search->exact = row->key;
    }
    if (strncmp(row->id, search->wanted, strlen(search->wanted)) == 0) {
        if (search->prefixed != 0 && strcmp(search->prefixed_id, row->id) != 0) {
            snprintf(search->other_id, sizeof search->other_id, "%s", search->prefixed_id);
        }
        search->prefixed = row->key;
        snprintf(search->prefixed_id, sizeof search->prefixed_id, "%s", row->id);
    }
    note_close(search, row->id);
    return UMIG_OK;
}

static int unknown(const struct search *search, struct umig_err *err)
{
    const struct umig_query *query = search->query;
    if (search->latest == 0) {
        return umig_err_set(err, UMIG_E_ARG, "there are no sessions%s%.64s yet",
                            query->service[0] != '\0' ? " of service " : "", query->service);
    }
    if (search->wanted[0] == '#') {
        const bool is_one = search->seen == 1;
        return umig_err_set(err, UMIG_E_ARG,
                            "there is no session %.24s; there %s %" PRIu64
                            " session%s (umig sessions)",
                            search->wanted, is_one ? "is" : "are", search->seen, is_one ? "" : "s");
    }
    char list[CLOSE_MAX * (ID_BYTES + 2)] = "";
    size_t len = 0;
    for (size_t i = 0; i < CLOSE_MAX && search->close[i].distance < FAR; i++) {
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", i == 0 ? "" : ", ",
                                search->close[i].id);
    }
    return umig_err_set(err, UMIG_E_ARG, "no session '%.64s'; the closest are %s (umig sessions)",
                        search->wanted, list);
}

int umig_query_select(struct umig_reader *reader,
                      const struct umig_query *query,
                      int64_t *out_key,
                      struct umig_err *err)
{
    struct search search = {.query = query, .wanted = query->session};
    for (size_t i = 0; i < CLOSE_MAX; i++) {
        search.close[i].distance = FAR;
    }
    const int rc = umig_reader_sessions(reader, consider, &search, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    const bool wants_latest = query->session[0] == '\0' || strcmp(query->session, "latest") == 0;
    int64_t key = search.exact;
    if (key == 0 && wants_latest) {
        key = search.latest;
    }
    if (key == 0 && search.other_id[0] != '\0') {
        return umig_err_set(err, UMIG_E_ARG, "'%.64s' begins several sessions: %s, %s",
                            query->session, search.other_id, search.prefixed_id);
    }
    key = key != 0 ? key : search.prefixed;
    if (key == 0) {
        return unknown(&search, err);
    }
    *out_key = key;
    return UMIG_OK;
}
