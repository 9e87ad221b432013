/* One question and its answer over a socket: the command's half of the control and query protocols.
 */
#ifndef UMIG_CLI_TALK_H
#define UMIG_CLI_TALK_H

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "core/buf.h"
#include "core/socket.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"
#include "wire/frame.h"

/**
 * Memory for decoding one message: what a peer sends may not take more than this, however it is
 * nested or repeated.
 */
struct umig_capped_heap {
    ProtobufCAllocator allocator; /* give this to protobuf-c; the struct must not move */
    size_t left_bytes;
};

/** An allocator that gives at most limit_bytes over its life. */
void umig_capped_heap_init(struct umig_capped_heap *heap, size_t limit_bytes);

/**
 * Makes every text of a decoded message harmless on a terminal (core/clean.h). Goes down into the
 * messages it holds. A text for which there is no memory ends before what would do harm.
 *
 * @param allocator  the one it was decoded with
 */
void umig_message_clean(ProtobufCMessage *message, ProtobufCAllocator *allocator);

/** A text as a field of a message that is only packed: protobuf-c's fields are not const. */
char *umig_message_text(const char *text);

/**
 * Dials and checks who answers: us, root, or the owner given. Root dials as that owner.
 *
 * @param owner   a user who may be at the other end as well
 * @param out_fd  close it with close()
 * @return UMIG_OK, UMIG_E_IO, UMIG_E_DENIED
 */
UMIG_NODISCARD int umig_talk_dial(const struct umig_address *address,
                                  uid_t owner,
                                  int timeout_ms,
                                  int *out_fd,
                                  struct umig_err *err);

/**
 * Sends one frame. A peer that has hung up already is no failure here: what it said before, as a
 * rule why, is there to be received.
 *
 * @return UMIG_OK, UMIG_E_LIMIT (payload above UMIG_FRAME_MAX_SMALL_BYTES), UMIG_E_IO
 */
UMIG_NODISCARD int umig_talk_send(int fd,
                                  enum umig_frame_type type,
                                  const struct umig_buf *payload,
                                  int timeout_ms,
                                  struct umig_err *err);

/**
 * Receives one frame.
 *
 * @param timeout_ms  for the frame as a whole
 * @param payload     replaced; its limit bounds the frame
 * @return UMIG_OK; UMIG_END: the peer closed the connection; UMIG_E_IO; UMIG_E_PROTO
 */
UMIG_NODISCARD int umig_talk_recv(int fd,
                                  int timeout_ms,
                                  struct umig_frame_header *out_header,
                                  struct umig_buf *payload,
                                  struct umig_err *err);

/**
 * Turns the payload of a REFUSE frame into an error: UMIG_E_BUSY if nothing was done and it may be
 * asked again, UMIG_E_DENIED, or UMIG_E_UNSUPPORTED.
 */
UMIG_NODISCARD int umig_talk_refused(const struct umig_buf *payload, struct umig_err *err);

#endif
