/* LEB128 numbers inside blobs of the store. */
#ifndef UMIG_COLLECTOR_STORE_VARINT_H
#define UMIG_COLLECTOR_STORE_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

/** Appends a number in 1 to 10 bytes; failures stay in buf->failed. */
static inline void umig_varint_put(struct umig_buf *buf, uint64_t value)
{
    while (value >= 0x80) {
        (void)umig_buf_byte(buf, (char)(value | 0x80));
        value >>= 7;
    }
    (void)umig_buf_byte(buf, (char)value);
}

/** Bytes being read; at == end when all is read. */
struct umig_varint_reader {
    const uint8_t *at;
    const uint8_t *end;
};

/** Reads a number; false when the bytes end in it or it is longer than 64 bits. */
static inline bool umig_varint_get(struct umig_varint_reader *reader, uint64_t *out_value)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
        const uint8_t byte = *reader->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *out_value = value;
            return true;
        }
    }
    return false;
}

/** Small numbers of either sign become small numbers without one. */
static inline uint64_t umig_zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

/** Inverse of umig_zigzag(). */
static inline int64_t umig_unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

#endif
