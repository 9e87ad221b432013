/* The small messages the agent exchanges with collectors and commands; see proto/umig/v1. */
#ifndef UMIG_AGENT_UPLINK_MESSAGES_H
#define UMIG_AGENT_UPLINK_MESSAGES_H

#include <stddef.h>
#include <stdint.h>

#include "include/umig/attr.h"
#include "include/umig/status.h"

/* RefuseCode of stream.proto. */
enum umig_refuse_code {
    UMIG_REFUSE_PROTOCOL = 1,
    UMIG_REFUSE_VERSION = 2,
    UMIG_REFUSE_DENIED = 3,
    UMIG_REFUSE_STORE_FULL = 4,
    UMIG_REFUSE_LIMIT = 5,
    UMIG_REFUSE_UNKNOWN_STREAM = 6,
};

struct umig_welcome {
    uint32_t protocol;
    uint64_t acked;
    uint32_t max_frame_bytes; /* never 0: absent means UMIG_FRAME_MAX_BYTES */
};

struct umig_refuse {
    uint32_t code;
    uint32_t retry_after_ms;
    char text[160]; /* harmless (core/clean.h); cut */
};

/** Reads a Welcome and checks its ranges. UMIG_OK or UMIG_E_PROTO. */
UMIG_NODISCARD int umig_welcome_read(const uint8_t *payload,
                                     size_t payload_bytes,
                                     struct umig_welcome *out_welcome,
                                     struct umig_err *err);

/** Reads a Refuse. UMIG_OK or UMIG_E_PROTO. */
UMIG_NODISCARD int umig_refuse_read(const uint8_t *payload,
                                    size_t payload_bytes,
                                    struct umig_refuse *out_refuse,
                                    struct umig_err *err);

/**
 * Writes a whole REFUSE frame.
 *
 * @param room  at least UMIG_REFUSE_FRAME_BYTES; the text is cut at 255 bytes
 * @return bytes written
 */
size_t umig_refuse_frame(uint32_t code,
                         const char *text,
                         uint32_t retry_after_ms,
                         uint8_t *out,
                         size_t room);

/** Largest frame umig_refuse_frame() writes. */
#define UMIG_REFUSE_FRAME_BYTES 320u

#endif
