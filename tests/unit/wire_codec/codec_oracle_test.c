/*
 * protobuf-c as the oracle: random messages of every type of proto/umig/v1, made by descriptor,
 * go through our writer and protobuf-c's parser, and through protobuf-c's packer and our reader.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <protobuf-c/protobuf-c.h>

#include "tests/support/test.h"
#include "umig/v1/control.pb-c.h"
#include "umig/v1/stream.pb-c.h"
#include "wire/codec.h"

enum {
    ROUNDS = 3000,
    BUFFER_BYTES = 256 * 1024,
};

static const ProtobufCMessageDescriptor *const g_types[] = {
    &umig__v1__hello__descriptor,           &umig__v1__welcome__descriptor,
    &umig__v1__refuse__descriptor,          &umig__v1__batch__descriptor,
    &umig__v1__control_request__descriptor, &umig__v1__control_reply__descriptor,
    &umig__v1__query__descriptor,
};

enum {
    TYPE_COUNT = sizeof g_types / sizeof g_types[0]
};

static uint64_t g_random = 1; /* the seed of a test, then its state: failures repeat */

static uint64_t random64(void)
{
    g_random += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = g_random;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Numbers of every length: 0, one byte, ... ten bytes. */
static uint64_t random_number(void)
{
    const unsigned bits = (unsigned)(random64() % 65);
    return bits == 0 ? 0 : random64() >> (64 - bits);
}

static char *random_text(void)
{
    static const char *const parts[] = {
        "a", "Orders$_closure1", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", " "};
    char text[256] = "";
    const size_t count = random64() % 8;
    for (size_t i = 0; i < count; i++) {
        strcat(text, parts[random64() % (sizeof parts / sizeof parts[0])]);
    }
    return strdup(text);
}

static ProtobufCBinaryData random_bytes(void)
{
    ProtobufCBinaryData bytes = {.len = random64() % 40};
    bytes.data = bytes.len > 0 ? malloc(bytes.len) : NULL;
    for (size_t i = 0; i < bytes.len; i++) {
        bytes.data[i] = (uint8_t)random64();
    }
    return bytes;
}

static ProtobufCMessage *random_message(const ProtobufCMessageDescriptor *type);

/* Bytes of one item of a repeated field: numbers of 32 or 64 bits, else pointers, of 64, too. */
static size_t size_of(ProtobufCType type)
{
    return type == PROTOBUF_C_TYPE_UINT32 ? sizeof(uint32_t) : sizeof(uint64_t);
}

_Static_assert(sizeof(void *) == sizeof(uint64_t), "size_of() covers pointers, too");

static void random_value(const ProtobufCFieldDescriptor *field, void *at)
{
    if (field->type == PROTOBUF_C_TYPE_UINT32) {
        *(uint32_t *)at = (uint32_t)random_number();
    } else if (field->type == PROTOBUF_C_TYPE_SINT32) {
        *(int32_t *)at = (int32_t)(uint32_t)random_number();
    } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
        *(ProtobufCBinaryData *)at = random_bytes();
    } else if (field->type == PROTOBUF_C_TYPE_STRING) {
        *(char **)at = random_text();
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        *(ProtobufCMessage **)at = random_message(field->descriptor);
    } else {
        *(uint64_t *)at = random_number();
    }
}

static ProtobufCMessage *random_message(const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = calloc(1, type->sizeof_message);
    assert_non_null(message);
    protobuf_c_message_init(type, message);
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        char *at = (char *)message + field->offset;
        if (random64() % 4 == 0) {
            continue;
        }
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            random_value(field, at);
            continue;
        }
        const size_t count = random64() % 6;
        const size_t size = size_of(field->type);
        char *items = count > 0 ? calloc(count, size) : NULL;
        for (size_t k = 0; k < count; k++) {
            random_value(field, items + k * size);
        }
        memcpy(at, &items, sizeof items);
        memcpy((char *)message + field->quantifier_offset, &count, sizeof count);
    }
    return message;
}

/* ---- our writer, told what to write by the descriptor ---- */

static void write_message(struct umig_pb_writer *writer, const ProtobufCMessage *message);

static void write_one(struct umig_pb_writer *writer,
                      const ProtobufCFieldDescriptor *field,
                      const void *at)
{
    if (field->type == PROTOBUF_C_TYPE_UINT32) {
        umig_pb_uint(writer, field->id, *(const uint32_t *)at);
    } else if (field->type == PROTOBUF_C_TYPE_SINT32) {
        umig_pb_sint(writer, field->id, *(const int32_t *)at);
    } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
        const ProtobufCBinaryData *bytes = at;
        umig_pb_bytes(writer, field->id, bytes->data, bytes->len);
    } else if (field->type == PROTOBUF_C_TYPE_UINT64) {
        umig_pb_uint(writer, field->id, *(const uint64_t *)at);
    } else if (field->type == PROTOBUF_C_TYPE_FIXED64) {
        umig_pb_fixed64(writer, field->id, *(const uint64_t *)at);
    } else if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = *(char *const *)at;
        umig_pb_text(writer, field->id, text, strlen(text));
    } else {
        const ProtobufCMessage *sub = *(ProtobufCMessage *const *)at;
        if (sub != NULL) {
            const size_t open = umig_pb_open(writer, field->id);
            write_message(writer, sub);
            umig_pb_close(writer, open);
        }
    }
}

