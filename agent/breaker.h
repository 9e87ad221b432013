/*
 * What is left of sampling after faults. A guard makes a fault harmless; many of them say that the
 * agent does not understand this JVM. Then native frames stop, if that does not help walking, and
 * at last sampling: a service that is not profiled is better than one that is harmed. What reads
 * least of the JVM goes last, whatever faulted.
 *
 * Not thread-safe; the loop's alone.
 */
#ifndef UMIG_AGENT_BREAKER_H
#define UMIG_AGENT_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

/** Faults within a minute that are borne, unless the option faults= says another number. */
#define UMIG_BREAKER_FAULTS 20u

enum umig_breaker_level {
    UMIG_BREAKER_CLOSED,    /* all is allowed */
    UMIG_BREAKER_NO_NATIVE, /* stacks are taken without native frames */
    UMIG_BREAKER_NO_WALK,   /* samples are taken, stacks are not */
    UMIG_BREAKER_OPEN,      /* nothing is sampled */
};

struct umig_breaker {
    enum umig_breaker_level level;
    uint32_t faults_borne; /* within a minute */
    uint64_t window_began_ns;
    uint64_t faults_at_begin;
};

/**
 * Takes the count of faults so far.
 *
 * @param faults  ever recovered; only grows
 * @param now_ns  CLOCK_MONOTONIC
 * @return true when the level has just risen: at most once a window, and never back
 */
bool umig_breaker_feed(struct umig_breaker *breaker, uint64_t faults, uint64_t now_ns);

/** What is off at a level, in words: "native frames are off"; "" when nothing is. */
const char *umig_breaker_says(enum umig_breaker_level level);

#endif
