/* The reader over anything; what it reads, written again, reads the same. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "wire/codec.h"
#include "wire/utf8.h"

enum {
    DEPTH_MAX = 4
};

static void write_field(struct umig_pb_writer *writer, const struct umig_pb_field *field)
{
    if (field->type == UMIG_PB_VARINT) {
        umig_pb_uint(writer, field->number, field->value);
    } else if (field->type == UMIG_PB_FIXED64) {
        umig_pb_fixed64(writer, field->number, field->value);
    } else if (field->type == UMIG_PB_BYTES) {
        umig_pb_bytes(writer, field->number, field->bytes, field->len);
    }
}

static void check_same(const struct umig_pb_field *a, const struct umig_pb_field *b)
{
    FUZZ_CHECK(a->number == b->number && a->type == b->type && a->value == b->value);
    FUZZ_CHECK(a->len == b->len && (a->len == 0 || memcmp(a->bytes, b->bytes, a->len) == 0));
}

static void check_round_trip(const struct umig_pb_field *field)
{
    static uint8_t bytes[1 << 20];
    struct umig_pb_writer writer;
    umig_pb_writer_init(&writer, bytes, sizeof bytes);
    write_field(&writer, field);
    struct umig_pb_reader reader;
    umig_pb_reader_init(&reader, bytes, writer.len);
    struct umig_pb_field again;
    if (!writer.is_full && writer.len > 0) {
        FUZZ_CHECK(umig_pb_next(&reader, &again, NULL) == UMIG_OK);
        check_same(field, &again);
        FUZZ_CHECK(umig_pb_next(&reader, &again, NULL) == UMIG_END);
    }
}

static void check_text(const struct umig_pb_field *field)
{
    char small[16];
    uint8_t valid[256];
    const size_t len = umig_utf8_from_jvm(field->bytes, field->len, valid, sizeof valid);
    FUZZ_CHECK(umig_utf8_is_valid(valid, len));
    FUZZ_CHECK(memchr(valid, '\0', len) == NULL);
    if (umig_pb_field_text(field, small, sizeof small, NULL) == UMIG_OK) {
        FUZZ_CHECK(strlen(small) == field->len);
    }
}

static void walk(const uint8_t *data, size_t size, int depth)
{
    struct umig_pb_reader reader;
    struct umig_pb_field field;
    umig_pb_reader_init(&reader, data, size);
    while (umig_pb_next(&reader, &field, NULL) == UMIG_OK) {
        check_round_trip(&field);
        if (field.type != UMIG_PB_BYTES) {
            continue;
        }
        FUZZ_CHECK(field.bytes >= data && field.bytes + field.len <= data + size);
        check_text(&field);
        struct umig_pb_reader items;
        uint64_t value = 0;
        umig_pb_reader_init(&items, field.bytes, field.len);
        while (umig_pb_next_item(&items, &value, NULL) == UMIG_OK) {
            FUZZ_CHECK(umig_pb_unzigzag(value) != 0 || value == 0);
        }
        if (depth < DEPTH_MAX) {
            walk(field.bytes, field.len, depth + 1);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    walk(data, size, 0);
    return 0;
}
