#include "cli/agent_client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/attach_library.h"
#include "core/err.h"

/* Replies hold counters and labels, never samples. */
enum {
    REPLY_BYTES = 256 << 10,
    DECODED_BYTES = 8 << 20
};

/* An agent answers 50 requests a second: so long and so often it is asked again. */
enum {
    BUSY_PATIENCE_MS = 2000,
    BUSY_PAUSE_MS = 50
};

static int no_socket(const struct umig_jvm *jvm, struct umig_err *err)
{
    if (jvm->has_agent) {
        return umig_err_set(err, UMIG_E_UNSUPPORTED,
                            "the agent in JVM %d has no control socket; what it wrote to the JVM's "
                            "standard error at its start says why",
                            (int)jvm->pid);
    }
    char library[UMIG_LIBRARY_PATH_BYTES];
    const bool is_found = umig_attach_library_find(library);
    if (umig_attach_check(jvm, UMIG_ATTACH_BY_AGENTPATH, NULL) == UMIG_OK) {
        return umig_err_set(err, UMIG_E_UNSUPPORTED,
                            "JVM %d runs without the UMIG agent; 'umig attach %d' loads it, or "
                            "start the JVM with java -agentpath:%.120s",
                            (int)jvm->pid, (int)jvm->pid,
                            is_found ? library : "/PATH/TO/libumigagent.so");
    }
    return umig_err_set(err, UMIG_E_UNSUPPORTED,
                        "JVM %d runs without the UMIG agent; start it with java -agentpath:%.150s",
                        (int)jvm->pid, is_found ? library : "/PATH/TO/libumigagent.so");
}

/* Says of a failure whose it is. */
static int about_agent(const struct umig_jvm *jvm, int rc, struct umig_err *err)
{
    if (err == NULL) {
        return rc;
    }
    if (kill(jvm->pid, 0) != 0 && errno == ESRCH) {
        return umig_err_set_cause(err, UMIG_E_IO, ESRCH, "JVM %d has ended", (int)jvm->pid);
    }
    if (err->cause == ETIMEDOUT || err->cause == EAGAIN) {
        return umig_err_set_cause(err, rc, ETIMEDOUT,
                                  "the agent in JVM %d does not answer; is the JVM stopped?",
                                  (int)jvm->pid);
    }
    const bool is_for_us = geteuid() == 0 || geteuid() == jvm->uid;
    if ((err->cause == EACCES || err->cause == EPERM) && !is_for_us) {
        return umig_err_set_cause(
            err, UMIG_E_DENIED, err->cause, "JVM %d belongs to %s; only %s%s may ask its agent",
            (int)jvm->pid, jvm->user, jvm->user, jvm->uid != 0 ? " and root" : "");
    }
    const struct umig_err was = *err;
    if (rc == UMIG_E_BUSY) {
        return umig_err_set(err, rc, "the agent in JVM %d is asked too much: %s; try again later",
                            (int)jvm->pid, was.text);
    }
    return umig_err_set_cause(err, rc, was.cause, "agent in JVM %d: %s", (int)jvm->pid, was.text);
}

static int unpack_reply(const struct umig_frame_header *header,
                        const struct umig_buf *payload,
                        struct umig_agent_reply *reply,
                        struct umig_err *err)
{
    if (header->type == UMIG_FRAME_REFUSE) {
        return umig_talk_refused(payload, err);
    }
    if (header->type != UMIG_FRAME_CONTROL_REPLY) {
        return umig_err_set(err, UMIG_E_PROTO, "answered with a frame of type %u", header->type);
    }
    umig_capped_heap_init(&reply->heap, DECODED_BYTES);
    reply->message = umig__v1__control_reply__unpack(&reply->heap.allocator, payload->len,
                                                     (const uint8_t *)umig_buf_str(payload));
    if (reply->message == NULL) {
        return umig_err_set(err, UMIG_E_PROTO, "its answer cannot be read");
    }
    if (reply->message->status != 0) {
        umig_err_set(err, UMIG_E_UNSUPPORTED, "%s", reply->message->text);
        umig_agent_reply_fini(reply);
        return UMIG_E_UNSUPPORTED;
    }
    return UMIG_OK;
}

