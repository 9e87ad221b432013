/*
 * The agent's connection to a collector: a state machine without threads, sleeps or clocks.
 *
 *   WAITING    no connection; the next attempt is due at a deadline
 *   LOOKING_UP a TCP host's name is being looked up by a short-lived thread (resolve.h)
 *   CONNECTING connect() is under way
 *   GREETING   HELLO is sent, WELCOME awaited
 *   OPEN       batches go out in order, at most UMIG_UPLINK_WINDOW_BYTES of them unacknowledged
 *   OVER       after umig_uplink_finish(): all is acknowledged, or there is nobody to send it to
 *
 * Every failure leads to WAITING: at once to the next address of the list, or after the last of
 * them with a delay that doubles. Nothing is ever lost by it: a batch stays in the spool until a
 * collector acknowledged it, and after WELCOME the rest is sent again in order.
 *
 * The loop of the owner:
 *
 *   deadline = umig_uplink_tick(uplink, now);
 *   poll({umig_uplink_fd(uplink), umig_uplink_events(uplink)}, until deadline);
 *   if (revents != 0) umig_uplink_on_ready(uplink, revents, now);
 *
 * The descriptor may change in every call: ask for it before every poll().
 *
 * Fork: a child must not speak on its parent's connection. Every entry that acts compares the
 * process id and does nothing in a child, and there is no descriptor to poll; descriptors are
 * close-on-exec.
 */
#ifndef UMIG_AGENT_UPLINK_UPLINK_H
#define UMIG_AGENT_UPLINK_UPLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/uplink/dial.h"
#include "agent/uplink/resolve.h"
#include "agent/uplink/spool.h"
#include "core/socket.h"
#include "core/units.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"
#include "wire/frame.h"

#define UMIG_UPLINK_WINDOW_BYTES (UMIG_FRAME_MAX_BYTES + UMIG_FRAME_HEADER_BYTES)

/** Longest HELLO of the caller: a collector takes small frames from strangers only. */
#define UMIG_UPLINK_HELLO_MAX_BYTES (UMIG_FRAME_MAX_SMALL_BYTES - 16u)

#define UMIG_UPLINK_CONNECT_NS     (5 * UMIG_NS_PER_S)  /* for connect(), and for a name */
#define UMIG_UPLINK_PING_NS        (5 * UMIG_NS_PER_S)  /* of silence, before we ask */
#define UMIG_UPLINK_DEAD_NS        (15 * UMIG_NS_PER_S) /* of silence, before we give up */
#define UMIG_UPLINK_BACKOFF_MIN_NS (100 * UMIG_NS_PER_MS)
#define UMIG_UPLINK_BACKOFF_MAX_NS (10 * UMIG_NS_PER_S)
#define UMIG_UPLINK_RETRY_MAX_NS   (60 * UMIG_NS_PER_S) /* longest wait a REFUSE may ask for */
#define UMIG_UPLINK_IN_MAX_BYTES   (256u * 1024u)       /* a collector may send in a second */

enum umig_uplink_state {
    UMIG_UPLINK_WAITING,
    UMIG_UPLINK_LOOKING_UP,
    UMIG_UPLINK_CONNECTING,
    UMIG_UPLINK_GREETING,
    UMIG_UPLINK_OPEN,
    UMIG_UPLINK_OVER,
};

/** What an uplink is made of. */
struct umig_uplink_opts {
    struct umig_uplink_addresses addresses;
    uint64_t epoch;       /* random, one for the life of the process, not 0 */
    uint64_t jitter_seed; /* any number; tests give a fixed one */
    uint8_t *spool_bytes; /* memory for unacknowledged batches; outlives the uplink */
    size_t spool_size;
};

/** How much a problem of a round of addresses says: a peer that answered says more. */
enum umig_uplink_problem {
    UMIG_UPLINK_NO_PROBLEM,
    UMIG_UPLINK_NOT_REACHED,
    UMIG_UPLINK_NOT_UNDERSTOOD,
};

/** One connection; fields are the uplink's own. About 10 KiB, and at most 4 KiB on the heap. */
struct umig_uplink {
    enum umig_uplink_state state;
    struct umig_uplink_addresses addresses;
    size_t address; /* index of the one in use, or tried next */
    pid_t pid;      /* of the process that made it */
    int fd;         /* -1: none */
    struct umig_resolve *resolve;
    struct umig_resolve_result where; /* of the address */
    size_t where_next;                /* index in it to try next */
    struct umig_spool spool;
    uint8_t hello[UMIG_UPLINK_HELLO_MAX_BYTES];
    size_t hello_len; /* 0: not set yet */

    /* Of the connection: receiving. */
    struct umig_frame_reader in;
    uint64_t in_since_ns; /* start of the second in which in_bytes came */
    size_t in_bytes;
    uint64_t heard_ns; /* last frame received, or the start of the connection */
    uint64_t pinged_ns;
    bool is_ping_open; /* a PONG is due */

    /* Of the connection: sending. */
    uint8_t small[UMIG_FRAME_HEADER_BYTES + UMIG_FRAME_MAX_SMALL_BYTES]; /* all but batches */
    size_t small_len;
    size_t small_sent;
    struct umig_spool_frame last; /* batch sent or being sent; bytes NULL: begin with the first */
    size_t last_sent;             /* bytes of it */
    bool is_rewinding;            /* begin with the first again once last is out */
    size_t window_bytes;          /* sent on this connection and not acknowledged */
    uint64_t peer_acked;          /* highest the collector named; last may still be on its way */
    uint64_t rest_until_ns;       /* REFUSE with a retry: no batches until then */
    bool is_bye_queued;

