#include "cli/heap_suspects.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/agent_client.h"
#include "cli/heap_collect.h"
#include "cli/heap_search.h"
#include "cli/interrupt.h"
#include "cli/say.h"
#include "cli/source.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/parse.h"
#include "include/umig/kinds.h"

/* Between two questions. */
#define ASK_EVERY_MS  1000
#define LOOK_EVERY_MS 100

/* Finer than a session's default: what leaks slowly shows earlier. The agent keeps it within its
 * budget. */
#define INTERVAL_BYTES (64u << 10)

/* Room for the name of a class, and searches until what is suspect is known whole. */
#define CLASS_BYTES  256
#define SEARCHES_MAX 3

/* What the agent was told reaches the collector within a second or so. */
#define ARRIVAL_NS (10 * UMIG_NS_PER_S)

/* The session, and what the collector says of it. */
struct watch {
    struct umig_cli *cli;
    const struct umig_heap_suspects_request *request;
    char session[256];
    bool is_own;     /* started here, and ended here */
    uint64_t age_ns; /* of one that ran before, at asked_ns */
    uint64_t asked_ns;
    char *list; /* as report/suspects.h has it; malloc */
    size_t list_size;
    uint64_t search;
    bool has_lack;                        /* too little is known to judge */
    char *classes[UMIG_HEAP_CLASSES_MAX]; /* in the list, or the person's */
    size_t class_count;
};

/* --- the session --- */

/* The session of kind live that has run for longest. */
static bool find_session(const Umig__V1__AgentStatus *agent,
                         char *out,
                         size_t room,
                         uint64_t *out_age_ns)
{
    uint64_t age_ns = 0;
    out[0] = '\0';
    for (size_t i = 0; i < agent->n_sessions; i++) {
        const Umig__V1__SessionStatus *session = agent->sessions[i];
        for (size_t k = 0; k < session->n_kinds; k++) {
            if (session->kinds[k]->kind == UMIG_KIND_LIVE && session->age_ns >= age_ns) {
                age_ns = session->age_ns;
                snprintf(out, room, "%s", session->id);
            }
        }
    }
    *out_age_ns = age_ns;
    return out[0] != '\0';
}

static int start_session(struct watch *watch, struct umig_err *err)
{
    Umig__V1__ControlRequest request = UMIG__V1__CONTROL_REQUEST__INIT;
    Umig__V1__StartSession start = UMIG__V1__START_SESSION__INIT;
    Umig__V1__KindOption kind = UMIG__V1__KIND_OPTION__INIT;
    Umig__V1__KindOption *kinds[] = {&kind};
    struct umig_agent_reply reply = {.message = NULL};
    kind.kind = UMIG_KIND_LIVE;
    kind.interval_ns = INTERVAL_BYTES;
    start.kinds = kinds;
    start.n_kinds = 1;
    /* Should this command be killed, the session ends by itself. */
    start.duration_ns = watch->request->watch_ns + watch->request->cpu_ns + 60 * UMIG_NS_PER_S;
    request.verb = UMIG__V1__CONTROL_VERB__CONTROL_START;
    request.start = &start;
    const int rc =
        umig_agent_ask(watch->request->jvm, &request, UMIG_AGENT_TIMEOUT_MS, &reply, err);
    if (rc == UMIG_OK) {
        snprintf(watch->session, sizeof watch->session, "%s", reply.message->text);
        watch->is_own = true;
        umig_agent_reply_fini(&reply);
    }
    return umig_err_trace(err, rc);
}

/* Whatever came before is more important than that it cannot be ended: it ends by itself. */
static void stop_session(struct watch *watch)
{
    Umig__V1__ControlRequest request = UMIG__V1__CONTROL_REQUEST__INIT;
    Umig__V1__StopSession stop = UMIG__V1__STOP_SESSION__INIT;
    struct umig_agent_reply reply = {.message = NULL};
    struct umig_err err = UMIG_ERR_INIT;
    stop.id = watch->session;
    request.verb = UMIG__V1__CONTROL_VERB__CONTROL_STOP;
    request.stop = &stop;
    if (watch->is_own && umig_agent_ask(watch->request->jvm, &request, UMIG_AGENT_TIMEOUT_MS,
                                        &reply, &err) == UMIG_OK) {
        umig_agent_reply_fini(&reply);
    }
}

