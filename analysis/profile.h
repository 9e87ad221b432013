/*
 * The profile of one session in memory: what a store is read into, what analysis works on, what
 * every report is written from. Pure data: no clock, no file, no socket.
 *
 * Names, methods, frames and stacks are interned: equal content has one id, ids count up from 1,
 * 0 means "none" (for a stack: the root, above every thread's first frame). Stacks are a tree:
 * a stack is its caller's stack plus one frame.
 */
#ifndef UMIG_ANALYSIS_PROFILE_H
#define UMIG_ANALYSIS_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/umig/attr.h"
#include "include/umig/gc_events.h"
#include "include/umig/jvm_counters.h"
#include "include/umig/kinds.h"
#include "include/umig/pools.h"
#include "include/umig/status.h"

/** A heap figure that is not known. */
#define UMIG_BYTES_UNKNOWN UINT64_MAX

struct umig_profile_method {
    uint32_t class_name; /* string; as in source: a.b.C$D; 0 for error and truncation frames */
    uint32_t name;       /* string */
    uint32_t file;       /* string; 0 unknown */
};

struct umig_profile_frame {
    uint32_t method;
    uint32_t line; /* 0 unknown */
    enum umig_frame_kind kind;
};

struct umig_profile_stack {
    uint32_t parent; /* stack of the caller; 0 root */
    uint32_t frame;
    uint32_t depth; /* frames from the root, this one included */
};

struct umig_profile_thread {
    uint32_t tid; /* 0: of no one thread of the system's */
    uint64_t
        virtual_id; /* Thread.threadId() of a virtual thread; 0: it is none, or many share it */
    enum umig_thread_kind kind;
    uint32_t name;  /* string */
    uint32_t group; /* string: the name with its numbers replaced by '*' */
};

/** All samples with the same kind, thread group, stack, outcome and block of time. */
struct umig_profile_sample {
    enum umig_kind kind;
    enum umig_outcome outcome;
    uint32_t group; /* string */
    uint32_t stack;
    uint32_t block; /* of the session's time, from 1 in its order; 0: not told apart */
    uint64_t count; /* samples */
    uint64_t value; /* sum, in the kind's unit */
};

struct umig_profile_thread_total {
    uint32_t thread;
    enum umig_kind kind;
    uint64_t count;
    uint64_t value;
};

struct umig_profile_pause {
    uint64_t start_unix_ns;
    uint64_t duration_ns;
    uint32_t collection;   /* string; 0 unknown */
    uint32_t cause;        /* string; 0 unknown */
    uint64_t before_bytes; /* or UMIG_BYTES_UNKNOWN */
    uint64_t after_bytes;
};

/** What the JVM's log said beside a pause: not kept, but added up. */
struct umig_profile_gc_event {
    enum umig_gc_event_kind kind;
    uint64_t start_unix_ns;
    uint64_t duration_ns;
    uint64_t before, after; /* include/umig/gc_events.h */
    uint32_t name;          /* string */
    uint32_t detail;        /* string; 0 none */
    uint32_t thread;        /* late; 0 none */
    uint32_t stack;         /* late: of that thread; 0 none */
};

/** Sums over the events of one kind, name and detail. */
struct umig_profile_gc_sum {
    enum umig_gc_event_kind kind;
    uint32_t pause;  /* string: kind of the pause that a phase is a step of; 0 unknown, or none */
    uint32_t name;   /* string */
    uint32_t detail; /* string: cycle: cause; stall, late: group of the thread; 0 none */
    uint32_t stack;  /* late; 0 none */
    uint64_t count;
    uint64_t total_ns, longest_ns;
    uint64_t before, before_most; /* sum, and at one event */
    uint64_t grown, shrunk;       /* sums of what after is above and below before */
};

/** Pauses whose steps are kept one by one: the longest. */
#define UMIG_PROFILE_LONG_PAUSES 5u

/** A step of one of the longest pauses there were when it came. */
struct umig_profile_gc_step {
    uint32_t pause; /* index in pauses */
    uint32_t name;  /* string */
    uint64_t duration_ns;
};

/** One pool at one moment; the process's RSS is the pool named "RSS". */
struct umig_profile_pool_point {
    uint64_t unix_ns;
    uint32_t pool; /* string */
    uint64_t used_bytes;
    uint64_t committed_bytes;
    uint64_t maximum_bytes; /* or UMIG_BYTES_UNKNOWN */
};