static int exchange(int fd,
                    const Umig__V1__ControlRequest *request,
                    int timeout_ms,
                    struct umig_agent_reply *reply,
                    struct umig_err *err)
{
    struct umig_buf buf = UMIG_BUF_INIT(REPLY_BYTES);
    struct umig_frame_header header;
    const size_t byte_count = umig__v1__control_request__get_packed_size(request);
    int rc = umig_buf_reserve(&buf, byte_count);
    if (rc == UMIG_OK) {
        buf.len = umig__v1__control_request__pack(request, (uint8_t *)buf.bytes);
    }
    rc = umig_talk_send(fd, UMIG_FRAME_CONTROL_REQUEST, &buf, timeout_ms, err);
    if (rc == UMIG_OK) {
        rc = umig_talk_recv(fd, timeout_ms, &header, &buf, err);
    }
    if (rc == UMIG_END) {
        rc = umig_err_set(err, UMIG_E_IO, "it closed the connection without an answer");
    }
    if (rc == UMIG_OK) {
        rc = unpack_reply(&header, &buf, reply, err);
    }
    umig_buf_fini(&buf);
    return rc;
}

static int ask_once(const struct umig_jvm *jvm,
                    const Umig__V1__ControlRequest *request,
                    int timeout_ms,
                    struct umig_agent_reply *out_reply,
                    struct umig_err *err)
{
    int fd = -1;
    int rc = umig_talk_dial(&jvm->socket, jvm->uid, timeout_ms, &fd, err);
    if (rc == UMIG_OK) {
        rc = exchange(fd, request, timeout_ms, out_reply, err);
        close(fd);
    }
    return rc;
}

int umig_agent_ask(const struct umig_jvm *jvm,
                   const Umig__V1__ControlRequest *request,
                   int timeout_ms,
                   struct umig_agent_reply *out_reply,
                   struct umig_err *err)
{
    if (!jvm->has_socket) {
        return no_socket(jvm, err);
    }
    const int patience_ms = timeout_ms < BUSY_PATIENCE_MS ? timeout_ms : BUSY_PATIENCE_MS;
    int rc = ask_once(jvm, request, timeout_ms, out_reply, err);
    for (int waited_ms = 0; rc == UMIG_E_BUSY && waited_ms < patience_ms;
         waited_ms += BUSY_PAUSE_MS) {
        (void)poll(NULL, 0, BUSY_PAUSE_MS);
        rc = ask_once(jvm, request, timeout_ms, out_reply, err);
    }
    return rc == UMIG_OK ? rc : about_agent(jvm, rc, err);
}

int umig_agent_status(const struct umig_jvm *jvm,
                      int timeout_ms,
                      struct umig_agent_reply *out_reply,
                      struct umig_err *err)
{
    Umig__V1__ControlRequest request = UMIG__V1__CONTROL_REQUEST__INIT;
    request.verb = UMIG__V1__CONTROL_VERB__CONTROL_STATUS;
    const int rc = umig_agent_ask(jvm, &request, timeout_ms, out_reply, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    const Umig__V1__AgentStatus *agent = out_reply->message->agent;
    if (agent == NULL || agent->process == NULL) {
        umig_agent_reply_fini(out_reply);
        return umig_err_set(err, UMIG_E_PROTO, "agent in JVM %d: its status is empty",
                            (int)jvm->pid);
    }
    return UMIG_OK;
}

void umig_agent_reply_fini(struct umig_agent_reply *reply)
{
    if (reply->message != NULL) {
        umig__v1__control_reply__free_unpacked(reply->message, &reply->heap.allocator);
        reply->message = NULL;
    }
}
