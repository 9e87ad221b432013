/*
 * Where sockets and data lie, and who may meet there: the one place that knows
 * (docs/adr/0001-places.md).
 *
 *   agents of a user       DIR/agent-PID.sock      0600, DIR is the user's runtime folder
 *   a user's collector     DIR/collector.sock      0600
 *   a JVM that is sampled  DIR/sampling-PID-ID-SERVICE  0600 (agent/crashes.h)
 *   one that crashed so    DIR/crashed-PID-ID-SERVICE
 *   the host's collector   /run/umig/collector.sock  0666, run by root; checks credentials
 *   runtime folder         $UMIG_RUNTIME_DIR, else /tmp/umig-UID, 0700, owned by UID
 *   data folder            $UMIG_DATA_DIR, else /var/lib/umig for root, else
 *                          $XDG_DATA_HOME/umig, else ~/.local/share/umig
 */
#ifndef UMIG_CORE_PLACES_H
#define UMIG_CORE_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Longest path of a unix socket, its NUL included (sun_path). */
#define UMIG_SOCKET_PATH_BYTES 108

/** What files in a runtime folder begin with that say what became of sampled JVMs. */
#define UMIG_SAMPLING_PREFIX "sampling-"
#define UMIG_CRASHED_PREFIX  "crashed-"

#define UMIG_HOST_COLLECTOR_PATH "/run/umig/collector.sock"

/** Folders by the environment and the user; read once by a program's or the agent's start. */
struct umig_places {
    uid_t uid;
    char runtime_dir[UMIG_SOCKET_PATH_BYTES];
    char data_dir[4096];
    bool
        is_runtime_dir_given; /* by UMIG_RUNTIME_DIR: then the host's collector is not looked for */
};

/** Reads the environment. UMIG_OK, or UMIG_E_ARG naming a folder that is too long. */
UMIG_NODISCARD int umig_places_read(struct umig_places *out_places, struct umig_err *err);

/**
 * Makes the runtime folder if it is missing and checks that it is ours: a folder owned by us,
 * closed to others. A link to one is taken where UMIG_RUNTIME_DIR names it and it is ours or
 * root's. UMIG_OK, UMIG_E_IO, UMIG_E_DENIED.
 */
UMIG_NODISCARD int umig_places_make_runtime_dir(const struct umig_places *places,
                                                struct umig_err *err);

/** Path of the control socket of an agent. UMIG_OK or UMIG_E_ARG. */
UMIG_NODISCARD int umig_places_agent_socket(const struct umig_places *places,
                                            pid_t pid,
                                            char out_path[UMIG_SOCKET_PATH_BYTES],
                                            struct umig_err *err);

/** Path of the user's collector socket. UMIG_OK or UMIG_E_ARG. */
UMIG_NODISCARD int umig_places_collector_socket(const struct umig_places *places,
                                                char out_path[UMIG_SOCKET_PATH_BYTES],
                                                struct umig_err *err);

#endif
