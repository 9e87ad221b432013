/* Programs that run to their end, and what they said. */
#ifndef UMIG_TESTS_E2E_BAD_INPUT_OUTCOME_H
#define UMIG_TESTS_E2E_BAD_INPUT_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>

#include "include/umig/attr.h"
#include "tests/support/jvm.h"

/** What a program left behind. */
struct outcome {
    int code; /* exit code, or 128 + signal */
    char out[16384];
    char err[16384];
    double delay_ms; /* from Brief's last word to the end of its process; -1: it said nothing */
};

/** Runs a shell command (printf format) in the rig's runtime folder. */
void run_program(struct umig_rig *rig, struct outcome *outcome, const char *format, ...)
    UMIG_PRINTF(3, 4);

/**
 * Runs Brief in a JVM that starts quickly.
 *
 * @param options  of the agent; "" none
 * @param words    options of the JVM (printf format); with -Dms=N or -Dcpu=N Brief computes for so
 * long
 */
void run_brief(struct umig_rig *rig,
               struct outcome *outcome,
               const char *options,
               const char *words,
               ...) UMIG_PRINTF(4, 5);

/** Fails unless the JVM ran Brief unharmed. */
void expect_unharmed(const struct outcome *outcome);

/** Fails unless standard error is one line that begins with "umig: " and has the text in it. */
void expect_line(const struct outcome *outcome, const char *text);

/** Number of lines of a text. */
size_t count_lines(const char *text);

/** Whether the collector has an ended session of the service with CPU samples. */
bool is_profiled(struct umig_rig *rig, const char *service);

/** cmocka's group setup and teardown: Brief and Wait, compiled by the oldest JDK. */
int compile_programs(void **state);
int remove_programs(void **state);

/** Their class path. */
const char *programs_path(void);

#endif
