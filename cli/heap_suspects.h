/*
 * umig heap suspects: what leaks in a JVM, and who holds it. The agent follows objects in a session
 * of kind live, the collector judges what it was told, and the agent searches for what holds the
 * suspects. umig heap holders: the same search, for classes that a person names.
 */
#ifndef UMIG_CLI_HEAP_SUSPECTS_H
#define UMIG_CLI_HEAP_SUSPECTS_H

#include <stdint.h>

#include "cli/jvm.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Classes that are looked for at once. */
#define UMIG_HEAP_CLASSES_MAX 32

/** What is asked for. */
struct umig_heap_suspects_request {
    const struct umig_jvm *jvm;
    const struct umig_args *args; /* may have collector and data */
    struct umig_progress *progress;
    uint64_t watch_ns;  /* how long objects are followed where no session does yet */
    bool is_watch_said; /* a session that runs is followed until it is that old, too */
    uint64_t cpu_ns;    /* that the search may take */
    bool collects;      /* full collections are asked for meanwhile, in a session that runs, too */
    uint64_t wait_ns;   /* patience with the JVM's door then */
    bool wants_json;
    const char *const *classes; /* whose holders are asked for; none: those of the suspects */
    size_t class_count;
};

/**
 * Writes the suspects, or the holders, with a session of its own where none of kind live runs; that
 * one is ended afterwards, however this ends.
 *
 * @return UMIG_OK; UMIG_END: interrupted, what was begun is ended; UMIG_E_UNSUPPORTED: no agent in
 *         the JVM, or no collector that has the session; else as umig_agent_ask() and
 *         umig_source_write()
 */
UMIG_NODISCARD int umig_heap_suspects(struct umig_cli *cli,
                                      const struct umig_heap_suspects_request *request,
                                      struct umig_err *err);

#endif
