#include <stdio.h>
#include <string.h>

#include "tests/support/test.h"
#include "wire/frame.h"

enum {
    STREAM_ROOM = 128 * 1024
};

struct stream {
    uint8_t bytes[STREAM_ROOM];
    size_t len;
};

static void put_frame(struct stream *stream, uint8_t type, uint64_t sequence, size_t payload_bytes)
{
    const struct umig_frame_header header = {.type = type, .epoch = 77, .sequence = sequence};
    uint8_t *payload = stream->bytes + stream->len + UMIG_FRAME_HEADER_BYTES;
    for (size_t i = 0; i < payload_bytes; i++) {
        payload[i] = (uint8_t)(sequence + i);
    }
    umig_frame_encode(&header, payload, (uint32_t)payload_bytes, stream->bytes + stream->len);
    stream->len += UMIG_FRAME_HEADER_BYTES + payload_bytes;
}

/* Feeds the stream in pieces; returns how many frames came out whole and right. */
static unsigned feed(const struct stream *stream, size_t piece, uint32_t bound, int *out_rc)
{
    struct umig_frame_reader reader;
    umig_frame_reader_init(&reader, bound);
    unsigned frames = 0;
    int rc = UMIG_AGAIN;
    for (size_t at = 0; at < stream->len && rc == UMIG_AGAIN;) {
        size_t room = 0;
        uint8_t *space = umig_frame_reader_space(&reader, &room);
        assert_non_null(space);
        size_t take = stream->len - at < piece ? stream->len - at : piece;
        take = take < room ? take : room;
        memcpy(space, stream->bytes + at, take);
        umig_frame_reader_filled(&reader, take);
        at += take;
        struct umig_frame_header header;
        const uint8_t *payload = NULL;
        while ((rc = umig_frame_reader_next(&reader, &header, &payload, NULL)) == UMIG_OK) {
            assert_int_equal(header.sequence, frames);
            for (size_t i = 0; i < header.payload_bytes; i++) {
                assert_int_equal(payload[i], (uint8_t)(frames + i));
            }
            frames++;
        }
        assert_true(reader.room <= UMIG_FRAME_HEADER_BYTES + (size_t)bound);
    }
    umig_frame_reader_fini(&reader);
    *out_rc = rc;
    return frames;
}

static void test_frame_decode_of_encoded_gives_fields_back(void **state)
{
    (void)state;
    const struct umig_frame_header in = {.type = UMIG_FRAME_BATCH,
                                         .flags = UMIG_FRAME_LAST,
                                         .epoch = 0x0123456789abcdef,
                                         .sequence = UINT64_MAX};
    const uint8_t payload[3] = {1, 2, 3};
    uint8_t bytes[UMIG_FRAME_HEADER_BYTES];
    struct umig_frame_header out;

    umig_frame_encode(&in, payload, sizeof payload, bytes);

    assert_int_equal(umig_frame_decode(bytes, 3, &out, NULL), UMIG_OK);
    assert_int_equal(umig_frame_check(&out, payload, NULL), UMIG_OK);
    assert_int_equal(out.type, in.type);
    assert_int_equal(out.flags, in.flags);
    assert_int_equal(out.payload_bytes, 3);
    assert_true(out.epoch == in.epoch && out.sequence == in.sequence);
}

/* The header's layout is the protocol: these bytes stand in docs/wire-format.md. */
static void test_frame_encode_lays_bytes_as_documented(void **state)
{
    (void)state;
    const struct umig_frame_header header = {
        .type = 3, .flags = 1, .epoch = 0x1122334455667788, .sequence = 5};
    const uint8_t want[UMIG_FRAME_HEADER_BYTES] = {
        'U',  'M',  'G',  '1',  1,    3,    1,    0,    2, 0, 0, 0, 0, 0, 0, 0,
        0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 5, 0, 0, 0, 0, 0, 0, 0,
    };
    uint8_t bytes[UMIG_FRAME_HEADER_BYTES];

    umig_frame_encode(&header, (const uint8_t *)"ab", 2, bytes);
    memset(bytes + 12, 0, 4); /* the checksum has its own test */

    assert_memory_equal(bytes, want, sizeof want);
}

