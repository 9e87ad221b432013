/*
 * The frames of samples that threads of the JVM and of libraries gave without a Java stack: what
 * such a thread is for, and what it was doing, where the JVM told (agent/signal/told.h).
 *
 *   [compilation] > [C2 compiles] > the method
 *   [garbage collection] > [pause: G1 Evacuation Pause]
 *   [garbage collection] > [concurrent cycle]
 *
 * What was not told has no frame.
 */
#ifndef UMIG_AGENT_SESSION_JVM_THREADS_H
#define UMIG_AGENT_SESSION_JVM_THREADS_H

#include <stddef.h>
#include <stdint.h>

#include "include/umig/kinds.h"
#include "include/umig/sample.h"

/** Longest text of what a thread was doing, NUL included. */
#define UMIG_JVM_THREAD_TEXT_BYTES 64u

/** What a thread of a kind is for: the outermost frame. */
const char *umig_jvm_thread_text(enum umig_thread_kind kind);

/**
 * What a thread was doing: the frame above.
 *
 * @param record  outcome NO_JAVA
 * @param name    the thread's
 * @return bytes written; 0: not known
 */
size_t umig_jvm_thread_doing(const struct umig_record *record,
                             enum umig_thread_kind kind,
                             const char *name,
                             char out[UMIG_JVM_THREAD_TEXT_BYTES]);

#endif
