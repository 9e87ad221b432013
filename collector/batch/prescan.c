#include "collector/batch/prescan.h"

#include <stdbool.h>
#include <string.h>

#include "core/err.h"

enum {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2,
    WIRE_FIXED32 = 5,
    MAX_VARINT_BYTES = 10
};

/* One message being looked over; the outer ones wait below it on the stack. */
struct level {
    const ProtobufCMessageDescriptor *descriptor;
    const uint8_t *end;
    uint64_t seen; /* bit per field number below 64: a single sub-message that was there */
};

struct scan {
    const uint8_t *at;
    struct level levels[UMIG_PRESCAN_MAX_DEPTH];
    unsigned depth; /* levels in use, the current one is levels[depth - 1] */
    struct umig_prescan_limits left;
    uint32_t unknown_left;
    struct umig_err *err;
};

static struct level *current(struct scan *scan)
{
    return &scan->levels[scan->depth - 1];
}

static int broken(struct scan *scan, const char *field, const char *what)
{
    return umig_err_set(scan->err, UMIG_E_PROTO, "%s.%s: %s", current(scan)->descriptor->short_name,
                        field, what);
}

static int too_many(struct scan *scan, const char *field, const char *what)
{
    return umig_err_set(scan->err, UMIG_E_LIMIT, "%s.%s: too many %s",
                        current(scan)->descriptor->short_name, field, what);
}

/* False: cut off, or longer than 64 bits. */
static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *out)
{
    uint64_t value = 0;
    const uint8_t *p = *at;
    for (unsigned i = 0; i < MAX_VARINT_BYTES && p < end; i++) {
        const uint8_t byte = *p++;
        if (i == MAX_VARINT_BYTES - 1 && byte > 1) {
            return false;
        }
        value |= (uint64_t)(byte & 0x7f) << 7 * i;
        if (byte < 0x80) {
            *at = p;
            *out = value;
            return true;
        }
    }
    return false;
}

/* Bytes a sequence with this first byte has; 0: none begins with it. RFC 3629, section 4. */
static size_t utf8_announced(uint8_t lead)
{
    if (lead < 0x80) {
        return lead != 0;
    }
    if (lead < 0xc2) {
        return 0;
    }
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
}

/* The second byte rules out overlong forms, surrogates and what is beyond U+10FFFF. */
static bool utf8_second_fits(uint8_t lead, uint8_t second)
{
    const uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high;
}

/* Length of the valid sequence at the front, 0 when there is none. */
static size_t utf8_length(const uint8_t *at, size_t left)
{
    const size_t length = utf8_announced(at[0]);
    if (length > left || (length > 1 && !utf8_second_fits(at[0], at[1]))) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}

int umig_prescan_text_is_valid(const uint8_t *bytes, size_t byte_count)
{
    for (size_t i = 0; i < byte_count;) {
        const size_t length = utf8_length(bytes + i, byte_count - i);
        if (length == 0) {
            return false;
        }
        i += length;
    }
    return true;
}

static unsigned wire_type_of(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_BYTES;
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return WIRE_FIXED64;
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return WIRE_FIXED32;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
    default:
        return WIRE_VARINT;
    }
}

static bool take(uint32_t *left, uint32_t count)
{
    if (count > *left) {
        return false;
    }
    *left -= count;
    return true;
}

/* Moves over a value that has no length of its own. */
static bool skip_number(struct scan *scan, unsigned wire_type)
{
    const uint8_t *end = current(scan)->end;
    uint64_t ignored = 0;
    if (wire_type == WIRE_VARINT) {
        return read_varint(&scan->at, end, &ignored);
    }
    const size_t width = wire_type == WIRE_FIXED64 ? 8 : 4;
    if ((size_t)(end - scan->at) < width) {
        return false;
    }
    scan->at += width;
    return true;
}

/* A packed column: its last byte must end a varint, and each byte below 0x80 ends one. */
static int check_packed(struct scan *scan, const ProtobufCFieldDescriptor *field, size_t byte_count)
{
    const unsigned wire_type = wire_type_of(field);
    const uint8_t *end = scan->at + byte_count;
    uint32_t count = 0;
    if (wire_type != WIRE_VARINT) {
        const size_t width = wire_type == WIRE_FIXED64 ? 8 : 4;
        if (byte_count % width != 0) {
            return broken(scan, field->name, "a packed column that is cut off");
        }
        count = (uint32_t)(byte_count / width);
        scan->at = end;
    }
    while (scan->at < end) {
        uint64_t ignored = 0;
        if (!read_varint(&scan->at, end, &ignored)) {
            return broken(scan, field->name, "a number that is cut off or too long");
        }
        count++;
    }
    return take(&scan->left.values, count) ? UMIG_OK : too_many(scan, field->name, "values");
}

