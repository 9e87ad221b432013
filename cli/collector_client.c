#include "cli/collector_client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "cli/talk.h"
#include "core/err.h"
#include "umig/v1/control.pb-c.h"

enum {
    DIAL_MS = 5000,
    SILENCE_MS = 5000, /* then it is asked whether it lives */
    PONG_MS = 5000,
    FRAME_MS = 10000, /* to send the question; for a frame of the answer that has begun */
    PATIENCE_MS = 600000,
    NOTE_BYTES = 16 << 10, /* to decode one */
    NOTES_MS = 1000,
    NOTES_MAX = 4
};

static int dial_path(const char *path, struct umig_collector_link *out_link, struct umig_err *err)
{
    struct umig_collector_link link = {.address.is_unix = true};
    snprintf(link.address.path, sizeof link.address.path, "%s", path);
    const int rc = umig_talk_dial(&link.address, geteuid(), DIAL_MS, &link.fd, err);
    if (rc == UMIG_OK) {
        *out_link = link;
    }
    return rc;
}

static bool is_nobody_there(const struct umig_err *err)
{
    return err->cause == ENOENT || err->cause == ECONNREFUSED;
}

/* The user's collector first: who runs one of their own means it. */
static int dial_usual(const struct umig_places *places,
                      struct umig_collector_link *out_link,
                      struct umig_err *err)
{
    char path[UMIG_SOCKET_PATH_BYTES];
    struct umig_err why = UMIG_ERR_INIT;
    int rc = umig_places_collector_socket(places, path, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    rc = dial_path(path, out_link, &why);
    if (rc != UMIG_OK && is_nobody_there(&why) && !places->is_runtime_dir_given) {
        rc = dial_path(UMIG_HOST_COLLECTOR_PATH, out_link, &why);
    }
    if (rc == UMIG_OK) {
        return UMIG_OK;
    }
    if (rc == UMIG_E_DENIED) {
        return umig_err_set(err, rc, "%s (if you mean it, name it with --collector)", why.text);
    }
    if (!is_nobody_there(&why)) {
        return umig_err_set_cause(err, rc, why.cause, "%s", why.text);
    }
    return umig_err_set_cause(err, rc, why.cause,
                              "no collector listens on %s%s%s; start one with 'umig collector', or "
                              "give --collector ADDR or --data DIR",
                              path, places->is_runtime_dir_given ? "" : " or ",
                              places->is_runtime_dir_given ? "" : UMIG_HOST_COLLECTOR_PATH);
}

int umig_collector_dial(const struct umig_places *places,
                        const char *address,
                        struct umig_collector_link *out_link,
                        struct umig_err *err)
{
    if (address == NULL) {
        return dial_usual(places, out_link, err);
    }
    struct umig_collector_link link = {.fd = -1};
    int rc = umig_address_parse_peer(umig_span_of(address), &link.address, err);
    if (rc == UMIG_OK) {
        /* The user named it: whoever runs it is meant. */
        rc = umig_socket_dial(&link.address, DIAL_MS, &link.fd, err);
    }
    if (rc == UMIG_OK) {
        *out_link = link;
    }
    return umig_err_trace(err, rc);
}

static int send_message(int fd, const Umig__V1__Query *query, struct umig_err *err)
{
    struct umig_buf payload = UMIG_BUF_INIT(UMIG_FRAME_MAX_SMALL_BYTES);
    if (umig_buf_reserve(&payload, umig__v1__query__get_packed_size(query)) == UMIG_OK) {
        payload.len = umig__v1__query__pack(query, (uint8_t *)payload.bytes);
    }
    const int rc = umig_talk_send(fd, UMIG_FRAME_QUERY, &payload, FRAME_MS, err);
    umig_buf_fini(&payload);
    return umig_err_trace(err, rc);
}

static int send_query(int fd, const struct umig_question *question, struct umig_err *err)
{
    Umig__V1__Query query = UMIG__V1__QUERY__INIT;
    static const Umig__V1__QueryVerb verbs[] = {
        [UMIG_ASK_SESSIONS] = UMIG__V1__QUERY_VERB__QUERY_SESSIONS,
        [UMIG_ASK_REPORT] = UMIG__V1__QUERY_VERB__QUERY_REPORT,
        [UMIG_ASK_DIFF] = UMIG__V1__QUERY_VERB__QUERY_DIFF};
    Umig__V1__DiffTerms terms = UMIG__V1__DIFF_TERMS__INIT;
    query.verb = verbs[question->verb];
    if (question->verb == UMIG_ASK_DIFF) {
        terms.other = umig_message_text(question->other);
        terms.per = umig_message_text(question->per);
        terms.level_ppm = question->level_ppm;
        terms.noise_ppm = question->noise_ppm;
        query.diff = &terms;
    }
    query.session = umig_message_text(question->session);
    query.format = umig_message_text(question->format);
    query.service = umig_message_text(question->service);
    query.unfold = question->should_unfold;
    query.width = question->width;
    query.last_ns = question->last_ns;
    query.takes_notes = 1;
    return send_message(fd, &query, err);
}

static int take_note(const struct umig_buf *payload, struct umig_buf *note, struct umig_err *err)
{
    struct umig_capped_heap heap;
    umig_capped_heap_init(&heap, NOTE_BYTES);
    Umig__V1__QueryNote *message = umig__v1__query_note__unpack(
        &heap.allocator, payload->len, (const uint8_t *)umig_buf_str(payload));
    if (message == NULL) {
        return umig_err_set(err, UMIG_E_PROTO, "a note of the collector cannot be read");
    }
    umig_buf_printf(note, "%s%s", note->len > 0 ? " " : "", message->text);
    umig__v1__query_note__free_unpacked(message, &heap.allocator);
    return UMIG_OK;
}

/* Takes one frame of the answer; UMIG_END after the last. */
static int take_frame(const struct umig_frame_header *header,
                      const struct umig_buf *payload,
                      FILE *out,
                      struct umig_buf *note,
                      struct umig_err *err)
{
    if (header->type == UMIG_FRAME_REFUSE) {
        return umig_talk_refused(payload, err);
    }
    if (header->type == UMIG_FRAME_QUERY_NOTE) {
        return take_note(payload, note, err);
    }
    if (header->type != UMIG_FRAME_QUERY_DATA) {
        return umig_err_set(err, UMIG_E_PROTO, "the collector answered with a frame of type %u",
                            header->type);
    }
    if (payload->len > 0 && fwrite(payload->bytes, 1, payload->len, out) != payload->len) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "cannot write the answer: %s",
                                  umig_errno_text(errno));
    }
    return (header->flags & UMIG_FRAME_LAST) != 0 ? UMIG_END : UMIG_OK;
}

