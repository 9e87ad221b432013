/*
 * The session that umig top starts for itself in an agent, and ends when it leaves. One that a
 * killed umig top left behind is known by a label and ended by the next.
 */
#ifndef UMIG_CLI_TOP_SESSION_H
#define UMIG_CLI_TOP_SESSION_H

#include "cli/agent_client.h"
#include "cli/args.h"
#include "core/buf.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

enum {
    UMIG_TOP_SESSION_BYTES = 80
};

/** Label of sessions of umig top: who looks at it. */
#define UMIG_TOP_LABEL "umig-top"

/**
 * Starts a session with the kinds that args name (--cpu, --alloc ...); without one, all that top
 * has a panel for. Before, ends what umig tops of this host left behind that are no more.
 *
 * @param out_id      of the session
 * @param out_problem what it does not get, and why; "" nothing
 * @return UMIG_OK, UMIG_E_ARG, as umig_agent_ask()
 */
UMIG_NODISCARD int umig_top_session_start(const struct umig_target *target,
                                          const struct umig_args *args,
                                          char out_id[UMIG_TOP_SESSION_BYTES],
                                          struct umig_err *err);

/**
 * Ends it.
 *
 * @return UMIG_OK, also where the JVM, or the session, has ended; as umig_agent_ask()
 */
UMIG_NODISCARD int umig_top_session_stop(const struct umig_jvm *jvm,
                                         const char *id,
                                         struct umig_err *err);

/** Has a process ended, whether or not its parent has noticed? */
bool umig_top_process_has_ended(pid_t pid);

/** Writes who we are: "PID.NAMESPACE.START", told apart from a later process with our PID. */
void umig_top_session_mark(char out[UMIG_TOP_SESSION_BYTES]);

/**
 * Has the umig top that a mark names ended? False where that cannot be told: one of another host's
 * or container's, no mark.
 */
bool umig_top_session_is_left(const char *mark);

/** Appends the sessions of an agent as a document of report/top.h: the panel "sessions". */
void umig_top_session_list(const Umig__V1__AgentStatus *agent, struct umig_buf *out);

#endif
