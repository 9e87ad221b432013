/*
 * What the command says to a person, a line at a time: names and reasons came from outside, so the
 * whole line is made harmless (core/clean.h). Documents, tables and colours are not said but
 * written.
 */
#ifndef UMIG_CLI_SAY_H
#define UMIG_CLI_SAY_H

#include <stdio.h>

#include "include/umig/attr.h"

/** Writes one line, made harmless; the format has no line end. */
void umig_say(FILE *to, const char *format, ...) UMIG_PRINTF(2, 3);

#endif
