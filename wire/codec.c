#include "wire/codec.h"

#include <string.h>

#include "core/err.h"
#include "wire/frame.h"
#include "wire/utf8.h"

enum {
    VARINT_MAX_BYTES = 10,
    LENGTH_BYTES = 3, /* padded length of what umig_pb_open() opens */
    LENGTH_LIMIT = 1 << (7 * LENGTH_BYTES),
    FIELD_MAX = (1 << 29) - 1,
};

_Static_assert(UMIG_FRAME_MAX_BYTES < LENGTH_LIMIT, "a submessage may fill a frame");

/* ---- writer ---- */

void umig_pb_writer_init(struct umig_pb_writer *writer, uint8_t *bytes, size_t room)
{
    *writer = (struct umig_pb_writer){.bytes = bytes, .room = room};
}

struct umig_pb_mark umig_pb_mark(const struct umig_pb_writer *writer)
{
    return (struct umig_pb_mark){.len = writer->len, .is_full = writer->is_full};
}

void umig_pb_rollback(struct umig_pb_writer *writer, struct umig_pb_mark mark)
{
    writer->len = mark.len;
    writer->is_full = mark.is_full;
}

/* Claims room for a whole field; NULL, and full from now on, when there is not enough. */
static uint8_t *claim(struct umig_pb_writer *writer, size_t byte_count)
{
    if (writer->is_full || byte_count > writer->room - writer->len) {
        writer->is_full = true;
        return NULL;
    }
    uint8_t *at = writer->bytes + writer->len;
    writer->len += byte_count;
    return at;
}

static size_t varint_size(uint64_t value)
{
    return ((size_t)(63 - __builtin_clzll(value | 1))) / 7 + 1;
}

static uint8_t *put_varint(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

static uint64_t tag_of(uint32_t field, enum umig_pb_type type)
{
    return (uint64_t)field << 3 | (uint64_t)type;
}

static uint64_t zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

void umig_pb_uint(struct umig_pb_writer *writer, uint32_t field, uint64_t value)
{
    if (value == 0) {
        return;
    }
    const uint64_t tag = tag_of(field, UMIG_PB_VARINT);
    uint8_t *at = claim(writer, varint_size(tag) + varint_size(value));
    if (at != NULL) {
        put_varint(put_varint(at, tag), value);
    }
}

void umig_pb_sint(struct umig_pb_writer *writer, uint32_t field, int64_t value)
{
    umig_pb_uint(writer, field, zigzag(value));
}

void umig_pb_fixed64(struct umig_pb_writer *writer, uint32_t field, uint64_t value)
{
    if (value == 0) {
        return;
    }
    const uint64_t tag = tag_of(field, UMIG_PB_FIXED64);
    uint8_t *at = claim(writer, varint_size(tag) + 8);
    if (at == NULL) {
        return;
    }
    at = put_varint(at, tag);
    for (int i = 0; i < 8; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

/* Claims a length-delimited field and writes its tag and length; returns where the content goes. */
static uint8_t *claim_bytes(struct umig_pb_writer *writer, uint32_t field, size_t len)
{
    const uint64_t tag = tag_of(field, UMIG_PB_BYTES);
    if (len >= LENGTH_LIMIT) {
        writer->is_full = true;
        return NULL;
    }
    uint8_t *at = claim(writer, varint_size(tag) + varint_size(len) + len);
    return at == NULL ? NULL : put_varint(put_varint(at, tag), len);
}

void umig_pb_bytes(struct umig_pb_writer *writer, uint32_t field, const void *bytes, size_t len)
{
    uint8_t *at = claim_bytes(writer, field, len);
    if (at != NULL && len > 0) {
        memcpy(at, bytes, len);
    }
}

void umig_pb_text(struct umig_pb_writer *writer, uint32_t field, const char *text, size_t len)
{
    if (len <= UMIG_PB_TEXT_MAX_BYTES && umig_utf8_is_valid(text, len) &&
        (len == 0 || memchr(text, '\0', len) == NULL)) {
        umig_pb_bytes(writer, field, text, len);
        return;
    }
    uint8_t valid[UMIG_PB_TEXT_MAX_BYTES];
    umig_pb_bytes(writer, field, valid, umig_utf8_from_jvm(text, len, valid, sizeof valid));
}

void umig_pb_str(struct umig_pb_writer *writer, uint32_t field, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        umig_pb_text(writer, field, text, strlen(text));
    }
}

void umig_pb_packed_u32(struct umig_pb_writer *writer,
                        uint32_t field,
                        const uint32_t *values,
                        size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        len += varint_size(values[i]);
    }
    uint8_t *at = count > 0 ? claim_bytes(writer, field, len) : NULL;
    for (size_t i = 0; at != NULL && i < count; i++) {
        at = put_varint(at, values[i]);
    }
}

void umig_pb_packed_u64(struct umig_pb_writer *writer,
                        uint32_t field,
                        const uint64_t *values,
                        size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        len += varint_size(values[i]);
    }
    uint8_t *at = count > 0 ? claim_bytes(writer, field, len) : NULL;
    for (size_t i = 0; at != NULL && i < count; i++) {
        at = put_varint(at, values[i]);
    }
}

