/*
 * Looks a protobuf message over before protobuf-c allocates for it: nesting, number of fields, of
 * sub-messages and of values, length and form of strings. protobuf-c checks none of these
 * (docs/wire-format.md, "What is checked").
 */
#ifndef UMIG_COLLECTOR_BATCH_PRESCAN_H
#define UMIG_COLLECTOR_BATCH_PRESCAN_H

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Levels of messages, the outermost included. */
#define UMIG_PRESCAN_MAX_DEPTH 4u

/** Fields of a newer minor version that are skipped, in the whole message. */
#define UMIG_PRESCAN_MAX_UNKNOWN 256u

/** Longest string. */
#define UMIG_PRESCAN_MAX_STRING_BYTES 4096u

/** Bounds that depend on what is read. */
struct umig_prescan_limits {
    uint32_t messages; /* sub-messages in all */
    uint32_t strings;  /* strings in all */
    uint32_t values;   /* numbers in all, packed ones counted each */
};

/** Limits of a Hello or a Query. */
#define UMIG_PRESCAN_SMALL                       \
 (struct umig_prescan_limits)                    \
 {                                               \
  .messages = 128, .strings = 256, .values = 256 \
 }

/** Limits of a Batch of at most UMIG_FRAME_MAX_BYTES. */
#define UMIG_PRESCAN_BATCH                              \
 (struct umig_prescan_limits)                           \
 {                                                      \
  .messages = 8192, .strings = 65536, .values = 1000000 \
 }

/**
 * Checks the bytes of a message against its descriptor.
 *
 * Known fields must have their wire type (a repeated number may be packed or not), strings must be
 * UTF-8 without NUL, a message that is not repeated may stand there once (protobuf-c would merge
 * two). Unknown fields are skipped up to UMIG_PRESCAN_MAX_UNKNOWN; groups are refused.
 *
 * @param bytes  may be NULL when byte_count is 0
 * @return UMIG_OK, UMIG_E_PROTO (malformed) or UMIG_E_LIMIT (a bound), naming message and field
 *
 * Pure; any thread. No allocation, no recursion.
 */
UMIG_NODISCARD int umig_prescan(const ProtobufCMessageDescriptor *descriptor,
                                const uint8_t *bytes,
                                size_t byte_count,
                                const struct umig_prescan_limits *limits,
                                struct umig_err *err);

/** Is this UTF-8 as RFC 3629 has it (no surrogates, no overlong forms), without NUL? Pure. */
int umig_prescan_text_is_valid(const uint8_t *bytes, size_t byte_count);

#endif
