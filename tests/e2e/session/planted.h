/* The program Planted, and what a report says of it. Shared by the tests that compare with it. */
#ifndef UMIG_TESTS_E2E_SESSION_PLANTED_H
#define UMIG_TESTS_E2E_SESSION_PLANTED_H

#include "tests/support/jvm.h"

/** Starts it with all its blocks; rounds begin at different random orders by seed. */
void planted_start(struct umig_rig *rig, int seed);

/** The same with more options of the JVM, each with a space behind. */
void planted_start_with(struct umig_rig *rig, const char *flags, int seed);

/** The same without the agent, in a heap that is taken whole at once. */
void planted_start_without_agent(struct umig_rig *rig, int seed);

/**
 * Burns rounds of CPU until a session has so many stored samples of the burning threads. How many
 * a second of CPU gives is the kernel's tick's affair, and fewer on a machine that is taken away
 * from us at times.
 *
 * @return what the program measured of all rounds: {"threads_ns", "methods": {NAME: ns}}
 */
json_t *planted_burn(struct umig_rig *rig, const char *session, double wanted);

/** Ends it. */
void planted_end(struct umig_rig *rig);

/** Reads a session's report. */
json_t *planted_report(struct umig_rig *rig, const char *session);

/** "value_ns" or "samples" of the burning threads. */
double planted_threads(const json_t *report, const char *key);

/** "total_ns" or "total_samples" of a method "Class.method"; 0 when the report does not know it. */
double planted_method(const json_t *report, const char *name, const char *key);

#endif
