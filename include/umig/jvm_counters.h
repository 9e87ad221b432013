/*
 * What the JVM itself counts since its start, of which a session tells the difference. The numbers
 * travel on the wire and stand in stores: append, never renumber.
 */
#ifndef UMIG_JVM_COUNTERS_H
#define UMIG_JVM_COUNTERS_H

#include <stdint.h>

/* X(NAME, number, "key", "sentence") */
#define UMIG_JVM_COUNTER_TABLE(X)                                                         \
 X(SAFEPOINTS, 1, "safepoints", "times that all threads were stopped")                    \
 X(SAFEPOINT_NS, 2, "safepoint_ns", "all threads stood at safepoints")                    \
 X(REACH_NS, 3, "safepoint_reach_ns", "before that, until the last thread stood")         \
 X(LOADED, 4, "classes_loaded", "classes loaded")                                         \
 X(UNLOADED, 5, "classes_unloaded", "classes unloaded")                                   \
 X(LOAD_NS, 6, "class_load_ns", "threads loading classes")                                \
 X(COMPILED, 7, "methods_compiled", "methods compiled, again at each tier and for loops") \
 X(COMPILE_NS, 8, "compile_ns", "compiler threads compiling")                             \
 X(STARTED, 9, "threads_started", "platform threads started")                             \
 X(CREATED, 10, "threads_created", "threads made, virtual ones too; from JDK 21 on")

enum umig_jvm_counter {
#define UMIG_JVM_COUNTER_ENUM(name, number, key, text) UMIG_JVM_##name = (number),
    UMIG_JVM_COUNTER_TABLE(UMIG_JVM_COUNTER_ENUM)
#undef UMIG_JVM_COUNTER_ENUM
    UMIG_JVM_COUNTERS = 11 /* numbers are below this */
};

/** A counter that this JVM does not keep, or that was not read. */
#define UMIG_JVM_COUNTER_UNKNOWN UINT64_MAX

#endif
