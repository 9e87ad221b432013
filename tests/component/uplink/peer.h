/*
 * The other side of the agent's sockets, by hand: a collector that says what a test tells it to,
 * and a command. Real unix sockets in a folder of the test's own; the time is the fixture's.
 */
#ifndef UMIG_TESTS_COMPONENT_UPLINK_PEER_H
#define UMIG_TESTS_COMPONENT_UPLINK_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/uplink/uplink.h"
#include "tests/support/test.h"
#include "wire/frame.h"

enum {
    PEER_EPOCH = 0x5eed,
    PEER_SPOOL_BYTES = 4 * 1024 * 1024,
};

/** An uplink and the collector it dials. */
struct peer {
    struct umig_uplink uplink;
    uint8_t *spool;
    uint64_t now_ns;
    char dir[64];
    struct umig_uplink_addresses addresses;
    int listen_fd; /* -1: nobody listens */
    int fd;        /* the collector's end; -1: not connected */
    struct umig_frame_reader in;
};

/** A folder, an uplink with a hello, and nobody who listens. For cmocka. */
int peer_setup(void **state);
int peer_teardown(void **state);

/** Makes the uplink anew with other addresses. */
void peer_use_addresses(struct peer *peer, const struct umig_uplink_addresses *addresses);

/** Begins to listen on the first address. */
void peer_listen(struct peer *peer);

/** Stops to listen and hangs up. */
void peer_stop(struct peer *peer);

/** Hangs up and pumps; goes on listening. */
void peer_hang_up(struct peer *peer);

/** Runs the uplink's loop until it has nothing to do now. */
void peer_pump(struct peer *peer);

/** Lets time pass in one leap, then pumps. */
void peer_pass(struct peer *peer, uint64_t ns);

/** Takes the connection the uplink made. */
void peer_accept(struct peer *peer);

/** Sends a frame to the uplink and pumps. */
void peer_send(struct peer *peer,
               enum umig_frame_type type,
               uint64_t sequence,
               const void *payload,
               size_t payload_bytes);

/** Sends bytes as they are and pumps; what a closed connection does not take is lost. */
void peer_send_bytes(struct peer *peer, const void *bytes, size_t len);

/** Receives the next frame, which must be of this type. The payload lives until the next call. */
const uint8_t *peer_expect(struct peer *peer,
                           enum umig_frame_type type,
                           struct umig_frame_header *out_header);

/** Receives batches first to last, with the content peer_submit() gave them. */
void peer_expect_batches(struct peer *peer, uint64_t first, uint64_t last);

/** Nothing is there to receive. */
void peer_expect_nothing(struct peer *peer);

/** The uplink has hung up. */
void peer_expect_closed(struct peer *peer);

/** Submits a batch of this size whose content follows from its sequence. */
void peer_submit(struct peer *peer, size_t payload_bytes);

/** Accepts, takes HELLO, welcomes with this much acknowledged. */
void peer_welcome(struct peer *peer, uint64_t acked);

/** Writes a Welcome; returns its length. */
size_t peer_welcome_payload(uint8_t out[64], uint32_t protocol, uint64_t acked, uint32_t max_bytes);

/** Writes a Refuse; returns its length. */
size_t peer_refuse_payload(uint8_t out[128], uint32_t code, const char *text, uint32_t retry_ms);

/** Status of the uplink. */
struct umig_uplink_status peer_status(const struct peer *peer);

#endif
