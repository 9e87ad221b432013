/*
 * Options of the agent: -agentpath:libumigagent.so=service=orders,start=cpu:10ms,gc. One table
 * holds every option with its form, range and default; docs/options.md is made of it.
 */
#ifndef UMIG_AGENT_OPTIONS_H
#define UMIG_AGENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/glob.h"
#include "core/kind_options.h"
#include "core/log.h"
#include "core/service.h"
#include "core/socket.h"
#include "core/trigger.h"
#include "include/umig/attr.h"
#include "include/umig/kinds.h"
#include "include/umig/status.h"

/** Longest service, instance or label key, NUL included. */
#define UMIG_NAME_BYTES UMIG_SERVICE_BYTES

/** Longest value of a label, NUL included. */
#define UMIG_LABEL_VALUE_BYTES 129

/** Most labels of one agent. */
#define UMIG_LABEL_MAX 16

/** Longest path of a log, NUL included. */
#define UMIG_LOG_PATH_BYTES 512

struct umig_agent_label {
    char key[UMIG_NAME_BYTES];
    char value[UMIG_LABEL_VALUE_BYTES];
};

/** What was asked for, defaults filled in. Fixed size: nothing to free. */
struct umig_agent_options {
    bool has_collector; /* false: the user's collector, then the host's */
    struct umig_address collector;
    char service[UMIG_NAME_BYTES];  /* "": derived from the main class or jar */
    char instance[UMIG_NAME_BYTES]; /* "": none */
    struct umig_agent_label labels[UMIG_LABEL_MAX];
    size_t label_count;
    bool has_start; /* a session is started at once, of these kinds */
    struct umig_kind_set start;
    uint64_t duration_ns;                 /* of that session; 0: until the JVM ends */
    char control[UMIG_SOCKET_PATH_BYTES]; /* "": the usual place */
    uint64_t memory_bytes;
    uint32_t budget_ppm; /* millionths of CPU; 0: any */
    bool has_budget;     /* it was said */
    enum umig_walker walker;
    bool is_debug_info_late;            /* compilers are asked for it by the first session only */
    uint32_t faults;                    /* caught in walks within a minute, and borne */
    enum umig_native native;            /* of the session of start= */
    bool has_mutexes;                   /* likewise */
    enum umig_clock clock;              /* of the session of start= */
    char threads[UMIG_GLOB_BYTES];      /* of the session of start=, for kind wall; "": all */
    struct umig_trigger when;           /* that session is armed until this holds */
    bool has_before;                    /* it is said how much of before is kept */
    uint64_t before_ns;                 /* of what came before that is kept */
    uint32_t repeat;                    /* how often it may fire */
    char log_path[UMIG_LOG_PATH_BYTES]; /* "": standard error */
    enum umig_log_level log_level;
    bool is_strict; /* what is wrong with options keeps the JVM from starting */
};

/**
 * The budget where none is said, millionths of CPU: 1 %. Sanitizers, and code that is not
 * optimised, are ten times as dear, and not there for figures.
 */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ || !defined __OPTIMIZE__
# define UMIG_BUDGET_DEFAULT_PPM 100000u
#else
# define UMIG_BUDGET_DEFAULT_PPM 10000u
#endif

/** One row of the table, as documentation shows it. */
struct umig_option_doc {
    const char *name; /* "memory" */
    const char *form; /* "memory=SIZE" */
    const char *unit; /* what the value is, and its unit */
    const char *range;
    const char *default_value; /* "none" where there is none */
    const char *meaning;
    const char *example; /* a right use */
};

/**
 * Reads the option text of -agentpath.
 *
 * Options are divided by commas, so values hold none. start= takes the items after it that are
 * kinds: in "start=cpu:10ms,gc,memory=16m" gc belongs to start.
 *
 * @param text         NULL and "" ask for nothing
 * @param out_options  on failure untouched, except is_strict: whether "strict" is among the options
 * @return UMIG_OK, or UMIG_E_ARG: one line that names the option and the right form
 *
 * Pure; any thread.
 */
UMIG_NODISCARD int umig_options_parse(const char *text,
                                      struct umig_agent_options *out_options,
                                      struct umig_err *err);

/** The option at this place of the table, in the order of documentation; NULL behind the last. */
const struct umig_option_doc *umig_option_doc(size_t index);

#endif
