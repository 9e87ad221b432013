#include "agent/uplink/messages.h"

#include <stdio.h>
#include <string.h>

#include "core/clean.h"
#include "core/err.h"
#include "core/utf8.h"
#include "wire/codec.h"
#include "wire/frame.h"

enum {
    WELCOME_PROTOCOL = 1,
    WELCOME_ACKED = 3,
    WELCOME_MAX_FRAME_BYTES = 4,
    REFUSE_CODE = 1,
    REFUSE_TEXT = 2,
    REFUSE_RETRY_AFTER_MS = 3,
    TEXT_MAX_BYTES = 255,
};

_Static_assert(UMIG_FRAME_HEADER_BYTES + 2 * (1 + 5) + 3 + TEXT_MAX_BYTES <=
                   UMIG_REFUSE_FRAME_BYTES,
               "a refusal fits");

static int want_number(const struct umig_pb_field *field, struct umig_err *err)
{
    if (field->type == UMIG_PB_VARINT) {
        return UMIG_OK;
    }
    return umig_err_set(err, UMIG_E_PROTO, "field %u is not a number", field->number);
}

static int read_u32(const struct umig_pb_field *field, uint32_t *out_number, struct umig_err *err)
{
    const int rc = want_number(field, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (field->value > UINT32_MAX) {
        return umig_err_set(err, UMIG_E_PROTO, "field %u has more than 32 bits", field->number);
    }
    *out_number = (uint32_t)field->value;
    return UMIG_OK;
}

static int welcome_field(const struct umig_pb_field *field,
                         struct umig_welcome *welcome,
                         struct umig_err *err)
{
    int rc = UMIG_OK;
    switch (field->number) {
    case WELCOME_PROTOCOL:
        return read_u32(field, &welcome->protocol, err);
    case WELCOME_ACKED:
        rc = want_number(field, err);
        welcome->acked = field->value;
        return rc;
    case WELCOME_MAX_FRAME_BYTES:
        return read_u32(field, &welcome->max_frame_bytes, err);
    default:
        return UMIG_OK;
    }
}

static int check_welcome(struct umig_welcome *welcome, struct umig_err *err)
{
    if (welcome->max_frame_bytes == 0 || welcome->max_frame_bytes > UMIG_FRAME_MAX_BYTES) {
        welcome->max_frame_bytes = UMIG_FRAME_MAX_BYTES;
    }
    if (welcome->max_frame_bytes < UMIG_FRAME_MAX_SMALL_BYTES) {
        return umig_err_set(err, UMIG_E_PROTO,
                            "the collector takes frames of %u bytes only (at least %u)",
                            welcome->max_frame_bytes, UMIG_FRAME_MAX_SMALL_BYTES);
    }
    return UMIG_OK;
}

int umig_welcome_read(const uint8_t *payload,
                      size_t payload_bytes,
                      struct umig_welcome *out_welcome,
                      struct umig_err *err)
{
    struct umig_welcome welcome = {0};
    struct umig_pb_reader reader;
    struct umig_pb_field field;
    umig_pb_reader_init(&reader, payload, payload_bytes);
    int rc = UMIG_OK;
    while (rc == UMIG_OK && (rc = umig_pb_next(&reader, &field, err)) == UMIG_OK) {
        rc = welcome_field(&field, &welcome, err);
    }
    if (rc == UMIG_END) {
        rc = check_welcome(&welcome, err);
    }
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    *out_welcome = welcome;
    return UMIG_OK;
}

/* The text goes to logs and terminals: one harmless line of it. */
static void copy_text(const struct umig_pb_field *field, struct umig_refuse *refuse)
{
    char raw[sizeof refuse->text];
    const size_t len = field->len < sizeof raw ? field->len : sizeof raw - 1;
    memcpy(raw, field->bytes, len);
    raw[umig_utf8_whole(raw, len)] = '\0';
    (void)umig_clean_copy(raw, refuse->text, sizeof refuse->text);
}

static int refuse_field(const struct umig_pb_field *field,
                        struct umig_refuse *refuse,
                        struct umig_err *err)
{
    switch (field->number) {
    case REFUSE_CODE:
        return read_u32(field, &refuse->code, err);
    case REFUSE_TEXT:
        if (field->type != UMIG_PB_BYTES) {
            return umig_err_set(err, UMIG_E_PROTO, "the text of a refusal is not a string");
        }
        copy_text(field, refuse);
        return UMIG_OK;
    case REFUSE_RETRY_AFTER_MS:
        return read_u32(field, &refuse->retry_after_ms, err);
    default:
        return UMIG_OK;
    }
}

int umig_refuse_read(const uint8_t *payload,
                     size_t payload_bytes,
                     struct umig_refuse *out_refuse,
                     struct umig_err *err)
{
    struct umig_refuse refuse = {0};
    struct umig_pb_reader reader;
    struct umig_pb_field field;
    umig_pb_reader_init(&reader, payload, payload_bytes);
    int rc = UMIG_OK;
    while (rc == UMIG_OK && (rc = umig_pb_next(&reader, &field, err)) == UMIG_OK) {
        rc = refuse_field(&field, &refuse, err);
    }
    if (rc != UMIG_END) {
        return umig_err_trace(err, rc);
    }
    *out_refuse = refuse;
    return UMIG_OK;
}

size_t umig_refuse_frame(uint32_t code,
                         const char *text,
                         uint32_t retry_after_ms,
                         uint8_t *out,
                         size_t room)
{
    struct umig_pb_writer writer;
    umig_pb_writer_init(&writer, out + UMIG_FRAME_HEADER_BYTES, room - UMIG_FRAME_HEADER_BYTES);
    umig_pb_uint(&writer, REFUSE_CODE, code);
    umig_pb_uint(&writer, REFUSE_RETRY_AFTER_MS, retry_after_ms);
    umig_pb_text(&writer, REFUSE_TEXT, text, strnlen(text, TEXT_MAX_BYTES));
    const struct umig_frame_header header = {.type = UMIG_FRAME_REFUSE};
    umig_frame_encode(&header, writer.bytes, (uint32_t)writer.len, out);
    return UMIG_FRAME_HEADER_BYTES + writer.len;
}
