#include "wire/utf8.h"

#include <string.h>

enum {
    REPLACEMENT = 0xfffd,
    BAD = -1,
};

static bool is_tail(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* How long the sequence is that this byte begins, by its first byte alone; 0: none begins so. */
static size_t sequence_len(uint8_t first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xc0) {
        return 0;
    }
    if (first < 0xe0) {
        return 2;
    }
    if (first < 0xf0) {
        return 3;
    }
    return first < 0xf8 ? 4 : 0;
}

/*
 * Decodes one sequence, surrogates included. *out_len is how many bytes to go on by, at least 1.
 * BAD for what no sequence begins with, for cut and for overlong ones.
 */
static int32_t decode(const uint8_t *at, size_t left, size_t *out_len)
{
    static const int32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    static const uint8_t first_bits[5] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    const size_t len = sequence_len(at[0]);
    *out_len = 1;
    if (len == 0 || len > left) {
        return BAD;
    }
    int32_t point = at[0] & first_bits[len];
    for (size_t i = 1; i < len; i++) {
        if (!is_tail(at[i])) {
            return BAD;
        }
        point = point << 6 | (at[i] & 0x3f);
    }
    if (point < least[len] && !(len == 2 && point == 0)) {
        return BAD;
    }
    if (point > 0x10ffff) {
        return BAD;
    }
    *out_len = len;
    return point;
}

static bool is_high_surrogate(int32_t point)
{
    return point >= 0xd800 && point <= 0xdbff;
}

static bool is_low_surrogate(int32_t point)
{
    return point >= 0xdc00 && point <= 0xdfff;
}

bool umig_utf8_is_valid(const void *text, size_t len)
{
    const uint8_t *at = text;
    while (len > 0) {
        size_t step = 0;
        const int32_t point = decode(at, len, &step);
        if (point == BAD || is_high_surrogate(point) || is_low_surrogate(point) ||
            (point == 0 && step == 2)) {
            return false;
        }
        at += step;
        len -= step;
    }
    return true;
}

/* Decodes one character of modified UTF-8: a pair of surrogates is one; what is bad is U+FFFD. */
static int32_t decode_jvm(const uint8_t *at, size_t left, size_t *out_len)
{
    const int32_t point = decode(at, left, out_len);
    if (is_high_surrogate(point) && left > 3) {
        size_t low_len = 0;
        const int32_t low = decode(at + 3, left - 3, &low_len);
        if (is_low_surrogate(low)) {
            *out_len = 6;
            return 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    if (point <= 0 || is_high_surrogate(point) || is_low_surrogate(point)) {
        return REPLACEMENT;
    }
    return point;
}

static size_t encode_point(uint32_t point, uint8_t out[4])
{
    if (point < 0x80) {
        out[0] = (uint8_t)point;
        return 1;
    }
    const size_t len = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const uint8_t lead[5] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = len; i-- > 1;) {
        out[i] = (uint8_t)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    out[0] = (uint8_t)(lead[len] | point);
    return len;
}

size_t umig_utf8_from_jvm(const void *text, size_t len, uint8_t *out, size_t room)
{
    const uint8_t *at = text;
    size_t written = 0;
    while (len > 0) {
        size_t step = 0;
        uint8_t bytes[4];
        const size_t size = encode_point((uint32_t)decode_jvm(at, len, &step), bytes);
        if (size > room - written) {
            break;
        }
        memcpy(out + written, bytes, size);
        written += size;
        at += step;
        len -= step;
    }
    return written;
}
