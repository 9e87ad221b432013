/*
 * A rig for tests with real JVMs: a runtime folder of its own, a collector, a JVM with the agent,
 * and the command.
 *
 *   umig_rig_each_jdk(body)        once per JDK of this machine (tests/support/jdks.sh)
 *   umig_rig_start_collector()     listens in the rig's runtime folder
 *   umig_rig_start_jvm()           returns when the program says "ready"
 *   umig_rig_command()             runs "umig WORDS", gives exit code and JSON
 *   umig_rig_read_jvm()            what the program itself says of it, a line of JSON
 *
 * Nothing here waits for time to pass, only for lines, exits and counters; a limit of
 * UMIG_RIG_PATIENCE_MS turns a hang into a failure. Every child dies with the test process.
 * A step that does not work fails the test, with what the child wrote on standard error.
 */
#ifndef UMIG_TESTS_SUPPORT_JVM_H
#define UMIG_TESTS_SUPPORT_JVM_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#include "include/umig/attr.h"

/** After this long without the line or exit that is waited for, the test fails. */
#define UMIG_RIG_PATIENCE_MS 300000

/** A JDK of this machine. */
struct umig_jdk {
    int feature; /* 17, 21, 25 */
    char home[256];
};

/** A child process; its standard input and output are pipes, its errors go to a file. */
struct umig_child {
    pid_t pid; /* 0: none */
    int in;
    int out;
    char errors[96];  /* path */
    char rest[65536]; /* read, not yet taken */
    size_t rest_bytes;
};

/** One JDK's world. */
struct umig_rig {
    struct umig_jdk jdk;
    char dir[64];        /* runtime folder; data/ below it */
    const char *library; /* the agent to load; NULL: that of this build */
    struct umig_child collector;
    struct umig_child jvm;
};

/**
 * Runs body once per JDK here, each with a fresh rig that is torn down also when body fails; says
 * which of 17, 21 and 25 are missing. Skips without any; fails under CI with fewer than two.
 */
void umig_rig_each_jdk(void (*body)(struct umig_rig *rig));

/** cmocka's teardown: ends what a failed test left behind. */
int umig_rig_teardown(void **state);

/** Starts a collector at the rig's socket and returns when it listens. */
void umig_rig_start_collector(struct umig_rig *rig);

/** Ends the collector with SIGTERM; it must exit with 0. */
void umig_rig_stop_collector(struct umig_rig *rig);

/**
 * Starts a JVM with the agent and returns when it has written "ready".
 *
 * @param agent  the agent's options, "" for none; NULL: without the agent. Without budget= there is
 * no budget: tests ask for intervals that no service would
 * @param words  the rest of the command line, separated by single spaces; "@java" stands for the
 *               class path of the Java programs, "@groovy4" for that of the Groovy programs
 * compiled and run by Groovy 4, and so on
 */
void umig_rig_start_jvm(struct umig_rig *rig, const char *agent, const char *words);

/** Writes a line to the JVM's standard input. */
void umig_rig_tell_jvm(struct umig_rig *rig, const char *line);

/** Reads a JSON object from the JVM's next line. Caller decrefs. */
json_t *umig_rig_read_jvm(struct umig_rig *rig);

/** Waits for the JVM to exit; its exit code, or 128 + signal. */
int umig_rig_wait_jvm(struct umig_rig *rig);

/** Kills the JVM, whatever races were reported of it. */
void umig_rig_kill_jvm(struct umig_rig *rig);

/**
 * Counts the races of ours that ThreadSanitizer has reported of a JVM so far; 0 in other builds.
 *
 * @param out_first  as umig_races_count() has it
 */
size_t umig_rig_races(pid_t pid, char *out_first, size_t room);

/**
 * Runs "umig WORDS" (printf format) in the rig's runtime folder.
 *
 * @param out_json  where not NULL its output must be one JSON value; caller decrefs
 * @return the exit code
 */
int umig_rig_command(struct umig_rig *rig, json_t **out_json, const char *words, ...)
    UMIG_PRINTF(3, 4);

/** Runs "umig WORDS" and returns what it wrote; it must exit with 0. Caller frees. */
char *umig_rig_text(struct umig_rig *rig, const char *words, ...) UMIG_PRINTF(2, 3);

/** A counter of the agent in umig status; 0: it says none. */
double umig_rig_counter(struct umig_rig *rig, const char *name);

/** The session's entry of "umig sessions --json"; NULL if it is not there. Caller decrefs. */
json_t *umig_rig_session(struct umig_rig *rig, const char *id);

/** Waits until the session's entry satisfies a condition. Caller decrefs. */
json_t *umig_rig_await_session(struct umig_rig *rig,
                               const char *id,
                               bool (*is_reached)(const json_t *session));

/** Condition: it has ended. */
bool umig_rig_has_ended(const json_t *session);

/** Condition: CPU samples of it are stored. */
bool umig_rig_has_samples(const json_t *session);

/** A number by a path of keys like "cpu/value_ns"; fails the test if it is not there. */
double umig_json_number_at(const json_t *json, const char *path);

/** The same; 0 if it is not there. */
double umig_json_number_or_0(const json_t *json, const char *path);

/** A text by a path; fails the test if it is not there. */
const char *umig_json_text_at(const json_t *json, const char *path);

/** True when UMIG_E2E_LONG is set: longer runs, tighter figures. */
bool umig_rig_is_long(void);

#endif
