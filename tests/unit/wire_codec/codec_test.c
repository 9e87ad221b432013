#include <stdlib.h>
#include <string.h>

#include "tests/support/test.h"
#include "wire/codec.h"

static void test_writer_known_values_have_known_bytes(void **state)
{
    (void)state;
    uint8_t bytes[64];
    struct umig_pb_writer writer;
    umig_pb_writer_init(&writer, bytes, sizeof bytes);

    umig_pb_uint(&writer, 1, 300);
    umig_pb_sint(&writer, 2, -2);
    umig_pb_fixed64(&writer, 3, 0x0102030405060708);
    umig_pb_str(&writer, 16, "ab");
    const size_t open = umig_pb_open(&writer, 5);
    umig_pb_item(&writer, 1);
    umig_pb_item_s64(&writer, -1);
    umig_pb_close(&writer, open);

    static const uint8_t want[] = {0x08, 0xac, 0x02,                        /* 1: 300 */
                                   0x10, 0x03,                              /* 2: zigzag 3 */
                                   0x19, 8,    7,    6,    5,   4, 3, 2, 1, /* 3 */
                                   0x82, 0x01, 2,    'a',  'b',             /* 16 */
                                   0x2a, 0x82, 0x80, 0x00, 1,   1};         /* 5, padded length */
    assert_false(writer.is_full);
    assert_int_equal(writer.len, sizeof want);
    assert_memory_equal(bytes, want, sizeof want);
}

static void test_writer_defaults_take_no_bytes(void **state)
{
    (void)state;
    uint8_t bytes[8];
    struct umig_pb_writer writer;
    umig_pb_writer_init(&writer, bytes, sizeof bytes);

    umig_pb_uint(&writer, 1, 0);
    umig_pb_sint(&writer, 2, 0);
    umig_pb_fixed64(&writer, 3, 0);
    umig_pb_str(&writer, 4, "");
    umig_pb_str(&writer, 5, NULL);
    umig_pb_packed_u32(&writer, 6, NULL, 0);
    umig_pb_packed_u64(&writer, 7, NULL, 0);
    umig_pb_packed_s64(&writer, 8, NULL, 0);

    assert_int_equal(writer.len, 0);
}

static void test_writer_extreme_numbers_read_back(void **state)
{
    (void)state;
    static const int64_t numbers[] = {1, -1, INT64_MAX, INT64_MIN, 63, -64, 64, -65, 1ll << 62};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        uint8_t bytes[32];
        struct umig_pb_writer writer;
        umig_pb_writer_init(&writer, bytes, sizeof bytes);
        umig_pb_sint(&writer, 1, numbers[i]);
        umig_pb_uint(&writer, (1u << 29) - 1, (uint64_t)numbers[i]);
        struct umig_pb_reader reader;
        umig_pb_reader_init(&reader, bytes, writer.len);
        struct umig_pb_field field;

        assert_int_equal(umig_pb_next(&reader, &field, NULL), UMIG_OK);
        assert_int_equal(umig_pb_unzigzag(field.value), numbers[i]);
        assert_int_equal(umig_pb_next(&reader, &field, NULL), UMIG_OK);
        assert_int_equal(field.number, (1u << 29) - 1);
        assert_int_equal(field.value, (uint64_t)numbers[i]);
        assert_int_equal(umig_pb_next(&reader, &field, NULL), UMIG_END);
    }
}

static void test_writer_rollback_undoes_a_half_written_submessage(void **state)
{
    (void)state;
    uint8_t bytes[16];
    struct umig_pb_writer writer;
    umig_pb_writer_init(&writer, bytes, sizeof bytes);
    umig_pb_uint(&writer, 1, 7);
    const struct umig_pb_mark mark = umig_pb_mark(&writer);
    const size_t open = umig_pb_open(&writer, 2);
    umig_pb_str(&writer, 1, "does not fit in sixteen bytes");
    umig_pb_close(&writer, open);
    assert_true(writer.is_full);

    umig_pb_rollback(&writer, mark);
    umig_pb_uint(&writer, 3, 9);

    assert_false(writer.is_full);
    assert_int_equal(writer.len, 4);
    assert_memory_equal(bytes, "\x08\x07\x18\x09", 4);
}

static void test_writer_when_full_writes_nothing_more(void **state)
{
    (void)state;
    uint8_t bytes[4] = {0};
    struct umig_pb_writer writer;
    umig_pb_writer_init(&writer, bytes, sizeof bytes);

    umig_pb_fixed64(&writer, 1, 1);
    umig_pb_uint(&writer, 1, 1);

    assert_true(writer.is_full);
    assert_int_equal(writer.len, 0);
}

static void test_writer_content_of_two_mebibytes_is_refused(void **state)
{
    (void)state;
    const size_t room = (2u << 20) + 64;
    uint8_t *bytes = malloc(room);
    uint8_t *content = calloc(1, 1u << 20);
    assert_non_null(bytes);
    assert_non_null(content);
    struct umig_pb_writer writer;
    umig_pb_writer_init(&writer, bytes, room);
    const size_t open = umig_pb_open(&writer, 1);
    umig_pb_bytes(&writer, 1, content, 1u << 20);
    umig_pb_bytes(&writer, 1, content, 1u << 20);
    assert_false(writer.is_full);

    umig_pb_close(&writer, open);

    assert_true(writer.is_full);
    free(content);
    free(bytes);
}