static int enter_message(struct scan *scan,
                         const ProtobufCFieldDescriptor *field,
                         size_t byte_count)
{
    struct level *level = current(scan);
    if (field->label != PROTOBUF_C_LABEL_REPEATED && field->id < 64) {
        if ((level->seen >> field->id & 1) != 0) {
            return broken(scan, field->name, "stands there twice");
        }
        level->seen |= UINT64_C(1) << field->id;
    }
    if (!take(&scan->left.messages, 1)) {
        return too_many(scan, field->name, "messages");
    }
    if (scan->depth == UMIG_PRESCAN_MAX_DEPTH) {
        return broken(scan, field->name, "nested too deep");
    }
    scan->levels[scan->depth++] =
        (struct level){.descriptor = field->descriptor, .end = scan->at + byte_count};
    return UMIG_OK;
}

static int check_text(struct scan *scan, const ProtobufCFieldDescriptor *field, size_t byte_count)
{
    if (byte_count > UMIG_PRESCAN_MAX_STRING_BYTES) {
        return umig_err_set(scan->err, UMIG_E_LIMIT, "%s.%s: a string of %zu bytes (at most %u)",
                            current(scan)->descriptor->short_name, field->name, byte_count,
                            UMIG_PRESCAN_MAX_STRING_BYTES);
    }
    if (field->type == PROTOBUF_C_TYPE_STRING &&
        !umig_prescan_text_is_valid(scan->at, byte_count)) {
        return broken(scan, field->name, "a string that is not UTF-8 or holds a NUL");
    }
    scan->at += byte_count;
    return take(&scan->left.strings, 1) ? UMIG_OK : too_many(scan, field->name, "strings");
}

/* Behind the tag of a field with a length. field NULL: unknown, skipped. */
static int check_bytes(struct scan *scan, const ProtobufCFieldDescriptor *field)
{
    const uint8_t *end = current(scan)->end;
    uint64_t byte_count = 0;
    if (!read_varint(&scan->at, end, &byte_count) || byte_count > (uint64_t)(end - scan->at)) {
        return broken(scan, field == NULL ? "unknown field" : field->name,
                      "longer than the message around it");
    }
    if (field == NULL) {
        scan->at += byte_count;
        return UMIG_OK;
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return enter_message(scan, field, (size_t)byte_count);
    }
    if (wire_type_of(field) == WIRE_BYTES) {
        return check_text(scan, field, (size_t)byte_count);
    }
    return check_packed(scan, field, (size_t)byte_count);
}

static int check_number(struct scan *scan,
                        const ProtobufCFieldDescriptor *field,
                        unsigned wire_type)
{
    const char *name = field == NULL ? "unknown field" : field->name;
    if (!skip_number(scan, wire_type)) {
        return broken(scan, name, "a number that is cut off or too long");
    }
    if (field != NULL && !take(&scan->left.values, 1)) {
        return too_many(scan, name, "values");
    }
    return UMIG_OK;
}

static bool is_expected(const ProtobufCFieldDescriptor *field, unsigned wire_type)
{
    return wire_type == wire_type_of(field) ||
           (wire_type == WIRE_BYTES && field->label == PROTOBUF_C_LABEL_REPEATED);
}

static int check_field(struct scan *scan)
{
    uint64_t tag = 0;
    if (!read_varint(&scan->at, current(scan)->end, &tag) || tag >> 3 == 0 || tag > UINT32_MAX) {
        return broken(scan, "?", "a field without a number");
    }
    const unsigned wire_type = tag & 7;
    if (wire_type != WIRE_VARINT && wire_type != WIRE_FIXED64 && wire_type != WIRE_BYTES &&
        wire_type != WIRE_FIXED32) {
        return broken(scan, "?", "a field of an unknown wire type");
    }
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(current(scan)->descriptor, (unsigned)(tag >> 3));
    if (field == NULL && !take(&scan->unknown_left, 1)) {
        return too_many(scan, "?", "unknown fields");
    }
    if (field != NULL && !is_expected(field, wire_type)) {
        return broken(scan, field->name, "of the wrong wire type");
    }
    return wire_type == WIRE_BYTES ? check_bytes(scan, field)
                                   : check_number(scan, field, wire_type);
}

int umig_prescan(const ProtobufCMessageDescriptor *descriptor,
                 const uint8_t *bytes,
                 size_t byte_count,
                 const struct umig_prescan_limits *limits,
                 struct umig_err *err)
{
    static const uint8_t nothing[1];
    const uint8_t *begin = byte_count > 0 ? bytes : nothing;
    struct scan scan = {
        .at = begin,
        .levels = {{.descriptor = descriptor, .end = begin + byte_count}},
        .depth = 1,
        .left = *limits,
        .unknown_left = UMIG_PRESCAN_MAX_UNKNOWN,
        .err = err,
    };
    while (scan.depth > 0) {
        if (scan.at == current(&scan)->end) {
            scan.depth--;
            continue;
        }
        const int rc = check_field(&scan);
        if (rc != UMIG_OK) {
            return umig_err_trace(err, rc);
        }
    }
    return UMIG_OK;
}
