/*
 * What pools there are whose figures a session of kind pools tells. The numbers travel on the wire
 * and stand in stores: append, never renumber.
 */
#ifndef UMIG_POOLS_H
#define UMIG_POOLS_H

#include <stdint.h>

/* X(NAME, number, "key", "sentence") */
#define UMIG_POOL_TABLE(X)                                                              \
 X(EXECUTOR, 1, "executor", "a ThreadPoolExecutor")                                     \
 X(SCHEDULED, 2, "scheduled", "a ScheduledThreadPoolExecutor; tasks of later wait too") \
 X(FORK_JOIN, 3, "fork-join", "a ForkJoinPool; completed are tasks that were stolen")   \
 X(CARRIERS, 4, "carriers", "the ForkJoinPool that runs virtual threads")               \
 X(TOMCAT, 5, "tomcat", "Tomcat's own ThreadPoolExecutor")                              \
 X(JETTY, 6, "jetty", "Jetty's QueuedThreadPool")                                       \
 X(HIKARI, 7, "hikari", "HikariCP: connections; threads wait for one")

enum umig_pool_kind {
#define UMIG_POOL_ENUM(name, number, key, text) UMIG_POOL_##name = (number),
    UMIG_POOL_TABLE(UMIG_POOL_ENUM)
#undef UMIG_POOL_ENUM
    UMIG_POOL_KINDS = 8 /* numbers are below this */
};

/** A figure that a pool does not have or that cannot be read; of a maximum: there is no bound. */
#define UMIG_POOL_UNKNOWN UINT64_MAX

/** Figures of a pool at one moment. */
struct umig_pool_figures {
    uint64_t size;      /* threads, or connections */
    uint64_t maximum;   /* or UMIG_POOL_UNKNOWN; of a ForkJoinPool its parallelism */
    uint64_t active;    /* of size: at work, or lent */
    uint64_t queued;    /* tasks, or threads, that wait; or UMIG_POOL_UNKNOWN */
    uint64_t completed; /* tasks since the pool began; or UMIG_POOL_UNKNOWN */
};

#endif
