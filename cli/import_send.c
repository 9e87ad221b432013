#include "cli/import_send.h"

#include <inttypes.h>
#include <sys/random.h>

#include "cli/talk.h"
#include "core/clock.h"
#include "core/err.h"

enum {
    SEND_MS = 30000,
    ANSWER_MS = 30000,
    WINDOW = 8 /* batches under way */
};

struct sending {
    int fd;
    uint64_t epoch;
    uint64_t sent, acked; /* sequences of batches */
    struct umig_progress *progress;
};

static int send_frame(struct sending *s,
                      enum umig_frame_type type,
                      uint64_t sequence,
                      const struct umig_buf *payload,
                      struct umig_err *err)
{
    uint8_t head[UMIG_FRAME_HEADER_BYTES];
    const struct umig_frame_header header = {
        .type = (uint8_t)type, .epoch = s->epoch, .sequence = sequence};
    umig_frame_encode(&header, (const uint8_t *)umig_buf_str(payload), (uint32_t)payload->len,
                      head);
    int rc = umig_socket_send_all(s->fd, head, sizeof head, SEND_MS, err);
    if (rc == UMIG_OK && payload->len > 0) {
        rc = umig_socket_send_all(s->fd, payload->bytes, payload->len, SEND_MS, err);
    }
    return rc;
}

/* Takes one answer; its REFUSE says why. */
static int take_answer(struct sending *s, struct umig_err *err)
{
    struct umig_buf payload = UMIG_BUF_INIT(UMIG_FRAME_MAX_SMALL_BYTES);
    struct umig_frame_header header;
    int rc = umig_talk_recv(s->fd, ANSWER_MS, &header, &payload, err);
    if (rc == UMIG_END) {
        rc = umig_err_set(err, UMIG_E_IO, "the collector went away");
    } else if (rc == UMIG_OK && header.type == UMIG_FRAME_REFUSE) {
        rc = umig_talk_refused(&payload, err);
    } else if (rc == UMIG_OK && header.type == UMIG_FRAME_ACK) {
        s->acked = header.sequence > s->acked ? header.sequence : s->acked;
    } else if (rc == UMIG_OK && header.type != UMIG_FRAME_WELCOME) {
        rc = umig_err_set(err, UMIG_E_PROTO, "the collector answered with a frame of type %u",
                          header.type);
    }
    umig_buf_fini(&payload);
    return rc;
}

static int await_acks(struct sending *s, uint64_t until, struct umig_err *err)
{
    int rc = UMIG_OK;
    while (rc == UMIG_OK && s->acked < until) {
        rc = take_answer(s, err);
    }
    return rc;
}

static int send_batches(struct sending *s,
                        struct umig_import_stream *stream,
                        struct umig_buf *payload,
                        struct umig_err *err)
{
    int rc = UMIG_OK;
    while (rc == UMIG_OK && (rc = umig_import_next(stream, payload)) == UMIG_OK) {
        umig_progress_show(s->progress, "Storing", umig_clock_monotonic_ns());
        rc = send_frame(s, UMIG_FRAME_BATCH, ++s->sent, payload, err);
        rc = rc != UMIG_OK || s->sent < WINDOW ? rc : await_acks(s, s->sent - WINDOW + 1, err);
    }
    return rc == UMIG_END ? await_acks(s, s->sent, err) : rc;
}

static int part_of(const struct sending *s,
                   const struct umig_import_session *session,
                   int rc,
                   struct umig_err *err)
{
    if (s->sent == 0 || err == NULL) {
        return rc;
    }
    const struct umig_err was = *err;
    return umig_err_set_cause(err, rc, was.cause,
                              "%.110s; session %.40s may hold a part: import it under another name",
                              was.text, session->id);
}

int umig_import_send(const struct umig_collector_link *link,
                     const struct umig_import *import,
                     const struct umig_import_session *session,
                     struct umig_progress *progress,
                     struct umig_err *err)
{
    struct sending s = {.fd = link->fd, .progress = progress};
    struct umig_import_stream stream = {.import = import, .session = session};
    struct umig_buf payload = UMIG_BUF_INIT(UMIG_FRAME_MAX_BYTES);
    const struct umig_buf nothing = UMIG_BUF_INIT(0);
    int rc = umig_import_check(import, err);
    if (rc == UMIG_OK && getrandom(&s.epoch, sizeof s.epoch, 0) != (ssize_t)sizeof s.epoch) {
        rc = umig_err_set(err, UMIG_E_IO, "the kernel has no random numbers");
    }
    s.epoch |= 1; /* never 0 */
    rc = rc != UMIG_OK ? rc : umig_import_hello(session, &payload);
    rc = rc != UMIG_OK ? rc : send_frame(&s, UMIG_FRAME_HELLO, 0, &payload, err);
    rc = rc != UMIG_OK ? rc : take_answer(&s, err);
    rc = rc != UMIG_OK ? rc : send_batches(&s, &stream, &payload, err);
    rc = rc != UMIG_OK ? rc : send_frame(&s, UMIG_FRAME_BYE, 0, &nothing, err);
    umig_buf_fini(&payload);
    umig_progress_clear(progress);
    return rc == UMIG_OK ? UMIG_OK : part_of(&s, session, rc, err);
}
