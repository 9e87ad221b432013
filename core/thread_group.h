/* Pools of threads, by their names: agent and analysis derive the same. */
#ifndef UMIG_CORE_THREAD_GROUP_H
#define UMIG_CORE_THREAD_GROUP_H

#include <stddef.h>

/**
 * Writes the group of a thread name: every run of digits becomes one '*', but for names like C2 and
 * G1 at the beginning of a word. A group is its own group.
 *
 * By the name alone, also where one thread has it: were it to depend on who else was seen, a pool
 * would be a pattern in one session and a thread's name in the next, and could not be compared.
 *
 * @param out  room for the name and its NUL
 * @return the group's length
 */
size_t umig_thread_group(const char *name, char *out);

#endif
