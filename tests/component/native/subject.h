/*
 * Code to be unwound: compiled -O2 without frame pointers, one hard case for an unwinder each.
 * Every function calls the hook it is given from as deep as it goes, or none when it is NULL.
 */
#ifndef UMIG_TESTS_COMPONENT_NATIVE_SUBJECT_H
#define UMIG_TESTS_COMPONENT_NATIVE_SUBJECT_H

typedef void (*subject_hook)(void);

/** Three functions deep; the middle one keeps all preserved registers busy. */
int subject_chain(subject_hook hook, int seed);

/** A frame of unknown size: alloca. */
int subject_dynamic(subject_hook hook, int size);

/** A frame aligned to 64 bytes: found through r10 or rbp. */
int subject_aligned(subject_hook hook, int seed);

/** Several ways out of one function. */
int subject_exits(subject_hook hook, int way);

/** So deep; each frame's caller is itself. */
int subject_recurse(subject_hook hook, int depth);

/** libc's qsort() with a comparison of ours. */
int subject_sort(subject_hook hook, int seed);

/** Through a shared library, whose function is called through the PLT for the first time, and back
 * into the hook. */
int subject_through_library(subject_hook hook, int seed);

/** In the shared library: calls the hook. */
int subject_so_call(subject_hook hook, int seed);

/** In the shared library, bound lazily; called once in a process. */
int subject_so_first(subject_hook hook, int seed);

#endif
