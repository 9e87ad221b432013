/*
 * Sessions: what is asked, the share of each in what the engines take, and its books.
 *
 * One engine per kind samples at the finest interval asked; each session takes its share by
 * carrying weight: every sample of a thread adds what it stands for to the session's carry for that
 * thread, and for every whole interval in the carry the session gets one sample's worth. A new
 * thread begins at a random place within the interval, so that short threads are neither over- nor
 * under-represented. No session's samples depend on another session being there.
 *
 * A session with a condition is armed first: it samples, and what it takes is kept in its backlog
 * (backlog.h) until the condition holds. Nothing of it is sent, and the collector knows nothing of
 * it, before that. Without anything to keep it is not sampled for either.
 *
 * The native loop's alone; other threads read only what is atomic.
 */
#ifndef UMIG_AGENT_SESSION_SESSION_H
#define UMIG_AGENT_SESSION_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/memory.h"
#include "agent/options.h"
#include "agent/session/slot_table.h"
#include "agent/signal/wait_carry.h"
#include "core/glob.h"
#include "core/trigger.h"
#include "include/umig/attr.h"
#include "include/umig/kinds.h"
#include "include/umig/sample.h"
#include "include/umig/status.h"

#define UMIG_SESSIONS_MAX 32

/** What a session may lack; each is told whatever else is lacking, the gravest first. */
enum umig_lack {
    UMIG_LACK_SAFETY, /* off for safety's sake, or there is no sampler */
    UMIG_LACK_BUDGET, /* taken more rarely than asked for */
    UMIG_LACK_WALL,
    UMIG_LACK_POOLS,
    UMIG_LACK_LIVE,
    UMIG_LACK_ALLOC,
    UMIG_LACK_FRAMES, /* of libraries and the kernel, and the clock asked for */
    UMIG_LACK_COUNT
};

/** What a session lacks, NUL included: fits the wire's bound with it. */
#define UMIG_PROBLEM_BYTES 256

struct umig_backlog;

/** What a session is started with. */
struct umig_session_spec {
    char id[UMIG_NAME_BYTES];
    struct umig_agent_label labels[UMIG_LABEL_MAX];
    size_t label_count;
    struct umig_kind_set kinds;
    uint64_t duration_ns; /* 0: until stopped */
    enum umig_native native;
    bool has_mutexes;              /* kind locks: those of the C library, too */
    enum umig_clock clock;         /* asked for */
    char threads[UMIG_GLOB_BYTES]; /* kind wall: of whom, by name; "": of all */
    bool is_by_option;             /* asked for by start=: stop without a name leaves it alone */
    struct umig_trigger when;      /* it is armed until this holds; none: it runs at once */
    uint64_t before_ns;            /* of what came before that is kept; 0: nothing */
    bool has_budget;               /* it says what the agent may take while it runs */
    uint32_t budget_ppm;           /* millionths of CPU; 0: any */
};

/** CPU time a session still carries for the thread in one slot. */
struct umig_cpu_carry {
    uint32_t serial; /* of the slot; another one: a new thread */
    uint32_t ns;     /* below the interval, which is at most 1 s */
};

/** Waits a session still carries for the thread in one slot. */
struct umig_session_waits {
    uint32_t serial;
    bool has_told; /* the session has a part of a wait that goes on */
    struct umig_wait_carry carry;
};

struct umig_tally {
    uint64_t produced; /* in the unit of the kind's value; gc, heap: records */
    uint64_t dropped[UMIG_DROP_COUNT];
    uint64_t samples;
    uint64_t drop_carry; /* of what was lost before it could be attributed to a thread */
};

struct umig_session {
    bool is_open;
    uint32_t number; /* on the wire, where starts count up; 0 until it begins */
    struct umig_session_spec spec;
    uint64_t start_ns;   /* since when it takes */
    uint64_t end_ns;     /* when it ends by its duration; UINT64_MAX: never */
    enum umig_end ended; /* RUNNING until it ends; then its end is still to be sent */
    bool is_start_sent;
    bool is_problem_due; /* it has changed since the start was sent */
    struct umig_tally tallies[UMIG_KIND_COUNT];
    uint64_t outcomes[UMIG_OUTCOME_COUNT]; /* CPU samples */
    uint64_t next_heap_ns;
    uint64_t next_pools_ns;
    uint64_t agent_cpu_at_start_ns;
    uint64_t process_cpu_at_start_ns;
    uint64_t kind_cpu_at_start_ns[UMIG_KIND_COUNT]; /* struct umig_cost */
    uint64_t last_cost_ns;                          /* time of the cost it was told last; 0: none */
    bool is_armed;                                  /* all it asks for is provided: it has begun */
    uint64_t asked_ns;                              /* when it was opened */
    enum umig_walker walker;                        /* of its stacks; AUTO: it has none */
    enum umig_clock clock;                          /* of its CPU samples; AUTO: it has none */
    char problem[UMIG_PROBLEM_BYTES]; /* what it asked for and does not get, and why; "" */
    char lacks[UMIG_LACK_COUNT][UMIG_PROBLEM_BYTES]; /* of which sort */
    struct umig_slot_table cpu_carries;              /* struct umig_cpu_carry; closed without cpu */
    struct umig_slot_table wait_carries; /* struct umig_session_waits; closed without locks */
    uint32_t slowed[UMIG_KIND_COUNT];    /* by the budget: the most, 0 never */
    uint64_t alloc_low, alloc_high;      /* intervals of its samples of allocation; 0: none yet */
    uint64_t last_live_ns;               /* time of its last snapshot of live objects; 0: none */
    uint64_t last_look_ns;               /* when it was taken; 0: none was */
    uint64_t last_held_ns; /* time of the latest search that it was told of; 0: none */

