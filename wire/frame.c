#include "wire/frame.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "wire/crc32c.h"

enum {
    HEADER_VERSION = 1,
    OFFSET_VERSION = 4,
    OFFSET_TYPE = 5,
    OFFSET_FLAGS = 6,
    OFFSET_LENGTH = 8,
    OFFSET_CRC = 12,
    OFFSET_EPOCH = 16,
    OFFSET_SEQUENCE = 24,
    /* A reader's buffer while frames are small; a larger one is given back once it is empty. */
    SMALL_ROOM = 16 * 1024,
};

static const uint8_t magic[4] = {'U', 'M', 'G', '1'};

static uint16_t get16(const uint8_t *at)
{
    uint16_t value = 0;
    memcpy(&value, at, sizeof value);
    return le16toh(value);
}

static uint32_t get32(const uint8_t *at)
{
    uint32_t value = 0;
    memcpy(&value, at, sizeof value);
    return le32toh(value);
}

static uint64_t get64(const uint8_t *at)
{
    uint64_t value = 0;
    memcpy(&value, at, sizeof value);
    return le64toh(value);
}

static void put16(uint8_t *at, uint16_t value)
{
    value = htole16(value);
    memcpy(at, &value, sizeof value);
}

static void put32(uint8_t *at, uint32_t value)
{
    value = htole32(value);
    memcpy(at, &value, sizeof value);
}

static void put64(uint8_t *at, uint64_t value)
{
    value = htole64(value);
    memcpy(at, &value, sizeof value);
}

static void write_header(const struct umig_frame_header *header,
                         uint32_t payload_bytes,
                         uint32_t crc,
                         uint8_t *out)
{
    memcpy(out, magic, sizeof magic);
    out[OFFSET_VERSION] = HEADER_VERSION;
    out[OFFSET_TYPE] = header->type;
    put16(out + OFFSET_FLAGS, header->flags);
    put32(out + OFFSET_LENGTH, payload_bytes);
    put32(out + OFFSET_CRC, crc);
    put64(out + OFFSET_EPOCH, header->epoch);
    put64(out + OFFSET_SEQUENCE, header->sequence);
}

void umig_frame_encode(const struct umig_frame_header *header,
                       const uint8_t *payload,
                       uint32_t payload_bytes,
                       uint8_t *out)
{
    write_header(header, payload_bytes, 0, out);
    const uint32_t crc = umig_crc32c(0, out, UMIG_FRAME_HEADER_BYTES);
    put32(out + OFFSET_CRC, umig_crc32c(crc, payload, payload_bytes));
}

int umig_frame_decode(const uint8_t *bytes,
                      uint32_t max_payload_bytes,
                      struct umig_frame_header *out_header,
                      struct umig_err *err)
{
    if (memcmp(bytes, magic, sizeof magic) != 0) {
        return umig_err_set(err, UMIG_E_PROTO,
                            "not a UMIG frame: it begins with %02x%02x%02x%02x, not 'UMG1'",
                            bytes[0], bytes[1], bytes[2], bytes[3]);
    }
    if (bytes[OFFSET_VERSION] != HEADER_VERSION) {
        return umig_err_set(err, UMIG_E_PROTO, "frame header version %u; this side speaks %d",
                            bytes[OFFSET_VERSION], HEADER_VERSION);
    }
    const struct umig_frame_header header = {
        .type = bytes[OFFSET_TYPE],
        .flags = get16(bytes + OFFSET_FLAGS),
        .payload_bytes = get32(bytes + OFFSET_LENGTH),
        .crc = get32(bytes + OFFSET_CRC),
        .epoch = get64(bytes + OFFSET_EPOCH),
        .sequence = get64(bytes + OFFSET_SEQUENCE),
    };
    if (header.payload_bytes > max_payload_bytes) {
        return umig_err_set(err, UMIG_E_PROTO, "frame of type %u announces %u bytes (at most %u)",
                            header.type, header.payload_bytes, max_payload_bytes);
    }
    if ((header.flags & ~UMIG_FRAME_LAST) != 0) {
        return umig_err_set(err, UMIG_E_PROTO, "frame of type %u has unknown flags 0x%x",
                            header.type, header.flags);
    }
    *out_header = header;
    return UMIG_OK;
}

