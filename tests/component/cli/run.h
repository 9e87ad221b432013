/* Runs the command as a person would, in a runtime folder of its own. */
#ifndef UMIG_TESTS_COMPONENT_CLI_RUN_H
#define UMIG_TESTS_COMPONENT_CLI_RUN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/buf.h"
#include "wire/frame.h"

/** What a run of the command left behind. */
struct run {
    int code;        /* exit code */
    char out[32768]; /* NUL-terminated */
    char err[4096];
};

/** Runs "umig WORDS"; words separated by single spaces. */
void run_umig(const char *words, struct run *run);

/** Asserts that it failed so: one line on standard error, with these words in it, and no output. */
void expect_failed(const struct run *run, int code, const char *text);

/**
 * As run_umig(), with a terminal of so many columns as standard output and the runtime folder as
 * working folder. It may write 4000 bytes: nobody reads before it has ended.
 */
void run_umig_on_terminal(const char *words, unsigned short columns, struct run *run);

/** A command that runs until it is stopped. */
struct running {
    pid_t pid;
    int out_fd; /* its standard output */
};

/** Starts "umig WORDS" and returns once it has written its first line, which is copied. */
void start_umig(const char *words, struct running *running, char line[512]);

/** Starts "umig WORDS" with a terminal as standard error; out_fd is the terminal's other end. */
void start_umig_noting_on_terminal(const char *words, struct running *running);

/** Reads until the text has come. */
void read_until(int fd, const char *text, char *buf, size_t room);

/** Sends a signal and waits; returns the exit code, -1 if a signal ended it. */
int stop_umig(struct running *running, int signo);

/** Makes a fresh folder and sets UMIG_RUNTIME_DIR to it. cmocka's setup and teardown. */
int make_runtime_dir(void **state);

/** Removes it and what the tests put there. */
int remove_runtime_dir(void **state);

/** The folder. */
extern char g_runtime_dir[64];

/**
 * A peer that answers on a socket in the runtime folder: each connection is one request, read
 * whole, and the bytes that answer() appends.
 */
struct fake_peer {
    int listen_fd;
    pthread_t thread;
    bool is_asked_by_us; /* in answer(): by a command that this test has started */
    void (*answer)(const struct umig_frame_header *header,
                   const uint8_t *payload,
                   struct umig_buf *out);
};

/** Listens at RUNTIME_DIR/name and answers in a thread until stopped. */
void fake_peer_start(struct fake_peer *peer, const char *name);

/** Stops listening and joins. */
void fake_peer_stop(struct fake_peer *peer);

/** Appends a frame. */
void put_frame(struct umig_buf *out, uint8_t type, uint16_t flags, const void *payload, size_t len);

#endif