/* Whether anything comes back from a PING: an older collector refuses it, and lives as well. */
static bool is_alive(const struct umig_address *address)
{
    const struct umig_buf nothing = UMIG_BUF_INIT(0);
    struct umig_buf payload = UMIG_BUF_INIT(UMIG_FRAME_MAX_SMALL_BYTES);
    struct umig_frame_header header;
    int fd = -1;
    int rc = umig_socket_dial(address, PONG_MS, &fd, NULL);
    if (rc != UMIG_OK) {
        return false;
    }
    rc = umig_talk_send(fd, UMIG_FRAME_PING, &nothing, PONG_MS, NULL);
    rc = rc != UMIG_OK ? rc : umig_talk_recv(fd, PONG_MS, &header, &payload, NULL);
    umig_buf_fini(&payload);
    close(fd);
    return rc == UMIG_OK;
}

static int no_answer(const struct umig_collector_link *link, const char *text, struct umig_err *err)
{
    char where[UMIG_ADDRESS_BYTES];
    umig_address_format(&link->address, where);
    return umig_err_set_cause(err, UMIG_E_IO, ETIMEDOUT, "the collector at %s %s", where, text);
}

/* Waits until a part of the answer can be read. A signal only shortens a turn. */
static int await_part(const struct umig_collector_link *link, struct umig_err *err)
{
    struct pollfd ready = {.fd = link->fd, .events = POLLIN};
    for (int waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms += SILENCE_MS) {
        if (poll(&ready, 1, SILENCE_MS) > 0) {
            return UMIG_OK;
        }
        if (!is_alive(&link->address) && poll(&ready, 1, 0) <= 0) {
            return no_answer(link, "does not answer", err);
        }
    }
    return no_answer(link, "lives, but has not answered within 10 minutes", err);
}

/* Whoever listens there is no collector, or one whose answer broke. */
static int not_understood(const struct umig_collector_link *link, int rc, struct umig_err *err)
{
    if (err == NULL) {
        return rc;
    }
    char where[UMIG_ADDRESS_BYTES];
    const struct umig_err was = *err;
    umig_address_format(&link->address, where);
    return umig_err_set_cause(err, rc, was.cause, "%.120s does not answer like a collector: %.100s",
                              where, was.text);
}

int umig_collector_ask(const struct umig_collector_link *link,
                       const struct umig_question *question,
                       FILE *out,
                       struct umig_buf *note,
                       struct umig_err *err)
{
    struct umig_buf payload = UMIG_BUF_INIT(UMIG_FRAME_MAX_BYTES);
    struct umig_frame_header header;
    int rc = send_query(link->fd, question, err);
    while (rc == UMIG_OK && (rc = await_part(link, err)) == UMIG_OK) {
        rc = umig_talk_recv(link->fd, FRAME_MS, &header, &payload, err);
        if (rc == UMIG_END) {
            rc =
                umig_err_set(err, UMIG_E_IO, "the collector went away in the middle of its answer");
        } else if (rc < 0 && err != NULL && err->cause == ETIMEDOUT) {
            rc = no_answer(link, "does not answer", err);
        } else if (rc < 0) {
            rc = not_understood(link, rc, err);
        } else {
            rc = take_frame(&header, &payload, out, note, err);
        }
    }
    umig_buf_fini(&payload);
    return rc == UMIG_END ? UMIG_OK : umig_err_trace(err, rc);
}

void umig_collector_notes(const char *address, struct umig_buf *note)
{
    struct umig_buf payload = UMIG_BUF_INIT(UMIG_FRAME_MAX_BYTES);
    struct umig_frame_header header;
    struct umig_address where;
    int fd = -1;
    Umig__V1__Query query = UMIG__V1__QUERY__INIT;
    query.verb = UMIG__V1__QUERY_VERB__QUERY_STATUS;
    query.takes_notes = 1;
    if (umig_address_parse_peer(umig_span_of(address), &where, NULL) != UMIG_OK ||
        umig_socket_dial(&where, NOTES_MS, &fd, NULL) != UMIG_OK) {
        return;
    }
    int rc = send_message(fd, &query, NULL);
    for (int i = 0; rc == UMIG_OK && i < NOTES_MAX; i++) {
        rc = umig_talk_recv(fd, NOTES_MS, &header, &payload, NULL);
        if (rc == UMIG_OK) {
            /* Notes come before the document. */
            rc = header.type == UMIG_FRAME_QUERY_NOTE ? take_note(&payload, note, NULL) : UMIG_END;
        }
    }
    umig_buf_fini(&payload);
    close(fd);
}
