/* Asks a collector over its socket. */
#ifndef UMIG_CLI_COLLECTOR_CLIENT_H
#define UMIG_CLI_COLLECTOR_CLIENT_H

#include <stdio.h>

#include "cli/source.h"
#include "core/places.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** How long a collector may be silent before it is given up. */
#define UMIG_COLLECTOR_TIMEOUT_MS 60000

/**
 * Connects: to the address, or to the user's collector, or to the host's.
 *
 * @param address  "unix:PATH", "tcp:HOST:PORT"; NULL: look for one
 * @param out_fd   close it with close()
 * @return UMIG_OK; UMIG_E_ARG: no address; UMIG_E_IO: nobody answers, the text says where was asked
 *         and how to start one; UMIG_E_DENIED
 */
UMIG_NODISCARD int umig_collector_dial(const struct umig_places *places,
                                       const char *address,
                                       int *out_fd,
                                       struct umig_err *err);

/** Sends the question and writes the answer as it comes. As umig_source_write(). */
UMIG_NODISCARD int umig_collector_ask(int fd,
                                      const struct umig_question *question,
                                      FILE *out,
                                      struct umig_err *err);

#endif
