#include "cli/heap_search.h"

#include <poll.h>
#include <stdio.h>

#include "cli/interrupt.h"
#include "core/clock.h"
#include "core/err.h"

/* Between two questions. */
#define LOOK_EVERY_MS 100

enum search_action {
    SEARCH_BEGIN = 1,
    SEARCH_LOOK = 2,
    SEARCH_CALL_OFF = 3,
};

static int ask(const struct umig_jvm *jvm,
               const Umig__V1__Search *wanted,
               enum search_action action,
               struct umig_agent_reply *out_reply,
               struct umig_err *err)
{
    Umig__V1__ControlRequest request = UMIG__V1__CONTROL_REQUEST__INIT;
    Umig__V1__Search search = *wanted;
    search.action = action;
    if (action != SEARCH_BEGIN) {
        search.n_classes = 0;
    }
    request.verb = UMIG__V1__CONTROL_VERB__CONTROL_SEARCH;
    request.search = &search;
    const int rc = umig_agent_ask(jvm, &request, UMIG_AGENT_TIMEOUT_MS, out_reply, err);
    if (rc == UMIG_OK && out_reply->message->search == NULL) {
        umig_agent_reply_fini(out_reply);
        return umig_err_set(err, UMIG_E_PROTO, "the agent does not say how its search stands");
    }
    return umig_err_trace(err, rc);
}

static void call_off(const struct umig_jvm *jvm, const Umig__V1__Search *wanted)
{
    struct umig_agent_reply reply = {.message = NULL};
    struct umig_err err = UMIG_ERR_INIT;
    if (ask(jvm, wanted, SEARCH_CALL_OFF, &reply, &err) == UMIG_OK) {
        umig_agent_reply_fini(&reply);
    }
}

static void show(struct umig_progress *progress, const char *target, uint64_t looked_at)
{
    char text[160];
    snprintf(text, sizeof text, "the agent searches for who holds %s; %llu references yet", target,
             (unsigned long long)looked_at);
    umig_progress_show(progress, text, umig_clock_monotonic_ns());
}

static bool pause_was_whole(void)
{
    (void)poll(NULL, 0, LOOK_EVERY_MS); /* a signal ends it early */
    return !umig_interrupt_came();
}

int umig_heap_search(const struct umig_jvm *jvm,
                     const Umig__V1__Search *wanted,
                     const char *target,
                     struct umig_progress *progress,
                     struct umig_agent_reply *out_reply,
                     struct umig_err *err)
{
    struct umig_agent_reply reply = {.message = NULL};
    int rc = ask(jvm, wanted, SEARCH_BEGIN, &reply, err);
    while (rc == UMIG_OK && reply.message->search->is_going_on != 0) {
        show(progress, target, reply.message->search->looked_at);
        umig_agent_reply_fini(&reply);
        if (!pause_was_whole()) {
            call_off(jvm, wanted);
            return UMIG_END;
        }
        rc = ask(jvm, wanted, SEARCH_LOOK, &reply, err);
    }
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (reply.message->search->problem[0] != '\0') {
        rc = umig_err_set(err, UMIG_E_UNSUPPORTED, "the search failed: %s",
                          reply.message->search->problem);
        umig_agent_reply_fini(&reply);
        return rc;
    }
    *out_reply = reply;
    return UMIG_OK;
}