void umig_pb_packed_s64(struct umig_pb_writer *writer,
                        uint32_t field,
                        const int64_t *values,
                        size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        len += varint_size(zigzag(values[i]));
    }
    uint8_t *at = count > 0 ? claim_bytes(writer, field, len) : NULL;
    for (size_t i = 0; at != NULL && i < count; i++) {
        at = put_varint(at, zigzag(values[i]));
    }
}

size_t umig_pb_open(struct umig_pb_writer *writer, uint32_t field)
{
    const uint64_t tag = tag_of(field, UMIG_PB_BYTES);
    uint8_t *at = claim(writer, varint_size(tag) + LENGTH_BYTES);
    if (at != NULL) {
        put_varint(at, tag);
    }
    return writer->len;
}

void umig_pb_close(struct umig_pb_writer *writer, size_t opened)
{
    if (writer->is_full) {
        return;
    }
    const size_t len = writer->len - opened;
    if (len >= LENGTH_LIMIT) {
        writer->is_full = true;
        return;
    }
    uint8_t *at = writer->bytes + opened - LENGTH_BYTES;
    for (int i = 0; i < LENGTH_BYTES; i++) {
        const uint8_t more = i + 1 < LENGTH_BYTES ? 0x80 : 0;
        at[i] = (uint8_t)((len >> (7 * i) & 0x7f) | more);
    }
}

void umig_pb_item(struct umig_pb_writer *writer, uint64_t value)
{
    uint8_t *at = claim(writer, varint_size(value));
    if (at != NULL) {
        put_varint(at, value);
    }
}

void umig_pb_item_s64(struct umig_pb_writer *writer, int64_t value)
{
    umig_pb_item(writer, zigzag(value));
}

/* ---- reader ---- */

void umig_pb_reader_init(struct umig_pb_reader *reader, const void *bytes, size_t len)
{
    static const uint8_t nothing[1];
    reader->at = len > 0 ? bytes : nothing;
    reader->end = reader->at + len;
}

/* Ten bytes hold 70 bits: the last may only carry bit 63. */
static int read_varint(struct umig_pb_reader *reader, uint64_t *out_value, struct umig_err *err)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < VARINT_MAX_BYTES; i++) {
        if (reader->at == reader->end) {
            return umig_err_set(err, UMIG_E_PROTO, "the message ends within a number");
        }
        const uint8_t byte = *reader->at++;
        if (i == VARINT_MAX_BYTES - 1 && byte > 1) {
            break;
        }
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *out_value = value;
            return UMIG_OK;
        }
    }
    return umig_err_set(err, UMIG_E_PROTO, "a number has more than 64 bits");
}

static int read_fixed(struct umig_pb_reader *reader,
                      size_t byte_count,
                      uint64_t *out_value,
                      struct umig_err *err)
{
    if ((size_t)(reader->end - reader->at) < byte_count) {
        return umig_err_set(err, UMIG_E_PROTO, "the message ends within a number of %zu bytes",
                            byte_count);
    }
    uint64_t value = 0;
    for (size_t i = 0; i < byte_count; i++) {
        value |= (uint64_t)reader->at[i] << (8 * i);
    }
    reader->at += byte_count;
    *out_value = value;
    return UMIG_OK;
}

