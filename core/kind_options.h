/*
 * What may be asked of a session: the one table of kinds, defaults and ranges behind the agent's
 * start=cpu:10ms,gc and the command's --cpu 10ms --gc.
 */
#ifndef UMIG_CORE_KIND_OPTIONS_H
#define UMIG_CORE_KIND_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/parse.h"
#include "include/umig/attr.h"
#include "include/umig/kinds.h"
#include "include/umig/status.h"

#define UMIG_DURATION_MIN_NS UINT64_C(1000000000)
#define UMIG_DURATION_MAX_NS UINT64_C(86400000000000)

/** Room for the text of umig_interval_text(), NUL included. */
#define UMIG_INTERVAL_TEXT_BYTES 24

/** What a kind takes. A kind with default_ns 0 takes no interval. */
struct umig_kind_rule {
    enum umig_kind kind;
    const char *name; /* as options write it: "cpu" */
    bool is_size;     /* its interval, all three below included, is in bytes, not in ns */
    uint64_t default_ns;
    uint64_t min_ns;
    uint64_t max_ns;
    bool is_extra;       /* only started when it is named */
    const char *meaning; /* of the interval: "CPU time between two samples of a thread" */
};

/** One kind, and its interval in ns, or bytes (0 for a kind that takes none). */
struct umig_kind_option {
    enum umig_kind kind;
    uint64_t interval_ns;
};

/** The kinds of one session; zero-initialised: none. */
struct umig_kind_set {
    bool has_kind[UMIG_KIND_COUNT];
    uint64_t interval_ns[UMIG_KIND_COUNT];
};

/** Rule of a kind; NULL for a number that is no kind. Static storage. */
const struct umig_kind_rule *umig_kind_rule(enum umig_kind kind);

/** Rule of a kind by its option name; NULL for another name. Static storage. */
const struct umig_kind_rule *umig_kind_rule_find(struct umig_span name);

/**
 * Reads the interval of a kind: "10ms", or "512k" where the rule says that it is a size.
 *
 * @return UMIG_OK, or UMIG_E_ARG naming the value and the range, also for a kind that takes none
 */
UMIG_NODISCARD int umig_kind_interval_parse(const struct umig_kind_rule *rule,
                                            struct umig_span text,
                                            uint64_t *out_ns,
                                            struct umig_err *err);

/** Checks an interval that came as a number. UMIG_OK, or UMIG_E_ARG naming the range. */
UMIG_NODISCARD int umig_kind_interval_check(const struct umig_kind_rule *rule,
                                            uint64_t interval_ns,
                                            struct umig_err *err);

/** Reads "cpu" (the default interval) or "cpu:10ms". UMIG_OK or UMIG_E_ARG. */
UMIG_NODISCARD int umig_kind_option_parse(struct umig_span text,
                                          struct umig_kind_option *out_option,
                                          struct umig_err *err);

/** Adds a kind. UMIG_OK, or UMIG_E_ARG: no such kind, or the set has it already. */
UMIG_NODISCARD int umig_kind_set_add(struct umig_kind_set *set,
                                     struct umig_kind_option option,
                                     struct umig_err *err);

/** Reads the duration of a session: "30s", 1s to 24h. UMIG_OK or UMIG_E_ARG. */
UMIG_NODISCARD int umig_session_duration_parse(struct umig_span text,
                                               uint64_t *out_ns,
                                               struct umig_err *err);

/** Reads what is taken of native frames: "off", "leaf", "on". UMIG_OK or UMIG_E_ARG. */
UMIG_NODISCARD int umig_native_parse(struct umig_span text,
                                     enum umig_native *out_native,
                                     struct umig_err *err);

/** The word of umig_native_parse(); "?" for another number. Static storage. */
const char *umig_native_word(enum umig_native native);

/** Reads a clock of CPU samples: "auto", "perf", "cputime", "wall". UMIG_OK or UMIG_E_ARG. */
UMIG_NODISCARD int umig_clock_parse(struct umig_span text,
                                    enum umig_clock *out_clock,
                                    struct umig_err *err);

/** The word of umig_clock_parse(); "?" for another number. Static storage. */
const char *umig_clock_word(enum umig_clock clock);

/** "vm", "agct"; "" for UMIG_WALKER_AUTO: none is chosen. Static storage. */
const char *umig_walker_word(enum umig_walker walker);

/** Writes a duration as options are read, in the largest unit that is exact: "10ms", "90s", "0s".
 */
void umig_interval_text(uint64_t ns, char out[UMIG_INTERVAL_TEXT_BYTES]);

/** The same for an interval of a kind: a duration, or a size like "512k". */
void umig_kind_interval_text(const struct umig_kind_rule *rule,
                             uint64_t interval,
                             char out[UMIG_INTERVAL_TEXT_BYTES]);

#endif
