/*
 * Disturbs what a walk goes by: registers, the stack, the JavaThread. Stack and JavaThread are
 * copies, on the interrupted thread's own stack below its frames: the JVM sees nothing of it.
 */
#ifndef UMIG_BENCH_STORM_DISTURB_H
#define UMIG_BENCH_STORM_DISTURB_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

#include "bench/storm/interrupted.h"

enum {
    STORM_STACK_WORDS = 2048,
    STORM_THREAD_WORDS = 1024,
    STORM_CHANGES = 8
};

struct storm_change {
    uint64_t *at;
    uint64_t before;
};

struct storm_disturbed {
    const struct storm_layout *layout;
    struct storm_interrupted who;
    uint64_t random;
    ucontext_t context;      /* what the walk is given */
    greg_t registers[NGREG]; /* as they were */
    uint32_t stack_words;    /* copied */
    uint32_t thread_words;
    struct storm_change changes[STORM_CHANGES]; /* of the copies, undone before the next */
    uint32_t change_count;
    uint64_t stack[STORM_STACK_WORDS];
    uint64_t thread[STORM_THREAD_WORDS];
};

/**
 * Copies context, the top of the stack, and the JavaThread.
 *
 * @return false if the JavaThread cannot be copied
 */
bool storm_disturb_begin(struct storm_disturbed *disturbed,
                         const struct storm_layout *layout,
                         const struct storm_interrupted *who,
                         const ucontext_t *context,
                         uint64_t seed);

/**
 * Makes the next case of a context.
 *
 * @return where the JavaThread of this case lies: the thread's own, or the copy
 */
uintptr_t storm_disturb_next(struct storm_disturbed *disturbed);

#endif
