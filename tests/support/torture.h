/*
 * Fails each allocation in turn: the test runs again and again, the n-th malloc, calloc or realloc
 * of the n-th run giving NULL, until a run needs fewer. Link umig_torture, which wraps the three
 * (ld --wrap) in everything the test links statically.
 */
#ifndef UMIG_TESTS_SUPPORT_TORTURE_H
#define UMIG_TESTS_SUPPORT_TORTURE_H

#include <stddef.h>

/**
 * Runs body until one run sees no failed allocation.
 *
 * @param body  returns 0 if it did all it should, non-zero if it gave up cleanly; it must not pass
 *              with 0 when an allocation it needs has failed, which is for the caller to judge
 * @return the number of allocations of the run that passed; fails the test if a run without a
 *         failed allocation does not return 0
 */
size_t umig_torture(int (*body)(void *context), void *context);

#endif
