/*
 * The bytes of an uplink's connection: what is sent in which order and how much of it, and how
 * much is read. Only uplink.c calls it; the states are there.
 */
#ifndef UMIG_AGENT_UPLINK_STREAM_H
#define UMIG_AGENT_UPLINK_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/uplink/uplink.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Begins with a new connection, or forgets the one that is closed. */
void umig_uplink_stream_reset(struct umig_uplink *uplink, uint64_t now_ns);

/** Queues a small frame. UMIG_OK, or UMIG_E_LIMIT when there is no room: the peer does not read. */
UMIG_NODISCARD int umig_uplink_stream_queue(struct umig_uplink *uplink,
                                            enum umig_frame_type type,
                                            const uint8_t *payload,
                                            size_t payload_bytes);

/** Is there something that may be sent now? */
bool umig_uplink_stream_has_output(const struct umig_uplink *uplink, uint64_t now_ns);

/** Sends what the socket takes, a bounded amount. UMIG_OK, or UMIG_E_IO or UMIG_E_LIMIT. */
UMIG_NODISCARD int umig_uplink_stream_send(struct umig_uplink *uplink,
                                           uint64_t now_ns,
                                           struct umig_err *err);

/** Sends every batch again from the first unacknowledged one, once the one on its way is out. */
void umig_uplink_stream_rewind(struct umig_uplink *uplink);

/**
 * Frees what the collector has durable.
 *
 * @return UMIG_OK, or UMIG_E_PROTO when it names a batch that was never sent
 */
UMIG_NODISCARD int umig_uplink_stream_ack(struct umig_uplink *uplink,
                                          uint64_t sequence,
                                          struct umig_err *err);

/**
 * Reads once.
 *
 * @return UMIG_OK; UMIG_AGAIN: nothing there; UMIG_E_IO: the connection ended; UMIG_E_NOMEM;
 *         UMIG_E_PROTO: more than UMIG_UPLINK_IN_MAX_BYTES within a second
 */
UMIG_NODISCARD int umig_uplink_stream_read(struct umig_uplink *uplink,
                                           uint64_t now_ns,
                                           struct umig_err *err);

/**
 * Reads what is there, a bounded amount, and does what the collector says.
 *
 * @return UMIG_OK; any failure ends the connection: UMIG_E_PROTO, UMIG_E_DENIED (refused),
 *         UMIG_E_IO, UMIG_E_NOMEM
 */
UMIG_NODISCARD int umig_uplink_receive(struct umig_uplink *uplink,
                                       uint64_t now_ns,
                                       struct umig_err *err);

#endif
