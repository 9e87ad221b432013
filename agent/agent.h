/*
 * The agent as a whole: what one JVM's agent consists of. Made by agent.c when the library is
 * loaded, with the JVM or into one that runs; started and ended by lifecycle.c; in between run by
 * loop.c on a thread of its own that the JVM does not know.
 *
 *   threads   the application's: timers' signals, JVMTI callbacks
 *             umig-agent: this loop; rings to batches, sockets, deadlines
 *             umig-jvm: attached as a daemon; everything that needs JVMTI (agent/vm)
 */
#ifndef UMIG_AGENT_AGENT_H
#define UMIG_AGENT_AGENT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/breaker.h"
#include "agent/budget.h"
#include "agent/crashes.h"
#include "agent/memory.h"
#include "agent/options.h"
#include "agent/plans.h"
#include "agent/search_task.h"
#include "agent/session/live.h"
#include "agent/session/pump.h"
#include "agent/session/session.h"
#include "agent/session/wall.h"
#include "agent/signal/handler.h"
#include "agent/triggers.h"
#include "agent/uplink/control_server.h"
#include "agent/uplink/uplink.h"
#include "agent/vm/threads.h"
#include "agent/vm/vm.h"
#include "core/places.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** JVM exit waits this long at most for the last batch to be acknowledged. */
#define UMIG_EXIT_WAIT_NS (300 * UINT64_C(1000000))

struct umig_agent {
    struct umig_agent_options options;
    struct umig_places places;
    struct umig_memory memory;
    size_t kept_for_live, kept_for_pools; /* of it, until they are asked for */
    struct umig_vm vm;
    struct umig_sampler sampler;
    struct umig_threads threads;
    struct umig_sessions sessions;
    struct umig_pump pump;
    struct umig_wall wall;
    struct umig_live_sites live;
    struct umig_search_past past_search;
    struct umig_uplink uplink;
    struct umig_control_server control;
    struct umig_cost cost;
    uint64_t loop_ns[UMIG_KIND_COUNT]; /* CPU of the loop by kind, but for drains and looks */
    struct umig_budget budget;
    struct umig_breaker breaker;
    struct umig_crashes crashes;
    struct umig_gauges gauges;
    struct umig_plans plans;

    char service[UMIG_NAME_BYTES];
    uint64_t epoch;
    uint64_t loaded_ns;
    uint64_t attached_unix_ns; /* 0: loaded with the JVM */
    uint64_t next_tick_ns;
    uint64_t next_push_ns;    /* a shortage of memory is answered again */
    uint64_t next_look_ns;    /* at the objects that are followed, at the earliest */
    uint64_t next_mutexes_ns; /* libraries that were loaded are looked for again */
    bool has_tried_live;      /* to take the memory for them */
    bool has_tried_pools;     /* the same, for pools */
    bool is_sampler_ready;
    bool has_debug_info;          /* compilers note what sampling between safepoints needs */
    uint64_t debug_info_after_ns; /* the process had run so long; 0: from the load on */
    bool has_lost_signals;        /* no signal is left for timers */
    bool is_unguarded;            /* faults of walks would go to another library */
    char safety_lack[256];        /* what is off for safety's sake, in words; "" when nothing is */
    uint32_t wanted;
    bool was_connected;     /* as logged last */
    enum umig_clock clock;  /* CPU samples are taken by; AUTO: none are */
    bool has_asked_perf;    /* perf_problem is right */
    bool has_told_perf;     /* that not every thread has a perf event */
    bool has_told_timers;   /* that not every thread has a timer */
    char perf_problem[200]; /* why there is no clock perf, or "" */
    char held_back[512];    /* why start= was left out; "" when it was not */
    char problem[256];      /* why a session lacks something; "" when all is well */

    pthread_t thread;
    bool is_prepared; /* all that umig_agent_start() sets up once */
    bool is_started;
    uint8_t *control_reply;    /* UMIG_CONTROL_REPLY_BYTES; NULL: not taken yet */
    atomic_bool has_control;   /* the control socket is open */
    atomic_bool wants_control; /* loaded once more: is the control socket where it should be? */
    atomic_bool is_short;      /* memory runs out: what there is goes out at once */
    pid_t pid;                 /* of the process that started the loop; not of its children */
    int wake_fd;
    atomic_bool stopping;
    atomic_bool ends_well; /* the JVM told its death: what follows is no crash */
    atomic_bool finished;
    pthread_mutex_t finish_mutex;
    pthread_cond_t finish_cond;
};

/**
 * Sets everything up that needs no JVM and starts the loop's thread, with all signals blocked.
 *
 * Thread: VMInit or Agent_OnAttach. Errors: the agent stays without a loop: nothing is profiled. It
 * may be called again then.
 */
UMIG_NODISCARD int umig_agent_start(struct umig_agent *agent, struct umig_err *err);

/**
 * Opens the control socket; without one the agent still runs what its options ask for, and the log
 * says why. Thread: of umig_agent_start(), then the loop.
 */
void umig_agent_open_control(struct umig_agent *agent);

/** Wakes the loop. Thread: any. */
void umig_agent_wake(struct umig_agent *agent);

/** Ends sessions, sends what is left, waits for it within UMIG_EXIT_WAIT_NS. Thread: VMDeath. */
void umig_agent_stop(struct umig_agent *agent);

/** Opens a session and makes what it asks for wanted. Thread: the loop. */
UMIG_NODISCARD int umig_agent_open_session(struct umig_agent *agent,
                                           const struct umig_session_spec *spec,
                                           uint64_t now_ns,
                                           struct umig_session **out_session,
                                           struct umig_err *err);

/**
 * Opens a session, or plans sessions, with the agent's labels and a name where it has none.
 *
 * @param spec  completed
 */
UMIG_NODISCARD int umig_agent_start_session(struct umig_agent *agent,
                                            struct umig_session_spec *spec,
                                            const struct umig_schedule *schedule,
                                            struct umig_moment now,
                                            struct umig_err *err);

/** Starts what is due. Returns how long until it is to be called again. Thread: the loop. */
uint64_t umig_agent_run_plans(struct umig_agent *agent, struct umig_moment now);

/** Ends a session; its last rows are on their way afterwards. Thread: the loop. */
void umig_agent_end_session(struct umig_agent *agent,
                            struct umig_session *session,
                            enum umig_end reason,
                            uint64_t now_ns);

/**
 * Gives sessions the pauses that are over, and what the JVM's log says beside them.
 *
 * @param patience_ns  CLOCK_MONOTONIC: how long pauses wait for their line in the log is measured
 * by it; UINT64_MAX: none waits any longer
 *
 * Thread: the loop.
 */
void umig_agent_take_pauses(struct umig_agent *agent, uint64_t patience_ns, uint64_t now_ns);

/** Brings the price of the agent up to date. Thread: the loop. */
void umig_agent_measure_cost(struct umig_agent *agent);

/** Answers a control request; a umig_control_handle. Thread: the loop. */
int umig_agent_answer(void *ctx,
                      const uint8_t *payload,
                      size_t payload_bytes,
                      struct umig_pb_writer *reply,
                      struct umig_err *err);

/** Writes the Process message of a field. Thread: the loop. */
void umig_agent_write_process(const struct umig_agent *agent,
                              struct umig_pb_writer *writer,
                              uint32_t field);

/** How long this process has run, in ns. Thread: any. */
uint64_t umig_agent_uptime_ns(void);

/** Writes the Hello of this process. */
void umig_agent_write_hello(const struct umig_agent *agent, struct umig_pb_writer *writer);

#endif
