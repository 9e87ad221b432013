/* Answers QUERY frames: a document in QUERY_DATA frames, or a refusal. */
#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "collector/daemon/keeper_private.h"
#include "collector/query/query.h"
#include "collector/store/store.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/json.h"
#include "core/log.h"
#include "core/parse.h"
#include "core/socket.h"
#include "include/umig/version.h"
#include "umig/v1/control.pb-c.h"
#include "wire/frame.h"

/* A client that does not read is given up: other queries wait behind it. */
#define ANSWER_NS (30 * UMIG_NS_PER_S)

enum {
    CHUNK_BYTES = 64 * 1024,
    SEND_MS = 10000,
    REFUSE_BYTES = 1024,
    NOTE_BYTES = 2048,
    NOTE_FRAME_BYTES = NOTE_BYTES + 16 /* its tag and length */
};

static int send_frame(int fd,
                      uint8_t type,
                      uint16_t flags,
                      const void *payload,
                      size_t payload_bytes)
{
    uint8_t head[UMIG_FRAME_HEADER_BYTES];
    const struct umig_frame_header header = {.type = type, .flags = flags};
    umig_frame_encode(&header, payload, (uint32_t)payload_bytes, head);
    int rc = umig_socket_send_all(fd, head, sizeof head, SEND_MS, NULL);
    if (rc == UMIG_OK && payload_bytes > 0) {
        rc = umig_socket_send_all(fd, payload, payload_bytes, SEND_MS, NULL);
    }
    return rc;
}

static void send_document(int fd, const struct umig_buf *document)
{
    const uint64_t deadline_ns = umig_clock_monotonic_ns() + ANSWER_NS;
    size_t sent = 0;
    do {
        const size_t left = document->len - sent;
        const size_t chunk = left < CHUNK_BYTES ? left : CHUNK_BYTES;
        const uint16_t flags = chunk == left ? UMIG_FRAME_LAST : 0;
        if (umig_clock_monotonic_ns() > deadline_ns ||
            send_frame(fd, UMIG_FRAME_QUERY_DATA, flags, umig_buf_str(document) + sent, chunk) !=
                UMIG_OK) {
            return;
        }
        sent += chunk;
    } while (sent < document->len);
}

static void send_note(int fd, const struct umig_buf *note)
{
    uint8_t payload[NOTE_FRAME_BYTES];
    Umig__V1__QueryNote message = UMIG__V1__QUERY_NOTE__INIT;
    message.text = note->bytes;
    const size_t payload_bytes = umig__v1__query_note__pack(&message, payload);
    (void)!send_frame(fd, UMIG_FRAME_QUERY_NOTE, 0, payload, payload_bytes);
}

static void send_refusal(int fd, Umig__V1__RefuseCode code, const struct umig_err *err)
{
    char text[sizeof err->text];
    memcpy(text, err->text, sizeof text);
    Umig__V1__Refuse refuse = UMIG__V1__REFUSE__INIT;
    refuse.code = code;
    refuse.text = text;
    uint8_t payload[REFUSE_BYTES];
    const size_t payload_bytes = umig__v1__refuse__pack(&refuse, payload);
    (void)!send_frame(fd, UMIG_FRAME_REFUSE, 0, payload, payload_bytes);
}

struct status_row {
    const char *name;
    const char *text;
    uint64_t value;
};

