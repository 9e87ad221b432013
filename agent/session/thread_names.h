/*
 * Names of virtual threads by id, as they were last read: a name cannot be read at every sample
 * (agent/walk/virtual_thread.h), and a thread rarely changes it. A table of fixed size; who was
 * seen longest ago makes room.
 *
 * Pure; not thread-safe.
 */
#ifndef UMIG_AGENT_SESSION_THREAD_NAMES_H
#define UMIG_AGENT_SESSION_THREAD_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "agent/symbol/java_text.h"
#include "include/umig/sample.h"

/** Bytes of a name, NUL included. */
#define UMIG_VIRTUAL_NAME_BYTES UMIG_JAVA_TEXT_BYTES(UMIG_VIRTUAL_NAME_CHARS)

struct umig_thread_name {
    uint64_t id; /* 0: free */
    uint64_t seen_at;
    char text[UMIG_VIRTUAL_NAME_BYTES]; /* empty: the thread has none */
};

struct umig_thread_names {
    struct umig_thread_name *entries;
    uint32_t entry_count; /* a power of two, at least 4 */
    uint64_t clock;
};

/** Remembers a thread's name, not longer than UMIG_VIRTUAL_NAME_BYTES. */
void umig_thread_names_put(struct umig_thread_names *names, uint64_t id, const char *text);

/** The name as it was last; NULL: not known. Valid until the next put. */
const char *umig_thread_names_get(struct umig_thread_names *names, uint64_t id);

#endif
