/*
 * Frames: how messages lie on a stream socket.
 *
 *   offset  size  field
 *        0     4  magic: the bytes 'U' 'M' 'G' '1'
 *        4     1  version of this header: 1
 *        5     1  type (enum umig_frame_type)
 *        6     2  flags (UMIG_FRAME_LAST)
 *        8     4  payload_bytes, at most UMIG_FRAME_MAX_BYTES
 *       12     4  crc32c of the header with this field 0, then of the payload
 *       16     8  epoch: random, one for the life of an agent's process; 0 from a command
 *       24     8  sequence: of a BATCH, from 1 without gaps; of an ACK, the highest durable one
 *       32        payload: one protobuf message, or bytes (QUERY_DATA)
 *
 * All numbers little-endian. The header is checked before anything is allocated for the payload.
 */
#ifndef UMIG_WIRE_FRAME_H
#define UMIG_WIRE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/umig/attr.h"
#include "include/umig/status.h"

#define UMIG_FRAME_HEADER_BYTES 32u
#define UMIG_FRAME_MAX_BYTES    (1024u * 1024u)

/** Largest payload an agent takes, and a collector from a peer that has not said hello. */
#define UMIG_FRAME_MAX_SMALL_BYTES 4096u

/** Flag of the last QUERY_DATA frame of an answer. */
#define UMIG_FRAME_LAST 1u

/* Types 64 to 95 are kept for commands that travel down an agent's uplink. */
enum umig_frame_type {
    UMIG_FRAME_HELLO = 1,
    UMIG_FRAME_WELCOME = 2,
    UMIG_FRAME_BATCH = 3,
    UMIG_FRAME_ACK = 4,
    UMIG_FRAME_REFUSE = 5,
    UMIG_FRAME_PING = 6,
    UMIG_FRAME_PONG = 7,
    UMIG_FRAME_BYE = 8, /* the agent ends and sends no more */
    UMIG_FRAME_CONTROL_REQUEST = 16,
    UMIG_FRAME_CONTROL_REPLY = 17,
    UMIG_FRAME_QUERY = 32,
    UMIG_FRAME_QUERY_DATA = 33,
    UMIG_FRAME_QUERY_NOTE = 34, /* only to a Query with takes_notes */
};

struct umig_frame_header {
    uint8_t type;
    uint16_t flags;
    uint32_t payload_bytes;
    uint32_t crc;
    uint64_t epoch;
    uint64_t sequence;
};

/**
 * Writes the 32 header bytes for a payload, its checksum included.
 *
 * @param header   type, flags, epoch and sequence; payload_bytes and crc are ignored
 * @param payload  payload_bytes bytes; may be NULL when there are none
 * @param out      UMIG_FRAME_HEADER_BYTES bytes
 *
 * Pure; any thread.
 */
void umig_frame_encode(const struct umig_frame_header *header,
                       const uint8_t *payload,
                       uint32_t payload_bytes,
                       uint8_t *out);

/**
 * Reads and checks a header.
 *
 * @param bytes              UMIG_FRAME_HEADER_BYTES bytes
 * @param max_payload_bytes  bound of this peer, at most UMIG_FRAME_MAX_BYTES
 * @return UMIG_OK, or UMIG_E_PROTO naming what is wrong (magic, version, length, flags)
 *
 * The checksum is checked by umig_frame_check() once the payload is there.
 */
UMIG_NODISCARD int umig_frame_decode(const uint8_t *bytes,
                                     uint32_t max_payload_bytes,
                                     struct umig_frame_header *out_header,
                                     struct umig_err *err);

/** Compares a decoded header's checksum with its payload. UMIG_OK or UMIG_E_PROTO. */
UMIG_NODISCARD int umig_frame_check(const struct umig_frame_header *header,
                                    const uint8_t *payload,
                                    struct umig_err *err);

/**
 * Cuts a byte stream into frames; feed it what recv() gave.
 *
 * Memory: one buffer that grows up to the header plus the bound, never beyond.
 */
struct umig_frame_reader {
    uint8_t *bytes;
    size_t fill;
    size_t room;
    size_t taken; /* bytes at the front that were handed out; dropped when space is asked for */
    uint32_t max_payload_bytes;
};

/** An empty reader with a bound; no memory yet. */
void umig_frame_reader_init(struct umig_frame_reader *reader, uint32_t max_payload_bytes);

/** Frees the buffer. */
void umig_frame_reader_fini(struct umig_frame_reader *reader);

/**
 * Room for the next recv().
 *
 * @param out_room  bytes that may be written at the returned address; above 0
 * @return where to write, NULL when out of memory
 */
uint8_t *umig_frame_reader_space(struct umig_frame_reader *reader, size_t *out_room);

/** Says how much was written into the space. */
void umig_frame_reader_filled(struct umig_frame_reader *reader, size_t byte_count);

/**
 * Hands out the next whole frame.
 *
 * @param out_payload  borrowed until the next call on this reader
 * @return UMIG_OK; UMIG_AGAIN when the frame is not complete yet; UMIG_E_PROTO: the stream cannot
 *         be read any further
 */
UMIG_NODISCARD int umig_frame_reader_next(struct umig_frame_reader *reader,
                                          struct umig_frame_header *out_header,
                                          const uint8_t **out_payload,
                                          struct umig_err *err);

#endif
