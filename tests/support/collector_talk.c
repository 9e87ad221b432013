#include "tests/support/collector_talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "tests/support/test.h"
#include "umig/v1/control.pb-c.h"
#include "wire/frame.h"

int umig_collector_set_up(void **state)
{
    struct umig_collector_process *p = malloc(sizeof *p);
    umig_collector_process_init(p);
    *state = p;
    return 0;
}

int umig_collector_tear_down(void **state)
{
    umig_collector_process_fini(*state);
    free(*state);
    return 0;
}

void umig_must(int rc, const struct umig_err *err)
{
    if (rc != UMIG_OK) {
        fail_msg("status %d: %s", rc, err->text);
    }
}

struct umig_emitter *umig_small_emitter(uint64_t epoch, const char *session)
{
    const struct umig_emitter_options options = {
        .epoch = epoch,
        .seed = (uint32_t)epoch,
        .session = session,
        .service = "orders",
        .samples_per_batch = 50,
        .stacks_per_batch = 10,
        .has_gc_events = true,
        .anchor_unix_ns = umig_clock_unix_ns(),
    };
    return umig_emitter_create(&options);
}

void umig_deliver(struct umig_emitter *e, const struct umig_collector_process *p)
{
    struct umig_err err = UMIG_ERR_INIT;
    if (umig_emitter_fd(e) < 0) {
        umig_must(umig_emitter_connect(e, &p->address, &err), &err);
    }
    umig_must(umig_emitter_flush(e, 5000, &err), &err);
}

void umig_assert_log_has(const struct umig_collector_process *p, const char *text)
{
    char path[96];
    char log[16384] = "";
    snprintf(path, sizeof path, "%s/log", p->dir);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    const size_t got = fread(log, 1, sizeof log - 1, file);
    log[got] = '\0';
    (void)fclose(file);
    if (strstr(log, text) == NULL) {
        fail_msg("'%s' is not in the log:\n%s", text, log);
    }
}

/* A query over the socket; the document or the refusal's text. True: a document. */
/* A note of the collector: kept beside the document, of which it is no part. */
static void read_note(const char *payload, size_t payload_bytes, char *note, size_t room)
{
    Umig__V1__QueryNote *message =
        umig__v1__query_note__unpack(NULL, payload_bytes, (const uint8_t *)payload);
    assert_non_null(message);
    snprintf(note, room, "%s", message->text);
    umig__v1__query_note__free_unpacked(message, NULL);
}

static bool ask(const struct umig_collector_process *p,
                Umig__V1__Query query,
                char *note,
                size_t note_room,
                char *out,
                size_t room)
{
    uint8_t payload[256];
    uint8_t head[UMIG_FRAME_HEADER_BYTES];
    const size_t payload_bytes = umig__v1__query__pack(&query, payload);
    struct umig_frame_header header = {.type = UMIG_FRAME_QUERY};
    struct umig_err err = UMIG_ERR_INIT;
    int fd = -1;
    umig_must(umig_socket_dial(&p->address, 5000, &fd, &err), &err);
    umig_frame_encode(&header, payload, (uint32_t)payload_bytes, head);
    umig_must(umig_socket_send_all(fd, head, sizeof head, 5000, &err), &err);
    umig_must(umig_socket_send_all(fd, payload, payload_bytes, 5000, &err), &err);
    size_t len = 0;
    do {
        umig_must(umig_socket_recv_all(fd, head, sizeof head, 10000, &err), &err);
        umig_must(umig_frame_decode(head, UMIG_FRAME_MAX_BYTES, &header, &err), &err);
        assert_true(len + header.payload_bytes < room);
        umig_must(umig_socket_recv_all(fd, out + len, header.payload_bytes, 10000, &err), &err);
        umig_must(umig_frame_check(&header, (const uint8_t *)out + len, &err), &err);
        if (header.type == UMIG_FRAME_QUERY_NOTE) {
            read_note(out + len, header.payload_bytes, note, note_room);
        } else {
            len += header.payload_bytes;
        }
    } while (header.type == UMIG_FRAME_QUERY_NOTE ||
             (header.type == UMIG_FRAME_QUERY_DATA && (header.flags & UMIG_FRAME_LAST) == 0));
    close(fd);
    out[len] = '\0';
    if (header.type == UMIG_FRAME_REFUSE) {
        Umig__V1__Refuse *refuse = umig__v1__refuse__unpack(NULL, len, (const uint8_t *)out);
        assert_non_null(refuse);
        snprintf(out, room, "%s", refuse->text);
        umig__v1__refuse__free_unpacked(refuse, NULL);
        return false;
    }
    return true;
}

bool umig_ask(const struct umig_collector_process *p,
              uint32_t verb,
              const char *session,
              char *out,
              size_t room)
{
    Umig__V1__Query query = UMIG__V1__QUERY__INIT;
    char name[80];
    snprintf(name, sizeof name, "%s", session);
    query.verb = verb;
    query.session = name;
    return ask(p, query, NULL, 0, out, room);
}

bool umig_ask_noted(const struct umig_collector_process *p,
                    uint32_t verb,
                    const char *session,
                    char *note,
                    size_t note_room,
                    char *out,
                    size_t room)
{
    Umig__V1__Query query = UMIG__V1__QUERY__INIT;
    char name[80];
    snprintf(name, sizeof name, "%s", session);
    query.verb = verb;
    query.session = name;
    query.takes_notes = 1;
    note[0] = '\0';
    return ask(p, query, note, note_room, out, room);
}

void umig_record_session(struct umig_collector_process *p, uint64_t epoch, const char *session)
{
    struct umig_emitter *e = umig_small_emitter(epoch, session);
    umig_emitter_make_batch(e);
    umig_deliver(e, p);
    umig_emitter_make_end(e);
    umig_deliver(e, p);
    umig_emitter_destroy(e);
}

int umig_read_folder(const struct umig_collector_process *p,
                     enum umig_query_verb verb,
                     char *text,
                     size_t room)
{
    const struct umig_query query = {.verb = verb,
                                     .session = "",
                                     .format = verb == UMIG_QUERY_WRITE_REPORT ? "json" : "text",
                                     .service = "",
                                     .viewer = UMIG_VIEWER_ALL};
    struct umig_buf out = UMIG_BUF_INIT(room);
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_buf note = UMIG_BUF_INIT(1 << 10);
    const int rc = umig_query_folder(p->data, &query, &out, &note, &err);
    snprintf(text, room, "%s", rc == UMIG_OK ? umig_buf_str(&out) : err.text);
    umig_buf_fini(&note);
    umig_buf_fini(&out);
    return rc;
}
