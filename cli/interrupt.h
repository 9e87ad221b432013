/* Ctrl-C while something is under way that must be put back first. */
#ifndef UMIG_CLI_INTERRUPT_H
#define UMIG_CLI_INTERRUPT_H

#include <stdbool.h>

/** From now on SIGINT, SIGTERM and SIGHUP are noted and end nothing; waits are woken by them. */
void umig_interrupt_watch(void);

/** Was there one since umig_interrupt_watch()? */
bool umig_interrupt_came(void);

/** Waits for another one: umig_interrupt_came() is false until then. The first is still obeyed. */
void umig_interrupt_forget(void);

/** Lets the noted signal end the process after all; returns if there was none. */
void umig_interrupt_obey(void);

#endif
