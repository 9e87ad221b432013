/* Which session a person means. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/query/query.h"
#include "core/err.h"
#include "core/parse.h"
#include "report/cells.h"

enum {
    ID_BYTES = 65,
    NOTE_BYTES = 1024,
    CLOSE_MAX = 3,
    ERRORS_MAX = 4, /* of typing: what is further away was not meant */
    FAR = 1000
};

/* An id that resembles what was asked for. */
struct close_id {
    char id[ID_BYTES];
    int distance;
};

/* The sessions with one id; what is said is of the newest. */
struct namesakes {
    uint64_t count;
    int64_t newest;
    int64_t before; /* the newest but one */
    uint64_t start_unix_ns;
    char id[ID_BYTES];
    char service[ID_BYTES];
    char host[ID_BYTES];
};

struct search {
    const struct umig_query *query;
    const char *wanted;
    int64_t latest;
    int64_t numbered;
    uint64_t seen; /* sessions that may be meant */
    struct namesakes exact;
    struct namesakes prefixed; /* by the id that begins with what is wanted */
    char other_id[ID_BYTES];   /* another id that begins with it; "" none */
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

/* Keeps the nearest ids, nearest first, each once: those with an error in four letters, or one. */
static void note_close(struct search *search, const char *id)
{
    struct close_id entry = {.distance = distance_of(id, search->wanted)};
    if (entry.distance > min(ERRORS_MAX, 1 + (int)strlen(search->wanted) / 4)) {
        return;
    }
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

/* Rows come newest last. */
static void add_namesake(struct namesakes *same, const struct umig_session_row *row)
{
    same->count++;
    same->before = same->newest;
    same->newest = row->key;
    same->start_unix_ns = row->start_unix_ns;
    snprintf(same->id, sizeof same->id, "%s", row->id);
    snprintf(same->service, sizeof same->service, "%s", row->process->service);
    snprintf(same->host, sizeof same->host, "%s", row->process->host);
}

static int consider(void *context, const struct umig_session_row *row)
{
    struct search *search = context;
    if (!umig_query_may_see(search->query, row) || !umig_query_is_of_service(search->query, row)) {
        return UMIG_OK;
    }
    search->latest = row->key;
    search->seen++;
    char number[32];
    snprintf(number, sizeof number, "#%lld", (long long)row->key);
    if (strcmp(number, search->wanted) == 0) {
        search->numbered = row->key;
    }
    if (strcmp(row->id, search->wanted) == 0) {
        add_namesake(&search->exact, row);
    }
    if (strncmp(row->id, search->wanted, strlen(search->wanted)) == 0) {
        if (search->prefixed.count > 0 && strcmp(search->prefixed.id, row->id) != 0) {
            memcpy(search->other_id, search->prefixed.id, sizeof search->other_id);
        }
        add_namesake(&search->prefixed, row);
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
    return len > 0 ? umig_err_set(err, UMIG_E_ARG,
                                  "no session '%.64s'; did you mean %s? 'umig sessions' lists all",
                                  search->wanted, list)
                   : umig_err_set(err, UMIG_E_ARG, "no session '%.64s'; 'umig sessions' lists all",
                                  search->wanted);
}

/* Two of them by name, and how many more: a list that is not whole says so. */
static int ambiguous(const struct search *search, struct umig_err *err)
{
    const uint64_t count = search->prefixed.count;
    char more[80] = "";
    if (count > 2) {
        snprintf(more, sizeof more, " and %" PRIu64 " more; 'umig sessions' lists all", count - 2);
    }
    return umig_err_set(err, UMIG_E_ARG,
                        "'%.32s' begins the names of %" PRIu64 " sessions: %s, %s%s",
                        search->wanted, count, search->other_id, search->prefixed.id, more);
}

/* Says that the newest of several was taken. A host may be called anything: it is made harmless. */
static void note_namesakes(const struct namesakes *same, struct umig_buf *note)
{
    char when[UMIG_TIME_TEXT_BYTES];
    struct umig_buf text = UMIG_BUF_INIT(NOTE_BYTES);
    umig_format_time(same->start_unix_ns, when);
    umig_buf_text(&text, note->len > 0 ? "; " : "");
    umig_buf_printf(&text, "%" PRIu64 " sessions are called '%s'; this is the newest (#%" PRId64,
                    same->count, same->id, same->newest);
    umig_buf_printf(&text, ", %s on %s, started %s). ", same->service, same->host, when);
    umig_buf_printf(&text, "'umig sessions' lists them; '#%" PRId64 "' takes one of them",
                    same->before);
    umig_cells_clean(umig_buf_str(&text), note);
    umig_buf_fini(&text);
}

int umig_query_select(struct umig_reader *reader,
                      const struct umig_query *query,
                      int64_t *out_key,
                      struct umig_buf *note,
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
    const bool is_exact = search.exact.count > 0;
    const struct namesakes *same = is_exact ? &search.exact : &search.prefixed;
    if (search.numbered != 0 || (wants_latest && !is_exact && search.latest != 0)) {
        *out_key = search.numbered != 0 ? search.numbered : search.latest;
        return UMIG_OK;
    }
    if (!is_exact && search.other_id[0] != '\0') {
        return ambiguous(&search, err);
    }
    if (same->count == 0) {
        return unknown(&search, err);
    }
    if (same->count > 1) {
        note_namesakes(same, note);
    }
    *out_key = same->newest;
    return UMIG_OK;
}
