#include "cli/talk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clean.h"
#include "core/clock.h"
#include "core/err.h"
#include "umig/v1/stream.pb-c.h"

static void *capped_alloc(void *context, size_t byte_count)
{
    struct umig_capped_heap *heap = context;
    if (byte_count > heap->left_bytes) {
        return NULL;
    }
    heap->left_bytes -= byte_count;
    return malloc(byte_count);
}

static void capped_free(void *context, void *bytes)
{
    (void)context; /* what was given stays counted: the bound is on the whole decoding */
    free(bytes);
}

void umig_capped_heap_init(struct umig_capped_heap *heap, size_t limit_bytes)
{
    heap->left_bytes = limit_bytes;
    heap->allocator = (ProtobufCAllocator){
        .alloc = capped_alloc,
        .free = capped_free,
        .allocator_data = heap,
    };
}

/* Bytes before the first character that is not harmless. */
static size_t harmless_bytes(const char *text)
{
    char step[UMIG_CLEAN_STEP_BYTES];
    size_t at = 0;
    while (text[at] != '\0') {
        const size_t count = umig_clean_step(text + at, 4, step);
        if (strlen(step) != count) {
            break;
        }
        at += count;
    }
    return at;
}

/* What is made harmless is longer: it gets a place of its own, or ends before what is harmful. */
static char *clean_text(char *text, ProtobufCAllocator *allocator)
{
    const size_t harmless = harmless_bytes(text);
    if (text[harmless] == '\0') {
        return text;
    }
    const size_t room = umig_clean_copy(text, (char[1]){0}, 1) + 1;
    char *clean = allocator->alloc(allocator->allocator_data, room);
    if (clean == NULL) {
        text[harmless] = '\0';
        return text;
    }
    umig_clean_copy(text, clean, room);
    allocator->free(allocator->allocator_data, text);
    return clean;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the schema, whose messages do not nest in a ring */
static void clean_value(const ProtobufCFieldDescriptor *field,
                        void **value,
                        ProtobufCAllocator *allocator)
{
    if (*value == NULL) {
        return;
    }
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        *value = clean_text(*value, allocator);
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        umig_message_clean(*value, allocator);
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the schema, whose messages do not nest in a ring */
void umig_message_clean(ProtobufCMessage *message, ProtobufCAllocator *allocator)
{
    char *base = (char *)message;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE) {
            continue;
        }
        void *member = NULL;
        memcpy(&member, base + field->offset, sizeof member);
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            clean_value(field, &member, allocator);
            memcpy(base + field->offset, &member, sizeof member);
            continue;
        }
        size_t count = 0;
        memcpy(&count, base + field->quantifier_offset, sizeof count);
        for (size_t k = 0; k < count; k++) {
            clean_value(field, &((void **)member)[k], allocator);
        }
    }
}

char *umig_message_text(const char *text)
{
    char *field = NULL;
    memcpy(&field, &text, sizeof field);
    return field;
}

