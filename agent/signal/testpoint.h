/*
 * Places where a test build may make the handler fault: a real fault, at a real sample, in a real
 * JVM (tests/e2e/safety). In every other build there is nothing at all of it.
 */
#ifndef UMIG_AGENT_SIGNAL_TESTPOINT_H
#define UMIG_AGENT_SIGNAL_TESTPOINT_H

#include "include/umig/attr.h"

enum umig_testpoint {
    UMIG_TESTPOINT_NATIVE, /* while native frames are copied */
    UMIG_TESTPOINT_WALK,   /* while a stack is walked */
    UMIG_TESTPOINT_SAMPLE, /* elsewhere in a sample */
};

#ifdef UMIG_TESTPOINTS
/** The test's part. Signal: async-signal-safe. */
UMIG_SIGNAL_SAFE void umig_testpoint(enum umig_testpoint at);
# define UMIG_TESTPOINT(name) umig_testpoint(UMIG_TESTPOINT_##name)
#else
# define UMIG_TESTPOINT(name) ((void)0)
#endif

#endif