static int read_bytes(struct umig_pb_reader *reader,
                      struct umig_pb_field *field,
                      struct umig_err *err)
{
    uint64_t len = 0;
    const int rc = read_varint(reader, &len, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    const size_t left = (size_t)(reader->end - reader->at);
    if (len > left) {
        return umig_err_set(err, UMIG_E_PROTO, "field %u has a length of %llu, %zu bytes are left",
                            field->number, (unsigned long long)len, left);
    }
    field->bytes = reader->at;
    field->len = (size_t)len;
    reader->at += len;
    return UMIG_OK;
}

static int read_tag(struct umig_pb_reader *reader,
                    struct umig_pb_field *field,
                    uint32_t *out_type,
                    struct umig_err *err)
{
    uint64_t tag = 0;
    const int rc = read_varint(reader, &tag, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (tag >> 3 == 0 || tag >> 3 > FIELD_MAX) {
        return umig_err_set(err, UMIG_E_PROTO, "%llu is no field number",
                            (unsigned long long)(tag >> 3));
    }
    field->number = (uint32_t)(tag >> 3);
    *out_type = (uint32_t)(tag & 7);
    return UMIG_OK;
}

static int read_value(struct umig_pb_reader *reader,
                      uint32_t type,
                      struct umig_pb_field *field,
                      struct umig_err *err)
{
    switch (type) {
    case UMIG_PB_VARINT:
        field->type = UMIG_PB_VARINT;
        return read_varint(reader, &field->value, err);
    case UMIG_PB_FIXED64:
        field->type = UMIG_PB_FIXED64;
        return read_fixed(reader, 8, &field->value, err);
    case UMIG_PB_BYTES:
        field->type = UMIG_PB_BYTES;
        return read_bytes(reader, field, err);
    case UMIG_PB_FIXED32:
        field->type = UMIG_PB_FIXED32;
        return read_fixed(reader, 4, &field->value, err);
    default:
        return umig_err_set(err, UMIG_E_PROTO, "field %u has the wire type %u, which is not used",
                            field->number, type);
    }
}

int umig_pb_next(struct umig_pb_reader *reader,
                 struct umig_pb_field *out_field,
                 struct umig_err *err)
{
    if (reader->at == reader->end) {
        return UMIG_END;
    }
    struct umig_pb_field field = {0};
    uint32_t type = 0;
    int rc = read_tag(reader, &field, &type, err);
    if (rc == UMIG_OK) {
        rc = read_value(reader, type, &field, err);
    }
    if (rc != UMIG_OK) {
        reader->at = reader->end;
        return umig_err_trace(err, rc);
    }
    *out_field = field;
    return UMIG_OK;
}

int umig_pb_next_item(struct umig_pb_reader *reader, uint64_t *out_value, struct umig_err *err)
{
    if (reader->at == reader->end) {
        return UMIG_END;
    }
    const int rc = read_varint(reader, out_value, err);
    if (rc != UMIG_OK) {
        reader->at = reader->end;
        return umig_err_trace(err, rc);
    }
    return UMIG_OK;
}

int64_t umig_pb_unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

int umig_pb_field_text(const struct umig_pb_field *field,
                       char *out,
                       size_t room,
                       struct umig_err *err)
{
    if (field->type != UMIG_PB_BYTES) {
        return umig_err_set(err, UMIG_E_PROTO, "field %u is not a string", field->number);
    }
    if (field->len >= room) {
        return umig_err_set(err, UMIG_E_PROTO, "field %u is %zu bytes long (at most %zu)",
                            field->number, field->len, room - 1);
    }
    if (!umig_utf8_is_valid(field->bytes, field->len) ||
        memchr(field->bytes, '\0', field->len) != NULL) {
        return umig_err_set(err, UMIG_E_PROTO, "field %u is not UTF-8 without NUL", field->number);
    }
    memcpy(out, field->bytes, field->len);
    out[field->len] = '\0';
    return UMIG_OK;
}
