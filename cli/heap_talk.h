/* Asks a JVM about its heap at its own door (cli/attach.h): no agent needed, none loaded. */
#ifndef UMIG_CLI_HEAP_TALK_H
#define UMIG_CLI_HEAP_TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/attach.h"
#include "cli/jvm_counters.h"
#include "cli/progress.h"
#include "core/buf.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** A JVM that is asked. */
struct umig_heap_talk {
    struct umig_attach_site site;
    uint64_t wait_ns; /* for the door, and for what takes no time */
    struct umig_progress *progress;
};

/** What a request cost the JVM: by its own counters, other pauses in that time included. */
struct umig_heap_cost {
    bool is_known;
    bool has_collection; /* collection_ns is one */
    uint64_t pause_ns;
    uint64_t collection_ns; /* within pause_ns */
    uint64_t took_ns;       /* from request to answer */
};

/** Patience with the door; ctx is the progress. */
struct umig_attach_patience umig_heap_patience(const struct umig_heap_talk *talk);

/** Opens the door: umig_attach_connect(), with our patience. */
UMIG_NODISCARD int umig_heap_connect(const struct umig_heap_talk *talk,
                                     int *out_fd,
                                     struct umig_err *err);

/**
 * Says one command and reads the reply, however long the JVM takes over it.
 *
 * @param reply     replaced; its bytes are what out_text points into
 * @param out_text  without the protocol's first line
 * @param out_cost  NULL: not asked for
 * @return UMIG_OK; UMIG_END: interrupted, the JVM goes on with it; UMIG_E_JVM: it refused; else as
 *         umig_attach_ask()
 */
UMIG_NODISCARD int umig_heap_ask(const struct umig_heap_talk *talk,
                                 const struct umig_attach_command *command,
                                 struct umig_buf *reply,
                                 struct umig_span *out_text,
                                 struct umig_heap_cost *out_cost,
                                 struct umig_err *err);

/** What it cost from a moment on: pauses read and time taken then. */
void umig_heap_cost_since(pid_t pid,
                          const struct umig_jvm_pauses *before,
                          uint64_t begun_ns,
                          struct umig_heap_cost *out_cost);

/** Takes a reply's text; UMIG_E_JVM with what the JVM says where its status is not 0. */
UMIG_NODISCARD int umig_heap_read_text(const struct umig_jvm *jvm,
                                       const struct umig_buf *reply,
                                       struct umig_span *out_text,
                                       struct umig_err *err);

/**
 * Asks how much of the heap is used. Stops nobody.
 *
 * @param out_bytes  0: the JVM does not say
 * @return as umig_heap_ask()
 */
UMIG_NODISCARD int umig_heap_used(const struct umig_heap_talk *talk,
                                  uint64_t *out_bytes,
                                  struct umig_err *err);

/**
 * Writes what it cost as a sentence's end: "the JVM stood still for 34 ms, 21 ms of it for the
 * collection"; where it keeps no counters, that this is not known.
 */
void umig_heap_cost_text(const struct umig_heap_cost *cost, char *out, size_t room);

#endif
