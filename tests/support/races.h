/*
 * What ThreadSanitizer reports in a JVM, and which of it is ours.
 *
 * The JVM is not instrumented: what its threads tell each other by its own atomics is not seen, and
 * each of its accesses that a function of the C library makes for it (memcpy, free) is. So a report
 * counts when the two accesses of a race were both made by code of ours, and any other report when
 * the first stack is ours. Whose a stack is says its innermost frame that is not the sanitizer's.
 */
#ifndef UMIG_TESTS_SUPPORT_RACES_H
#define UMIG_TESTS_SUPPORT_RACES_H

#include <stddef.h>

/**
 * Counts the reports in a text that are ours.
 *
 * @param out_first  the first one, cut at the room; "" if there is none
 * @param room       bytes, at least 1
 */
size_t umig_races_count(const char *text, char *out_first, size_t room);

#endif
