#include "agent/search_task.h"

#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/loader_report.h"
#include "agent/session/held.h"
#include "core/clock.h"
#include "core/err.h"

static struct umig_session *find_session(struct umig_agent *agent, const char *id)
{
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &agent->sessions.session[i];
        if (umig_session_takes(session, UMIG_KIND_LIVE) && strcmp(session->spec.id, id) == 0) {
            return session;
        }
    }
    return NULL;
}

static struct umig_session *find_number(struct umig_agent *agent, uint32_t number)
{
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &agent->sessions.session[i];
        if (umig_session_takes(session, UMIG_KIND_LIVE) && session->number == number) {
            return session;
        }
    }
    return NULL;
}

static void drop_report(struct umig_search_past *past)
{
    umig_memory_return(past->report, UMIG_SEARCH_REPORT_BYTES);
    past->report = NULL;
    past->report_bytes = 0;
}

/* What was found of class loaders waits for the command. */
static void keep_report(struct umig_agent *agent, const struct umig_search *search)
{
    struct umig_search_past *past = &agent->past_search;
    if (!search->wants_loaders || search->end == UMIG_SEARCH_FAILED) {
        return;
    }
    past->report = umig_memory_borrow(&agent->memory, UMIG_SEARCH_REPORT_BYTES);
    if (past->report == NULL) {
        past->end = UMIG_SEARCH_FAILED;
        snprintf(past->problem, sizeof past->problem,
                 "no memory for what was found; the agent's bound is %zu bytes: raise memory=",
                 agent->memory.limit_bytes);
        return;
    }
    struct umig_pb_writer writer;
    umig_pb_writer_init(&writer, past->report, UMIG_SEARCH_REPORT_BYTES);
    umig_loader_report_write(search, &writer);
    past->report_bytes = writer.len;
}

/* Reports of all sessions that follow what stays alive have it, too. */
static void tell_loaders(struct umig_agent *agent,
                         const struct umig_search *search,
                         uint64_t now_ns)
{
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &agent->sessions.session[i];
        if (search->wants_loaders && search->end != UMIG_SEARCH_FAILED &&
            umig_session_takes(session, UMIG_KIND_LIVE)) {
            umig_held_tell_loaders(&agent->pump, session, search, agent->live.tid, now_ns);
        }
    }
}

void umig_agent_search_tick(struct umig_agent *agent, uint64_t now_ns)
{
    struct umig_search *search = &agent->vm.search;
    if (atomic_load(&search->state) != UMIG_SEARCH_DONE) {
        return;
    }
    struct umig_session *session =
        search->wants_loaders ? NULL : find_number(agent, search->session);
    drop_report(&agent->past_search);
    agent->past_search = (struct umig_search_past){
        .number = search->number,
        .end = search->end,
        .is_told = session != NULL && search->end != UMIG_SEARCH_FAILED,
        .objects = search->objects,
        .looked_at = atomic_load(&search->looked_at),
        .skipped = search->skipped,
        .lacks = search->lacks,
        .memory_bytes = search->memory_bytes,
        .usual_bytes = search->usual_bytes,
        .cpu_ns = search->cpu_ns,
        .took_ns = search->took_ns,
    };
    snprintf(agent->past_search.problem, sizeof agent->past_search.problem, "%s", search->problem);
    keep_report(agent, search);
    tell_loaders(agent, search, now_ns);
    if (agent->past_search.is_told) {
        umig_held_tell(&agent->pump, session, search, agent->live.tid, now_ns);
        agent->pump.next_batch_ns = now_ns; /* somebody waits for it */
    }
    umig_search_give_up(search);
}