    bool is_waiting;              /* armed: its condition has not held yet */
    bool is_held;                 /* what it takes goes to its backlog, not to the collector */
    struct umig_backlog *backlog; /* NULL: there is none */
    struct umig_trigger_state trigger;
    uint64_t not_before_ns;                /* it does not fire earlier */
    uint64_t told_start_ns;                /* as the collector has it */
    uint64_t fired_ns;                     /* 0: it has no condition, or waits for it */
    char because[UMIG_TRIGGER_TOLD_BYTES]; /* the figures by which it fired; "" */
};

struct umig_sessions {
    struct umig_session session[UMIG_SESSIONS_MAX];
    uint32_t opened_count; /* ever */
    uint32_t next_number;  /* of the session that begins next: they begin in another order */
    struct umig_memory *memory;
    uint64_t random; /* state of the generator for phases */
};

/** Sets the table up. seed: any number. */
void umig_sessions_init(struct umig_sessions *sessions, struct umig_memory *memory, uint64_t seed);

/**
 * Opens a session.
 *
 * @return UMIG_OK; UMIG_E_ARG when the spec asks for nothing or its id is taken or malformed;
 *         UMIG_E_LIMIT when UMIG_SESSIONS_MAX are open; UMIG_E_NOMEM
 */
UMIG_NODISCARD int umig_sessions_open(struct umig_sessions *sessions,
                                      const struct umig_session_spec *spec,
                                      uint64_t now_ns,
                                      struct umig_session **out_session,
                                      struct umig_err *err);

/** Could a session of this spec be opened, if there is room? UMIG_OK or UMIG_E_ARG, as above. */
UMIG_NODISCARD int umig_sessions_check(struct umig_sessions *sessions,
                                       const struct umig_session_spec *spec,
                                       struct umig_err *err);

/**
 * The session that says a budget; NULL: none does. Those that run say the same; one whose end is
 * not written yet counts where none does: what it cost is told against its own.
 */
const struct umig_session *umig_sessions_budget(const struct umig_sessions *sessions);

/** The next number of the sessions' generator, all 64 bits of it. */
uint64_t umig_sessions_random(struct umig_sessions *sessions);

/** Finds a running session by its id; NULL if there is none. */
struct umig_session *umig_sessions_find(struct umig_sessions *sessions, const char *id);

/** Frees a session whose end has been written. */
void umig_session_close(struct umig_session *session);

/** Does it want to be sampled for, begun or not? One that is armed and keeps nothing does not. */
bool umig_session_wants(const struct umig_session *session, enum umig_kind kind);

/** Finest interval that open sessions, begun or not, ask of a kind; 0 when none does. */
uint64_t umig_sessions_finest(const struct umig_sessions *sessions, enum umig_kind kind);

/** The most that open sessions with CPU samples ask of native frames. */
enum umig_native umig_sessions_native(const struct umig_sessions *sessions);

/** Does an open session of kind locks ask for those of the C library? */
bool umig_sessions_want_mutexes(const struct umig_sessions *sessions);

/** Does it ask for kernel frames of its CPU samples? */
bool umig_session_wants_kernel(const struct umig_session *session);

/**
 * The clock that open sessions with CPU samples ask for: the oldest that names one decides; perf
 * where none does and one wants kernel frames; else cputime.
 *
 * @param out_session  who decides; NULL: nobody names a clock
 */
enum umig_clock umig_sessions_clock(const struct umig_sessions *sessions,
                                    const struct umig_session **out_session);

/** Begins: what came before is not the session's. Sets its start and its end. */
void umig_session_begin(struct umig_sessions *sessions,
                        struct umig_session *session,
                        uint64_t now_ns);

/** Begins anew, with new books, and as long as before: what it had is lost to the collector. */
void umig_session_restart(struct umig_session *session, uint64_t now_ns);

/** Does it ask for a kind that has stacks? */
bool umig_session_asks_for_stacks(const struct umig_session *session);

/**
 * Says what it does not get of one sort from now on, and why; "" when it gets all. The sorts make
 * up umig_session.problem, "; " between, cut where that is full.
 */
void umig_session_set_lack(struct umig_session *session, enum umig_lack sort, const char *text);

/** Does the session take part in a kind now? It does from its beginning to its end. */
bool umig_session_takes(const struct umig_session *session, enum umig_kind kind);

/** Does the session look at a thread of this name, if it takes part in kind wall? */
bool umig_session_wants_thread(const struct umig_session *session, const char *name);

/**
 * A session's share of one CPU sample.
 *
 * @param value_ns  CPU time the sample stands for
 * @return ns the session takes, a multiple of its interval; 0: nothing this time. Counted as
 *         produced
 */
uint64_t umig_session_share_cpu(struct umig_sessions *sessions,
                                struct umig_session *session,
                                const struct umig_record *record);

/**
 * A session's share of one wait, without what was before its start: see agent/signal/wait_carry.h;
 * of a wait that goes on, each part, and at its end the rest. Counted as produced.
 */
struct umig_wait_share umig_session_share_wait(struct umig_sessions *sessions,
                                               struct umig_session *session,
                                               const struct umig_record *record);

/** Books what was lost before it reached sessions: thinned like samples. value in ns. */
void umig_session_lost(struct umig_session *session,
                       enum umig_kind kind,
                       enum umig_drop cause,
                       uint64_t value_ns);

/** The thread in this slot is gone, and all its records were shared out. Thread: the native loop.
 */
void umig_sessions_forget_slot(struct umig_sessions *sessions, uint32_t slot);

#endif
