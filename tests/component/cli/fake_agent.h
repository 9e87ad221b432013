/*
 * An agent whose answers are chosen. This process plays the JVM: it maps a file named libjvm.so and
 * listens where its agent would.
 */
#ifndef UMIG_TESTS_COMPONENT_CLI_FAKE_AGENT_H
#define UMIG_TESTS_COMPONENT_CLI_FAKE_AGENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "tests/component/cli/run.h"

/** What it answers with and what it was asked; set before a run of the command, read after it. */
struct fake_agent {
    struct fake_peer peer;
    char service[32];  /* nobody else on this host has it: it holds our PID */
    char started[512]; /* what the last START asked for */
    atomic_int stop_count;
    atomic_bool is_disk_full; /* the collector's */
    atomic_bool is_untouched; /* no session has needed its memory yet */
    atomic_bool is_armed;     /* the session waits, and another one is planned */
    char running_id[16];      /* of the one session in every status */
    char address[160];        /* of its collector */
    pid_t second_pid;         /* of another JVM whose agent answers alike; 0: none */
};

extern struct fake_agent g_fake_agent;

/** The last run of run_on_fake_agent() and run_on_fake_service(). */
extern struct run g_run;

/** Names the service; first of all in main(). */
void fake_agent_init(void);

/** This process looks like a JVM without agent. cmocka's setup and teardown. */
int fake_agent_become_jvm(void **state);
int fake_agent_end_jvm(void **state);

/** It has an agent that answers well. cmocka's setup and teardown. */
int fake_agent_start(void **state);
int fake_agent_stop(void **state);

/** As does a second process. cmocka's setup and teardown. */
int fake_agent_start_two(void **state);
int fake_agent_stop_two(void **state);

/** Answers well: g_fake_agent.peer.answer unless a test sets another. */
void fake_agent_answer(const struct umig_frame_header *header,
                       const uint8_t *payload,
                       struct umig_buf *out);

/** Runs "umig VERB PID REST" into g_run. */
void run_on_fake_agent(const char *verb, const char *rest);

/** Runs "umig VERB SERVICE REST" into g_run. */
void run_on_fake_service(const char *verb, const char *rest);

/** What the last run wrote has this text; "@" in it stands for the service's name. */
void assert_wrote(const char *text, const char *wanted);

#endif
