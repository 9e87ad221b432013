/*
 * Protobuf, bounded: a writer over a fixed buffer and a reader over received bytes. Neither
 * allocates, neither trusts a length. Field numbers are those of proto/umig/v1; protobuf-c is the
 * oracle in tests.
 *
 * Encoding: https://protobuf.dev/programming-guides/encoding/. Submessages get a length of fixed
 * width (three bytes, padded: 0x85 0x80 0x00 is 5), so that closing one never moves its content;
 * every decoder takes padded varints, and 2 MiB is twice what a frame may hold.
 */
#ifndef UMIG_WIRE_CODEC_H
#define UMIG_WIRE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Longest text on the wire, in bytes of UTF-8; longer ones are cut at a character. */
#define UMIG_PB_TEXT_MAX_BYTES 4096u

/** How a field lies on the wire; groups (3 and 4) are refused. */
enum umig_pb_type {
    UMIG_PB_VARINT = 0,
    UMIG_PB_FIXED64 = 1,
    UMIG_PB_BYTES = 2,
    UMIG_PB_FIXED32 = 5,
};

/**
 * Writes into a caller's buffer. What does not fit sets is_full and is not written, in whole or in
 * part; everything after it is ignored, so a caller may check once at the end.
 */
struct umig_pb_writer {
    uint8_t *bytes;
    size_t room;
    size_t len;
    bool is_full;
};

/** A place in a writer to go back to. */
struct umig_pb_mark {
    size_t len;
    bool is_full;
};

/** A writer over room bytes, which the caller keeps. */
void umig_pb_writer_init(struct umig_pb_writer *writer, uint8_t *bytes, size_t room);

/** The place the writer is at. */
struct umig_pb_mark umig_pb_mark(const struct umig_pb_writer *writer);

/**
 * Undoes everything after the mark, an overflow included. Submessages opened after it are gone;
 * those opened before it are still open.
 */
void umig_pb_rollback(struct umig_pb_writer *writer, struct umig_pb_mark mark);

/** Singular uint32, uint64, bool or enum field; 0 is the default and takes no bytes. */
void umig_pb_uint(struct umig_pb_writer *writer, uint32_t field, uint64_t value);

/** Singular sint32 or sint64 field (zigzag); 0 takes no bytes. */
void umig_pb_sint(struct umig_pb_writer *writer, uint32_t field, int64_t value);

/** Singular fixed64 field; 0 takes no bytes. */
void umig_pb_fixed64(struct umig_pb_writer *writer, uint32_t field, uint64_t value);

/** bytes field, or an encoded submessage; written when empty, too. */
void umig_pb_bytes(struct umig_pb_writer *writer, uint32_t field, const void *bytes, size_t len);

/**
 * string field; written when empty, too, so it serves singular and repeated ones.
 *
 * @param text  UTF-8 or the JVM's modified UTF-8; made valid as umig_utf8_from_jvm() does and cut
 *              at UMIG_PB_TEXT_MAX_BYTES
 */
void umig_pb_text(struct umig_pb_writer *writer, uint32_t field, const char *text, size_t len);

/** umig_pb_text() of a NUL-terminated string; NULL and "" take no bytes. */
void umig_pb_str(struct umig_pb_writer *writer, uint32_t field, const char *text);

/** Packed repeated uint32; none take no bytes. */
void umig_pb_packed_u32(struct umig_pb_writer *writer,
                        uint32_t field,
                        const uint32_t *values,
                        size_t count);

/** Packed repeated uint64; none take no bytes. */
void umig_pb_packed_u64(struct umig_pb_writer *writer,
                        uint32_t field,
                        const uint64_t *values,
                        size_t count);

/** Packed repeated sint64 (zigzag); none take no bytes. */
void umig_pb_packed_s64(struct umig_pb_writer *writer,
                        uint32_t field,
                        const int64_t *values,
                        size_t count);

/**
 * Opens a submessage or a packed column that is written item by item.
 *
 * @return the token for umig_pb_close(); nesting is the caller's: close in reverse order
 */
size_t umig_pb_open(struct umig_pb_writer *writer, uint32_t field);

/** Writes the length of what was opened. Content of 2 MiB or more sets is_full. */
void umig_pb_close(struct umig_pb_writer *writer, size_t opened);

/** One item of an open packed column of uint32 or uint64. */
void umig_pb_item(struct umig_pb_writer *writer, uint64_t value);

/** One item of an open packed column of sint32 or sint64. */
void umig_pb_item_s64(struct umig_pb_writer *writer, int64_t value);

/** Reads the fields of one message in order, or the items of a packed column. */
struct umig_pb_reader {
    const uint8_t *at;
    const uint8_t *end;
};

/** One field: value by its type, bytes borrowed from the reader's buffer. */
struct umig_pb_field {
    uint32_t number;
    enum umig_pb_type type;
    uint64_t value;       /* VARINT, FIXED64, FIXED32 */
    const uint8_t *bytes; /* BYTES; never NULL there */
    size_t len;           /* BYTES */
};

/** A reader over bytes that outlive it. */
void umig_pb_reader_init(struct umig_pb_reader *reader, const void *bytes, size_t len);

/**
 * Reads the next field. Unknown numbers are handed out like known ones: skip them.
 *
 * @return UMIG_OK, UMIG_END after the last, or UMIG_E_PROTO naming what is malformed; then the
 *         reader is at its end
 */
UMIG_NODISCARD int umig_pb_next(struct umig_pb_reader *reader,
                                struct umig_pb_field *out_field,
                                struct umig_err *err);

/** Reads the next item of a packed column of varints. UMIG_OK, UMIG_END, UMIG_E_PROTO. */
UMIG_NODISCARD int umig_pb_next_item(struct umig_pb_reader *reader,
                                     uint64_t *out_value,
                                     struct umig_err *err);

/** The number behind a zigzag varint. */
int64_t umig_pb_unzigzag(uint64_t value);

/**
 * Copies a string field as a C string.
 *
 * @param room  bytes at out, NUL included
 * @return UMIG_OK, or UMIG_E_PROTO: not a string, longer than room - 1, not UTF-8, or with a NUL
 *         in it
 */
UMIG_NODISCARD int umig_pb_field_text(const struct umig_pb_field *field,
                                      char *out,
                                      size_t room,
                                      struct umig_err *err);

#endif
