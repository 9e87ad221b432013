#include "cli/heap_dump.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/interrupt.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/parse.h"

enum {
    PIECES_FEATURE = 22, /* JDK that first writes pieces and puts them together */
    GZIP_SHARE = 4,      /* what compression leaves, as a rule a quarter or less */
    LOOK_MS = 100
};

#define REPLY_BYTES (64u << 10)
#define END_WAIT_NS (60 * UMIG_NS_PER_S)

/* --- does it fit? --- */

uint64_t umig_heap_dump_need(uint64_t used_bytes, int feature, unsigned gzip_level)
{
    const uint64_t size = gzip_level > 0 ? used_bytes / GZIP_SHARE : used_bytes;
    const bool has_pieces = feature == 0 || feature >= PIECES_FEATURE;
    return has_pieces ? size * 2 : size;
}

static int no_room(const struct umig_heap_dump_request *request,
                   const struct umig_heap_dump *dump,
                   uint64_t need_bytes,
                   struct umig_err *err)
{
    char need[32];
    char room[32];
    char used[32];
    umig_format_bytes(need_bytes, need, sizeof need);
    umig_format_bytes(dump->place.free_bytes, room, sizeof room);
    umig_format_bytes(dump->used_bytes, used, sizeof used);
    return umig_err_set_cause(
        err, UMIG_E_IO, ENOSPC,
        "a dump needs about %s of space (%s of the heap are used%s), and %s %s: choose another "
        "folder%s, or --force",
        need, used, need_bytes > dump->used_bytes ? ", and the JVM puts it together of pieces" : "",
        dump->place.is_limited ? "the JVM's limit for files (ulimit -f) is"
                               : "the free space there is",
        room, request->gzip_level == 0 ? ", --gzip 1" : "");
}

static int check_room(const struct umig_heap_talk *talk,
                      const struct umig_heap_dump_request *request,
                      const struct umig_heap_dump *dump,
                      struct umig_err *err)
{
    const int feature = (int)strtol(talk->site.jvm.jdk, NULL, 10);
    const uint64_t need = umig_heap_dump_need(dump->used_bytes, feature, request->gzip_level);
    if (need <= dump->place.free_bytes || request->is_forced) {
        return UMIG_OK;
    }
    return umig_err_trace(err, no_room(request, dump, need, err));
}

/* --- the JVM's answer --- */

/* The rest of the line behind a word; false: the word is not there. */
static bool find_rest(struct umig_span text, const char *word, struct umig_span *out_rest)
{
    const char *at = memmem(text.at, text.len, word, strlen(word));
    if (at == NULL) {
        return false;
    }
    at += strlen(word);
    struct umig_span rest = {at, text.len - (size_t)(at - text.at)};
    *out_rest = umig_span_cut(&rest, '\n');
    return true;
}

static int refused(struct umig_span text, struct umig_err *err)
{
    static const char *const words[] = {"Dump file is incomplete: ", "Unable to create "};
    struct umig_span rest = text;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (find_rest(text, words[i], &rest)) {
            break;
        }
    }
    /* "Unable to create PATH: reason": the path is ours and says nothing to the reader. */
    struct umig_span reason = rest;
    (void)find_rest(rest, "heap.hprof: ", &reason);
    char line[120];
    umig_attach_flatten(reason.at, reason.len, line, sizeof line);
    return umig_err_set(err, UMIG_E_IO,
                        "the JVM could not write the dump: %s; nothing is left of it",
                        line[0] != '\0' ? line : "it does not say why");
}

int umig_heap_dump_read(struct umig_span text, uint64_t *out_bytes, struct umig_err *err)
{
    struct umig_span rest;
    if (!find_rest(text, "Heap dump file created [", &rest)) {
        return refused(text, err);
    }
    if (umig_parse_number(umig_span_cut(&rest, ' '), out_bytes, NULL) != UMIG_OK) {
        return umig_err_set(err, UMIG_E_PROTO, "the JVM does not say how much it wrote");
    }
    return UMIG_OK;
}

/* --- the way of a dump --- */

/* Whom to tell how far it is. */
struct watch {
    const struct umig_heap_talk *talk;
    const struct umig_heap_dump *dump;
};

static void show_bytes(void *ctx, const char *what)
{
    const struct watch *watch = ctx;
    const uint64_t bytes = umig_heap_place_bytes(&watch->talk->site, &watch->dump->place);
    char line[160];
    char bytes_text[32];
    char used_text[32];
    umig_format_bytes(bytes, bytes_text, sizeof bytes_text);
    umig_format_bytes(watch->dump->used_bytes, used_text, sizeof used_text);
    if (watch->dump->used_bytes > 0) {
        snprintf(line, sizeof line, "%s: %s of about %s", what, bytes_text, used_text);
    } else {
        snprintf(line, sizeof line, "%s: %s", what, bytes_text);
    }
    umig_progress_show(watch->talk->progress, line, umig_clock_monotonic_ns());
}

