#include "agent/uplink/uplink.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/uplink/stream.h"
#include "core/err.h"
#include "core/mix.h"
#include "wire/codec.h"

enum {
    HELLO_FIRST_UNACKED = 6,
};

#define RESOLVE_POLL_NS (20 * UMIG_NS_PER_MS)

/* Open that long without a failure, a connection counts as good: the next delay is short again. */
#define SETTLED_NS (10 * UMIG_NS_PER_S)

int umig_uplink_init(struct umig_uplink *uplink,
                     const struct umig_uplink_opts *opts,
                     struct umig_err *err)
{
    memset(uplink, 0, sizeof *uplink);
    uplink->fd = -1;
    uplink->state = UMIG_UPLINK_OVER;
    if (opts->addresses.count == 0 || opts->addresses.count > UMIG_UPLINK_ADDRESS_MAX) {
        return umig_err_set(err, UMIG_E_ARG, "an uplink needs 1 to %d addresses, not %zu",
                            UMIG_UPLINK_ADDRESS_MAX, opts->addresses.count);
    }
    if (opts->epoch == 0) {
        return umig_err_set(err, UMIG_E_ARG, "epoch 0 belongs to commands");
    }
    if (opts->spool_bytes == NULL || opts->spool_size < UMIG_FRAME_HEADER_BYTES) {
        return umig_err_set(err, UMIG_E_ARG, "a spool of %zu bytes holds no batch",
                            opts->spool_size);
    }
    uplink->state = UMIG_UPLINK_WAITING;
    uplink->addresses = opts->addresses;
    uplink->pid = getpid();
    uplink->random = opts->jitter_seed;
    uplink->backoff_ns = UMIG_UPLINK_BACKOFF_MIN_NS;
    uplink->peer_max_bytes = UMIG_FRAME_MAX_BYTES;
    umig_spool_init(&uplink->spool, opts->spool_bytes, opts->spool_size, opts->epoch);
    umig_uplink_stream_reset(uplink, 0);
    return UMIG_OK;
}

static void hang_up(struct umig_uplink *uplink, uint64_t now_ns)
{
    if (uplink->fd >= 0) {
        close(uplink->fd);
        uplink->fd = -1;
    }
    uplink->resolve = umig_resolve_drop(uplink->resolve);
    umig_uplink_stream_reset(uplink, now_ns);
}

void umig_uplink_fini(struct umig_uplink *uplink)
{
    hang_up(uplink, 0);
    uplink->state = UMIG_UPLINK_OVER;
}

/*
 * A forked child has the descriptor and must not touch it. getpid() is a system call: what is asked
 * for every record (umig_uplink_room()) does without.
 */
static bool is_ours(const struct umig_uplink *uplink)
{
    return uplink->pid == getpid();
}

int umig_uplink_set_hello(struct umig_uplink *uplink,
                          const uint8_t *payload,
                          size_t payload_bytes,
                          struct umig_err *err)
{
    if (payload_bytes == 0 || payload_bytes > sizeof uplink->hello) {
        return umig_err_set(err, UMIG_E_LIMIT, "a hello of %zu bytes (1 to %zu)", payload_bytes,
                            sizeof uplink->hello);
    }
    memcpy(uplink->hello, payload, payload_bytes);
    uplink->hello_len = payload_bytes;
    return UMIG_OK;
}

/* ---- failures and delays ---- */

/* The delays of a thousand agents must not march in step. */
static uint64_t jittered(struct umig_uplink *uplink, uint64_t delay_ns)
{
    const uint64_t random = umig_mix64(uplink->random);
    uplink->random += UMIG_MIX64_STEP;
    return delay_ns - delay_ns / 5 + random % (2 * delay_ns / 5 + 1);
}

static void note_problem(struct umig_uplink *uplink,
                         enum umig_uplink_problem rank,
                         const struct umig_err *why)
{
    if (rank > uplink->problem_rank) {
        uplink->problem_rank = rank;
        snprintf(uplink->problem, sizeof uplink->problem, "%s", why->text);
    }
}

