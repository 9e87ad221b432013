/*
 * Compares what the probe says of collections and safepoints beside pauses with the run's own log,
 * line by line: a line is stamped once, whichever files it is written to, so both have its time.
 */
#ifndef UMIG_TESTS_E2E_GC_TRUTH_EVENTS_H
#define UMIG_TESTS_E2E_GC_TRUTH_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/umig/gc_events.h"

#define TRUTH_MAX_EVENTS 60000u

/** What came of it. */
struct truth_events {
    size_t lines;    /* of the log, while the probe was on, that tell of something */
    size_t missing;  /* of these without an event */
    size_t wrong;    /* of these with other figures */
    size_t invented; /* events without a line */
    size_t of[UMIG_GC_EVENT_KINDS];
};

/**
 * Reads the log (-Xlog:gc*=info,gc+heap=debug,safepoint=info, decorators timenanos,tags) and the
 * probe's file. The first few that are not as they should be are printed.
 */
void truth_compare_events(const char *log_path,
                          const char *probe_path,
                          struct truth_events *out_result);

#endif
