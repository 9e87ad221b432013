/*
 * HotSpot's own door for tools (jcmd, jstack): the attach protocol, version 1, as in
 * attachListener_linux.cpp. Where the JVM listens at TMP/.java_pidN already one connects; else one
 * makes the file TMP/.attach_pidN and sends SIGQUIT, and the JVM opens the door. TMP is /tmp as the
 * JVM sees it, N its PID as it sees it: both may be a container's.
 *
 * A descriptor of TMP is all that is needed of another mount namespace: none is entered. Files are
 * made and the door is passed as the JVM's own user, who may be root's or a container's.
 *
 * SIGQUIT ends a process that does not expect it, and makes a JVM whose door is locked write all
 * its stacks: neither is ever sent one.
 */
#ifndef UMIG_CLI_ATTACH_H
#define UMIG_CLI_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cli/jvm.h"
#include "core/buf.h"
#include "core/parse.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Longest reply to a load that is read. */
#define UMIG_ATTACH_REPLY_BYTES (64u * 1024u)

/** Longest path of a library, and options, NUL included: what JDK 17 takes. */
#define UMIG_ATTACH_WORD_BYTES 1024

/** How long to wait, and who is told meanwhile. */
struct umig_attach_patience {
    uint64_t deadline_ns;                         /* monotonic */
    void (*on_wait)(void *ctx, const char *what); /* at least every 0.1 s; NULL: nobody */
    void *ctx;
    const char *remedy; /* as umig_attach_check() */
};

/** What is said at the door once. */
struct umig_attach_command {
    const char *words[4];   /* its name, then arguments; NULL: none */
    const char *what;       /* told to those who wait: "waiting for the JVM to load the agent" */
    const char *afterwards; /* behind "did not answer in time": how its end is seen later */
    size_t reply_bytes;     /* longest reply that is read */
};

/** What a JVM that lets no tool in needs for the agent. */
#define UMIG_ATTACH_BY_AGENTPATH "start it with -agentpath"

/** What is held of a JVM while one attaches. */
struct umig_attach_site {
    struct umig_jvm jvm;
    gid_t gid;
    pid_t inner_pid; /* as the JVM sees itself */
    int pid_fd;      /* of the process, so that a PID that is used again is not met */
    int tmp_fd;      /* of its temp folder */
};

/**
 * Takes hold of a JVM. Nothing of it is touched.
 *
 * @param out_site  finish with umig_attach_site_close()
 * @return UMIG_OK; UMIG_E_DENIED; UMIG_E_IO: it is gone, or has no temp folder
 */
UMIG_NODISCARD int umig_attach_site_open(const struct umig_jvm *jvm,
                                         struct umig_attach_site *out_site,
                                         struct umig_err *err);

/** Lets go. Also after a failed open. */
void umig_attach_site_close(struct umig_attach_site *site);

/** Becomes the JVM's user for what follows, if this is root; umig_attach_site_leave() ends it. */
UMIG_NODISCARD int umig_attach_site_enter(const struct umig_attach_site *site,
                                          struct umig_err *err);

/** Becomes root again, if it was. */
void umig_attach_site_leave(const struct umig_attach_site *site);

/**
 * Opens the door and passes it. What was made for it is removed, whatever the outcome.
 *
 * @param out_fd  one command may be sent on it
 * @return UMIG_OK; UMIG_END: interrupted; UMIG_E_UNSUPPORTED: this JVM is not to be attached to;
 *         UMIG_E_IO: no room in the temp folder, the JVM ended, or its door stayed shut;
 *         UMIG_E_DENIED: somebody else stands there; each text names the JVM
 */
UMIG_NODISCARD int umig_attach_connect(const struct umig_attach_site *site,
                                       const struct umig_attach_patience *patience,
                                       int *out_fd,
                                       struct umig_err *err);

/**
 * Says one command and reads the reply until the JVM hangs up. The JVM goes on with it whatever
 * becomes of the reader.
 *
 * @param reply  replaced, also where it ends early
 * @return UMIG_OK: there is a reply; UMIG_END: interrupted; UMIG_E_ARG: a word is too long;
 *         UMIG_E_PROTO: the reply is too long; UMIG_E_IO: no reply in time, or none
 */
UMIG_NODISCARD int umig_attach_ask(int fd,
                                   const struct umig_jvm *jvm,
                                   const struct umig_attach_command *command,
                                   const struct umig_attach_patience *patience,
                                   struct umig_buf *reply,
                                   struct umig_err *err);

/**
 * Takes a reply apart: a number on a line of its own, then text.
 *
 * @param out_text  within reply; what follows the first line
 * @return UMIG_OK or UMIG_E_PROTO
 */
UMIG_NODISCARD int umig_attach_read_status(const char *reply,
                                           size_t len,
                                           long *out_status,
                                           struct umig_span *out_text,
                                           struct umig_err *err);

/** Makes one line of a reply's text, without control characters; cuts at room. */
void umig_attach_flatten(const char *text, size_t len, char *out, size_t room);

/**
 * Has the JVM load a library, or hand its options to one that is loaded, and reads what came of it.
 *
 * @param library  path as the JVM sees it
 * @param options  "" none
 * @return UMIG_OK: Agent_OnAttach was called and gave back 0; UMIG_AGAIN: the JVM is still
 *         starting; UMIG_END: interrupted; UMIG_E_ARG: a word is too long; UMIG_E_JVM: refused, the
 *         text says by whom and why; UMIG_E_IO: no reply in time, or half of one
 */
UMIG_NODISCARD int umig_attach_load(int fd,
                                    const struct umig_jvm *jvm,
                                    const char *library,
                                    const char *options,
                                    const struct umig_attach_patience *patience,
                                    struct umig_err *err);

/**
 * Reads the reply to a load: "0\nreturn code: 0\n" where all is well; refusals come as "-1\nTEXT"
 * from JDK 17 and as "0\nTEXT" from JDK 25. As umig_attach_load(); the reply is whole.
 */
UMIG_NODISCARD int umig_attach_read_reply(const char *reply, size_t len, struct umig_err *err);

/**
 * Can one attach to it? Looks only.
 *
 * @param remedy  what the text ends in where the JVM lets no tool in
 * @return UMIG_OK; UMIG_AGAIN: it does not take SIGQUIT, yet or for good; UMIG_E_UNSUPPORTED with
 *         the reason; UMIG_E_IO: it is gone
 */
UMIG_NODISCARD int umig_attach_check(const struct umig_jvm *jvm,
                                     const char *remedy,
                                     struct umig_err *err);

#endif
