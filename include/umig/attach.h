/*
 * What Agent_OnAttach gives back. The JVM hands the number on to whoever attaches, and nothing
 * else: the agent and the command share what it means. Numbers are never reused.
 */
#ifndef UMIG_ATTACH_H
#define UMIG_ATTACH_H

/* X(name, code, what the agent could not do) */
#define UMIG_ATTACH_TABLE(X)                                                       \
 X(OPTIONS, 101, "its options are not right")                                      \
 X(PLACES, 102, "its log= or its runtime folder is not to be used")                \
 X(JVM, 103, "it knows HotSpot JVMs of JDK 17 and later, not this one")            \
 X(START, 104, "the system refused it memory or a thread")                         \
 X(CONTROL, 105, "it has no control socket: its folder or path is not to be used") \
 X(TWIN, 106, "another UMIG agent is in this JVM")

enum umig_attach {
    UMIG_ATTACH_GOOD = 0,
#define UMIG_ATTACH_ENUM(name, code, text) UMIG_ATTACH_##name = (code),
    UMIG_ATTACH_TABLE(UMIG_ATTACH_ENUM)
#undef UMIG_ATTACH_ENUM
};

#endif
