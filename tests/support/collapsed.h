/*
 * Recorded and hand-written stacks as profiles. A line is
 *
 *     [thread name];root.Class.method(File.groovy):12_[j];...;leaf.Class.method 17
 *
 * thread, file, line and the mark of how the frame ran (as async-profiler writes it: 0 interpreted,
 * 1 and j compiled, i inlined, n native method, k kernel) may be missing; a frame without a mark is
 * Java's if it has a '.', else native; [unknown_Java] is an error frame, [truncated] a truncation.
 * The number is samples, 10 ms each.
 *
 * tests/data/stacks has the same front-coded: see the README there.
 */
#ifndef UMIG_TESTS_SUPPORT_COLLAPSED_H
#define UMIG_TESTS_SUPPORT_COLLAPSED_H

#include "analysis/profile.h"
#include "core/buf.h"

/** Value of one sample in what these functions make. */
#define UMIG_COLLAPSED_INTERVAL_NS 10000000ull

/** Makes a profile of CPU samples from lines; a bad line fails the test. Caller destroys. */
struct umig_profile *umig_collapsed_read(const char *lines);

/** Reads a file of lines, plain or front-coded; fails the test if it cannot. Caller destroys. */
struct umig_profile *umig_collapsed_load(const char *path);

/** Appends "a.B.c:12 > d.E.f:3" for a stack: root first, lines where known. */
void umig_collapsed_put_chain(const struct umig_profile *profile,
                              uint32_t stack,
                              struct umig_buf *out);

#endif
