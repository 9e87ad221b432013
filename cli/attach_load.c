/* What is said at the door: one command, one reply, and the JVM hangs up. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/attach.h"
#include "cli/interrupt.h"
#include "core/clock.h"
#include "core/err.h"
#include "include/umig/attach.h"

enum {
    TELL_MS = 100
};

/* What the agent could not do, by what Agent_OnAttach gave back; NULL: not a code of its. */
static const char *reason_of(int code)
{
    static const struct {
        int code;
        const char *text;
    } rows[] = {
#define UMIG_ATTACH_ROW(name, number, text) {(number), (text)},
        UMIG_ATTACH_TABLE(UMIG_ATTACH_ROW)
#undef UMIG_ATTACH_ROW
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code == code) {
            return rows[i].text;
        }
    }
    return NULL;
}

static int refused_by_agent(int code, struct umig_err *err)
{
    const char *reason = reason_of(code);
    if (reason == NULL) {
        return umig_err_set_cause(err, UMIG_E_JVM, code, "the library refused with code %d", code);
    }
    return umig_err_set_cause(err, UMIG_E_JVM, code,
                              "the agent refused: %s; the JVM's standard error says more", reason);
}

/* Lines become one; the JVM may quote what it could not read. */
static void flatten(const char *text, size_t len, char *out, size_t room)
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

/* JDK 17 says nothing but "-1" where agents may not be loaded. */
static int refused_by_jvm(long status, const char *text, size_t len, struct umig_err *err)
{
    char line[200];
    flatten(text, len, line, sizeof line);
    if (line[0] == '\0' && status != -1) {
        return umig_err_set(err, UMIG_E_JVM, "the JVM did not load the agent: status %ld", status);
    }
    if (strstr(line, "only permitted in the live phase") != NULL) {
        return UMIG_AGAIN;
    }
    if (line[0] == '\0' || strstr(line, "Dynamic agent loading is not enabled") != NULL) {
        return umig_err_set(err, UMIG_E_JVM,
                            "the JVM loads no agents while it runs: it was started with "
                            "-XX:-EnableDynamicAgentLoading; start it with -agentpath");
    }
    return umig_err_set(err, UMIG_E_JVM, "the JVM did not load the agent: %s", line);
}

static int no_reply(struct umig_err *err)
{
    return umig_err_set(err, UMIG_E_PROTO,
                        "the JVM's answer is none of the attach protocol, or half of one");
}

/* "return code: N\n", or the beginning of it. UMIG_NOT_FOUND: another text. */
static int read_code(const char *text, size_t len, struct umig_err *err)
{
    static const char key[] = "return code: ";
    const size_t key_len = sizeof key - 1;
    char number[16];
    char *rest = NULL;
    if (len == 0 || memcmp(text, key, len < key_len ? len : key_len) != 0) {
        return UMIG_NOT_FOUND;
    }
    if (len <= key_len || len - key_len >= sizeof number || text[len - 1] != '\n') {
        return no_reply(err);
    }
    snprintf(number, sizeof number, "%.*s", (int)(len - key_len), text + key_len);
    const long code = strtol(number, &rest, 10);
    if (rest == number || *rest != '\n') {
        return no_reply(err);
    }
    return code == 0 ? UMIG_OK : refused_by_agent((int)code, err);
}

int umig_attach_read_reply(const char *reply, size_t len, struct umig_err *err)
{
    const char *end = memchr(reply, '\n', len);
    char *rest = NULL;
    char status_text[16];
    const size_t status_len = end != NULL ? (size_t)(end - reply) : 0;
    if (status_len == 0 || status_len >= sizeof status_text) {
        return no_reply(err);
    }
    memcpy(status_text, reply, status_len);
    status_text[status_len] = '\0';
    const long status = strtol(status_text, &rest, 10);
    if (*rest != '\0') {
        return no_reply(err);
    }
    const char *text = end + 1;
    const size_t text_len = len - status_len - 1;
    const int rc = status == 0 ? read_code(text, text_len, err) : UMIG_NOT_FOUND;
    return rc == UMIG_NOT_FOUND ? refused_by_jvm(status, text, text_len, err) : rc;
}

/* "1", "load", library, "true": the path is absolute, options; each ends in NUL. */
static int put_command(struct umig_buf *out,
                       const char *library,
                       const char *options,
                       struct umig_err *err)
{
    const char *const words[] = {"1", "load", library, "true", options};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i]) >= UMIG_ATTACH_WORD_BYTES) {
            return umig_err_set(err, UMIG_E_ARG, "'%.80s...' is too long: a JVM takes %d bytes",
                                words[i], UMIG_ATTACH_WORD_BYTES - 1);
        }
        umig_buf_put(out, words[i], strlen(words[i]) + 1);
    }
    return out->failed != UMIG_OK ? umig_err_set(err, out->failed, "no memory") : UMIG_OK;
}

/* Waits until there is something to read. */
static int await_reply(int fd,
                       const struct umig_jvm *jvm,
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
                                      "JVM %d took the request and did not answer in time; 'umig "
                                      "jvms' shows later whether it loaded the agent",
                                      (int)jvm->pid);
        }
        if (patience->on_wait != NULL) {
            patience->on_wait(patience->ctx, "waiting for the JVM to load the agent");
        }
    }
    return UMIG_OK;
}

static int read_reply(int fd,
                      const struct umig_jvm *jvm,
                      const struct umig_attach_patience *patience,
                      struct umig_buf *reply,
                      struct umig_err *err)
{
    for (;;) {
        char chunk[4096];
        const int rc = await_reply(fd, jvm, patience, err);
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
        if (reply->failed != UMIG_OK) {
            return umig_err_set(err, UMIG_E_PROTO, "JVM %d answered with more than %u bytes",
                                (int)jvm->pid, UMIG_ATTACH_REPLY_BYTES);
        }
    }
}

int umig_attach_load(int fd,
                     const struct umig_jvm *jvm,
                     const char *library,
                     const char *options,
                     const struct umig_attach_patience *patience,
                     struct umig_err *err)
{
    struct umig_buf buf = UMIG_BUF_INIT(UMIG_ATTACH_REPLY_BYTES);
    int rc = put_command(&buf, library, options, err);
    if (rc == UMIG_OK) {
        rc = umig_socket_send_all(fd, buf.bytes, buf.len, 5000, err);
    }
    if (rc == UMIG_OK) {
        umig_buf_clear(&buf);
        rc = read_reply(fd, jvm, patience, &buf, err);
    }
    if (rc == UMIG_OK && buf.len == 0) {
        rc = umig_err_set(err, UMIG_E_IO, "JVM %d hung up without an answer", (int)jvm->pid);
    } else if (rc == UMIG_OK) {
        rc = umig_attach_read_reply(buf.bytes, buf.len, err);
    }
    umig_buf_fini(&buf);
    return rc < 0 ? umig_err_trace(err, rc) : rc;
}
