#include "core/utf8.h"

/* Length of the sequence that a first byte announces, and the bits of it that count. */
static size_t announced(unsigned char first, uint32_t *bits)
{
    if (first < 0x80) {
        *bits = first;
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        *bits = first & 0x1Fu;
        return 2;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        *bits = first & 0x0Fu;
        return 3;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        *bits = first & 0x07u;
        return 4;
    }
    return 0;
}

size_t umig_utf8_read(const char *bytes, size_t byte_count, uint32_t *out_code_point)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t point = 0;
    const size_t length = announced((unsigned char)bytes[0], &point);
    if (length == 0 || length > byte_count) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        const unsigned char next = (unsigned char)bytes[i];
        if ((next & 0xC0u) != 0x80u) {
            return 0;
        }
        point = point << 6 | (next & 0x3Fu);
    }
    const int is_surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (point < smallest[length] || point > 0x10FFFF || is_surrogate) {
        return 0;
    }
    *out_code_point = point;
    return length;
}

size_t umig_utf8_whole(const char *text, size_t byte_count)
{
    uint32_t bits = 0;
    for (size_t back = 1; back <= 3 && back <= byte_count; back++) {
        const unsigned char byte = (unsigned char)text[byte_count - back];
        if ((byte & 0xC0u) != 0x80u) {
            return announced(byte, &bits) > back ? byte_count - back : byte_count;
        }
    }
    return byte_count;
}
