/* What tests of waits for locks share: a program that waits and measures itself, and the report. */
#ifndef UMIG_TESTS_E2E_SESSION_WAITS_H
#define UMIG_TESTS_E2E_SESSION_WAITS_H

#include <stdbool.h>

#include "tests/support/jvm.h"

/**
 * Runs a program for so many rounds under a session of locks from 1 ms on, and checks the report.
 *
 * @param program  prints what it measured of its own waits when it was told to go
 * @param check    asserts
 */
void waits_measure(struct umig_rig *rig,
                   const char *program,
                   int rounds,
                   void (*check)(const json_t *truth, const json_t *report));

/** A row of one of the report's lists of waits; NULL if there is none. */
const json_t *waits_row(const json_t *report, const char *list, const char *class_name);

/**
 * What a holder did when somebody began to wait: does its stack go through the method that locked?
 */
bool waits_is_held_in(const json_t *report, const char *class_name, const char *method);

#endif