int umig_frame_check(const struct umig_frame_header *header,
                     const uint8_t *payload,
                     struct umig_err *err)
{
    uint8_t bytes[UMIG_FRAME_HEADER_BYTES];
    write_header(header, header->payload_bytes, 0, bytes);
    const uint32_t crc =
        umig_crc32c(umig_crc32c(0, bytes, sizeof bytes), payload, header->payload_bytes);
    if (crc != header->crc) {
        return umig_err_set(err, UMIG_E_PROTO,
                            "frame of type %u is damaged: checksum %08x, announced %08x",
                            header->type, crc, header->crc);
    }
    return UMIG_OK;
}

void umig_frame_reader_init(struct umig_frame_reader *reader, uint32_t max_payload_bytes)
{
    *reader = (struct umig_frame_reader){.max_payload_bytes = max_payload_bytes};
}

void umig_frame_reader_fini(struct umig_frame_reader *reader)
{
    free(reader->bytes);
    umig_frame_reader_init(reader, reader->max_payload_bytes);
}

/* Bytes the frame at the front takes as far as its header says, or a small buffer's worth. */
static size_t room_wanted(const struct umig_frame_reader *reader)
{
    const size_t most = UMIG_FRAME_HEADER_BYTES + (size_t)reader->max_payload_bytes;
    size_t wanted = most < SMALL_ROOM ? most : SMALL_ROOM;
    if (reader->fill - reader->taken >= UMIG_FRAME_HEADER_BYTES) {
        const uint32_t payload = get32(reader->bytes + reader->taken + OFFSET_LENGTH);
        const size_t frame = UMIG_FRAME_HEADER_BYTES + (size_t)payload;
        wanted = frame > wanted ? frame : wanted;
    }
    return wanted < most ? wanted : most;
}

/* Drops what was handed out; an empty buffer that grew for one large frame is given back. */
static void drop_taken(struct umig_frame_reader *reader)
{
    if (reader->taken > 0) {
        reader->fill -= reader->taken;
        memmove(reader->bytes, reader->bytes + reader->taken, reader->fill);
        reader->taken = 0;
    }
    if (reader->fill == 0 && reader->room > SMALL_ROOM) {
        free(reader->bytes);
        reader->bytes = NULL;
        reader->room = 0;
    }
}

uint8_t *umig_frame_reader_space(struct umig_frame_reader *reader, size_t *out_room)
{
    drop_taken(reader);
    const size_t wanted = room_wanted(reader);
    if (wanted > reader->room) {
        uint8_t *bytes = realloc(reader->bytes, wanted);
        if (bytes == NULL) {
            return NULL;
        }
        reader->bytes = bytes;
        reader->room = wanted;
    }
    if (reader->fill == reader->room) {
        return NULL; /* the caller left whole frames in the buffer */
    }
    *out_room = reader->room - reader->fill;
    return reader->bytes + reader->fill;
}

void umig_frame_reader_filled(struct umig_frame_reader *reader, size_t byte_count)
{
    reader->fill += byte_count;
}

int umig_frame_reader_next(struct umig_frame_reader *reader,
                           struct umig_frame_header *out_header,
                           const uint8_t **out_payload,
                           struct umig_err *err)
{
    const size_t ready = reader->fill - reader->taken;
    if (ready < UMIG_FRAME_HEADER_BYTES) {
        return UMIG_AGAIN;
    }
    const uint8_t *frame = reader->bytes + reader->taken;
    struct umig_frame_header header = {.type = 0};
    int rc = umig_frame_decode(frame, reader->max_payload_bytes, &header, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    const size_t frame_bytes = UMIG_FRAME_HEADER_BYTES + (size_t)header.payload_bytes;
    if (ready < frame_bytes) {
        return UMIG_AGAIN;
    }
    rc = umig_frame_check(&header, frame + UMIG_FRAME_HEADER_BYTES, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    reader->taken += frame_bytes;
    *out_header = header;
    *out_payload = frame + UMIG_FRAME_HEADER_BYTES;
    return UMIG_OK;
}