/* The next address at once, or after the last of them the first with a delay. */
static void wait_for_next_address(struct umig_uplink *uplink, bool was_open, uint64_t now_ns)
{
    uplink->state = UMIG_UPLINK_WAITING;
    uplink->deadline_ns = now_ns;
    if (!was_open && uplink->address + 1 < uplink->addresses.count) {
        uplink->address++;
        return;
    }
    uplink->address = 0;
    if (uplink->is_finishing) {
        /* One more round for a connection that broke while finishing; then nobody is there. */
        uplink->state = uplink->is_last_round ? UMIG_UPLINK_OVER : UMIG_UPLINK_WAITING;
        uplink->is_last_round = true;
        return;
    }
    if (was_open && now_ns - uplink->opened_ns >= SETTLED_NS) {
        uplink->backoff_ns = UMIG_UPLINK_BACKOFF_MIN_NS;
    }
    uint64_t delay_ns = uplink->is_refused ? UMIG_UPLINK_BACKOFF_MAX_NS : uplink->backoff_ns;
    delay_ns = jittered(uplink, delay_ns);
    uplink->deadline_ns += delay_ns > uplink->retry_ns ? delay_ns : uplink->retry_ns;
    uplink->backoff_ns *= 2;
    if (uplink->backoff_ns > UMIG_UPLINK_BACKOFF_MAX_NS) {
        uplink->backoff_ns = UMIG_UPLINK_BACKOFF_MAX_NS;
    }
}

static void fail(struct umig_uplink *uplink, const struct umig_err *why, uint64_t now_ns)
{
    const bool was_open = uplink->state == UMIG_UPLINK_OPEN;
    const bool has_reached = was_open || uplink->state == UMIG_UPLINK_GREETING;
    note_problem(uplink, has_reached ? UMIG_UPLINK_NOT_UNDERSTOOD : UMIG_UPLINK_NOT_REACHED, why);
    hang_up(uplink, now_ns);
    wait_for_next_address(uplink, was_open, now_ns);
}

/* ---- connecting ---- */

static const struct umig_uplink_address *current(const struct umig_uplink *uplink)
{
    return &uplink->addresses.items[uplink->address];
}

/* The caller's hello and, behind it, what only we know: fields may stand in any order. */
static int queue_hello(struct umig_uplink *uplink)
{
    uint8_t bytes[UMIG_FRAME_MAX_SMALL_BYTES];
    struct umig_pb_writer writer;
    umig_pb_writer_init(&writer, bytes, sizeof bytes);
    memcpy(bytes, uplink->hello, uplink->hello_len);
    writer.len = uplink->hello_len;
    const bool has_none = uplink->spool.next == 1;
    umig_pb_uint(&writer, HELLO_FIRST_UNACKED, has_none ? 0 : uplink->spool.first);
    return umig_uplink_stream_queue(uplink, UMIG_FRAME_HELLO, bytes, writer.len);
}

static void greet(struct umig_uplink *uplink, uint64_t now_ns)
{
    struct umig_err err = UMIG_ERR_INIT;
    umig_uplink_stream_reset(uplink, now_ns);
    uplink->state = UMIG_UPLINK_GREETING;
    uplink->deadline_ns = now_ns + UMIG_UPLINK_DEAD_NS;
    int rc = umig_dial_check_peer(uplink->fd, current(uplink), &err);
    if (rc == UMIG_OK) {
        rc = queue_hello(uplink);
    }
    if (rc == UMIG_OK) {
        rc = umig_uplink_stream_send(uplink, now_ns, &err);
    }
    if (rc != UMIG_OK) {
        fail(uplink, &err, now_ns);
    }
}

