#include "cli/heap_talk.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/heap_info.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/parse.h"

#define INFO_BYTES (256u << 10)

static void show_wait(void *ctx, const char *what)
{
    umig_progress_show(ctx, what, umig_clock_monotonic_ns());
}

struct umig_attach_patience umig_heap_patience(const struct umig_heap_talk *talk)
{
    return (struct umig_attach_patience){
        .deadline_ns = umig_clock_monotonic_ns() + talk->wait_ns,
        .on_wait = show_wait,
        .ctx = talk->progress,
        .remedy = "start it without that",
    };
}

int umig_heap_connect(const struct umig_heap_talk *talk, int *out_fd, struct umig_err *err)
{
    const struct umig_attach_patience patience = umig_heap_patience(talk);
    const int rc = umig_attach_connect(&talk->site, &patience, out_fd, err);
    return rc < 0 ? umig_err_trace(err, rc) : rc;
}

int umig_heap_read_text(const struct umig_jvm *jvm,
                        const struct umig_buf *reply,
                        struct umig_span *out_text,
                        struct umig_err *err)
{
    long status = 0;
    struct umig_span text;
    const int rc = umig_attach_read_status(umig_buf_str(reply), reply->len, &status, &text, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (status != 0) {
        char line[160];
        umig_attach_flatten(text.at, text.len, line, sizeof line);
        return umig_err_set(err, UMIG_E_JVM, "JVM %d refused: %s", (int)jvm->pid,
                            line[0] != '\0' ? line : "it does not say why");
    }
    *out_text = text;
    return UMIG_OK;
}

void umig_heap_cost_since(pid_t pid,
                          const struct umig_jvm_pauses *before,
                          uint64_t begun_ns,
                          struct umig_heap_cost *out_cost)
{
    struct umig_jvm_pauses after;
    const uint64_t took_ns = umig_clock_monotonic_ns() - begun_ns;
    umig_jvm_pauses_read(pid, &after);
    const bool is_known = before->is_known && after.is_known;
    const bool has_collection = is_known && before->has_collections && after.has_collections;
    *out_cost = (struct umig_heap_cost){
        .is_known = is_known,
        .has_collection = has_collection,
        .pause_ns = is_known ? after.safepoint_ns - before->safepoint_ns : 0,
        .collection_ns = has_collection ? after.full_collection_ns - before->full_collection_ns : 0,
        .took_ns = took_ns,
    };
}

int umig_heap_ask(const struct umig_heap_talk *talk,
                  const struct umig_attach_command *command,
                  struct umig_buf *reply,
                  struct umig_span *out_text,
                  struct umig_heap_cost *out_cost,
                  struct umig_err *err)
{
    int fd = -1;
    struct umig_jvm_pauses before;
    int rc = umig_heap_connect(talk, &fd, err);
    if (rc != UMIG_OK) {
        return rc;
    }
    struct umig_attach_patience patience = umig_heap_patience(talk);
    patience.deadline_ns = UINT64_MAX; /* Ctrl-C ends it */
    umig_jvm_pauses_read(talk->site.jvm.pid, &before);
    const uint64_t begun_ns = umig_clock_monotonic_ns();
    rc = umig_attach_ask(fd, &talk->site.jvm, command, &patience, reply, err);
    close(fd);
    if (rc == UMIG_OK && out_cost != NULL) {
        umig_heap_cost_since(talk->site.jvm.pid, &before, begun_ns, out_cost);
    }
    if (rc == UMIG_OK) {
        rc = umig_heap_read_text(&talk->site.jvm, reply, out_text, err);
    }
    return rc < 0 ? umig_err_trace(err, rc) : rc;
}

int umig_heap_used(const struct umig_heap_talk *talk, uint64_t *out_bytes, struct umig_err *err)
{
    const struct umig_attach_command command = {
        .words = {"jcmd", "GC.heap_info"},
        .what = "asking the JVM how much of its heap is used",
        .afterwards = "",
        .reply_bytes = INFO_BYTES,
    };
    struct umig_buf reply = UMIG_BUF_INIT(INFO_BYTES + (64u << 10));
    struct umig_span text;
    const int rc = umig_heap_ask(talk, &command, &reply, &text, NULL, err);
    if (rc == UMIG_OK && !umig_heap_info_used(text.at, text.len, out_bytes)) {
        *out_bytes = 0;
    }
    umig_buf_fini(&reply);
    return rc < 0 ? umig_err_trace(err, rc) : rc;
}

void umig_heap_cost_text(const struct umig_heap_cost *cost, char *out, size_t room)
{
    char pause[32];
    char collection[32];
    if (!cost->is_known) {
        snprintf(out, room, "for how long the JVM stood still is not known: it keeps no counters");
        return;
    }
    umig_format_duration(cost->pause_ns, pause, sizeof pause);
    umig_format_duration(cost->collection_ns, collection, sizeof collection);
    if (cost->has_collection && cost->collection_ns > 0) {
        snprintf(out, room, "the JVM stood still for %s, %s of it for the collection", pause,
                 collection);
    } else {
        snprintf(out, room, "the JVM stood still for %s", pause);
    }
}
