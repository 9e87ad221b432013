/*
 * In which JVMs the agent works, and in which of them AsyncGetCallTrace may be asked: decided by
 * what a JVM says of itself.
 *
 *   any walker   HotSpot (Server, Client or Minimal VM) of JDK 17 and later
 *   agct         17.0.14, 21.0.4, 22 and later: before, one that is interrupted by another
 *                profiler's leaves the JVM to end itself (JDK-8329103)
 */
#ifndef UMIG_AGENT_VM_VERSIONS_H
#define UMIG_AGENT_VM_VERSIONS_H

#include <stdint.h>

#include "include/umig/attr.h"
#include "include/umig/status.h"

/**
 * May the agent work in this JVM?
 *
 * @param vm_name  java.vm.name; "" where it is not told: then what libjvm exports has to do
 * @param jdk      java.vm.specification.version
 * @return UMIG_OK; UMIG_E_UNSUPPORTED, with what would be right
 */
UMIG_NODISCARD int umig_versions_check_jvm(const char *vm_name, uint32_t jdk, struct umig_err *err);

/**
 * May this JVM's AsyncGetCallTrace be asked?
 *
 * @param vm_version  java.vm.version, such as "17.0.15+6-Debian-1deb12u1" or "25+36"; one that is
 *                    no version may not
 * @return UMIG_OK; UMIG_E_UNSUPPORTED, with what would be right
 */
UMIG_NODISCARD int umig_versions_check_agct(const char *vm_version, struct umig_err *err);

#endif