/* Anybody may make a socket in a folder that all may write: only people we trust may answer. */
static int check_peer(int fd, uid_t owner, const char *where, struct umig_err *err)
{
    struct umig_peer peer;
    const int rc = umig_socket_peer(fd, &peer, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (!peer.is_known || peer.uid == geteuid() || peer.uid == 0 || peer.uid == owner) {
        return UMIG_OK;
    }
    char who[32] = "";
    if (owner != 0 && owner == geteuid()) {
        snprintf(who, sizeof who, "you or ");
    } else if (owner != 0) {
        snprintf(who, sizeof who, "user %u or ", (unsigned)owner);
    }
    return umig_err_set(err, UMIG_E_DENIED,
                        "user %u answers on %s, where only %sroot may; nothing was sent",
                        (unsigned)peer.uid, where, who);
}

/*
 * Root of this host is nobody to a peer whose users are mapped (a container): it dials as the
 * owner of the socket. That one may not go the way to it, below /proc/PID/root: root does, before.
 */
static int dial_as(const struct umig_address *address,
                   uid_t owner,
                   int timeout_ms,
                   int *out_fd,
                   struct umig_err *err)
{
    struct umig_address by_descriptor = {.is_unix = true};
    const int place = open(address->path, O_PATH | O_CLOEXEC);
    if (place < 0 || seteuid(owner) != 0) {
        if (place >= 0) {
            close(place);
        }
        return umig_err_trace(err, umig_socket_dial(address, timeout_ms, out_fd, err));
    }
    snprintf(by_descriptor.path, sizeof by_descriptor.path, "/proc/self/fd/%d", place);
    struct umig_err why = UMIG_ERR_INIT;
    const int rc = umig_socket_dial(&by_descriptor, timeout_ms, out_fd, &why);
    (void)!seteuid(0);
    close(place);
    return rc == UMIG_OK ? rc
                         : umig_err_set_cause(err, rc, why.cause, "cannot connect to unix:%s: %s",
                                              address->path, umig_errno_text(why.cause));
}

int umig_talk_dial(const struct umig_address *address,
                   uid_t owner,
                   int timeout_ms,
                   int *out_fd,
                   struct umig_err *err)
{
    int fd = -1;
    const bool is_others = address->is_unix && geteuid() == 0 && owner != 0;
    int rc = is_others ? dial_as(address, owner, timeout_ms, &fd, err)
                       : umig_socket_dial(address, timeout_ms, &fd, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    char where[UMIG_ADDRESS_BYTES];
    umig_address_format(address, where);
    rc = check_peer(fd, owner, where, err);
    if (rc != UMIG_OK) {
        close(fd);
        return umig_err_trace(err, rc);
    }
    *out_fd = fd;
    return UMIG_OK;
}

int umig_talk_send(int fd,
                   enum umig_frame_type type,
                   const struct umig_buf *payload,
                   int timeout_ms,
                   struct umig_err *err)
{
    if (payload->failed != UMIG_OK || payload->len > UMIG_FRAME_MAX_SMALL_BYTES) {
        return umig_err_set(err, UMIG_E_LIMIT, "the request is above %u bytes: too many labels?",
                            UMIG_FRAME_MAX_SMALL_BYTES);
    }
    uint8_t bytes[UMIG_FRAME_HEADER_BYTES + UMIG_FRAME_MAX_SMALL_BYTES];
    const struct umig_frame_header header = {.type = (uint8_t)type};
    const uint8_t *body = (const uint8_t *)umig_buf_str(payload);
    umig_frame_encode(&header, body, (uint32_t)payload->len, bytes);
    memcpy(bytes + UMIG_FRAME_HEADER_BYTES, body, payload->len);
    struct umig_err why = UMIG_ERR_INIT;
    const int rc =
        umig_socket_send_all(fd, bytes, UMIG_FRAME_HEADER_BYTES + payload->len, timeout_ms, &why);
    if (rc == UMIG_OK || why.cause == EPIPE || why.cause == ECONNRESET) {
        return UMIG_OK;
    }
    return umig_err_set_cause(err, rc, why.cause, "%s", why.text);
}

static int left_ms(uint64_t deadline_ns)
{
    const uint64_t now = umig_clock_monotonic_ns();
    return now >= deadline_ns ? 1 : (int)((deadline_ns - now) / UMIG_NS_PER_MS) + 1;
}

int umig_talk_recv(int fd,
                   int timeout_ms,
                   struct umig_frame_header *out_header,
                   struct umig_buf *payload,
                   struct umig_err *err)
{
    const uint64_t deadline_ns = umig_clock_monotonic_ns() + (uint64_t)timeout_ms * UMIG_NS_PER_MS;
    uint8_t bytes[UMIG_FRAME_HEADER_BYTES];
    struct umig_frame_header header;
    int rc = umig_socket_recv_all(fd, bytes, sizeof bytes, timeout_ms, err);
    if (rc != UMIG_OK) {
        return rc < 0 ? umig_err_trace(err, rc) : rc;
    }
    rc = umig_frame_decode(bytes, (uint32_t)payload->limit, &header, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    umig_buf_clear(payload);
    rc = umig_buf_reserve(payload, header.payload_bytes);
    if (rc != UMIG_OK) {
        return umig_err_set(err, rc, "no memory for an answer of %u bytes", header.payload_bytes);
    }
    rc = umig_socket_recv_all(fd, payload->bytes, header.payload_bytes, left_ms(deadline_ns), err);
    if (rc == UMIG_END) {
        rc = umig_err_set(err, UMIG_E_PROTO, "the connection ended in the middle of an answer");
    }
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    payload->len = header.payload_bytes;
    payload->bytes[payload->len] = '\0';
    rc = umig_frame_check(&header, (const uint8_t *)payload->bytes, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    *out_header = header;
    return UMIG_OK;
}

int umig_talk_refused(const struct umig_buf *payload, struct umig_err *err)
{
    struct umig_capped_heap heap;
    umig_capped_heap_init(&heap, 64 << 10);
    Umig__V1__Refuse *refuse = umig__v1__refuse__unpack(&heap.allocator, payload->len,
                                                        (const uint8_t *)umig_buf_str(payload));
    if (refuse == NULL) {
        return umig_err_set(err, UMIG_E_PROTO, "refused, and the reason cannot be read");
    }
    const int status = refuse->retry_after_ms > 0                             ? UMIG_E_BUSY
                       : refuse->code == UMIG__V1__REFUSE_CODE__REFUSE_DENIED ? UMIG_E_DENIED
                                                                              : UMIG_E_UNSUPPORTED;
    umig_err_set(err, status, "%s", refuse->text);
    umig__v1__refuse__free_unpacked(refuse, &heap.allocator);
    return status;
}
