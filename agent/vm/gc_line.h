/*
 * Understands the lines of the JVM's GC log that end a pause. Pure: text in, facts out.
 *
 *     [1230ns][gc       ] GC(7) Pause Young (Normal) (G1 Evacuation Pause) 24M->5M(64M) 3.210ms
 *     [1230ns][gc,phases] GC(7) y: Pause Mark Start 0.010ms
 */
#ifndef UMIG_AGENT_VM_GC_LINE_H
#define UMIG_AGENT_VM_GC_LINE_H

#include <stdbool.h>
#include <stdint.h>

/** Longest name of a kind or a cause, NUL included. */
#define UMIG_GC_KIND_BYTES  64u
#define UMIG_GC_CAUSE_BYTES 48u

struct umig_gc_line {
    uint64_t time_ns; /* CLOCK_MONOTONIC at the end of the pause */
    uint64_t duration_ns;
    char kind[UMIG_GC_KIND_BYTES];   /* "Pause Young (Normal)" */
    char cause[UMIG_GC_CAUSE_BYTES]; /* empty: the line does not say */
    uint64_t heap_before;            /* bytes; UMIG_HEAP_UNKNOWN if the line does not say */
    uint64_t heap_after;
    uint64_t heap_unit; /* the figures are rounded down to a multiple of it */
};

/**
 * Reads one line.
 *
 * ZGC's letters become words: y is "(Minor)", Y "(Major Young)", O "(Major Old)".
 *
 * @return false for every line that is not the end of a pause; *out_line is then undefined
 */
bool umig_gc_line_parse(const char *text, struct umig_gc_line *out_line);

#endif