/* Tries what is left of where the address may be. */
static void dial_next(struct umig_uplink *uplink, uint64_t now_ns)
{
    struct umig_err err = UMIG_ERR_INIT;
    int rc = UMIG_E_IO;
    while (rc < 0 && uplink->where_next < uplink->where.count) {
        rc = umig_dial_start(&current(uplink)->address, &uplink->where, uplink->where_next++,
                             &uplink->fd, &err);
    }
    if (rc == UMIG_OK) {
        greet(uplink, now_ns);
    } else if (rc == UMIG_AGAIN) {
        uplink->state = UMIG_UPLINK_CONNECTING;
        uplink->deadline_ns = now_ns + UMIG_UPLINK_CONNECT_NS;
    } else {
        fail(uplink, &err, now_ns);
    }
}

static void not_connected(struct umig_uplink *uplink, const struct umig_err *why, uint64_t now_ns)
{
    if (uplink->where_next == uplink->where.count) {
        fail(uplink, why, now_ns);
        return;
    }
    hang_up(uplink, now_ns);
    dial_next(uplink, now_ns);
}

static void dial(struct umig_uplink *uplink, uint64_t now_ns)
{
    const struct umig_address *address = &current(uplink)->address;
    uplink->where_next = 0;
    if (uplink->address == 0) {
        uplink->problem_rank = UMIG_UPLINK_NO_PROBLEM;
        uplink->is_refused = false;
        uplink->retry_ns = 0;
    }
    if (umig_dial_where(address, &uplink->where) == UMIG_OK) {
        dial_next(uplink, now_ns);
        return;
    }
    struct umig_err err = UMIG_ERR_INIT;
    if (umig_resolve_start(address, &uplink->resolve, &err) != UMIG_OK) {
        fail(uplink, &err, now_ns);
        return;
    }
    uplink->state = UMIG_UPLINK_LOOKING_UP;
    uplink->deadline_ns = now_ns + UMIG_UPLINK_CONNECT_NS;
}

static void look_up(struct umig_uplink *uplink, uint64_t now_ns)
{
    struct umig_err err = UMIG_ERR_INIT;
    const int rc = umig_resolve_poll(uplink->resolve, &uplink->where, &err);
    if (rc == UMIG_OK) {
        uplink->resolve = umig_resolve_drop(uplink->resolve);
        dial_next(uplink, now_ns);
    } else if (rc != UMIG_AGAIN) {
        fail(uplink, &err, now_ns);
    } else if (now_ns >= uplink->deadline_ns) {
        (void)umig_err_set(&err, UMIG_E_IO, "looking up the host '%.120s' takes too long",
                           current(uplink)->address.host);
        fail(uplink, &err, now_ns);
    }
}

/* ---- the end ---- */

/* Behind the last acknowledgement goes BYE, and behind BYE nothing. */
static int finish_if_acked(struct umig_uplink *uplink, uint64_t now_ns, struct umig_err *err)
{
    if (!uplink->is_finishing || uplink->state != UMIG_UPLINK_OPEN ||
        umig_spool_count(&uplink->spool) > 0) {
        return UMIG_OK;
    }
    if (!uplink->is_bye_queued) {
        uplink->is_bye_queued =
            umig_uplink_stream_queue(uplink, UMIG_FRAME_BYE, NULL, 0) == UMIG_OK;
        const int rc = umig_uplink_stream_send(uplink, now_ns, err);
        if (rc != UMIG_OK) {
            return umig_err_trace(err, rc);
        }
    }
    if (uplink->small_len == 0) {
        hang_up(uplink, now_ns);
        uplink->state = UMIG_UPLINK_OVER;
    }
    return UMIG_OK;
}

void umig_uplink_finish(struct umig_uplink *uplink, uint64_t now_ns)
{
    if (!is_ours(uplink) || uplink->is_finishing) {
        return;
    }
    uplink->is_finishing = true;
    if (uplink->state != UMIG_UPLINK_WAITING) {
        return;
    }
    if (uplink->hello_len == 0) {
        uplink->state = UMIG_UPLINK_OVER;
        return;
    }
    uplink->is_last_round = true;
    uplink->address = 0;
    uplink->deadline_ns = now_ns;
}

bool umig_uplink_is_over(const struct umig_uplink *uplink)
{
    return uplink->state == UMIG_UPLINK_OVER;
}

/* ---- the owner's loop ---- */

