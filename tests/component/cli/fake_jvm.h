/*
 * This process as a JVM that lets tools in: it maps a file named libjvm.so, handles SIGQUIT, opens
 * /tmp/.java_pidPID if it finds the file that asks for it, and answers as it is told.
 */
#ifndef UMIG_TESTS_COMPONENT_CLI_FAKE_JVM_H
#define UMIG_TESTS_COMPONENT_CLI_FAKE_JVM_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/component/cli/run.h"

/** What it does. Set before fake_jvm_start(). */
struct fake_jvm_plan {
    bool keeps_shut;        /* SIGQUIT is heard, the door stays shut */
    bool ignores_request;   /* reads it and neither answers nor hangs up */
    bool answers_slowly;    /* byte by byte */
    bool has_agent_after;   /* once it answered, an agent answers in the runtime folder */
    const char *replies[3]; /* one a connection, the last again and again; NULL: hangs up */
    size_t reply_bytes;     /* of the first reply where it is not text; 0: strlen */
};

/** What it saw. Read after fake_jvm_stop(). */
struct fake_jvm_seen {
    int quit_count;
    int stray_quit_count; /* without the file that asks for the door: a thread dump */
    int request_count;
    char request[4096]; /* the last, its NULs as '|' */
    bool was_file_there_at_the_end;
};

/** Maps libjvm.so in the runtime folder. cmocka's setup; needs make_runtime_dir(). */
int fake_jvm_map(void **state);

/** Unmaps it and removes what the plan had the command make. cmocka's teardown. */
int fake_jvm_unmap(void **state);

/** Handles SIGQUIT from now on. */
void fake_jvm_start(const struct fake_jvm_plan *plan);

/** Ends it; SIGQUIT ends the process again. */
void fake_jvm_stop(struct fake_jvm_seen *out_seen);

/**
 * Runs "umig WORDS" while it lives; whatever comes of it, no SIGQUIT may come unasked and no file
 * may be left.
 */
void fake_jvm_run(const struct fake_jvm_plan *plan,
                  const char *words,
                  struct run *run,
                  struct fake_jvm_seen *out_seen);

/** Path of the file that asks for the door. */
const char *fake_jvm_request_path(void);

/** Path of the door. */
const char *fake_jvm_door_path(void);

#endif
