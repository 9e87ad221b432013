#include "collector/batch/batch.h"

#include <string.h>

#include "collector/batch/prescan.h"
#include "core/err.h"
#include "core/parse.h"

enum {
    DICTIONARY_TAG = 3 << 3 | 2
};

/* Bytes and what they are said to be. */
struct encoded {
    const ProtobufCMessageDescriptor *descriptor;
    const uint8_t *bytes;
    size_t byte_count;
    struct umig_prescan_limits limits;
};

static int unpack(struct umig_arena *arena,
                  const struct encoded *in,
                  ProtobufCMessage **out_message,
                  struct umig_err *err)
{
    const int rc = umig_prescan(in->descriptor, in->bytes, in->byte_count, &in->limits, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    umig_arena_reset(arena, in->byte_count);
    ProtobufCMessage *message =
        protobuf_c_message_unpack(in->descriptor, &arena->allocator, in->byte_count, in->bytes);
    if (message == NULL) {
        return umig_err_set(err, UMIG_E_LIMIT,
                            "%s of %zu bytes does not decode within %zu bytes of memory",
                            in->descriptor->short_name, in->byte_count, arena->cap);
    }
    *out_message = message;
    return UMIG_OK;
}

static uint64_t read_varint(const uint8_t **at)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        const uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
}

/* Finds the dictionary's bytes in a payload that passed the prescan: every step is in bounds. */
static void find_dictionary(const uint8_t *payload, size_t byte_count, struct umig_batch *batch)
{
    const uint8_t *at = payload;
    const uint8_t *end = payload + byte_count;
    while (at < end) {
        const uint64_t tag = read_varint(&at);
        if ((tag & 7) == 2) {
            const uint64_t length = read_varint(&at);
            if (tag == DICTIONARY_TAG) {
                batch->dictionary = at;
                batch->dictionary_bytes = (size_t)length;
                return;
            }
            at += length;
        } else if ((tag & 7) == 0) {
            (void)read_varint(&at);
        } else {
            at += (tag & 7) == 1 ? 8 : 4;
        }
    }
}

static uint64_t count_rows(const Umig__V1__Batch *message)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < message->n_samples; i++) {
        rows += message->samples[i]->n_stack;
    }
    for (size_t i = 0; i < message->n_waits; i++) {
        rows += message->waits[i]->n_stack;
    }
    return rows;
}

int umig_batch_decode(struct umig_arena *arena,
                      const uint8_t *payload,
                      size_t byte_count,
                      struct umig_batch *out_batch,
                      struct umig_err *err)
{
    ProtobufCMessage *message = NULL;
    const struct encoded in = {&umig__v1__batch__descriptor, payload, byte_count,
                               UMIG_PRESCAN_BATCH};
    const int rc = unpack(arena, &in, &message, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    struct umig_batch batch = {.message = (const Umig__V1__Batch *)message};
    find_dictionary(payload, byte_count, &batch);
    batch.samples = count_rows(batch.message);
    *out_batch = batch;
    return UMIG_OK;
}

static int check_name(const char *what, const char *text, struct umig_err *err)
{
    if (text[0] != '\0' && !umig_name_is_valid(umig_span_of(text))) {
        return umig_err_set(err, UMIG_E_PROTO,
                            "%s '%.70s' is no name: 1 to 64 letters, digits, '.', '_', '-'", what,
                            text);
    }
    return UMIG_OK;
}

static int check_hello(const Umig__V1__Hello *hello, struct umig_err *err)
{
    if (hello->process == NULL) {
        return umig_err_set(err, UMIG_E_PROTO, "Hello.process is missing");
    }
    if (hello->anchor == NULL || hello->anchor->monotonic_ns == 0 || hello->anchor->unix_ns == 0 ||
        hello->anchor->monotonic_ns > INT64_MAX || hello->anchor->unix_ns > INT64_MAX) {
        return umig_err_set(err, UMIG_E_PROTO,
                            "Hello.anchor: both clocks must be given, above 0 and below 2^63 ns");
    }
    if (hello->process->n_labels > UMIG_BATCH_MAX_LABELS) {
        return umig_err_set(err, UMIG_E_LIMIT, "Hello.process.labels: %zu (at most %u)",
                            hello->process->n_labels, UMIG_BATCH_MAX_LABELS);
    }
    const int rc = check_name("Hello.process.service", hello->process->service, err);
    return rc != UMIG_OK ? rc : check_name("Hello.process.instance", hello->process->instance, err);
}

int umig_hello_decode(struct umig_arena *arena,
                      const uint8_t *payload,
                      size_t byte_count,
                      const Umig__V1__Hello **out_hello,
                      struct umig_err *err)
{
    ProtobufCMessage *message = NULL;
    const struct encoded in = {&umig__v1__hello__descriptor, payload, byte_count,
                               UMIG_PRESCAN_SMALL};
    int rc = unpack(arena, &in, &message, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    rc = check_hello((const Umig__V1__Hello *)message, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    *out_hello = (const Umig__V1__Hello *)message;
    return UMIG_OK;
}

int umig_query_decode(struct umig_arena *arena,
                      const uint8_t *payload,
                      size_t byte_count,
                      const Umig__V1__Query **out_query,
                      struct umig_err *err)
{
    ProtobufCMessage *message = NULL;
    const struct encoded in = {&umig__v1__query__descriptor, payload, byte_count,
                               UMIG_PRESCAN_SMALL};
    const int rc = unpack(arena, &in, &message, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    *out_query = (const Umig__V1__Query *)message;
    return UMIG_OK;
}

int umig_dictionary_decode(struct umig_arena *arena,
                           const uint8_t *bytes,
                           size_t byte_count,
                           const Umig__V1__Dictionary **out_dictionary,
                           struct umig_err *err)
{
    ProtobufCMessage *message = NULL;
    const struct encoded in = {&umig__v1__dictionary__descriptor, bytes, byte_count,
                               UMIG_PRESCAN_BATCH};
    const int rc = unpack(arena, &in, &message, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    *out_dictionary = (const Umig__V1__Dictionary *)message;
    return UMIG_OK;
}

int umig_session_start_decode(struct umig_arena *arena,
                              const uint8_t *bytes,
                              size_t byte_count,
                              const Umig__V1__SessionStart **out_start,
                              struct umig_err *err)
{
    ProtobufCMessage *message = NULL;
    const struct encoded in = {&umig__v1__session_start__descriptor, bytes, byte_count,
                               UMIG_PRESCAN_SMALL};
    const int rc = unpack(arena, &in, &message, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    *out_start = (const Umig__V1__SessionStart *)message;
    return UMIG_OK;
}
