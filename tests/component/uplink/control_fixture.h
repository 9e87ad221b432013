/* A control socket whose handler echoes requests, and commands that talk to it by hand. */
#ifndef UMIG_TESTS_COMPONENT_UPLINK_CONTROL_FIXTURE_H
#define UMIG_TESTS_COMPONENT_UPLINK_CONTROL_FIXTURE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/uplink/control_server.h"
#include "core/socket.h"
#include "wire/frame.h"

/** A server whose handler echoes the request, or does what `mode` says; the time is its own. */
struct control_fixture {
    struct umig_control_server server;
    uint8_t *reply;
    uint64_t now_ns;
    char dir[64];
    struct umig_address address;
    int mode;         /* status the handler returns */
    size_t reply_len; /* bytes it replies in place of the echo; 0: echo */
    int handled;
};

/** A folder and a server that listens there. For cmocka. */
int control_setup(void **state);
int control_teardown(void **state);

/** Opens the server on a path. */
int control_open(struct control_fixture *fx, const char *path, struct umig_err *err);

/** The owner's loop, until nothing is ready. */
void control_pump(struct control_fixture *fx);

/** Lets time pass in one leap, then pumps. */
void control_pass(struct control_fixture *fx, uint64_t ns);

/** Connects. */
int control_dial_only(struct control_fixture *fx);

/** Connects and pumps. */
int control_dial(struct control_fixture *fx);

/** Writes a frame with a text as payload; returns its length. */
size_t control_request_frame(uint8_t *out, uint8_t type, const char *text);

/** Sends a request and pumps. */
void control_ask(struct control_fixture *fx, int fd, const char *text);

/** Pumps and reads what is there; -1 with nothing, 0 when the server hung up. */
ssize_t control_take(struct control_fixture *fx, int fd, void *bytes, size_t room);

/** Reads so many bytes, pumping in between. */
void control_take_all(struct control_fixture *fx, int fd, uint8_t *bytes, size_t len);

/** Reads the reply to control_ask() with this text. */
void control_expect_echo(struct control_fixture *fx, int fd, const char *text);

/**
 * Reads a refusal with this code and text in it, and the end; closes.
 *
 * @return when to ask again, in ms; 0: never
 */
uint32_t control_expect_refusal(struct control_fixture *fx,
                                int fd,
                                uint32_t code,
                                const char *says);

#endif