struct umig_profile_wait {
    uint64_t unix_ns; /* end of the wait */
    uint32_t thread;
    uint32_t holder;        /* thread; 0 unknown */
    uint32_t monitor_class; /* string; 0 unknown */
    uint32_t stack;
    uint64_t wait_ns;
    uint64_t count;        /* waits in wait_ns */
    uint32_t holder_stack; /* of the holder when the wait began; 0 unknown */
    uint32_t deadlock;     /* number of the deadlock it is part of; 0 none */
};

/** A pool of threads or of connections at one moment: not kept, but added up. */
struct umig_profile_work_row {
    uint64_t unix_ns;
    uint32_t number; /* of the pool in its process */
    uint32_t name;   /* string; 0 it has none */
    enum umig_pool_kind kind;
    struct umig_pool_figures figures;
};

/** Parts of a session's time that readings of a pool are told apart by. */
#define UMIG_PROFILE_WORK_PARTS 30u

/** Sums over the readings of one pool. */
struct umig_profile_work_pool {
    uint32_t number;
    uint32_t name; /* string, of the last reading */
    enum umig_pool_kind kind;
    uint64_t readings;
    uint64_t queue_readings; /* of them with a queue that is known */
    uint64_t full_readings;  /* of these with all at work and something that waited */
    uint64_t first_unix_ns, last_unix_ns;
    uint64_t size, active, queued;                /* sums */
    uint64_t size_most, active_most, queued_most; /* at one reading */
    struct umig_pool_figures last;                /* of the last reading */
    uint64_t first_completed;                     /* or UMIG_POOL_UNKNOWN */
    struct {
        uint32_t readings;
        float size, active, queued; /* sums */
    } parts[UMIG_PROFILE_WORK_PARTS];
};

/** What the agent itself took from the session's start to a moment. */
struct umig_profile_cost {
    uint64_t unix_ns;
    uint64_t kind_cpu_ns[UMIG_KIND_COUNT]; /* under 0: what serves all kinds */
    uint32_t divisors[UMIG_KIND_COUNT];    /* it was taken so many times more rarely; 0 is 1 */
    uint64_t process_cpu_ns;
    uint64_t memory_bytes; /* resident, at the moment */
};

/** Parts of a session's time that costs are told apart by. */
#define UMIG_PROFILE_COST_PARTS 30u

/** The last cost of a part. */
struct umig_profile_cost_part {
    struct umig_profile_cost last;  /* unix_ns 0: none is known */
    uint32_t most[UMIG_KIND_COUNT]; /* of divisors */
    uint64_t most_bytes;            /* of memory */
};

/** The books of one kind: produced = stored + dropped, or missing says what is not accounted for.
 */
struct umig_profile_tally {
    bool present;
    uint64_t produced;
    uint64_t stored; /* added up by the store, never taken from the agent */
    uint64_t dropped[UMIG_DROP_COUNT];
};

/** A counter of the JVM at the first and at the last reading of the session. */
struct umig_profile_jvm_counter {
    uint64_t first_unix_ns, last_unix_ns; /* 0: it was not read */
    uint64_t first, last;
};

struct umig_profile_label {
    uint32_t key;
    uint32_t value;
};

struct umig_profile_session {
    uint32_t id, service, instance, host, main_class, jvm_name, jvm_version, collector_name;
    uint32_t pid;
    uint32_t jdk;
    uint32_t cpu_count;
    uint64_t max_heap_bytes;
    uint64_t attached_after_ns; /* the JVM had run so long; 0: the agent came with it */
    uint64_t began_unix_ns;
    uint64_t start_unix_ns; /* of what is loaded: as a rule began_unix_ns */
    uint64_t end_unix_ns;   /* of the last thing known while the session runs */
    enum umig_end end;
    bool is_end_unknown; /* it ran at the last data, and no collector since could see it end */
    uint64_t interval_ns[UMIG_KIND_COUNT]; /* 0: the kind is off */
    bool has_kind[UMIG_KIND_COUNT];
    enum umig_native native; /* native frames asked for */
    bool has_mutexes;        /* kind locks: those of the C library were asked for, too */
    uint32_t walker;         /* of its stacks: vm, agct; 0 none or unknown */
    uint32_t clock;          /* of its CPU samples: perf, cputime, wall; 0 none or unknown */
    uint32_t threads;        /* kind wall: pattern of the threads it is about; 0: all */
    uint32_t problem;        /* what it asked for and did not get, and why; 0: it got all */
    uint32_t when;           /* the condition it was armed with; 0: none */
    uint32_t because;        /* the figures by which that held */
    uint64_t fired_unix_ns;  /* when; what is before was kept; 0: it had none */
    uint64_t agent_cpu_ns, agent_memory_bytes, process_cpu_ns;
    uint64_t budget_ppm; /* of CPU, that the agent was to keep to; 0: none, or it was not told */
    uint64_t budget_memory_bytes;
    uint32_t lost_files; /* files that held a part of it and are gone: every figure may be short */
    uint64_t waiting_batches; /* of its JVM, acknowledged, and in no figure: the disk is full */
};

