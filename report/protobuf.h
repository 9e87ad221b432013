/*
 * Protobuf messages into a growing buffer, for exports of any size; wire/codec.h writes the bounded
 * frames of the stream. A submessage is written into a buffer of its own and then put as bytes.
 * Encoding: https://protobuf.dev/programming-guides/encoding/.
 */
#ifndef UMIG_REPORT_PROTOBUF_H
#define UMIG_REPORT_PROTOBUF_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

/** Appends a number of a repeated, packed field, or of any other. */
void umig_protobuf_varint(uint64_t number, struct umig_buf *out);

/** Appends a field that is a number: uint, int64 of 0 and above, bool, enum; 0 takes no bytes. */
void umig_protobuf_number(uint32_t field, uint64_t number, struct umig_buf *out);

/** Appends a fixed64 field; 0 takes no bytes. */
void umig_protobuf_fixed64(uint32_t field, uint64_t number, struct umig_buf *out);

/** Appends a field of bytes, a text, or a submessage; written when empty, too. */
void umig_protobuf_bytes(uint32_t field, const void *bytes, size_t count, struct umig_buf *out);

/** As umig_protobuf_bytes() with a NUL-terminated text. */
void umig_protobuf_text(uint32_t field, const char *text, struct umig_buf *out);

/** Appends a part as a field and empties it; what failed in it has failed for out. */
void umig_protobuf_part(uint32_t field, struct umig_buf *part, struct umig_buf *out);

#endif