int umig_uplink_fd(const struct umig_uplink *uplink)
{
    return is_ours(uplink) ? uplink->fd : -1;
}

short umig_uplink_events(const struct umig_uplink *uplink, uint64_t now_ns)
{
    if (uplink->fd < 0) {
        return 0;
    }
    if (uplink->state == UMIG_UPLINK_CONNECTING) {
        return POLLOUT;
    }
    return (short)(POLLIN | (umig_uplink_stream_has_output(uplink, now_ns) ? POLLOUT : 0));
}

static void on_connected(struct umig_uplink *uplink, uint64_t now_ns)
{
    struct umig_err err = UMIG_ERR_INIT;
    if (umig_dial_finish(uplink->fd, &current(uplink)->address, &err) != UMIG_OK) {
        not_connected(uplink, &err, now_ns);
        return;
    }
    greet(uplink, now_ns);
}

void umig_uplink_on_ready(struct umig_uplink *uplink, short revents, uint64_t now_ns)
{
    if (uplink->fd < 0 || !is_ours(uplink)) {
        return;
    }
    if (uplink->state == UMIG_UPLINK_CONNECTING) {
        on_connected(uplink, now_ns);
        return;
    }
    struct umig_err err = UMIG_ERR_INIT;
    int rc = UMIG_OK;
    if ((revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL)) != 0) {
        rc = umig_uplink_receive(uplink, now_ns, &err);
    }
    if (rc == UMIG_OK) {
        rc = umig_uplink_stream_send(uplink, now_ns, &err);
    }
    if (rc == UMIG_OK) {
        rc = finish_if_acked(uplink, now_ns, &err);
    }
    if (rc != UMIG_OK) {
        fail(uplink, &err, now_ns);
    }
}

/* When the next PING is due: after silence, ours and the collector's. */
static uint64_t ping_due_ns(const struct umig_uplink *uplink)
{
    const bool has_pinged_since = uplink->pinged_ns > uplink->heard_ns;
    return (has_pinged_since ? uplink->pinged_ns : uplink->heard_ns) + UMIG_UPLINK_PING_NS;
}

/* GREETING has a deadline of its own; OPEN ends after silence, which PING breaks. */
static uint64_t silence_end_ns(const struct umig_uplink *uplink)
{
    return uplink->state == UMIG_UPLINK_OPEN ? uplink->heard_ns + UMIG_UPLINK_DEAD_NS
                                             : uplink->deadline_ns;
}

