/*
 * What the handler copies of a thread that was interrupted outside of generated code, so that its
 * native frames can be unwound later (agent/native/unwind.h): all registers, and a piece of the
 * stack. Stack bytes live in a ring for a drain's time and never leave the process.
 */
#ifndef UMIG_AGENT_SIGNAL_NATIVE_COPY_H
#define UMIG_AGENT_SIGNAL_NATIVE_COPY_H

#include <stdint.h>

#include "agent/native/registers.h"
#include "include/umig/attr.h"

/** Stack bytes copied at most. */
#define UMIG_NATIVE_STACK_BYTES (16u * 1024)

/** Followed by stack_bytes bytes. */
struct umig_native_copy {
    struct umig_registers registers;
    uint64_t stack_low;   /* address the copied bytes begin at */
    uint64_t stack_bytes; /* a multiple of 8 */
};

/**
 * How much of the stack will be copied: from the red zone up to a bound.
 *
 * @param sp    of the interrupted code
 * @param high  where the piece that is wanted ends; UINTPTR_MAX where that is not known
 *
 * Signal: async-signal-safe; asks each page whether it is there.
 */
UMIG_SIGNAL_SAFE uint32_t umig_native_copy_bytes(uintptr_t sp, uintptr_t high);

/**
 * Writes registers and stack.
 *
 * @param to  sizeof(struct umig_native_copy) + stack_bytes bytes, 8-byte aligned
 *
 * Signal: async-signal-safe.
 */
UMIG_SIGNAL_SAFE void umig_native_copy_take(const void *context, uint32_t stack_bytes, void *to);

#endif