/* clang-format off */
#define UMIG_PROFILE_LIST(type) struct { type *items; size_t count; size_t room; }
/* clang-format on */

struct umig_profile_index;

/** Read freely; change only through the functions below. Item 0 of the interned lists is "none". */
struct umig_profile {
    struct umig_profile_session session;
    UMIG_PROFILE_LIST(struct umig_profile_label) labels;
    UMIG_PROFILE_LIST(uint32_t) others; /* ids, as strings, of what else ran in the JVM meanwhile */
    UMIG_PROFILE_LIST(const char *) strings; /* NUL-terminated UTF-8; items[0] is "" */
    UMIG_PROFILE_LIST(struct umig_profile_method) methods;
    UMIG_PROFILE_LIST(struct umig_profile_frame) frames;
    UMIG_PROFILE_LIST(struct umig_profile_stack) stacks;
    UMIG_PROFILE_LIST(struct umig_profile_thread) threads;
    UMIG_PROFILE_LIST(struct umig_profile_sample) samples;
    UMIG_PROFILE_LIST(struct umig_profile_thread_total) thread_totals;
    UMIG_PROFILE_LIST(struct umig_profile_pause) pauses;
    UMIG_PROFILE_LIST(struct umig_profile_gc_sum) gc_sums;
    UMIG_PROFILE_LIST(struct umig_profile_gc_step) gc_steps;
    UMIG_PROFILE_LIST(struct umig_profile_pool_point) pool_points;
    UMIG_PROFILE_LIST(struct umig_profile_work_pool) work_pools;
    UMIG_PROFILE_LIST(struct umig_profile_wait) waits;
    struct umig_profile_tally tallies[UMIG_KIND_COUNT];
    struct umig_profile_cost_part costs[UMIG_PROFILE_COST_PARTS];
    struct umig_profile_jvm_counter jvm[UMIG_JVM_COUNTERS];

    /* private to profile*.c */
    struct umig_profile_index *index;
    size_t next_work_pool; /* where to look first */
    size_t next_gc_sum;
    size_t long_pauses_of; /* pauses there were when the longest were looked for */
    uint32_t long_pause_count;
    uint32_t long_pauses[UMIG_PROFILE_LONG_PAUSES];
    size_t used_bytes;
    size_t limit_bytes;
};

/**
 * Makes an empty profile.
 *
 * @param limit_bytes  memory it may take, all lists and names together; at least 64 KiB
 * @param out_profile  the profile; destroy with umig_profile_destroy()
 * @return UMIG_OK, UMIG_E_ARG, UMIG_E_NOMEM
 */
UMIG_NODISCARD int umig_profile_create(size_t limit_bytes,
                                       struct umig_profile **out_profile,
                                       struct umig_err *err);

/** Frees a profile and all it holds; takes NULL; returns NULL. */
struct umig_profile *umig_profile_destroy(struct umig_profile *profile);

/*
 * The interning functions: equal content gives an equal id. On success *out_id is set and UMIG_OK
 * returned; UMIG_E_NOMEM when the profile's bound is reached, UMIG_E_ARG for an id that does not
 * exist yet.
 */

/** Interns bytes as a string. Bytes that are not UTF-8 become U+FFFD, NUL becomes U+2400. */
UMIG_NODISCARD int umig_profile_string(struct umig_profile *profile,
                                       const char *bytes,
                                       size_t byte_count,
                                       uint32_t *out_id);

/** Interns a method. */
UMIG_NODISCARD int umig_profile_method(struct umig_profile *profile,
                                       const struct umig_profile_method *method,
                                       uint32_t *out_id);

/** Interns a frame. */
UMIG_NODISCARD int umig_profile_frame(struct umig_profile *profile,
                                      const struct umig_profile_frame *frame,
                                      uint32_t *out_id);