/* The JVM hangs up when it is done. A second Ctrl-C ends the wait. */
static bool await_end(int fd, struct umig_progress *progress)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    const uint64_t deadline_ns = umig_clock_monotonic_ns() + END_WAIT_NS;
    umig_interrupt_forget();
    while (!umig_interrupt_came() && umig_clock_monotonic_ns() < deadline_ns) {
        char chunk[4096];
        if (poll(&pfd, 1, LOOK_MS) == 1) {
            const ssize_t n = recv(fd, chunk, sizeof chunk, 0);
            if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
                return true;
            }
        }
        umig_progress_show(progress, "waiting for the JVM to go on", umig_clock_monotonic_ns());
    }
    return false;
}

static int dump_by(int fd,
                   const struct umig_heap_talk *talk,
                   const struct umig_heap_dump_request *request,
                   struct umig_heap_dump *dump,
                   struct umig_err *err)
{
    char level[8] = "";
    snprintf(level, sizeof level, "%.0u", request->gzip_level); /* "" for 0 */
    const struct umig_attach_command command = {
        .words = {"dumpheap", dump->place.dump, request->wants_all ? "-all" : "-live", level},
        .what = "dumping the heap",
        .afterwards = "",
        .reply_bytes = REPLY_BYTES,
    };
    struct watch watch = {.talk = talk, .dump = dump};
    struct umig_attach_patience patience = umig_heap_patience(talk);
    patience.deadline_ns = UINT64_MAX;
    patience.on_wait = show_bytes;
    patience.ctx = &watch;
    struct umig_buf reply = UMIG_BUF_INIT(2 * REPLY_BYTES);
    struct umig_span text;
    uint64_t said_bytes = 0;
    int rc = umig_attach_ask(fd, &talk->site.jvm, &command, &patience, &reply, err);
    if (rc == UMIG_OK) {
        rc = umig_heap_read_text(&talk->site.jvm, &reply, &text, err);
    }
    if (rc == UMIG_OK) {
        rc = umig_heap_dump_read(text, &said_bytes, err);
    }
    umig_buf_fini(&reply);
    if (rc == UMIG_OK) {
        /* Of a compressed dump some JDKs say what it was before. */
        rc = umig_heap_place_keep(&talk->site, &dump->place, request->overwrites,
                                  request->gzip_level > 0 ? 0 : said_bytes, &dump->byte_count, err);
    }
    return rc;
}

static int dump_into(const struct umig_heap_talk *talk,
                     const struct umig_heap_dump_request *request,
                     struct umig_heap_dump *dump,
                     struct umig_err *err)
{
    int fd = -1;
    struct umig_jvm_pauses before;
    int rc = umig_heap_connect(talk, &fd, err);
    if (rc == UMIG_OK) {
        umig_jvm_pauses_read(talk->site.jvm.pid, &before);
        const uint64_t begun_ns = umig_clock_monotonic_ns();
        rc = dump_by(fd, talk, request, dump, err);
        umig_heap_cost_since(talk->site.jvm.pid, &before, begun_ns, &dump->cost);
    }
    dump->is_cut = umig_heap_place_remove(&talk->site, &dump->place);
    if (rc == UMIG_END && fd >= 0) {
        dump->has_answered = await_end(fd, talk->progress);
    }
    if (fd >= 0) {
        close(fd);
    }
    return rc;
}

int umig_heap_dump(const struct umig_heap_talk *talk,
                   const struct umig_heap_dump_request *request,
                   struct umig_heap_dump *out_dump,
                   struct umig_err *err)
{
    *out_dump = (struct umig_heap_dump){.is_cut = true, .has_answered = true};
    int rc = umig_heap_place_open(&talk->site, request->file, request->overwrites, &out_dump->place,
                                  err);
    if (rc == UMIG_OK) {
        rc = umig_heap_used(talk, &out_dump->used_bytes, err);
    }
    if (rc == UMIG_OK) {
        rc = check_room(talk, request, out_dump, err);
    }
    if (rc == UMIG_OK) {
        rc = umig_heap_place_make(&talk->site, &out_dump->place, err);
    }
    if (rc == UMIG_OK) {
        rc = dump_into(talk, request, out_dump, err);
    }
    return rc < 0 ? umig_err_trace(err, rc) : rc;
}
