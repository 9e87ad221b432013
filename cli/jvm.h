/* The JVMs of this host, found in /proc: no file of theirs is written, no signal sent. */
#ifndef UMIG_CLI_JVM_H
#define UMIG_CLI_JVM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/socket.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

struct umig_jvm {
    pid_t pid;
    uid_t uid;
    char user[33];
    char main_class[160]; /* class, jar file or @argfile; "" unknown */
    char jdk[32];         /* "17.0.12"; "" unknown */
    bool has_agent;
    char agent_path[1024]; /* of its library, as the JVM sees it; "" none */
    bool has_socket;       /* address is where the agent's control socket is */
    struct umig_address socket;
};

struct umig_jvm_list {
    struct umig_jvm *items; /* by pid */
    size_t count;
    size_t unreadable_count; /* processes of others that may be JVMs too */
};

/** Lists every JVM that may be looked at. UMIG_OK, UMIG_E_NOMEM, UMIG_E_IO. */
UMIG_NODISCARD int umig_jvm_list_scan(struct umig_jvm_list *out_list, struct umig_err *err);

/** Frees the list. */
void umig_jvm_list_fini(struct umig_jvm_list *list);

/**
 * Looks at one process.
 *
 * @return UMIG_OK; UMIG_E_IO: no such process; UMIG_E_DENIED: it is another user's;
 *         or nobody's to look at; UMIG_E_UNSUPPORTED: it is no JVM
 */
UMIG_NODISCARD int umig_jvm_inspect(pid_t pid, struct umig_jvm *out_jvm, struct umig_err *err);

/**
 * The main class of a java command line.
 *
 * @param words       the words, each ending in NUL, as in /proc/PID/cmdline
 * @param byte_count  their length together
 * @param out         class, file name of a -jar, module of -m, script of a Groovy launcher, or an
 *                    @argfile as it stands; "" if there is none
 */
void umig_jvm_main_class(const char *words, size_t byte_count, char *out, size_t room);

/**
 * The control=PATH of an agent in a command line or an environment.
 *
 * @param out_path  "" if there is none
 */
void umig_jvm_control_option(const char *words,
                             size_t byte_count,
                             char out_path[UMIG_SOCKET_PATH_BYTES]);

#endif
