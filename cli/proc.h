/* What /proc says of a process: its owner, its command line, the JVM in it. */
#ifndef UMIG_CLI_PROC_H
#define UMIG_CLI_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/buf.h"
#include "core/places.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Ids of a process. */
struct umig_proc_ids {
    uid_t uid;         /* effective, as this host numbers users */
    gid_t gid;         /* the same of groups */
    pid_t inner_pid;   /* as the process itself sees it: another one inside a container */
    bool catches_quit; /* it has a handler for SIGQUIT */
    bool is_stopped;   /* by SIGSTOP or a debugger */
};

/** What the memory map names. */
struct umig_proc_maps {
    char libjvm[1024];  /* path as the process sees it; "" no JVM */
    bool has_agent;     /* libumigagent.so is mapped */
    char agent[1024];   /* its path as the process sees it; the file may be gone */
    char perfdata[512]; /* path of the JVM's counters (jstat) as the process sees it; "" none */
};

/**
 * Reads a whole file of a process: "cmdline", "status" ...
 *
 * @param out  replaced; NUL bytes inside are kept
 * @return UMIG_OK; UMIG_NOT_FOUND: no such process or file; UMIG_E_DENIED; UMIG_E_IO; UMIG_E_LIMIT
 */
UMIG_NODISCARD int umig_proc_read(pid_t pid,
                                  const char *name,
                                  struct umig_buf *out,
                                  struct umig_err *err);

/** Reads the ids. UMIG_OK, UMIG_NOT_FOUND, UMIG_E_IO. */
UMIG_NODISCARD int umig_proc_ids(pid_t pid, struct umig_proc_ids *out_ids, struct umig_err *err);

/** Reads the memory map. UMIG_OK, UMIG_NOT_FOUND, UMIG_E_DENIED, UMIG_E_IO. */
UMIG_NODISCARD int umig_proc_maps(pid_t pid, struct umig_proc_maps *out_maps, struct umig_err *err);

/**
 * Prefix that turns a path of the process into one of ours: "" where both see the same file system,
 * else "/proc/PID/root".
 */
void umig_proc_root(pid_t pid, char out_prefix[32]);

/**
 * Finds the path of the unix socket that the process listens on and that is its agent's: named
 * agent-PID.sock, or exactly control_path.
 *
 * @param control_path  "" none
 * @param out_path      as the process sees it
 * @return UMIG_OK or UMIG_NOT_FOUND
 */
UMIG_NODISCARD int umig_proc_agent_socket(pid_t pid,
                                          pid_t inner_pid,
                                          const char *control_path,
                                          char out_path[UMIG_SOCKET_PATH_BYTES]);

#endif
