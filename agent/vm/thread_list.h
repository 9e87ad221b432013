/*
 * The JVM's own list of its Java threads, which has those that JVMTI hides: the compilers'.
 *
 * It is read from outside, without the JVM's protocol for readers (ThreadsSMRSupport): the list or
 * a thread may be freed meanwhile. So every word is asked of the kernel, and a thread is believed
 * only if it says itself that it is the one that was looked for. Whoever uses what was found must
 * bear that the thread has ended since.
 */
#ifndef UMIG_AGENT_VM_THREAD_LIST_H
#define UMIG_AGENT_VM_THREAD_LIST_H

#include <stdint.h>

#include "agent/walk/hotspot.h"

/**
 * Finds a thread by its tid.
 *
 * @param hotspot  can_tell_compiling holds
 * @return JavaThread*; 0: not in the list, or it changed while it was read
 *
 * Three system calls a thread of the list, in its order: compilers come first. Signal: never.
 */
uintptr_t umig_thread_list_find(const struct umig_hotspot *hotspot, int tid);

#endif
