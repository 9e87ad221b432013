/*
 * Conditions that an armed session waits for:
 *
 *   heap > 90%
 *   cpu >= 80% for 10s and threads > 500 or pause > 200ms
 *
 *   condition = part {("and" | "or") part}      "and" binds closer
 *   part      = METRIC (">" | ">=" | "<" | "<=") VALUE ["for" TIME]
 *
 * Pure: no clock, no memory beyond the structs. What the metrics are worth at a moment is the
 * caller's to say.
 */
#ifndef UMIG_CORE_TRIGGER_H
#define UMIG_CORE_TRIGGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/parse.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Longest condition, NUL included. */
#define UMIG_TRIGGER_TEXT_BYTES 128

/** Most parts of one condition. */
#define UMIG_TRIGGER_PARTS_MAX 8

/** Room for what umig_trigger_tell() says of every part, NUL included. */
#define UMIG_TRIGGER_TOLD_BYTES 256

/** Most and usual time before the condition holds of which an armed session keeps what it took. */
#define UMIG_BEFORE_MAX_NS     (300 * UINT64_C(1000000000))
#define UMIG_BEFORE_DEFAULT_NS (60 * UINT64_C(1000000000))

/** Longest "for TIME". */
#define UMIG_TRIGGER_FOR_MAX_NS (3600 * UINT64_C(1000000000))

/*
 * X(NAME, number, "word", unit, "sentence"): what conditions compare. A metric that is written in
 * two ways, a share and an amount, is two figures of the same word.
 */
#define UMIG_FIGURE_TABLE(X)                                                                      \
 X(CPU, 0, "cpu", SHARE, "CPU time of the process, of the processors it may use")                 \
 X(HEAP_SHARE, 1, "heap", SHARE, "Java heap in use, garbage not yet collected included, of -Xmx") \
 X(HEAP, 2, "heap", BYTES, "the same in bytes")                                                   \
 X(RSS, 3, "rss", BYTES, "resident memory of the process")                                        \
 X(PAUSE, 4, "pause", TIME, "longest pause of the collector within the second")                   \
 X(SAFEPOINT, 5, "safepoint", SHARE, "time that all threads stood at safepoints")                 \
 X(THREADS, 6, "threads", NUMBER, "threads of the process")

enum umig_figure {
#define UMIG_FIGURE_ENUM(name, number, word, unit, text) UMIG_FIGURE_##name = (number),
    UMIG_FIGURE_TABLE(UMIG_FIGURE_ENUM)
#undef UMIG_FIGURE_ENUM
    UMIG_FIGURE_COUNT = 7
};

enum umig_figure_unit {
    UMIG_UNIT_SHARE, /* 1/1000 of a percent */
    UMIG_UNIT_BYTES,
    UMIG_UNIT_TIME, /* ns */
    UMIG_UNIT_NUMBER,
};

/** A figure that cannot be had: no part that compares it holds. */
#define UMIG_FIGURE_UNKNOWN UINT64_MAX

/** A whole percent in the unit of shares. */
#define UMIG_SHARE_PERCENT UINT64_C(1000)

enum umig_trigger_op {
    UMIG_TRIGGER_ABOVE,
    UMIG_TRIGGER_AT_LEAST,
    UMIG_TRIGGER_BELOW,
    UMIG_TRIGGER_AT_MOST,
};

struct umig_trigger_part {
    enum umig_figure figure;
    enum umig_trigger_op op;
    uint64_t bound;
    uint64_t for_ns;
    bool begins_or; /* "or" stands before it; else "and", or nothing */
};

/** A condition; zero-initialised: none, which never holds. */
struct umig_trigger {
    char text[UMIG_TRIGGER_TEXT_BYTES]; /* as it was written; "": none */
    struct umig_trigger_part parts[UMIG_TRIGGER_PARTS_MAX];
    size_t count;
};

/** Since when which part has held; zero-initialised: none does. */
struct umig_trigger_state {
    bool holds[UMIG_TRIGGER_PARTS_MAX];
    uint64_t since_ns[UMIG_TRIGGER_PARTS_MAX];
};

/** What the metrics are worth at one moment; each may be UMIG_FIGURE_UNKNOWN. */
struct umig_figures_now {
    uint64_t values[UMIG_FIGURE_COUNT];
};

/**
 * Reads a condition.
 *
 * @param out_trigger  untouched on failure
 * @return UMIG_OK, or UMIG_E_ARG: one line that names the word at fault and what would be right
 */
UMIG_NODISCARD int umig_trigger_parse(struct umig_span text,
                                      struct umig_trigger *out_trigger,
                                      struct umig_err *err);

/**
 * Looks at the condition again, as often as figures are read.
 *
 * @param now_ns     counts up from call to call
 * @param out_parts  bit i: part i is one of those by which the condition holds; 0 where it does not
 * @return whether it holds, each part for as long as it asks
 */
bool umig_trigger_check(const struct umig_trigger *trigger,
                        struct umig_trigger_state *state,
                        const struct umig_figures_now *now,
                        uint64_t now_ns,
                        uint32_t *out_parts);

/** Does the condition look at this figure? */
bool umig_trigger_asks(const struct umig_trigger *trigger, enum umig_figure figure);

/**
 * Says what the figures of some parts are, each once: "heap 92.3 %, threads 431".
 *
 * @param parts     bit i: of part i
 * @param has_been  as of what is over: "heap was 92.3 %, threads were 431"
 */
void umig_trigger_tell(const struct umig_trigger *trigger,
                       const struct umig_figures_now *now,
                       uint32_t parts,
                       bool has_been,
                       char out[UMIG_TRIGGER_TOLD_BYTES]);

#endif
