/* Asks agents through their control sockets. */
#ifndef UMIG_CLI_AGENT_CLIENT_H
#define UMIG_CLI_AGENT_CLIENT_H

#include <stddef.h>

#include "cli/jvm.h"
#include "cli/talk.h"
#include "core/buf.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"
#include "umig/v1/control.pb-c.h"

/** How long an agent may take to answer a verb that was meant for it. */
#define UMIG_AGENT_TIMEOUT_MS 5000

/** How long one may take when every agent of the host is asked. */
#define UMIG_AGENT_GLANCE_MS 1000

/** An agent's reply with the memory it lies in. */
struct umig_agent_reply {
    struct umig_capped_heap heap;
    Umig__V1__ControlReply *message; /* never NULL after UMIG_OK */
};

/** A JVM and what its agent said of itself. */
struct umig_target {
    struct umig_jvm jvm;
    struct umig_agent_reply reply; /* of CONTROL_STATUS; message->agent is never NULL */
};

struct umig_target_list {
    struct umig_target **items; /* each stays where it is: replies point into themselves */
    size_t count;
    struct umig_buf others;     /* services of other names, each once, ", " between */
    size_t silent_count;        /* agents that could not be asked */
    struct umig_err silent_err; /* why the last of them could not */
    bool is_answer_owed;        /* one of them is not another user's: it should have answered */
};

/**
 * Sends a request and waits for the reply. An agent that refuses for now, more commands asking it
 * than it answers, is asked again for up to 2 s or timeout_ms.
 *
 * @param out_reply  finish with umig_agent_reply_fini()
 * @return UMIG_OK; UMIG_E_UNSUPPORTED: no agent there, the text says how to load it, or the request
 *         was refused; UMIG_E_BUSY: it refused for now until the end; UMIG_E_DENIED; UMIG_E_IO:
 *         hung or gone; UMIG_E_PROTO
 */
UMIG_NODISCARD int umig_agent_ask(const struct umig_jvm *jvm,
                                  const Umig__V1__ControlRequest *request,
                                  int timeout_ms,
                                  struct umig_agent_reply *out_reply,
                                  struct umig_err *err);

/** Asks for CONTROL_STATUS; as umig_agent_ask(), and the reply has an agent. */
UMIG_NODISCARD int umig_agent_status(const struct umig_jvm *jvm,
                                     int timeout_ms,
                                     struct umig_agent_reply *out_reply,
                                     struct umig_err *err);

/** Frees a reply. */
void umig_agent_reply_fini(struct umig_agent_reply *reply);

/**
 * Finds the agents a word means: a whole number is a PID, anything else the name of a service; NULL
 * means every agent of this host.
 *
 * @param out_list  finish with umig_target_list_fini()
 * @return UMIG_OK; UMIG_NOT_FOUND: no agent of this host has that name, no process, or one without
 *         agent, has that PID, the error says so; UMIG_E_IO: none that answered has the name, and
 *         one did not answer; else as umig_agent_status() and umig_jvm_inspect()
 */
UMIG_NODISCARD int umig_target_list_find(const char *word,
                                         struct umig_target_list *out_list,
                                         struct umig_err *err);

/** Says of a word that it is neither a PID nor the name of a service. UMIG_E_ARG. */
int umig_target_word_refuse(const char *word, struct umig_err *err);

/** Frees the list. */
void umig_target_list_fini(struct umig_target_list *list);

#endif
