/* What JVMs left behind in the runtime folder. */
#ifndef UMIG_CLI_LEFTOVERS_H
#define UMIG_CLI_LEFTOVERS_H

#include <stddef.h>
#include <time.h>

/**
 * Removes agent-PID.sock files that nobody answers on: what a JVM leaves behind that was killed.
 * One that is younger than ten seconds is left alone, it may be about to be listened on. Whatever
 * cannot be read or removed stays. So it does with what became of sampled JVMs (agent/crashes.h),
 * where nobody has it locked, after a day.
 *
 * @param dir  the user's runtime folder; one that is not there or not the user's is left alone
 * @param now  the time
 * @return how many were removed
 */
size_t umig_leftovers_remove(const char *dir, time_t now);

#endif