static int check(struct umig_agent *agent,
                 const struct umig_search_request *request,
                 struct umig_session **out_session,
                 struct umig_err *err)
{
    *out_session = request->wants_loaders ? NULL : find_session(agent, request->session);
    if (atomic_load(&agent->vm.search.state) != UMIG_SEARCH_IDLE) {
        return umig_err_set(err, UMIG_E_BUSY, "another search goes on in this JVM");
    }
    if (!request->wants_loaders && *out_session == NULL) {
        return umig_err_set(err, UMIG_E_ARG, "no session '%.60s' of kind live is running",
                            request->session);
    }
    if (!request->wants_loaders && request->class_count == 0) {
        return umig_err_set(err, UMIG_E_ARG, "a search needs a class to look for");
    }
    if (request->wants_loaders && request->class_count > 0) {
        return umig_err_set(err, UMIG_E_ARG, "a search is for class loaders or for classes");
    }
    if (request->cpu_budget_ns != 0 && (request->cpu_budget_ns < UMIG_SEARCH_CPU_MIN_NS ||
                                        request->cpu_budget_ns > UMIG_SEARCH_CPU_MAX_NS)) {
        return umig_err_set(err, UMIG_E_ARG, "the CPU time of a search must be 100ms to 10m");
    }
    return UMIG_OK;
}

static int begin(struct umig_agent *agent,
                 const struct umig_search_request *request,
                 struct umig_err *err)
{
    struct umig_search *search = &agent->vm.search;
    struct umig_session *session = NULL;
    int rc = check(agent, request, &session, err);
    rc = rc != UMIG_OK ? rc : umig_search_take_memory(search, &agent->memory, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    memcpy(search->targets, request->classes, sizeof search->targets);
    search->target_count = request->class_count;
    search->cpu_budget_ns =
        request->cpu_budget_ns != 0 ? request->cpu_budget_ns : UMIG_SEARCH_CPU_DEFAULT_NS;
    search->wants_loaders = request->wants_loaders;
    search->session = session != NULL ? session->number : 0;
    search->number++;
    umig_vm_ask_search(&agent->vm);
    return UMIG_OK;
}

/* Who asks for class loaders takes the report with it. */
static void write_past(struct umig_search_past *past,
                       bool wants_loaders,
                       struct umig_pb_writer *reply)
{
    umig_pb_uint(reply, 1, past->number);
    umig_pb_uint(reply, 3, past->looked_at);
    umig_pb_uint(reply, 4, past->objects);
    umig_pb_uint(reply, 5, past->skipped);
    umig_pb_uint(reply, 6, past->cpu_ns);
    umig_pb_uint(reply, 7, past->took_ns);
    umig_pb_uint(reply, 8, past->end);
    umig_pb_uint(reply, 9, past->is_told);
    umig_pb_str(reply, 10, past->problem);
    umig_pb_uint(reply, 12, past->lacks);
    umig_pb_uint(reply, 13, past->memory_bytes);
    umig_pb_uint(reply, 14, past->usual_bytes);
    if (wants_loaders && past->report != NULL) {
        umig_pb_bytes(reply, 11, past->report, past->report_bytes);
        drop_report(past);
    }
}

int umig_agent_search(struct umig_agent *agent,
                      const struct umig_search_request *request,
                      struct umig_pb_writer *reply,
                      uint32_t field,
                      struct umig_err *err)
{
    struct umig_search *search = &agent->vm.search;
    umig_agent_search_tick(agent, umig_clock_monotonic_ns());
    int rc = UMIG_OK;
    switch (request->action) {
    case UMIG_SEARCH_BEGIN:
        rc = begin(agent, request, err);
        break;
    case UMIG_SEARCH_CALL_OFF:
        atomic_store(&search->is_called_off, true);
        break;
    case UMIG_SEARCH_LOOK:
        break;
    default:
        rc = umig_err_set(err, UMIG_E_ARG, "this agent knows no action %llu of a search",
                          (unsigned long long)request->action);
    }
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    const size_t message = umig_pb_open(reply, field);
    if (atomic_load(&search->state) == UMIG_SEARCH_IDLE) {
        write_past(&agent->past_search, request->wants_loaders, reply);
    } else {
        umig_pb_uint(reply, 1, search->number);
        umig_pb_uint(reply, 2, 1);
        umig_pb_uint(reply, 3, atomic_load(&search->looked_at));
    }
    umig_pb_close(reply, message);
    return UMIG_OK;
}
