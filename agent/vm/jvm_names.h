/*
 * Whole names of the JVM's own threads. The kernel keeps 15 bytes of a thread's name, and no
 * interface of the JVM lists threads that run no Java: what is cut is completed from the names that
 * HotSpot gives them. Numbers behind the cut are lost: compilers share one name each.
 */
#ifndef UMIG_AGENT_VM_JVM_NAMES_H
#define UMIG_AGENT_VM_JVM_NAMES_H

#include <stddef.h>

/** Bytes of a name that the kernel keeps; one that is as long may be cut. */
#define UMIG_JVM_NAMES_KERNEL_BYTES 15u

/**
 * Completes a name as the kernel told it, in place: "C2 CompilerThre" becomes "C2 CompilerThread".
 * Any other, and one that does not fit whole, is left as it is.
 *
 * @param room  bytes at name, its end counted in
 */
void umig_jvm_names_complete(char *name, size_t room);

#endif
