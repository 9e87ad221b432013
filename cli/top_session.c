#include "cli/top_session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/proc.h"
#include "cli/session_text.h"
#include "cli/start_request.h"
#include "cli/top_keys.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/kind_options.h"
#include "report/cells.h"
#include "report/top.h"

enum {
    STAT_BYTES = 4096,
    KINDS_BYTES = 512,
    CELL_BYTES = 4096
};

/* --- who looks --- */

/* Reads a process's stat from its state, field 3, on; "": there is no such process. */
static void read_stat(pid_t pid, char *out, size_t room)
{
    struct umig_buf stat = UMIG_BUF_INIT(STAT_BYTES);
    out[0] = '\0';
    if (umig_proc_read(pid, "stat", &stat, NULL) == UMIG_OK) {
        /* The command's name, in parentheses, may hold anything. */
        const char *end = strrchr(umig_buf_str(&stat), ')');
        snprintf(out, room, "%s", end != NULL && end[1] == ' ' ? end + 2 : "");
    }
    umig_buf_fini(&stat);
}

bool umig_top_process_has_ended(pid_t pid)
{
    char stat[STAT_BYTES];
    read_stat(pid, stat, sizeof stat);
    return stat[0] == '\0' || stat[0] == 'Z' || stat[0] == 'X';
}

/* Start of a process in ticks since boot, field 22 of its stat; 0: there is no such process. */
static uint64_t start_of(pid_t pid)
{
    char stat[STAT_BYTES];
    uint64_t start = 0;
    read_stat(pid, stat, sizeof stat);
    const char *at = stat;
    for (int field = 3; at != NULL && field < 22; field++) {
        at = strchr(at, ' ');
        at = at != NULL ? at + 1 : NULL;
    }
    return at != NULL && sscanf(at, "%" SCNu64, &start) == 1 ? start : 0;
}

/* Number of the PID namespace we are in; 0 unknown. */
static uint64_t own_namespace(void)
{
    char text[64];
    uint64_t number = 0;
    const ssize_t len = readlink("/proc/self/ns/pid", text, sizeof text - 1);
    if (len <= 0) {
        return 0;
    }
    text[len] = '\0';
    return sscanf(text, "pid:[%" SCNu64 "]", &number) == 1 ? number : 0;
}

void umig_top_session_mark(char out[UMIG_TOP_SESSION_BYTES])
{
    snprintf(out, UMIG_TOP_SESSION_BYTES, "%d.%" PRIu64 ".%" PRIu64, (int)getpid(), own_namespace(),
             start_of(getpid()));
}

bool umig_top_session_is_left(const char *mark)
{
    int pid = 0;
    uint64_t namespace_number = 0;
    uint64_t start = 0;
    if (sscanf(mark, "%d.%" SCNu64 ".%" SCNu64, &pid, &namespace_number, &start) != 3 || pid <= 0 ||
        start == 0 || namespace_number == 0 || namespace_number != own_namespace()) {
        return false;
    }
    return start_of(pid) != start;
}

/* --- starting and ending --- */

static const char *mark_of(const Umig__V1__SessionStatus *session)
{
    for (size_t i = 0; i < session->n_labels; i++) {
        if (strcmp(session->labels[i]->key, UMIG_TOP_LABEL) == 0) {
            return session->labels[i]->value;
        }
    }
    return "";
}

/* What cannot be ended now is ended by the next. */
static void end_leftovers(const struct umig_target *target)
{
    const Umig__V1__AgentStatus *agent = target->reply.message->agent;
    for (size_t i = 0; i < agent->n_sessions; i++) {
        if (umig_top_session_is_left(mark_of(agent->sessions[i]))) {
            (void)!umig_top_session_stop(&target->jvm, agent->sessions[i]->id, NULL);
        }
    }
}

static bool names_a_kind(const struct umig_args *args)
{
    for (size_t i = 0; i < args->count; i++) {
        if (umig_kind_rule(args->items[i].option->kind) != NULL) {
            return true;
        }
    }
    return false;
}

/* Beside the usual kinds: what threads wait for, what is allocated, and how full executors are. */
static void add_extra_kinds(struct umig_start_request *request)
{
    static const enum umig_kind kinds[] = {UMIG_KIND_WALL, UMIG_KIND_ALLOC, UMIG_KIND_POOLS};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        Umig__V1__KindOption *option = &request->kinds[request->start.n_kinds];
        umig__v1__kind_option__init(option);
        option->kind = (uint32_t)kinds[i];
        option->interval_ns = umig_kind_rule(kinds[i])->default_ns;
        request->kind_items[request->start.n_kinds++] = option;
    }
}

static void add_mark(struct umig_start_request *request, char *mark)
{
    Umig__V1__Label *label = &request->labels[request->start.n_labels];
    umig__v1__label__init(label);
    label->key = umig_message_text(UMIG_TOP_LABEL);
    label->value = mark;
    request->label_items[request->start.n_labels++] = label;
    request->start.labels = request->label_items;
}