static void test_text_that_is_no_utf8_is_made_valid(void **state)
{
    (void)state;
    uint8_t bytes[64];
    struct umig_pb_writer writer;
    umig_pb_writer_init(&writer, bytes, sizeof bytes);

    umig_pb_text(&writer, 1, "a\xc0\x80\xff", 4);

    assert_int_equal(writer.len, 9);
    assert_memory_equal(bytes,
                        "\x0a\x07"
                        "a\xef\xbf\xbd\xef\xbf\xbd",
                        9);
}

static void test_text_too_long_is_cut_at_a_character(void **state)
{
    (void)state;
    char text[5000];
    memset(text, 'x', sizeof text);
    memcpy(text + UMIG_PB_TEXT_MAX_BYTES - 1, "\xc3\xa9", 2);
    uint8_t bytes[5000];
    struct umig_pb_writer writer;
    umig_pb_writer_init(&writer, bytes, sizeof bytes);

    umig_pb_text(&writer, 1, text, sizeof text);

    assert_int_equal(writer.len, 3 + UMIG_PB_TEXT_MAX_BYTES - 1);
}

struct malformed {
    const char *bytes;
    size_t len;
    const char *says;
};

static void test_reader_malformed_is_refused_by_name(void **state)
{
    (void)state;
    static const struct malformed cases[] = {
        {"\x08", 1, "within a number"},
        {"\x80", 1, "within a number"},
        {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11, "more than 64 bits"},
        {"\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 12, "more than 64 bits"},
        {"\x00\x01", 2, "0 is no field number"},
        {"\x80\x80\x80\x80\x10\x01", 6, "is no field number"},
        {"\x0b", 1, "wire type 3"},
        {"\x0c", 1, "wire type 4"},
        {"\x0e", 1, "wire type 6"},
        {"\x0f", 1, "wire type 7"},
        {"\x09\x01\x02\x03\x04\x05\x06\x07", 8, "number of 8 bytes"},
        {"\x0d\x01\x02\x03", 4, "number of 4 bytes"},
        {"\x0a\x02x", 3, "length of 2, 1 bytes"},
        {"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, "18446744073709551615"},
        {"\x0a", 1, "within a number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_pb_reader reader;
        umig_pb_reader_init(&reader, cases[i].bytes, cases[i].len);
        struct umig_pb_field field;
        struct umig_err err = UMIG_ERR_INIT;

        assert_int_equal(umig_pb_next(&reader, &field, &err), UMIG_E_PROTO);

        assert_non_null(strstr(err.text, cases[i].says));
        assert_int_equal(umig_pb_next(&reader, &field, NULL), UMIG_END);
    }
}

static void test_reader_packed_column_cut_within_an_item_is_refused(void **state)
{
    (void)state;
    struct umig_pb_reader items;
    umig_pb_reader_init(&items, "\x01\x80", 2);
    uint64_t value = 0;

    assert_int_equal(umig_pb_next_item(&items, &value, NULL), UMIG_OK);
    assert_int_equal(umig_pb_next_item(&items, &value, NULL), UMIG_E_PROTO);
    assert_int_equal(umig_pb_next_item(&items, &value, NULL), UMIG_END);
    assert_int_equal(value, 1);
}

static void test_reader_empty_message_ends_at_once(void **state)
{
    (void)state;
    struct umig_pb_reader reader;
    umig_pb_reader_init(&reader, NULL, 0);
    struct umig_pb_field field;

    assert_int_equal(umig_pb_next(&reader, &field, NULL), UMIG_END);
}

static void test_field_text_what_is_no_c_string_is_refused(void **state)
{
    (void)state;
    const uint8_t bytes[] = {'a', 0, 0xc3};
    char out[4] = "old";
    struct umig_pb_field field = {.number = 1, .type = UMIG_PB_BYTES, .bytes = bytes, .len = 2};

    assert_int_equal(umig_pb_field_text(&field, out, sizeof out, NULL), UMIG_E_PROTO);
    field.bytes = bytes + 2;
    field.len = 1;
    assert_int_equal(umig_pb_field_text(&field, out, sizeof out, NULL), UMIG_E_PROTO);
    field.bytes = bytes;
    assert_int_equal(umig_pb_field_text(&field, out, 1, NULL), UMIG_E_PROTO);
    field.type = UMIG_PB_VARINT;
    assert_int_equal(umig_pb_field_text(&field, out, sizeof out, NULL), UMIG_E_PROTO);
    assert_string_equal(out, "old");
    field.type = UMIG_PB_BYTES;
    assert_int_equal(umig_pb_field_text(&field, out, sizeof out, NULL), UMIG_OK);
    assert_string_equal(out, "a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writer_known_values_have_known_bytes),
        cmocka_unit_test(test_writer_defaults_take_no_bytes),
        cmocka_unit_test(test_writer_extreme_numbers_read_back),
        cmocka_unit_test(test_writer_rollback_undoes_a_half_written_submessage),
        cmocka_unit_test(test_writer_when_full_writes_nothing_more),
        cmocka_unit_test(test_writer_content_of_two_mebibytes_is_refused),
        cmocka_unit_test(test_text_that_is_no_utf8_is_made_valid),
        cmocka_unit_test(test_text_too_long_is_cut_at_a_character),
        cmocka_unit_test(test_reader_malformed_is_refused_by_name),
        cmocka_unit_test(test_reader_packed_column_cut_within_an_item_is_refused),
        cmocka_unit_test(test_reader_empty_message_ends_at_once),
        cmocka_unit_test(test_field_text_what_is_no_c_string_is_refused),
    };
    return cmocka_run_group_tests_name("codec", tests, NULL, NULL);
}