static void test_frame_decode_refuses_each_wrong_field_by_name(void **state)
{
    (void)state;
    static const struct {
        size_t offset;
        uint8_t value;
        const char *word;
    } cases[] = {
        {0, 'X', "not a UMIG frame"}, {4, 2, "version 2"},        {6, 2, "flags 0x2"},
        {7, 0x80, "flags 0x8000"},    {10, 1, "announces 65536"}, {11, 0xff, "announces 42781"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[UMIG_FRAME_HEADER_BYTES];
        struct umig_frame_header header = {.type = UMIG_FRAME_PING};
        struct umig_err err = UMIG_ERR_INIT;
        umig_frame_encode(&header, NULL, 0, bytes);
        bytes[cases[i].offset] = cases[i].value;

        assert_int_equal(umig_frame_decode(bytes, 4096, &header, &err), UMIG_E_PROTO);
        assert_non_null(strstr(err.text, cases[i].word));
    }
}

static void test_frame_reader_takes_frames_cut_anywhere(void **state)
{
    (void)state;
    struct stream stream = {.len = 0};
    const size_t sizes[] = {0, 1, 500, 40000, 0, 17, 33};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        put_frame(&stream, UMIG_FRAME_BATCH, i, sizes[i]);
    }
    const size_t pieces[] = {1, 2, 31, 32, 33, 4096, STREAM_ROOM};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        int rc = UMIG_OK;
        assert_int_equal(feed(&stream, pieces[i], UMIG_FRAME_MAX_BYTES, &rc), 7);
        assert_int_equal(rc, UMIG_AGAIN);
    }
}

static void test_frame_reader_refuses_every_flipped_bit(void **state)
{
    (void)state;
    struct stream stream = {.len = 0};
    put_frame(&stream, UMIG_FRAME_BATCH, 0, 40);
    put_frame(&stream, UMIG_FRAME_PING, 1, 0);
    for (size_t bit = 0; bit < stream.len * 8; bit++) {
        stream.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        int rc = UMIG_OK;
        const unsigned frames = feed(&stream, 64, UMIG_FRAME_MAX_SMALL_BYTES, &rc);
        stream.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        /* A flip in the length may leave the frame waiting for more; nothing wrong comes out. */
        const unsigned whole_before = bit / 8 < UMIG_FRAME_HEADER_BYTES + 40 ? 0 : 1;
        assert_int_equal(frames, whole_before);
        assert_true(rc == UMIG_E_PROTO || rc == UMIG_AGAIN);
    }
}

static void test_frame_reader_gives_large_buffer_back_when_drained(void **state)
{
    (void)state;
    static struct stream stream;
    stream.len = 0;
    put_frame(&stream, UMIG_FRAME_BATCH, 0, 100000);
    struct umig_frame_reader reader;
    umig_frame_reader_init(&reader, UMIG_FRAME_MAX_BYTES);
    for (size_t at = 0; at < stream.len;) {
        size_t room = 0;
        uint8_t *space = umig_frame_reader_space(&reader, &room);
        const size_t take = room < stream.len - at ? room : stream.len - at;
        memcpy(space, stream.bytes + at, take);
        umig_frame_reader_filled(&reader, take);
        at += take;
        struct umig_frame_header header;
        const uint8_t *payload = NULL;
        assert_true(umig_frame_reader_next(&reader, &header, &payload, NULL) >= UMIG_OK);
    }
    assert_true(reader.room > 100000);

    size_t room = 0;
    assert_non_null(umig_frame_reader_space(&reader, &room));

    assert_true(reader.room <= 16 * 1024);
    umig_frame_reader_fini(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frame_decode_of_encoded_gives_fields_back),
        cmocka_unit_test(test_frame_encode_lays_bytes_as_documented),
        cmocka_unit_test(test_frame_decode_refuses_each_wrong_field_by_name),
        cmocka_unit_test(test_frame_reader_takes_frames_cut_anywhere),
        cmocka_unit_test(test_frame_reader_refuses_every_flipped_bit),
        cmocka_unit_test(test_frame_reader_gives_large_buffer_back_when_drained),
    };
    return cmocka_run_group_tests_name("unit.wire.frame", tests, NULL, NULL);
}
