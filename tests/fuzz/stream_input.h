/*
 * Makes a byte stream of an input. A checksum keeps a fuzzer from ever passing the frame reader, so
 * an input that begins with an even byte is a list of frames (type, sequence, length, payload)
 * that get right headers; one that begins with an odd byte is sent as it is.
 */
#ifndef UMIG_TESTS_FUZZ_STREAM_INPUT_H
#define UMIG_TESTS_FUZZ_STREAM_INPUT_H

#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "wire/frame.h"

enum {
    STREAM_MAX_BYTES = 64 * 1024,
};

/** Writes at most STREAM_MAX_BYTES; returns how many. */
static inline size_t stream_of_input(const uint8_t *data, size_t size, uint64_t epoch, uint8_t *out)
{
    size_t len = 0;
    if (size == 0) {
        return 0;
    }
    if ((data[0] & 1) != 0) {
        len = size - 1 < STREAM_MAX_BYTES ? size - 1 : STREAM_MAX_BYTES;
        memcpy(out, data + 1, len);
        return len;
    }
    for (size_t at = 1; at + 3 <= size;) {
        const struct umig_frame_header header = {
            .type = data[at],
            .epoch = epoch,
            .sequence = data[at + 1],
        };
        const size_t left = size - at - 3;
        const size_t payload = data[at + 2] < left ? data[at + 2] : left;
        if (len + UMIG_FRAME_HEADER_BYTES + payload > STREAM_MAX_BYTES) {
            break;
        }
        umig_frame_encode(&header, data + at + 3, (uint32_t)payload, out + len);
        memcpy(out + len + UMIG_FRAME_HEADER_BYTES, data + at + 3, payload);
        len += UMIG_FRAME_HEADER_BYTES + payload;
        at += 3 + payload;
    }
    return len;
}

#endif
