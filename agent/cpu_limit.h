/*
 * How much CPU this process may use: the processors it may run on, or fewer where a control group,
 * a container's as a rule, has a quota.
 */
#ifndef UMIG_AGENT_CPU_LIMIT_H
#define UMIG_AGENT_CPU_LIMIT_H

#include <stdint.h>

/** Where control groups are looked for: "/proc/self/cgroup", "/sys/fs/cgroup" outside of tests. */
struct umig_cpu_limit_places {
    const char *membership;
    const char *root;
};

/**
 * The least quota of the process's control group and of those around it, of version 2 or 1.
 *
 * @return thousandths of a processor; UINT64_MAX: there is none
 */
uint64_t umig_cpu_quota(const struct umig_cpu_limit_places *places);

/** The same, and at most the processors this process may run on: thousandths, at least 1. */
uint64_t umig_cpu_limit(const struct umig_cpu_limit_places *places);

#endif