/* Figures of the running collector, "NAME VALUE" a line or one JSON object. */
static int write_status(struct umig_keeper *keeper,
                        struct umig_reader *reader,
                        const char *format,
                        struct umig_buf *out,
                        struct umig_err *err)
{
    const struct umig_ingest_counters *c = umig_ingest_counters(keeper->ingest);
    uint64_t waiting = 0;
    uint64_t waiting_bytes = 0;
    const int rc = umig_reader_inbox(reader, &waiting, &waiting_bytes, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    const struct status_row rows[] = {
        {"connections", "connections", atomic_load(&c->connections)},
        {"agents", "agents connected", atomic_load(&c->agents)},
        {"batches", "batches stored", atomic_load(&c->batches)},
        {"samples", "samples stored", atomic_load(&c->samples)},
        {"bytes", "bytes stored", atomic_load(&c->bytes)},
        {"duplicates", "duplicates recognised", atomic_load(&c->duplicates)},
        {"refused", "peers refused", atomic_load(&c->refused)},
        {"commits", "commits", atomic_load(&c->commits)},
        {"full_disk", "commits on a full disk", atomic_load(&c->full_disk)},
        {"inbox_batches", "batches waiting to be folded", waiting},
        {"inbox_bytes", "bytes waiting to be folded", waiting_bytes},
    };
    if (strcmp(format, "json") == 0) {
        struct umig_json json = UMIG_JSON_INIT(out);
        umig_json_object(&json, NULL);
        umig_json_text(&json, "version", UMIG_VERSION);
        umig_json_text(&json, "data", keeper->options.dir);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            umig_json_number(&json, rows[i].name, rows[i].value);
        }
        umig_json_object_end(&json);
        (void)umig_buf_byte(out, '\n');
        return out->failed;
    }
    (void)umig_buf_printf(out, "collector umig %s, data in %s\n", UMIG_VERSION,
                          keeper->options.dir);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)umig_buf_printf(out, "%-28s %" PRIu64 "\n", rows[i].text, rows[i].value);
    }
    return out->failed;
}

/* Root and whoever runs the collector see everything, others their own. */
static int64_t viewer_of(int64_t uid)
{
    return uid == 0 || uid == (int64_t)geteuid() ? UMIG_VIEWER_ALL : uid;
}

static enum umig_query_verb verb_of(uint32_t verb)
{
    switch (verb) {
    case UMIG__V1__QUERY_VERB__QUERY_REPORT:
        return UMIG_QUERY_WRITE_REPORT;
    case UMIG__V1__QUERY_VERB__QUERY_DIFF:
        return UMIG_QUERY_WRITE_DIFF;
    default:
        return UMIG_QUERY_LIST_SESSIONS;
    }
}

static int run(struct umig_keeper *keeper,
               const struct umig_keeper_query *in,
               bool is_behind,
               struct umig_buf *out,
               struct umig_buf *note,
               struct umig_err *err)
{
    const struct umig_query query = {
        .verb = verb_of(in->verb),
        .session = in->session,
        .format = in->format,
        .service = in->service,
        .should_unfold = in->should_unfold,
        .width = in->width,
        .last_ns = in->last_ns,
        .viewer = viewer_of(in->uid),
        .is_behind = is_behind,
        .diff = {.other = in->other,
                 .per = in->per,
                 .level_ppm = in->level_ppm,
                 .noise_ppm = in->noise_ppm},
    };
    struct umig_reader *reader = NULL;
    int rc = umig_reader_open(keeper->options.dir, &reader, err);
    if (rc == UMIG_NOT_FOUND) {
        rc = umig_err_set(err, UMIG_E_IO, "the data folder %s is gone", keeper->options.dir);
    }
    if (rc == UMIG_OK) {
        rc = in->verb == UMIG__V1__QUERY_VERB__QUERY_STATUS
                 ? write_status(keeper, reader, in->format, out, err)
                 : umig_query_run(reader, &query, out, note, err);
    }
    umig_reader_close(reader);
    return umig_store_explain(keeper->options.dir, rc, err);
}

/* What ends the collector is what the asker has to know; UMIG_OK: nothing does. */
static int tell_failure(struct umig_keeper *keeper, struct umig_err *err)
{
    pthread_mutex_lock(&keeper->lock);
    const int rc = umig_keeper_failure(keeper, err);
    pthread_mutex_unlock(&keeper->lock);
    return umig_store_explain(keeper->options.dir, rc, err);
}

/*
 * An answer must have everything that was acknowledged: what waits is folded first. On a full disk
 * it cannot be: the answer says what it lacks.
 */