static void write_column(struct umig_pb_writer *writer,
                         const ProtobufCFieldDescriptor *field,
                         const void *items,
                         size_t count)
{
    const bool is_at_once = random64() % 2 == 0;
    if (is_at_once && field->type == PROTOBUF_C_TYPE_UINT32) {
        umig_pb_packed_u32(writer, field->id, items, count);
    } else if (is_at_once && field->type == PROTOBUF_C_TYPE_UINT64) {
        umig_pb_packed_u64(writer, field->id, items, count);
    } else if (is_at_once) {
        umig_pb_packed_s64(writer, field->id, items, count);
    } else {
        const size_t open = umig_pb_open(writer, field->id);
        for (size_t i = 0; i < count; i++) {
            if (field->type == PROTOBUF_C_TYPE_UINT32) {
                umig_pb_item(writer, ((const uint32_t *)items)[i]);
            } else if (field->type == PROTOBUF_C_TYPE_UINT64) {
                umig_pb_item(writer, ((const uint64_t *)items)[i]);
            } else {
                umig_pb_item_s64(writer, ((const int64_t *)items)[i]);
            }
        }
        umig_pb_close(writer, open);
    }
}

static void write_message(struct umig_pb_writer *writer, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        const char *at = (const char *)message + field->offset;
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            write_one(writer, field, at);
            continue;
        }
        size_t count = 0;
        const char *items = NULL;
        memcpy(&count, (const char *)message + field->quantifier_offset, sizeof count);
        memcpy(&items, at, sizeof items);
        if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE) {
            write_column(writer, field, items, count);
            continue;
        }
        for (size_t k = 0; k < count; k++) {
            write_one(writer, field, items + k * sizeof(void *));
        }
    }
}

/* ---- our reader, copying what it reads through our writer ---- */

static void copy_message(struct umig_pb_reader *reader,
                         const ProtobufCMessageDescriptor *type,
                         struct umig_pb_writer *writer);

static void copy_column(const struct umig_pb_field *field,
                        const ProtobufCFieldDescriptor *is,
                        struct umig_pb_writer *writer)
{
    struct umig_pb_reader items;
    umig_pb_reader_init(&items, field->bytes, field->len);
    const size_t open = umig_pb_open(writer, field->number);
    uint64_t value = 0;
    int rc = UMIG_OK;
    while ((rc = umig_pb_next_item(&items, &value, NULL)) == UMIG_OK) {
        if (is->type == PROTOBUF_C_TYPE_SINT64) {
            umig_pb_item_s64(writer, umig_pb_unzigzag(value));
        } else {
            umig_pb_item(writer, value);
        }
    }
    assert_int_equal(rc, UMIG_END);
    umig_pb_close(writer, open);
}

static void copy_field(const struct umig_pb_field *field,
                       const ProtobufCFieldDescriptor *is,
                       struct umig_pb_writer *writer)
{
    if (is->type == PROTOBUF_C_TYPE_MESSAGE) {
        struct umig_pb_reader sub;
        umig_pb_reader_init(&sub, field->bytes, field->len);
        const size_t open = umig_pb_open(writer, field->number);
        copy_message(&sub, is->descriptor, writer);
        umig_pb_close(writer, open);
    } else if (is->type == PROTOBUF_C_TYPE_STRING) {
        char text[512];
        assert_int_equal(umig_pb_field_text(field, text, sizeof text, NULL), UMIG_OK);
        umig_pb_text(writer, field->number, text, strlen(text));
    } else if (is->type == PROTOBUF_C_TYPE_BYTES) {
        assert_int_equal(field->type, UMIG_PB_BYTES);
        umig_pb_bytes(writer, field->number, field->bytes, field->len);
    } else if (field->type == UMIG_PB_BYTES) {
        copy_column(field, is, writer);
    } else if (is->type == PROTOBUF_C_TYPE_FIXED64) {
        assert_int_equal(field->type, UMIG_PB_FIXED64);
        umig_pb_fixed64(writer, field->number, field->value);
    } else if (is->type == PROTOBUF_C_TYPE_SINT32) {
        assert_int_equal(field->type, UMIG_PB_VARINT);
        umig_pb_sint(writer, field->number, umig_pb_unzigzag(field->value));
    } else {
        assert_int_equal(field->type, UMIG_PB_VARINT);
        umig_pb_uint(writer, field->number, field->value);
    }
}

