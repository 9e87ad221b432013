/*
 * Another agent in this JVM: the same file at another path. It has variables of its own, so nothing
 * but the loader knows of both; two of them would take each other's signals and sockets.
 */
#ifndef UMIG_AGENT_TWIN_H
#define UMIG_AGENT_TWIN_H

#include <stdbool.h>

/** Is another UMIG agent at work in this process? Thread: any; takes the loader's lock. */
bool umig_twin_is_here(void);

/** Says to others that come later that this one is. */
void umig_twin_show(void);

#endif
