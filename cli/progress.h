/* One line on a terminal that says what is being waited for, and for how long. */
#ifndef UMIG_CLI_PROGRESS_H
#define UMIG_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** Set what; leave the rest to these functions. */
struct umig_progress {
    FILE *to;          /* written to only if it is a terminal */
    uint64_t begun_ns; /* when what is waited for began */
    bool is_shown;
};

/** Begins. now_ns: monotonic. */
void umig_progress_init(struct umig_progress *progress, FILE *to, uint64_t now_ns);

/** Says what goes on, once it has lasted half a second; the line replaces the one before. */
void umig_progress_show(struct umig_progress *progress, const char *what, uint64_t now_ns);

/** Takes the line away. */
void umig_progress_clear(struct umig_progress *progress);

#endif
