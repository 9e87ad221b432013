/*
 * Any bytes into the frame reader: what comes out must be frames whose checksum fits. The first
 * byte says how the stream is cut.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const size_t piece = (size_t)data[0] + 1;
    struct umig_frame_reader reader;
    umig_frame_reader_init(&reader, 64 * 1024);
    int rc = UMIG_AGAIN;
    for (size_t at = 1; at < size && rc == UMIG_AGAIN;) {
        size_t room = 0;
        uint8_t *space = umig_frame_reader_space(&reader, &room);
        if (space == NULL || room == 0 || reader.room > UMIG_FRAME_HEADER_BYTES + 64 * 1024) {
            abort();
        }
        size_t take = size - at < piece ? size - at : piece;
        take = take < room ? take : room;
        memcpy(space, data + at, take);
        umig_frame_reader_filled(&reader, take);
        at += take;
        struct umig_frame_header header;
        const uint8_t *payload = NULL;
        while ((rc = umig_frame_reader_next(&reader, &header, &payload, NULL)) == UMIG_OK) {
            if (umig_frame_check(&header, payload, NULL) != UMIG_OK) {
                abort();
            }
        }
    }
    umig_frame_reader_fini(&reader);
    return 0;
}
