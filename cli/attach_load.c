/* The command "load", and what JVM and agent say to it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/attach.h"
#include "core/err.h"
#include "include/umig/attach.h"

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

/* JDK 17 says nothing but "-1" where agents may not be loaded. */
static int refused_by_jvm(long status, const char *text, size_t len, struct umig_err *err)
{
    char line[200];
    umig_attach_flatten(text, len, line, sizeof line);
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
    long status = 0;
    struct umig_span text;
    int rc = umig_attach_read_status(reply, len, &status, &text, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    rc = status == 0 ? read_code(text.at, text.len, err) : UMIG_NOT_FOUND;
    return rc == UMIG_NOT_FOUND ? refused_by_jvm(status, text.at, text.len, err) : rc;
}

int umig_attach_load(int fd,
                     const struct umig_jvm *jvm,
                     const char *library,
                     const char *options,
                     const struct umig_attach_patience *patience,
                     struct umig_err *err)
{
    const struct umig_attach_command command = {
        .words = {"load", library, "true", options}, /* "true": the path is absolute */
        .what = "waiting for the JVM to load the agent",
        .afterwards = "; 'umig jvms' shows later whether it loaded the agent",
        .reply_bytes = UMIG_ATTACH_REPLY_BYTES,
    };
    struct umig_buf reply = UMIG_BUF_INIT(UMIG_ATTACH_REPLY_BYTES);
    int rc = umig_attach_ask(fd, jvm, &command, patience, &reply, err);
    if (rc == UMIG_OK) {
        rc = umig_attach_read_reply(reply.bytes, reply.len, err);
    }
    umig_buf_fini(&reply);
    return rc < 0 ? umig_err_trace(err, rc) : rc;
}