int umig_top_session_start(const struct umig_target *target,
                           const struct umig_args *args,
                           char out_id[UMIG_TOP_SESSION_BYTES],
                           struct umig_err *err)
{
    struct umig_start_request request = {.message = {.verb = 0}};
    struct umig_agent_reply reply = {.message = NULL};
    char mark[UMIG_TOP_SESSION_BYTES];
    char id[UMIG_TOP_SESSION_BYTES];
    int rc = umig_start_request_read(args, umig_clock_unix_ns(), &request, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (!names_a_kind(args)) {
        add_extra_kinds(&request);
    }
    umig_top_session_mark(mark);
    add_mark(&request, mark);
    /* Of all times one: a session with our PID may be stored already. */
    const unsigned second = (unsigned)(umig_clock_unix_ns() / UMIG_NS_PER_S % 86400);
    snprintf(id, sizeof id, "top-%d-%02u%02u%02u", (int)getpid(), second / 3600, second / 60 % 60,
             second % 60);
    request.start.id = id;
    end_leftovers(target);
    rc = umig_agent_ask(&target->jvm, &request.message, UMIG_AGENT_TIMEOUT_MS, &reply, err);
    if (rc == UMIG_OK) {
        umig_agent_reply_fini(&reply);
        memcpy(out_id, id, sizeof id);
    }
    return umig_err_trace(err, rc);
}

/* The session may have ended by itself: then an agent that answers does not know it. */
static bool is_running(const struct umig_jvm *jvm, const char *id)
{
    struct umig_agent_reply reply = {.message = NULL};
    bool is_there = false;
    if (umig_agent_status(jvm, UMIG_AGENT_TIMEOUT_MS, &reply, NULL) != UMIG_OK) {
        return true;
    }
    const Umig__V1__AgentStatus *agent = reply.message->agent;
    for (size_t i = 0; i < agent->n_sessions; i++) {
        is_there = is_there || strcmp(agent->sessions[i]->id, id) == 0;
    }
    umig_agent_reply_fini(&reply);
    return is_there;
}

int umig_top_session_stop(const struct umig_jvm *jvm, const char *id, struct umig_err *err)
{
    Umig__V1__ControlRequest request = UMIG__V1__CONTROL_REQUEST__INIT;
    Umig__V1__StopSession stop = UMIG__V1__STOP_SESSION__INIT;
    struct umig_agent_reply reply = {.message = NULL};
    request.verb = UMIG__V1__CONTROL_VERB__CONTROL_STOP;
    request.stop = &stop;
    stop.id = umig_message_text(id);
    const int rc = umig_agent_ask(jvm, &request, UMIG_AGENT_TIMEOUT_MS, &reply, err);
    if (rc == UMIG_OK) {
        umig_agent_reply_fini(&reply);
        return UMIG_OK;
    }
    if (umig_top_process_has_ended(jvm->pid) || !is_running(jvm, id)) {
        return UMIG_OK;
    }
    return umig_err_trace(err, rc);
}

/* --- the panel --- */

static void put_session(const Umig__V1__SessionStatus *session, struct umig_buf *out)
{
    struct umig_buf kinds = UMIG_BUF_INIT(KINDS_BYTES);
    struct umig_buf stacks = UMIG_BUF_INIT(CELL_BYTES);
    if (session->when[0] != '\0' && session->because[0] == '\0') {
        umig_buf_printf(&kinds, "armed, %s: ", session->when);
    }
    const struct umig_session_kinds measured = umig_session_kinds_of(session);
    umig_session_kinds_text(&measured, &kinds);
    umig_session_stacks_text(session, &stacks);
    umig_buf_printf(out, "row\t%" PRIu64 "\t", session->age_ns);
    umig_cells_clean(session->id[0] == '\0' ? "-" : session->id, out);
    umig_buf_byte(out, '\t');
    umig_cells_clean(kinds.len == 0 ? "-" : umig_buf_str(&kinds), out);
    umig_buf_byte(out, '\t');
    umig_cells_clean(stacks.len == 0 ? "-" : umig_buf_str(&stacks), out);
    umig_buf_byte(out, '\n');
    umig_buf_fini(&stacks);
    umig_buf_fini(&kinds);
}

void umig_top_session_list(const Umig__V1__AgentStatus *agent, struct umig_buf *out)
{
    umig_buf_text(out, UMIG_TOP_MAGIC "\t" UMIG_TOP_VERSION "\n"
                                      "panel\t" UMIG_TOP_SESSIONS "\tsessions\t0\n"
                                      "column\tage\tAGE\ttime\t0\t0\t0\n"
                                      "column\tsession\tSESSION\tname\t0\t18\t1\n"
                                      "column\tkinds\tKINDS\ttext\t1\t20\t1\n"
                                      "column\tstacks\tSTACKS\ttext\t2\t12\t0\n");
    for (size_t i = 0; i < agent->n_sessions; i++) {
        put_session(agent->sessions[i], out);
    }
    umig_buf_text(out, "end\n");
}
