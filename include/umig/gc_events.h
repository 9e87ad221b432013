/*
 * What the JVM's own log tells of collections and safepoints beside pauses. The numbers travel on
 * the wire and stand in stores: append, never renumber.
 */
#ifndef UMIG_GC_EVENTS_H
#define UMIG_GC_EVENTS_H

/* X(NAME, number, "key", "sentence"); before and after are two figures of an event, by kind. */
#define UMIG_GC_EVENT_TABLE(X)                                                                \
 X(PHASE, 1, "phase", "a step of a pause")                                                    \
 X(CONCURRENT, 2, "concurrent", "a step beside the application")                              \
 X(CYCLE, 3, "cycle", "a whole cycle; with ZGC a whole collection; before, after: heap used") \
 X(STALL, 4, "stall", "a thread waited until the collector had made room")                    \
 X(PROMOTION, 5, "promotion", "a young collection; before, after: old generation, bytes")     \
 X(HUMONGOUS, 6, "humongous", "a pause; before, after: bytes in humongous regions")           \
 X(FAILURE, 7, "failure", "objects found no room where they were to be copied to")            \
 X(SAFEPOINT, 8, "safepoint", "all threads stood; before: ns until the last one did")         \
 X(LATE, 9, "late", "the thread that was last seen running before all threads stood")

enum umig_gc_event_kind {
#define UMIG_GC_EVENT_ENUM(name, number, key, text) UMIG_GC_EVENT_##name = (number),
    UMIG_GC_EVENT_TABLE(UMIG_GC_EVENT_ENUM)
#undef UMIG_GC_EVENT_ENUM
    UMIG_GC_EVENT_KINDS = 10 /* numbers are below this */
};

#endif