/** Interns a stack: the caller's stack (0: root) and one frame below it. */
UMIG_NODISCARD int umig_profile_stack(struct umig_profile *profile,
                                      uint32_t parent,
                                      uint32_t frame,
                                      uint32_t *out_id);

/**
 * Interns a thread; group is derived from the name. Threads are told apart by tid and name.
 * A kind that was unknown at first is learned from a later call.
 */
UMIG_NODISCARD int umig_profile_thread(struct umig_profile *profile,
                                       uint32_t tid,
                                       enum umig_thread_kind kind,
                                       uint32_t name,
                                       uint32_t *out_id);

/** Interns a single virtual thread; they are told apart by id and name. */
UMIG_NODISCARD int umig_profile_virtual_thread(struct umig_profile *profile,
                                               uint64_t virtual_id,
                                               uint32_t name,
                                               uint32_t *out_id);

/** Interns the group of a thread name; see umig_thread_group(). */
UMIG_NODISCARD int umig_profile_group(struct umig_profile *profile,
                                      uint32_t name,
                                      uint32_t *out_group);

/** Adds to the sample with the same kind, outcome, group, stack and block; makes it if need be. */
UMIG_NODISCARD int umig_profile_add_sample(struct umig_profile *profile,
                                           const struct umig_profile_sample *sample);

/** Adds to the totals of a thread and kind; makes the row if there is none. */
UMIG_NODISCARD int umig_profile_add_thread_total(struct umig_profile *profile,
                                                 const struct umig_profile_thread_total *total);

/** Appends a row; rows are kept in the order they come. */
UMIG_NODISCARD int umig_profile_add_pause(struct umig_profile *profile,
                                          const struct umig_profile_pause *pause);
/**
 * Adds to the sums of its kind, name and detail; makes them if need be. The pauses up to it must be
 * there, in the order of their time.
 */
UMIG_NODISCARD int umig_profile_add_gc_event(struct umig_profile *profile,
                                             const struct umig_profile_gc_event *event);
/** The longest pauses, by index, the longest first; of equal ones the earlier. Returns how many. */
uint32_t umig_profile_long_pauses(const struct umig_profile *profile,
                                  uint32_t out_pauses[UMIG_PROFILE_LONG_PAUSES]);
/** Appends a step of a pause that is there. */
UMIG_NODISCARD int umig_profile_add_gc_step(struct umig_profile *profile,
                                            const struct umig_profile_gc_step *step);
/** Adds sums to those of their kind, name and detail, or appends them. */
UMIG_NODISCARD int umig_profile_add_gc_sum(struct umig_profile *profile,
                                           const struct umig_profile_gc_sum *sum);
/** Appends a row; rows are kept in the order they come. */
UMIG_NODISCARD int umig_profile_add_pool_point(struct umig_profile *profile,
                                               const struct umig_profile_pool_point *point);
/** Appends a row; rows are kept in the order they come. */
UMIG_NODISCARD int umig_profile_add_wait(struct umig_profile *profile,
                                         const struct umig_profile_wait *wait);
/**
 * Adds to the sums of its pool; makes it if need be. The session's start and end must be known. A
 * reading older than the last one is added as well.
 */
UMIG_NODISCARD int umig_profile_add_work_row(struct umig_profile *profile,
                                             const struct umig_profile_work_row *row);
/** Appends a pool with its sums. */
UMIG_NODISCARD int umig_profile_add_work_pool(struct umig_profile *profile,
                                              const struct umig_profile_work_pool *pool);
/** Takes a cost into its part of the session's time, whose start and end must be known. In order.
 */
void umig_profile_add_cost(struct umig_profile *profile, const struct umig_profile_cost *cost);
/** Takes a reading of a counter of the JVM, in any order; a counter that is not known is ignored.
 */
void umig_profile_set_jvm_counter(struct umig_profile *profile,
                                  uint64_t counter,
                                  uint64_t unix_ns,
                                  uint64_t value);
/** Appends a label of the session; one that is there already (agent and session give it) is kept.
 */
UMIG_NODISCARD int umig_profile_add_label(struct umig_profile *profile,
                                          uint32_t key,
                                          uint32_t value);

/** Appends the id, a string, of another session that ran in the JVM during this one. */
UMIG_NODISCARD int umig_profile_add_other(struct umig_profile *profile, uint32_t id);

/** Text of a string id; "" for 0. Borrowed from the profile. */
const char *umig_profile_text(const struct umig_profile *profile, uint32_t string);

#endif