static int mind_silence(struct umig_uplink *uplink, uint64_t now_ns, struct umig_err *err)
{
    if (now_ns >= silence_end_ns(uplink)) {
        return umig_err_set(err, UMIG_E_IO, "the collector was silent for %u s",
                            (unsigned)(UMIG_UPLINK_DEAD_NS / UMIG_NS_PER_S));
    }
    if (uplink->state != UMIG_UPLINK_OPEN || now_ns < ping_due_ns(uplink)) {
        return UMIG_OK;
    }
    uplink->pinged_ns = now_ns;
    if (umig_uplink_stream_queue(uplink, UMIG_FRAME_PING, NULL, 0) == UMIG_OK) {
        uplink->is_ping_open = true;
    }
    return umig_err_trace(err, umig_uplink_stream_send(uplink, now_ns, err));
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t tick_connected(struct umig_uplink *uplink, uint64_t now_ns)
{
    struct umig_err err = UMIG_ERR_INIT;
    int rc = mind_silence(uplink, now_ns, &err);
    if (rc == UMIG_OK) {
        rc = finish_if_acked(uplink, now_ns, &err);
    }
    if (rc != UMIG_OK) {
        fail(uplink, &err, now_ns);
        return now_ns;
    }
    uint64_t next = silence_end_ns(uplink);
    if (uplink->state == UMIG_UPLINK_OPEN) {
        next = earlier(next, ping_due_ns(uplink));
    }
    if (uplink->rest_until_ns > now_ns) {
        next = earlier(next, uplink->rest_until_ns);
    }
    return next;
}

static void tick_connecting(struct umig_uplink *uplink, uint64_t now_ns)
{
    if (now_ns >= uplink->deadline_ns) {
        struct umig_err err = UMIG_ERR_INIT;
        (void)umig_err_set(&err, UMIG_E_IO, "connecting took longer than %u s",
                           (unsigned)(UMIG_UPLINK_CONNECT_NS / UMIG_NS_PER_S));
        not_connected(uplink, &err, now_ns);
    }
}

uint64_t umig_uplink_tick(struct umig_uplink *uplink, uint64_t now_ns)
{
    if (!is_ours(uplink)) {
        return UINT64_MAX;
    }
    if (uplink->state == UMIG_UPLINK_LOOKING_UP) {
        look_up(uplink, now_ns);
    } else if (uplink->state == UMIG_UPLINK_CONNECTING) {
        tick_connecting(uplink, now_ns);
    }
    /* Every address may fail at once; after the last the deadline is in the future. */
    while (uplink->state == UMIG_UPLINK_WAITING && uplink->hello_len > 0 &&
           now_ns >= uplink->deadline_ns) {
        dial(uplink, now_ns);
    }
    switch (uplink->state) {
    case UMIG_UPLINK_WAITING:
        return uplink->hello_len > 0 ? uplink->deadline_ns : UINT64_MAX;
    case UMIG_UPLINK_LOOKING_UP:
        return earlier(now_ns + RESOLVE_POLL_NS, uplink->deadline_ns);
    case UMIG_UPLINK_CONNECTING:
        return uplink->deadline_ns;
    case UMIG_UPLINK_GREETING:
    case UMIG_UPLINK_OPEN:
        return tick_connected(uplink, now_ns);
    case UMIG_UPLINK_OVER:
        break;
    }
    return UINT64_MAX;
}

size_t umig_uplink_room(const struct umig_uplink *uplink)
{
    if (uplink->state == UMIG_UPLINK_OVER || uplink->is_bye_queued) {
        return 0;
    }
    const size_t room = umig_spool_room(&uplink->spool);
    return room < uplink->peer_max_bytes ? room : uplink->peer_max_bytes;
}

int umig_uplink_submit(struct umig_uplink *uplink,
                       const uint8_t *payload,
                       size_t payload_bytes,
                       uint64_t *out_sequence)
{
    if (!is_ours(uplink) || payload_bytes > umig_uplink_room(uplink)) {
        return UMIG_E_LIMIT;
    }
    return umig_spool_put(&uplink->spool, payload, payload_bytes, out_sequence);
}

uint64_t umig_uplink_begin_epoch(struct umig_uplink *uplink, uint64_t epoch, uint64_t now_ns)
{
    if (!is_ours(uplink) || uplink->state == UMIG_UPLINK_OVER) {
        return 0;
    }
    const uint64_t discarded = umig_spool_count(&uplink->spool);
    hang_up(uplink, now_ns);
    umig_spool_init(&uplink->spool, uplink->spool.bytes, uplink->spool.size, epoch);
    uplink->sent_to = 0;
    uplink->is_stream_unknown = false;
    uplink->state = UMIG_UPLINK_WAITING;
    uplink->address = 0;
    uplink->deadline_ns = now_ns;
    return discarded;
}

void umig_uplink_status(const struct umig_uplink *uplink, struct umig_uplink_status *out_status)
{
    *out_status = (struct umig_uplink_status){
        .state = uplink->state,
        .is_connected = uplink->state == UMIG_UPLINK_OPEN,
        .is_stream_unknown = uplink->is_stream_unknown,
        .problem = uplink->problem,
        .acked_sequence = umig_spool_acked(&uplink->spool),
        .unacked_batches = umig_spool_count(&uplink->spool),
        .unacked_bytes = uplink->spool.used_bytes,
        .connect_count = uplink->connect_count,
        .refuse_count = uplink->refuse_count,
        .resent_count = uplink->resent_count,
    };
    umig_address_format(&current(uplink)->address, out_status->address);
}
