/*
 * What the cases of e2e.company share: a JVM with the agent beside whatever may stand around it,
 * and what the agent says of it. Each case is a function that umig_rig_each_jdk() may call.
 */
#ifndef UMIG_TESTS_E2E_COMPANY_COMPANY_H
#define UMIG_TESTS_E2E_COMPANY_COMPANY_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "tests/support/jvm.h"

/** What is measured, or is too slow, is left to the build without sanitizers. */
#ifdef __SANITIZE_ADDRESS__
# define COMPANY_IS_SANITIZED true
#else
# define COMPANY_IS_SANITIZED false
#endif

/** Children of every kind have nothing of the agent's. */
void company_children(struct umig_rig *rig);

/** So many threads that there are no timers for all of them. */
void company_crowd(struct umig_rig *rig);

/** No timers, no descriptors, no address space. */
void company_limits(struct umig_rig *rig);

/** Stacks that overflow, and stacks that nearly do. */
void company_stacks(struct umig_rig *rig);

/** Interpreted only, compiled by C1 only, and code caches that are full. */
void company_code(struct umig_rig *rig);

/** A library that takes SIGSEGV over and hands nothing on. */
void company_faults(struct umig_rig *rig);

/** JFR and async-profiler, with the truth planted. */
void company_profilers(struct umig_rig *rig);

/** The agent's part of "umig status --json". Caller decrefs. */
json_t *company_status(struct umig_rig *rig);

/** A counter of it; fails the test if it is not there. */
double company_counter(const json_t *agent, const char *name);

/** Waits until a counter has reached a value; the status of then. Caller decrefs. */
json_t *company_await(struct umig_rig *rig, const char *counter, double value);

/** Waits for samples of the only session from now on. */
void company_await_samples(struct umig_rig *rig, double count);

/** Starts a session and fails unless it was possible; words are options of "umig start". */
void company_start_session(struct umig_rig *rig, const char *name, const char *words);

/** Stops a session and waits until all of it is stored; its report. Caller decrefs. */
json_t *company_stop_session(struct umig_rig *rig, const char *name);

/** Fails unless text has the words in it. */
void company_expect(const char *where, const char *text, const char *words);

/** Fails unless "umig status" of the JVM says the words. */
void company_expect_status(struct umig_rig *rig, const char *words);

/** What the JVM has written on standard error. */
const char *company_errors(const struct umig_rig *rig);

/** Sets a limit of the JVM that runs, soft and hard. */
void company_limit(const struct umig_rig *rig, enum __rlimit_resource resource, rlim_t value);

/** Ends the program by a line; its last words. The JVM must exit with 0. Caller decrefs. */
json_t *company_end(struct umig_rig *rig);

#endif
