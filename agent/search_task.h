/*
 * Searches for what holds objects, as commands ask for them: one at a time. A session of kind live
 * is told what was found of its classes; what was found of class loaders is kept for the command
 * that asks, until the next search. The work is the attached thread's (agent/vm/search.h).
 *
 * Thread: the loop, all of it.
 */
#ifndef UMIG_AGENT_SEARCH_TASK_H
#define UMIG_AGENT_SEARCH_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/vm/search.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"
#include "wire/codec.h"

struct umig_agent;

/** What a command may want of a search. */
enum umig_search_action {
    UMIG_SEARCH_BEGIN = 1,
    UMIG_SEARCH_LOOK = 2, /* how far is it? */
    UMIG_SEARCH_CALL_OFF = 3,
};

/** A request about searches, as read from the control socket. */
struct umig_search_request {
    uint64_t action;
    char session[UMIG_SEARCH_NAME_BYTES]; /* id */
    char classes[UMIG_RETAINERS_TARGETS][UMIG_SEARCH_NAME_BYTES];
    uint32_t class_count;
    uint64_t cpu_budget_ns; /* 0: the default */
    bool wants_loaders;     /* without session and classes */
};

/** Longest report of class loaders that is kept. */
#define UMIG_SEARCH_REPORT_BYTES (192u << 10)

/** How the search before went; number 0: there was none. */
struct umig_search_past {
    uint32_t number;
    enum umig_search_end end;
    bool is_told; /* its session was there to be told */
    uint64_t objects;
    uint64_t looked_at;
    uint64_t skipped;
    uint32_t lacks; /* enum umig_search_lack */
    uint64_t memory_bytes;
    uint64_t usual_bytes;
    uint64_t cpu_ns;
    uint64_t took_ns;
    char problem[160];
    uint8_t *report; /* a LoaderReport, encoded, in UMIG_SEARCH_REPORT_BYTES that were borrowed;
                        NULL: there is none, or it was taken */
    size_t report_bytes;
};

/**
 * Does what a request asks, and writes how the search stands into the reply's message of a field.
 *
 * @return UMIG_OK; UMIG_E_ARG: no such session, or nothing to look for; UMIG_E_BUSY: another search
 *         goes on; UMIG_E_NOMEM
 */
UMIG_NODISCARD int umig_agent_search(struct umig_agent *agent,
                                     const struct umig_search_request *request,
                                     struct umig_pb_writer *reply,
                                     uint32_t field,
                                     struct umig_err *err);

/** Tells a session of a search that is done. */
void umig_agent_search_tick(struct umig_agent *agent, uint64_t now_ns);

#endif