static int prepare(struct umig_keeper *keeper,
                   const struct umig_keeper_query *query,
                   bool *out_is_behind,
                   struct umig_err *err)
{
    if (query->verb == UMIG__V1__QUERY_VERB__QUERY_UNSPECIFIED ||
        query->verb > UMIG__V1__QUERY_VERB__QUERY_DIFF) {
        return umig_err_set(err, UMIG_E_ARG, "query %" PRIu32 " is not known to this collector",
                            query->verb);
    }
    if (query->verb == UMIG__V1__QUERY_VERB__QUERY_STATUS) {
        return UMIG_OK;
    }
    const int rc = umig_keeper_flush(keeper);
    if (rc == UMIG_E_LIMIT) {
        *out_is_behind = true; /* reading needs no room */
    }
    if (rc == UMIG_OK || rc == UMIG_E_LIMIT) {
        return UMIG_OK;
    }
    const int failure = tell_failure(keeper, err);
    if (failure != UMIG_OK) {
        return failure;
    }
    return rc == UMIG_AGAIN
               ? umig_err_set(err, UMIG_E_BUSY, "the collector is ending; ask again with --data")
               : umig_err_set(err, rc, "acknowledged batches cannot be read now: %s",
                              umig_status_text(rc));
}

/* Before anybody tried to store something: whether SQLite finds room in its files is not known. */
static void note_no_room(const struct umig_keeper *keeper, struct umig_buf *note)
{
    struct statvfs fs;
    if (statvfs(keeper->options.dir, &fs) == 0 && fs.f_blocks > 0 &&
        (geteuid() == 0 ? fs.f_bfree : fs.f_bavail) == 0) {
        (void)umig_buf_printf(note,
                              "%sthe disk of %.1000s is full: what agents send now may not be "
                              "stored until there is room",
                              note->len > 0 ? "; " : "", keeper->options.dir);
    }
}

/* Whoever asks while nothing is stored has to know: the newest data is not in the answer. */
static void note_full_disk(struct umig_keeper *keeper, struct umig_buf *note)
{
    const struct umig_ingest_counters *c = umig_ingest_counters(keeper->ingest);
    const uint64_t since_ns = atomic_load(&c->full_since_ns);
    const uint64_t now_ns = umig_clock_monotonic_ns();
    const uint64_t last_ns = atomic_load(&c->full_last_ns);
    if (since_ns == 0) {
        note_no_room(keeper, note);
    }
    if (since_ns == 0 || last_ns > now_ns) {
        return;
    }
    char since[32];
    char last[32];
    umig_format_duration(now_ns - since_ns, since, sizeof since);
    umig_format_duration(now_ns - last_ns, last, sizeof last);
    (void)umig_buf_printf(
        note,
        "%sthe collector has stored nothing for %s (it tried %s ago): the disk of "
        "%.1000s is full; agents keep what they can and send it again",
        note->len > 0 ? "; " : "", since, last, keeper->options.dir);
}

void umig_keeper_answer(struct umig_keeper *keeper, const struct umig_keeper_query *query)
{
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_buf document = UMIG_BUF_INIT(UMIG_QUERY_DOCUMENT_BYTES);
    struct umig_buf note = UMIG_BUF_INIT(NOTE_BYTES);
    bool is_behind = false;
    int rc = prepare(keeper, query, &is_behind, &err);
    rc = rc != UMIG_OK ? rc : run(keeper, query, is_behind, &document, &note, &err);
    note_full_disk(keeper, &note);
    if (query->takes_note && note.len > 0) {
        send_note(query->fd, &note);
    }
    if (rc == UMIG_OK) {
        send_document(query->fd, &document);
    } else {
        send_refusal(query->fd,
                     rc == UMIG_E_LIMIT || rc == UMIG_E_NOMEM
                         ? UMIG__V1__REFUSE_CODE__REFUSE_LIMIT
                         : UMIG__V1__REFUSE_CODE__REFUSE_PROTOCOL,
                     &err);
    }
    umig_buf_fini(&note);
    umig_buf_fini(&document);
    close(query->fd);
}
