/* A collector in a process of its own, with a data folder of its own under /tmp. */
#ifndef UMIG_TESTS_SUPPORT_COLLECTOR_PROCESS_H
#define UMIG_TESTS_SUPPORT_COLLECTOR_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/socket.h"

struct umig_collector_process {
    char dir[64]; /* holds data/ and the socket; UMIG_RUNTIME_DIR of the process */
    char data[80];
    struct umig_address address;
    pid_t pid; /* 0: not running */
    uint64_t lost_after_ns;
    uint64_t retain_size_bytes; /* 0: the default */
    uint64_t file_size_limit;   /* RLIMIT_FSIZE; 0: none */
    const char *fail_point;     /* as UMIG_FAIL_POINT; NULL: none */
};

/** Makes the folders. */
void umig_collector_process_init(struct umig_collector_process *p);

/** Kills what runs and removes the folders. */
void umig_collector_process_fini(struct umig_collector_process *p);

/** Starts and waits for the ready line. False: it ended before (its status is in *out_exit). */
bool umig_collector_process_try_start(struct umig_collector_process *p, int *out_exit);

/** As umig_collector_process_try_start(), which must succeed. */
void umig_collector_process_start(struct umig_collector_process *p);

/** SIGKILL, and waits for the end. */
void umig_collector_process_kill(struct umig_collector_process *p);

/** SIGTERM, and waits; returns the exit code, 128 + the signal if one ended it. */
int umig_collector_process_stop(struct umig_collector_process *p);

/** Waits for a process that ends by itself; as umig_collector_process_stop(). */
int umig_collector_process_wait(struct umig_collector_process *p);

#endif