static int find_or_start(struct watch *watch, struct umig_err *err)
{
    struct umig_agent_reply reply = {.message = NULL};
    const struct umig_jvm *jvm = watch->request->jvm;
    int rc = umig_agent_status(jvm, UMIG_AGENT_TIMEOUT_MS, &reply, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    watch->asked_ns = umig_clock_monotonic_ns();
    const bool is_there =
        find_session(reply.message->agent, watch->session, sizeof watch->session, &watch->age_ns);
    if (!reply.message->agent->collector_connected) {
        rc = umig_err_set(err, UMIG_E_UNSUPPORTED,
                          "the agent in JVM %d has no collector, which judges what it finds%s%s; "
                          "start one with 'umig collector'",
                          (int)jvm->pid, reply.message->agent->collector_problem[0] ? ": " : "",
                          reply.message->agent->collector_problem);
    }
    umig_agent_reply_fini(&reply);
    return rc != UMIG_OK || is_there ? rc : umig_err_trace(err, start_session(watch, err));
}

/* --- what the collector says --- */

static int ask(struct watch *watch,
               const char *format,
               bool is_quiet,
               FILE *out,
               struct umig_err *err)
{
    const struct umig_question question = {
        .verb = UMIG_ASK_REPORT,
        .session = watch->session,
        .format = format,
        .service = "",
        .is_quiet = is_quiet,
        .width = watch->cli->is_out_terminal ? watch->cli->width : 0,
    };
    return umig_source_write(watch->cli, watch->request->args, &question, out, err);
}

static void read_line(struct watch *watch, char *line)
{
    char *text = line + strcspn(line, "\t");
    if (*text == '\0') {
        return; /* a word that a newer collector has */
    }
    *text++ = '\0';
    if (strcmp(line, "lack") == 0 || (strcmp(line, "snapshots") == 0 && strcmp(text, "0") == 0)) {
        watch->has_lack = true;
    } else if (strcmp(line, "search") == 0) {
        watch->search = strtoull(text, NULL, 10);
    } else if (strcmp(line, "class") == 0 && watch->class_count < UMIG_HEAP_CLASSES_MAX) {
        watch->classes[watch->class_count++] = text;
    }
}

static void read_list(struct watch *watch)
{
    watch->class_count = 0;
    watch->search = 0;
    watch->has_lack = false;
    for (char *line = watch->list, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        read_line(watch, line);
    }
}

/* A session that has just begun may not have reached the collector: it has no snapshot then. */
static int ask_list(struct watch *watch, struct umig_err *err)
{
    free(watch->list);
    watch->list = NULL;
    FILE *out = open_memstream(&watch->list, &watch->list_size);
    if (out == NULL) {
        return umig_err_set_cause(err, UMIG_E_NOMEM, errno, "no memory for an answer");
    }
    const int rc = ask(watch, "suspects-list", true, out, err);
    if (fclose(out) != 0 || watch->list == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for an answer");
    }
    if (rc == UMIG_OK) {
        read_list(watch);
    }
    return umig_err_trace(err, rc);
}

static bool pause_ms(int ms)
{
    (void)poll(NULL, 0, ms); /* a signal ends it early */
    return !umig_interrupt_came();
}

/* A session that has just begun reaches the collector within a second or two. */
static int await_list(struct watch *watch, struct umig_err *err)
{
    const uint64_t begun_ns = umig_clock_monotonic_ns();
    int rc = ask_list(watch, err);
    while (rc == UMIG_E_UNSUPPORTED && umig_clock_monotonic_ns() - begun_ns < ARRIVAL_NS) {
        umig_progress_show(watch->request->progress,
                           "the session has not reached the collector yet",
                           umig_clock_monotonic_ns());
        if (!pause_ms(LOOK_EVERY_MS)) {
            return UMIG_END;
        }
        rc = ask_list(watch, err);
    }
    return rc < 0 ? umig_err_trace(err, rc) : rc;
}

static void show_watch(struct watch *watch, uint64_t left_ns, uint64_t now_ns)
{
    char text[160];
    snprintf(text, sizeof text,
             "objects are followed for %llu s more; a leak shows in those that stay",
             (unsigned long long)(left_ns / UMIG_NS_PER_S));
    umig_progress_show(watch->request->progress, text, now_ns);
}

/* How long yet: what a session has followed counts, unless collections are asked for. */
static uint64_t time_to_follow(const struct watch *watch)
{
    const struct umig_heap_suspects_request *request = watch->request;
    if (watch->is_own || request->collects) {
        return request->watch_ns;
    }
    return request->is_watch_said && request->watch_ns > watch->age_ns
               ? request->watch_ns - watch->age_ns
               : 0;
}

static int follow(struct watch *watch, struct umig_heap_collect *collect, struct umig_err *err)
{
    const uint64_t begun_ns = umig_clock_monotonic_ns();
    const uint64_t watch_ns = time_to_follow(watch);
    uint64_t now_ns = begun_ns;
    int rc = UMIG_OK;
    while (rc == UMIG_OK && now_ns - begun_ns < watch_ns) {
        show_watch(watch, watch_ns - (now_ns - begun_ns), now_ns);
        if (!pause_ms(ASK_EVERY_MS)) {
            return UMIG_END;
        }
        now_ns = umig_clock_monotonic_ns();
        rc = watch->request->collects ? umig_heap_collect_if_due(collect, now_ns, err) : UMIG_OK;
    }
    return rc;
}

/* Follows objects for as long as was asked; nothing of it where a session has done so already. */
static int watch_objects(struct watch *watch, struct umig_err *err)
{
    const struct umig_heap_suspects_request *request = watch->request;
    struct umig_heap_collect collect = {.notes = NULL};
    int rc = UMIG_OK;
    if (request->collects) {
        rc = umig_heap_collect_open(&collect, request->jvm, watch->cli->notes, request->progress,
                                    request->watch_ns, request->wait_ns, err);
    }
    if (rc == UMIG_OK) {
        rc = follow(watch, &collect, err);
        umig_progress_clear(request->progress);
    }
    umig_heap_collect_close(&collect);
    rc = rc == UMIG_OK ? await_list(watch, err) : rc;
    return rc < 0 ? umig_err_trace(err, rc) : rc;
}

/* --- the search --- */

static int search(struct watch *watch, struct umig_err *err)
{
    Umig__V1__Search wanted = UMIG__V1__SEARCH__INIT;
    struct umig_agent_reply reply = {.message = NULL};
    char target[32];
    snprintf(target, sizeof target, "%zu class%s", watch->class_count,
             watch->class_count == 1 ? "" : "es");
    wanted.session = watch->session;
    wanted.cpu_budget_ns = watch->request->cpu_ns;
    wanted.classes = watch->classes;
    wanted.n_classes = watch->class_count;
    const int rc = umig_heap_search(watch->request->jvm, &wanted, target, watch->request->progress,
                                    &reply, err);
    if (rc != UMIG_OK) {
        return rc == UMIG_END ? rc : umig_err_trace(err, rc);
    }
    umig_agent_reply_fini(&reply);
    return UMIG_OK;
}

/* Until the collector has what the search found, which it does soon. */
static int await_arrival(struct watch *watch, struct umig_err *err)
{
    const uint64_t before = watch->search;
    const uint64_t begun_ns = umig_clock_monotonic_ns();
    int rc = UMIG_OK;
    while (rc == UMIG_OK && watch->search == before &&
           umig_clock_monotonic_ns() - begun_ns < ARRIVAL_NS) {
        if (!pause_ms(LOOK_EVERY_MS)) {
            return UMIG_END;
        }
        rc = ask_list(watch, err);
    }
    return umig_err_trace(err, rc);
}

/* Is there a class that was not searched for? A person's own are searched for once. */
static bool has_more(const struct watch *watch,
                     char (*searched)[CLASS_BYTES],
                     size_t searched_count)
{
    if (watch->request->class_count > 0) {
        return searched_count == 0;
    }
    for (size_t i = 0; i < watch->class_count; i++) {
        size_t k = 0;
        while (k < searched_count && strcmp(searched[k], watch->classes[i]) != 0) {
            k++;
        }
        if (k == searched_count) {
            return true;
        }
    }
    return false;
}

/* --- all of it --- */

static int await_session(struct watch *watch, struct umig_err *err)
{
    const int rc = await_list(watch, err);
    for (size_t i = 0; i < watch->request->class_count; i++) {
        /* Packing does not change them. */
        watch->classes[i] = (char *)(uintptr_t)watch->request->classes[i];
    }
    watch->class_count = watch->request->class_count;
    return rc < 0 ? umig_err_trace(err, rc) : rc;
}

static const char *format_of(const struct watch *watch)
{
    const bool is_json = watch->request->wants_json;
    if (watch->request->class_count > 0) {
        return is_json ? "holders-json" : "holders";
    }
    return is_json ? "suspects-json" : "suspects";
}

/* While a search goes on, more becomes suspect: what is told must have been searched for. */
static int search_for_all(struct watch *watch, struct umig_err *err)
{
    char searched[UMIG_HEAP_CLASSES_MAX][CLASS_BYTES];
    size_t searched_count = 0;
    int rc = UMIG_OK;
    for (int i = 0; rc == UMIG_OK && i < SEARCHES_MAX && has_more(watch, searched, searched_count);
         i++) {
        searched_count = watch->class_count;
        for (size_t k = 0; k < searched_count; k++) {
            snprintf(searched[k], sizeof searched[k], "%s", watch->classes[k]);
        }
        rc = search(watch, err);
        rc = rc == UMIG_OK ? await_arrival(watch, err) : rc;
    }
    return rc;
}

/* What to do where too little is known. */
static void say_lack(const struct watch *watch)
{
    char age[32];
    umig_format_duration(watch->age_ns + umig_clock_monotonic_ns() - watch->asked_ns, age,
                         sizeof age);
    if (watch->is_own) {
        umig_say(watch->cli->notes,
                 "umig heap: too little is known to judge; follow for longer (--watch TIME), or "
                 "have the JVM make full collections meanwhile (--collect)");
    } else {
        umig_say(watch->cli->notes,
                 "umig heap: too little is known to judge: session %s has followed objects for %s; "
                 "--watch TIME waits until that is TIME, --collect has the JVM make full "
                 "collections meanwhile",
                 watch->session, age);
    }
}

static int run(struct watch *watch, struct umig_err *err)
{
    int rc =
        watch->request->class_count > 0 ? await_session(watch, err) : watch_objects(watch, err);
    rc = rc == UMIG_OK ? search_for_all(watch, err) : rc;
    umig_progress_clear(watch->request->progress);
    if (rc != UMIG_OK) {
        return rc == UMIG_END ? rc : umig_err_trace(err, rc);
    }
    rc = ask(watch, format_of(watch), false, watch->cli->out, err);
    if (rc == UMIG_OK && watch->has_lack && !watch->request->collects) {
        fflush(watch->cli->out);
        say_lack(watch);
    }
    return umig_err_trace(err, rc);
}

int umig_heap_suspects(struct umig_cli *cli,
                       const struct umig_heap_suspects_request *request,
                       struct umig_err *err)
{
    struct watch watch = {.cli = cli, .request = request};
    int rc = find_or_start(&watch, err);
    if (rc == UMIG_OK) {
        rc = run(&watch, err);
        stop_session(&watch);
    }
    free(watch.list);
    return rc;
}
