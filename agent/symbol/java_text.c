#include "agent/symbol/java_text.h"

#include <string.h>

enum {
    REPLACEMENT = 0xfffd,
    SYMBOL_FOR_NUL = 0x2400,
    ELLIPSIS = 0x2026,
    SUPPLEMENTARY = 0x10000,
};

static uint32_t unit_at(const uint8_t *bytes, bool is_utf16, size_t index)
{
    if (!is_utf16) {
        return bytes[index];
    }
    uint16_t unit;
    memcpy(&unit, bytes + index * sizeof unit, sizeof unit);
    return unit;
}

static bool is_high(uint32_t unit)
{
    return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_low(uint32_t unit)
{
    return unit >= 0xdc00 && unit < 0xe000;
}

static size_t put(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < SUPPLEMENTARY) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

size_t umig_java_text(const uint8_t *bytes,
                      size_t byte_count,
                      bool is_utf16,
                      size_t max_chars,
                      char *out)
{
    const size_t units = is_utf16 ? byte_count / 2 : byte_count;
    const size_t kept = units < max_chars ? units : max_chars;
    size_t length = 0;
    for (size_t i = 0; i < kept; i++) {
        uint32_t code = unit_at(bytes, is_utf16, i);
        const uint32_t next = i + 1 < kept ? unit_at(bytes, is_utf16, i + 1) : 0;
        if (is_high(code) && is_low(next)) {
            code = SUPPLEMENTARY + ((code - 0xd800) << 10) + (next - 0xdc00);
            i++;
        } else if (is_high(code) && i + 1 == kept && kept < units) {
            break; /* its other half was cut off */
        } else if (is_high(code) || is_low(code)) {
            code = REPLACEMENT;
        } else if (code == 0) {
            code = SYMBOL_FOR_NUL;
        }
        length += put(code, out + length);
    }
    length += kept < units ? put(ELLIPSIS, out + length) : 0;
    out[length] = '\0';
    return length;
}