    /* Of the peer and of the tries. */
    uint32_t peer_max_bytes; /* largest payload the last collector took */
    uint64_t deadline_ns;    /* of the state: next attempt, or giving up */
    uint64_t backoff_ns;
    uint64_t random;
    uint64_t opened_ns;
    uint64_t retry_ns; /* a refused HELLO asks for this delay */
    bool is_refused;   /* in this round, for good: wait long */
    bool is_stream_unknown;
    bool is_finishing;
    bool is_last_round; /* finishing: the addresses are tried once more */

    uint64_t sent_to; /* highest sequence whose sending ever began */
    uint64_t connect_count;
    uint64_t refuse_count;
    uint64_t resent_count;
    enum umig_uplink_problem problem_rank;
    char problem[256];
};

/** What `umig status` shows. Texts are borrowed until the next call on the uplink. */
struct umig_uplink_status {
    enum umig_uplink_state state;
    bool is_connected;                /* OPEN */
    bool is_stream_unknown;           /* umig_uplink_begin_epoch() is the way on */
    char address[UMIG_ADDRESS_BYTES]; /* in use, or tried next */
    const char *problem;              /* why it is not connected or rests; "" when all is well */
    uint64_t acked_sequence;
    uint64_t unacked_batches;
    size_t unacked_bytes;
    uint64_t connect_count; /* WELCOMEs received */
    uint64_t refuse_count;
    uint64_t resent_count; /* batches sent a second time or more often */
};

/**
 * Makes an uplink that will dial at the first tick.
 *
 * @return UMIG_OK, or UMIG_E_ARG: no address, epoch 0, or a spool smaller than a header
 *
 * Thread: all functions of an uplink are for one thread, or under the caller's lock.
 */
UMIG_NODISCARD int umig_uplink_init(struct umig_uplink *uplink,
                                    const struct umig_uplink_opts *opts,
                                    struct umig_err *err);

/** Closes the connection, without BYE, and frees what is on the heap. Also after a failed init. */
void umig_uplink_fini(struct umig_uplink *uplink);

/**
 * Sets what greets a collector from the next connection on: an encoded Hello without first_unacked,
 * which the uplink adds. Until it is set, the uplink does not dial.
 *
 * @return UMIG_OK, or UMIG_E_LIMIT above UMIG_UPLINK_HELLO_MAX_BYTES
 */
UMIG_NODISCARD int umig_uplink_set_hello(struct umig_uplink *uplink,
                                         const uint8_t *payload,
                                         size_t payload_bytes,
                                         struct umig_err *err);

/** Descriptor to poll; -1: none now. */
int umig_uplink_fd(const struct umig_uplink *uplink);

/** POLLIN, POLLOUT as wanted now, for what umig_uplink_fd() gives; 0 without a connection. */
short umig_uplink_events(const struct umig_uplink *uplink, uint64_t now_ns);

/**
 * Reads and writes what can be without waiting; bounded work.
 *
 * @param revents  what poll() said
 */
void umig_uplink_on_ready(struct umig_uplink *uplink, short revents, uint64_t now_ns);

/** Does what time asks for. Returns when to call again at the latest, in ns; UINT64_MAX: never. */
uint64_t umig_uplink_tick(struct umig_uplink *uplink, uint64_t now_ns);

/**
 * Largest batch that umig_uplink_submit() takes now: by the room of the spool and by what the
 * collector of the last WELCOME takes. Cheap: asked for every record.
 */
size_t umig_uplink_room(const struct umig_uplink *uplink);

/**
 * Takes a batch: it is kept until a collector has it durable, and sent as soon as the socket is
 * polled.
 *
 * @param out_sequence  its number, from 1; may be NULL
 * @return UMIG_OK, or UMIG_E_LIMIT above umig_uplink_room(): the caller drops and counts
 *         UMIG_DROP_SPOOL_FULL
 */
UMIG_NODISCARD int umig_uplink_submit(struct umig_uplink *uplink,
                                      const uint8_t *payload,
                                      size_t payload_bytes,
                                      uint64_t *out_sequence);

/**
 * Goes on as a new stream. A collector refuses a stream whose first batches it does not have (its
 * data was lost or it is another one): what is in the spool refers to dictionaries that are in
 * those, and is worth nothing without. The caller counts what it had put into the discarded
 * batches as UMIG_DROP_REFUSED, and begins again with a new generation and its sessions' starts.
 *
 * @param epoch  random, not 0, not the one before
 * @return number of batches that were discarded; sequences begin with 1 again
 */
uint64_t umig_uplink_begin_epoch(struct umig_uplink *uplink, uint64_t epoch, uint64_t now_ns);

/**
 * Begins the end: what is in the spool is sent and its acknowledgement awaited, then BYE is sent.
 * Without a connection every address is tried once more. The caller goes on with its loop until
 * umig_uplink_is_over() or until its own patience ends.
 */
void umig_uplink_finish(struct umig_uplink *uplink, uint64_t now_ns);

/** Has the end come: everything acknowledged and BYE sent, or nobody there? */
bool umig_uplink_is_over(const struct umig_uplink *uplink);

/** Fills in the status. */
void umig_uplink_status(const struct umig_uplink *uplink, struct umig_uplink_status *out_status);

#endif
