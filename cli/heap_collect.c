#include "cli/heap_collect.h"

#include <string.h>

#include "cli/say.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/parse.h"

#define REPLY_BYTES (64u << 10)

/* What is used is what there is to go through, garbage too; the JVM need not say it. */
static void say_before(const struct umig_heap_collect *collect, uint64_t used_bytes)
{
    char every[32];
    char size[32];
    char heap[64] = "its heap";
    umig_format_duration(collect->every_ns, every, sizeof every);
    if (used_bytes > 0) {
        umig_format_bytes(used_bytes, size, sizeof size);
        snprintf(heap, sizeof heap, "the %s that are used of its heap", size);
    }
    umig_say(collect->notes,
             "umig heap: --collect: JVM %d is asked for %d full collections, one every %s. Each "
             "stops it while it goes through %s (ZGC and Shenandoah work beside it); what it came "
             "to is said after the first. Ctrl-C ends it.",
             (int)collect->talk.site.jvm.pid, UMIG_HEAP_COLLECTIONS, every, heap);
    fflush(collect->notes);
}

int umig_heap_collect_open(struct umig_heap_collect *collect,
                           const struct umig_jvm *jvm,
                           FILE *notes,
                           struct umig_progress *progress,
                           uint64_t watch_ns,
                           uint64_t wait_ns,
                           struct umig_err *err)
{
    uint64_t used_bytes = 0;
    *collect = (struct umig_heap_collect){
        .talk = {.wait_ns = wait_ns, .progress = progress},
        .notes = notes,
        .every_ns = watch_ns / UMIG_HEAP_COLLECTIONS,
        .is_pause_known = true,
    };
    int rc = umig_attach_site_open(jvm, &collect->talk.site, err);
    rc = rc == UMIG_OK ? umig_heap_used(&collect->talk, &used_bytes, err) : rc;
    if (rc != UMIG_OK) {
        umig_attach_site_close(&collect->talk.site);
        collect->notes = NULL;
        return rc < 0 ? umig_err_trace(err, rc) : rc;
    }
    umig_progress_clear(progress);
    say_before(collect, used_bytes);
    collect->next_ns = umig_clock_monotonic_ns(); /* at once: it says what the others cost */
    return UMIG_OK;
}

/* "Explicit GC is disabled, no GC has been performed." */
static bool was_made(struct umig_span text)
{
    return memmem(text.at, text.len, "disabled", strlen("disabled")) == NULL;
}

static void say_first(const struct umig_heap_collect *collect, const struct umig_heap_cost *cost)
{
    char text[160];
    umig_heap_cost_text(cost, text, sizeof text);
    umig_progress_clear(collect->talk.progress);
    umig_say(collect->notes, "umig heap: the first full collection is made: %s.", text);
    fflush(collect->notes);
}

int umig_heap_collect_if_due(struct umig_heap_collect *collect,
                             uint64_t now_ns,
                             struct umig_err *err)
{
    static const struct umig_attach_command command = {
        .words = {"jcmd", "GC.run"},
        .what = "the JVM makes a full collection",
        .afterwards = "",
        .reply_bytes = REPLY_BYTES,
    };
    if (now_ns < collect->next_ns || collect->count == UMIG_HEAP_COLLECTIONS) {
        return UMIG_OK;
    }
    struct umig_buf reply = UMIG_BUF_INIT(2 * REPLY_BYTES);
    struct umig_span text;
    struct umig_heap_cost cost;
    int rc = umig_heap_ask(&collect->talk, &command, &reply, &text, &cost, err);
    if (rc == UMIG_OK && !was_made(text)) {
        rc = umig_err_set(err, UMIG_E_UNSUPPORTED,
                          "JVM %d makes no collection when asked (-XX:+DisableExplicitGC): leave "
                          "out --collect and follow for longer",
                          (int)collect->talk.site.jvm.pid);
    }
    umig_buf_fini(&reply);
    if (rc != UMIG_OK) {
        return rc < 0 ? umig_err_trace(err, rc) : rc;
    }
    if (collect->count++ == 0) {
        say_first(collect, &cost);
    }
    collect->pause_ns += cost.pause_ns;
    collect->is_pause_known = collect->is_pause_known && cost.is_known;
    collect->next_ns += collect->every_ns;
    return UMIG_OK;
}

void umig_heap_collect_close(struct umig_heap_collect *collect)
{
    char pause[32];
    if (collect->notes == NULL) {
        return;
    }
    umig_attach_site_close(&collect->talk.site);
    umig_format_duration(collect->pause_ns, pause, sizeof pause);
    if (collect->count > 0 && collect->is_pause_known) {
        umig_say(collect->notes,
                 "umig heap: for %u full collections the JVM stood still for %s in all.",
                 collect->count, pause);
    } else if (collect->count > 0) {
        umig_say(collect->notes, "umig heap: %u full collections were made.", collect->count);
    }
    fflush(collect->notes);
    collect->notes = NULL;
}
