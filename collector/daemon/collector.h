/* The daemon behind `umig collector`. */
#ifndef UMIG_COLLECTOR_DAEMON_COLLECTOR_H
#define UMIG_COLLECTOR_DAEMON_COLLECTOR_H

#include <stddef.h>
#include <stdint.h>

#include "core/socket.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Retention unless said otherwise: 14 days, 2 GiB. */
#define UMIG_COLLECTOR_AGE_NS     (UINT64_C(14) * 86400 * 1000000000)
#define UMIG_COLLECTOR_SIZE_BYTES (UINT64_C(2) << 30)

struct umig_collector_options {
    const char *data_dir; /* NULL: as core/places.h says */
    const struct umig_address *listen;
    size_t listen_count;        /* 0: the user's socket, and the host's for root */
    uint64_t retain_age_ns;     /* 0: UMIG_COLLECTOR_AGE_NS */
    uint64_t retain_size_bytes; /* 0: UMIG_COLLECTOR_SIZE_BYTES */
    uint64_t lost_after_ns;     /* a killed JVM's session ends after this; 0: 15 s */
    int out_fd;                 /* where the ready line goes; 0: standard output */
};

/**
 * Runs a collector until SIGINT or SIGTERM, then acknowledges what is committed, folds what waits
 * and removes its sockets. When it listens it prints one line to standard output:
 * "umig collector: listening on ADDRESS[, ADDRESS], data in DIR".
 *
 * @return UMIG_OK after a signal; UMIG_E_BUSY another collector has the folder or the socket;
 *         UMIG_E_DENIED, UMIG_E_ARG, UMIG_E_LIMIT, UMIG_E_UNSUPPORTED at start; UMIG_E_DB: umig.db
 *         is damaged, the text says what to do; UMIG_E_IO: the device failed. An exit code 3 fits
 *         all of them.
 *
 * Thread: the only one of the process when called; signals SIGINT, SIGTERM and SIGPIPE are its.
 */
UMIG_NODISCARD int umig_collector_run(const struct umig_collector_options *options,
                                      struct umig_err *err);

#endif
