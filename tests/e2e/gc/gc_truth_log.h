/* Reads what the truth test compares: the JVM's log, the probe's lines, the program's beans. */
#ifndef UMIG_TESTS_E2E_GC_TRUTH_LOG_H
#define UMIG_TESTS_E2E_GC_TRUTH_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRUTH_MAX_PAUSES 4096u
#define TRUTH_MAX_POOLS  20000u
#define TRUTH_MAX_BEANS  8u

/** One "Pause ... ms" line of the JVM's log. */
struct truth_logged {
    uint64_t time_ns;
    double duration_ms;
    unsigned collection; /* GC(n) */
    char generation;     /* ZGC: y, Y, O; else 0 */
    char line[256];      /* from "Pause" on */
    int64_t after_bytes; /* from the lines around it; -1 if the log does not say */
};

/** One pause as the probe reports it. */
struct truth_pause {
    uint64_t start_ns;
    uint64_t duration_ns;
    uint64_t robbed_ns; /* its thread waited for a processor */
    int64_t before;
    int64_t after;
    char kind[96];
    char cause[64];
    /* What of the log falls to it. */
    unsigned line_count;
    double logged_ms;
    const struct truth_logged *last_line;
};

/** How long the thread of the pause that began then waited for a processor. */
struct truth_robbed {
    uint64_t start_ns;
    uint64_t waited_ns;
};

/** One reading of one pool by the probe. */
struct truth_pool {
    uint64_t time_ns;
    int64_t used;
    int64_t committed;
    char name[40];
};

/** One memory bean of the program, standing still from begin to end; floor: before the last
 * collection. */
struct truth_bean {
    uint64_t begin_ns;
    uint64_t end_ns;
    int64_t used;
    int64_t committed;
    int64_t floor_used;
    int64_t floor_committed;
    char name[40];
};

/** One run of the program. */
struct truth {
    uint64_t ready_ns; /* the probe sees pauses from here on */
    uint64_t lost;
    bool was_silent; /* the probe missed lines of the log that it had switched on */
    size_t logged_count;
    size_t pause_count;
    size_t robbed_count;
    size_t pool_count;
    size_t bean_count;
    struct truth_logged logged[TRUTH_MAX_PAUSES];
    struct truth_pause pauses[TRUTH_MAX_PAUSES];
    struct truth_robbed robbed[TRUTH_MAX_PAUSES];
    struct truth_pool pools[TRUTH_MAX_POOLS];
    struct truth_bean beans[TRUTH_MAX_BEANS];
};

/** Reads -Xlog:gc*=info,gc+heap=debug with the decorators timenanos,tags. */
void truth_read_log(struct truth *truth, const char *path);

/** Reads the probe's file. */
void truth_read_probe(struct truth *truth, const char *path);

/** Reads the program's output. */
void truth_read_beans(struct truth *truth, const char *path);

/** Gives each logged pause to the latest reported one that began before it. */
void truth_match(struct truth *truth);

#endif
