/* Asks a collector over its socket. */
#ifndef UMIG_CLI_COLLECTOR_CLIENT_H
#define UMIG_CLI_COLLECTOR_CLIENT_H

#include <stdio.h>

#include "cli/source.h"
#include "core/buf.h"
#include "core/places.h"
#include "core/socket.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** A collector that was dialled. */
struct umig_collector_link {
    int fd;                      /* close it with close() */
    struct umig_address address; /* where it listens */
};

/**
 * Connects: to the address, or to the user's collector, or to the host's.
 *
 * @param address   "unix:PATH", "tcp:HOST:PORT"; NULL: look for one
 * @param out_link  untouched on failure
 * @return UMIG_OK; UMIG_E_ARG: no address; UMIG_E_IO: nobody answers, the text says where was asked
 *         and how to start one; UMIG_E_DENIED
 */
UMIG_NODISCARD int umig_collector_dial(const struct umig_places *places,
                                       const char *address,
                                       struct umig_collector_link *out_link,
                                       struct umig_err *err);

/**
 * Sends the question and writes the answer as it comes. As umig_source_write(); the collector's
 * notes are appended to note, a space between: say them, do not print them. A long answer is waited
 * for as long as the collector lives: when nothing came for 5 s it is asked with a PING on
 * another connection, and given up with UMIG_E_IO if that is not answered within 5 s either.
 */
UMIG_NODISCARD int umig_collector_ask(const struct umig_collector_link *link,
                                      const struct umig_question *question,
                                      FILE *out,
                                      struct umig_buf *note,
                                      struct umig_err *err);

/**
 * Appends what the collector has to say of itself: that its disk is full. Nothing where it has
 * nothing to say, is not there, or does not answer within a second.
 *
 * @param address  "unix:PATH", "tcp:HOST:PORT", as an agent tells it
 */
void umig_collector_notes(const char *address, struct umig_buf *note);

#endif
