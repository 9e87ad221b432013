/* What is said at the door: one command, one reply, and the JVM hangs up. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli/attach.h"
#include "cli/interrupt.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/socket.h"

enum {
    TELL_MS = 100,
    SEND_MS = 5000,
    ARGUMENTS = 3 /* of each command of version 1, given or not */
};

void umig_attach_flatten(const char *text, size_t len, char *out, size_t room)
{
    size_t used = 0;
    for (size_t i = 0; i < len && used + 3 < room; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c == '\n' && i + 1 < len) {
            out[used++] = ';';
            out[used++] = ' ';
        } else if (c >= ' ' && c != 0x7f) {
            out[used++] = (char)c;
        }
    }
    out[used] = '\0';
}

int umig_attach_read_status(const char *reply,
                            size_t len,
                            long *out_status,
                            struct umig_span *out_text,
                            struct umig_err *err)
{
    char number[16];
    char *rest = number;
    const char *end = len > 0 ? memchr(reply, '\n', len) : NULL;
    const size_t number_len = end != NULL ? (size_t)(end - reply) : 0;
    long status = 0;
    if (number_len > 0 && number_len < sizeof number) {
        memcpy(number, reply, number_len);
        number[number_len] = '\0';
        status = strtol(number, &rest, 10);
    }
    if (rest == number || *rest != '\0') {
        return umig_err_set(err, UMIG_E_PROTO,
                            "the JVM's answer is none of the attach protocol, or half of one");
    }
    *out_status = status;
    *out_text = (struct umig_span){.at = end + 1, .len = len - number_len - 1};
    return UMIG_OK;
}

/* The version, the command, its arguments; each ends in NUL. */
static int put_command(struct umig_buf *out, const char *const words[4], struct umig_err *err)
{
    umig_buf_put(out, "1", 2);
    for (size_t i = 0; i <= ARGUMENTS; i++) {
        const char *word = words[i] != NULL ? words[i] : "";
        if (strlen(word) >= UMIG_ATTACH_WORD_BYTES) {
            return umig_err_set(err, UMIG_E_ARG, "'%.80s...' is too long: a JVM takes %d bytes",
                                word, UMIG_ATTACH_WORD_BYTES - 1);
        }
        umig_buf_put(out, word, strlen(word) + 1);
    }
    return out->failed != UMIG_OK ? umig_err_set(err, out->failed, "no memory") : UMIG_OK;
}

static int say(int fd, const struct umig_attach_command *command, struct umig_err *err)
{
    struct umig_buf request = UMIG_BUF_INIT((ARGUMENTS + 2) * UMIG_ATTACH_WORD_BYTES);
    int rc = put_command(&request, command->words, err);
    if (rc == UMIG_OK) {
        rc = umig_socket_send_all(fd, request.bytes, request.len, SEND_MS, err);
    }
    umig_buf_fini(&request);
    return umig_err_trace(err, rc);
}

/* Waits until there is something to read. */
static int await_reply(int fd,
                       const struct umig_jvm *jvm,
                       const struct umig_attach_command *command,
                       const struct umig_attach_patience *patience,
                       struct umig_err *err)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    while (poll(&pfd, 1, TELL_MS) <= 0) {
        if (umig_interrupt_came()) {
            return UMIG_END;
        }
        if (umig_clock_monotonic_ns() > patience->deadline_ns) {
            return umig_err_set_cause(err, UMIG_E_IO, ETIMEDOUT,
                                      "JVM %d took the request and did not answer in time%s",
                                      (int)jvm->pid, command->afterwards);
        }
        if (patience->on_wait != NULL) {
            patience->on_wait(patience->ctx, command->what);
        }
    }
    return UMIG_OK;
}

static int read_reply(int fd,
                      const struct umig_jvm *jvm,
                      const struct umig_attach_command *command,
                      const struct umig_attach_patience *patience,
                      struct umig_buf *reply,
                      struct umig_err *err)
{
    for (;;) {
        char chunk[16384];
        const int rc = await_reply(fd, jvm, command, patience, err);
        if (rc != UMIG_OK) {
            return rc;
        }
        const ssize_t n = recv(fd, chunk, sizeof chunk, 0);
        if (n == 0) {
            return UMIG_OK;
        }
        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            return umig_err_set_cause(err, UMIG_E_IO, errno, "JVM %d hung up: %s", (int)jvm->pid,
                                      umig_errno_text(errno));
        }
        umig_buf_put(reply, chunk, n > 0 ? (size_t)n : 0);
        if (reply->failed != UMIG_OK || reply->len > command->reply_bytes) {
            return umig_err_set(err, UMIG_E_PROTO, "JVM %d answered with more than %zu bytes",
                                (int)jvm->pid, command->reply_bytes);
        }
    }
}

int umig_attach_ask(int fd,
                    const struct umig_jvm *jvm,
                    const struct umig_attach_command *command,
                    const struct umig_attach_patience *patience,
                    struct umig_buf *reply,
                    struct umig_err *err)
{
    umig_buf_clear(reply);
    int rc = say(fd, command, err);
    if (rc == UMIG_OK) {
        rc = read_reply(fd, jvm, command, patience, reply, err);
    }
    if (rc == UMIG_OK && reply->len == 0) {
        rc = umig_err_set(err, UMIG_E_IO, "JVM %d hung up without an answer", (int)jvm->pid);
    }
    return rc < 0 ? umig_err_trace(err, rc) : rc;
}
