/*
 * Takes what a signal handler would take, at known places, together with the truth.
 *
 * A trace runs a function in a thread of its own and stops after every instruction (the processor's
 * trap flag). Each step keeps the registers, the stack up to the thread's first frames, and the
 * return addresses as they really are: a step that pushed the address behind itself was a call, one
 * that came back to such an address with the stack as before was a return.
 */
#ifndef UMIG_TESTS_COMPONENT_NATIVE_TRACE_H
#define UMIG_TESTS_COMPONENT_NATIVE_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "agent/native/registers.h"

enum {
    TRACE_DEPTH_MAX = 64
};

/** One moment of a thread. */
struct trace_step {
    struct umig_registers registers;
    const uint8_t *stack; /* from stack_low on */
    uintptr_t stack_low;
    size_t stack_bytes;
    uintptr_t callers[TRACE_DEPTH_MAX]; /* return addresses, innermost first */
    uintptr_t sps[TRACE_DEPTH_MAX];     /* stack pointer of each of them */
    size_t caller_count;                /* up to the one that runs the function */
};

struct trace {
    struct trace_step *steps;
    size_t step_count;
    void *arena;
    size_t arena_bytes;
    size_t arena_used;
};

/** Runs a function step by step. Fails the test if there is no room for all of its steps. */
void trace_run(struct trace *trace, void (*function)(void));

/** Runs a function; one step is kept whenever it calls trace_mark(). */
void trace_marks(struct trace *trace, void (*function)(void));

/** Keeps the moment, inside the mark itself: its caller is frame 1. */
void trace_mark(void);

/** Copies stack memory word by word; a sanitizer's marks between variables do not matter here. */
void trace_copy_stack(void *out, uintptr_t address, size_t byte_count);

/** Gives the memory back. */
void trace_fini(struct trace *trace);

#endif