static void copy_message(struct umig_pb_reader *reader,
                         const ProtobufCMessageDescriptor *type,
                         struct umig_pb_writer *writer)
{
    struct umig_pb_field field;
    int rc = UMIG_OK;
    while ((rc = umig_pb_next(reader, &field, NULL)) == UMIG_OK) {
        const ProtobufCFieldDescriptor *is =
            protobuf_c_message_descriptor_get_field(type, field.number);
        assert_non_null(is);
        copy_field(&field, is, writer);
    }
    assert_int_equal(rc, UMIG_END);
}

/* ---- tests ---- */

/* What protobuf-c makes of our bytes must pack to the same bytes as the message they came from. */
static void assert_decodes_to(const struct umig_pb_writer *writer, const ProtobufCMessage *message)
{
    assert_false(writer->is_full);
    ProtobufCMessage *decoded =
        protobuf_c_message_unpack(message->descriptor, NULL, writer->len, writer->bytes);
    assert_non_null(decoded);
    assert_int_equal(decoded->n_unknown_fields, 0);
    const size_t want_len = protobuf_c_message_get_packed_size(message);
    assert_int_equal(protobuf_c_message_get_packed_size(decoded), want_len);
    uint8_t *want = malloc(want_len + 1);
    uint8_t *is = malloc(want_len + 1);
    protobuf_c_message_pack(message, want);
    protobuf_c_message_pack(decoded, is);
    assert_memory_equal(is, want, want_len);
    free(want);
    free(is);
    protobuf_c_message_free_unpacked(decoded, NULL);
}

static void test_writer_any_message_decodes_equal_by_protobuf_c(void **state)
{
    uint8_t *bytes = *state;
    g_random = 1;
    for (int round = 0; round < ROUNDS; round++) {
        ProtobufCMessage *message = random_message(g_types[round % TYPE_COUNT]);
        struct umig_pb_writer writer;
        umig_pb_writer_init(&writer, bytes, BUFFER_BYTES);

        write_message(&writer, message);

        assert_decodes_to(&writer, message);
        protobuf_c_message_free_unpacked(message, NULL);
    }
}

static void test_reader_any_message_of_protobuf_c_reads_equal(void **state)
{
    uint8_t *bytes = *state;
    g_random = 2;
    for (int round = 0; round < ROUNDS; round++) {
        ProtobufCMessage *message = random_message(g_types[round % TYPE_COUNT]);
        const size_t len = protobuf_c_message_get_packed_size(message);
        uint8_t *packed = malloc(len + 1);
        protobuf_c_message_pack(message, packed);
        struct umig_pb_reader reader;
        umig_pb_reader_init(&reader, packed, len);
        struct umig_pb_writer writer;
        umig_pb_writer_init(&writer, bytes, BUFFER_BYTES);

        copy_message(&reader, message->descriptor, &writer);

        assert_decodes_to(&writer, message);
        free(packed);
        protobuf_c_message_free_unpacked(message, NULL);
    }
}

/* In every room smaller than the message: never a byte beyond it, and full is said. */
static void test_writer_any_room_too_small_is_full_and_in_bounds(void **state)
{
    uint8_t *bytes = *state;
    g_random = 3;
    for (int round = 0; round < 4 * TYPE_COUNT; round++) {
        ProtobufCMessage *message = random_message(g_types[round % TYPE_COUNT]);
        struct umig_pb_writer writer;
        const uint64_t seed = g_random;
        umig_pb_writer_init(&writer, bytes, BUFFER_BYTES);
        write_message(&writer, message);
        const size_t len = writer.len;
        for (size_t room = 0; room < len; room += 1 + len / 97) {
            g_random = seed;
            memset(bytes, 0xa5, len);
            umig_pb_writer_init(&writer, bytes, room);
            write_message(&writer, message);
            assert_true(writer.is_full);
            assert_true(writer.len <= room);
            for (size_t i = room; i < len; i++) {
                assert_int_equal(bytes[i], 0xa5);
            }
        }
        protobuf_c_message_free_unpacked(message, NULL);
    }
}

static int make_buffer(void **state)
{
    *state = malloc(BUFFER_BYTES);
    return *state == NULL;
}

static int free_buffer(void **state)
{
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writer_any_message_decodes_equal_by_protobuf_c),
        cmocka_unit_test(test_reader_any_message_of_protobuf_c_reads_equal),
        cmocka_unit_test(test_writer_any_room_too_small_is_full_and_in_bounds),
    };
    return cmocka_run_group_tests_name("codec_oracle", tests, make_buffer, free_buffer);
}
