#include "report/protobuf.h"

#include <string.h>

enum {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2
};

void umig_protobuf_varint(uint64_t number, struct umig_buf *out)
{
    for (; number >= 0x80; number >>= 7) {
        umig_buf_byte(out, (char)(number | 0x80));
    }
    umig_buf_byte(out, (char)number);
}

void umig_protobuf_number(uint32_t field, uint64_t number, struct umig_buf *out)
{
    if (number != 0) {
        umig_protobuf_varint((uint64_t)field << 3 | WIRE_VARINT, out);
        umig_protobuf_varint(number, out);
    }
}

void umig_protobuf_fixed64(uint32_t field, uint64_t number, struct umig_buf *out)
{
    if (number == 0) {
        return;
    }
    umig_protobuf_varint((uint64_t)field << 3 | WIRE_FIXED64, out);
    for (unsigned shift = 0; shift < 64; shift += 8) {
        umig_buf_byte(out, (char)(number >> shift));
    }
}

void umig_protobuf_bytes(uint32_t field, const void *bytes, size_t count, struct umig_buf *out)
{
    umig_protobuf_varint((uint64_t)field << 3 | WIRE_BYTES, out);
    umig_protobuf_varint(count, out);
    umig_buf_put(out, bytes, count);
}

void umig_protobuf_text(uint32_t field, const char *text, struct umig_buf *out)
{
    umig_protobuf_bytes(field, text, strlen(text), out);
}

void umig_protobuf_part(uint32_t field, struct umig_buf *part, struct umig_buf *out)
{
    if (part->failed != UMIG_OK && out->failed == UMIG_OK) {
        out->failed = part->failed;
    }
    umig_protobuf_bytes(field, umig_buf_str(part), part->len, out);
    umig_buf_clear(part);
}
