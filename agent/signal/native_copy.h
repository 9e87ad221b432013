/*
 * What the handler copies of a thread so that its native frames can be unwound later
 * (agent/native/unwind.h): all registers, and a piece of the stack. Stack bytes live in a ring for
 * a drain's time and never leave the process.
 *
 *   leaf       where the thread was interrupted outside of generated code: its registers, the stack
 *              up to Java's frames, UMIG_NATIVE_STACK_BYTES at most
 *   crossings  where native code called Java (agent/walk/crossing.h): the registers of what called,
 *              the stack up to the Java frame that had called it, UMIG_CROSSING_STACK_BYTES at
 *              most; the UMIG_CROSSINGS_MAX innermost ones, or as many as there is room for
 *   root       the last crossing, where nobody in Java had called: the registers of what called,
 *              the stack up to its end, UMIG_ROOT_STACK_BYTES at most
 *
 * What is cut, or not copied, is marked in the profile: its place stands among the frames. A ring
 * that is nearly full has room for the leaf's registers only, or for nothing of this.
 */
#ifndef UMIG_AGENT_SIGNAL_NATIVE_COPY_H
#define UMIG_AGENT_SIGNAL_NATIVE_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/native/registers.h"
#include "agent/ring/ring.h"
#include "agent/walk/crossing.h"
#include "agent/walk/hotspot.h"
#include "include/umig/attr.h"
#include "include/umig/sample.h"

/** Stack bytes copied at most above the interrupted function. */
#define UMIG_NATIVE_STACK_BYTES (16u * 1024)

/** And at each crossing: some 1 KiB of the JVM's, and what libraries have. */
#define UMIG_CROSSING_STACK_BYTES (4u * 1024)

/** And at the root: what the JVM's own threads have there. */
#define UMIG_ROOT_STACK_BYTES (2u * 1024)

/** Followed by stack_bytes bytes; then by the next copy, to the record's end. */
struct umig_native_copy {
    struct umig_registers registers;
    uint64_t stack_low;   /* address the copied bytes begin at */
    uint32_t stack_bytes; /* a multiple of 8 */
    uint32_t crossing;    /* its number; 0: the leaf */
    uint64_t java_sp;     /* of a crossing: where the unwind must come to; 0: the thread's root */
};

/** What of a sample will be copied. */
struct umig_native_plan {
    uint32_t byte_count; /* of all copies; 0: nothing is */
    bool has_leaf;
    uint32_t leaf_stack_bytes;
    uint32_t crossing_count;
    const struct umig_crossings *crossings;
};

/**
 * How much of the leaf's stack will be copied: from the red zone up to a bound.
 *
 * @param sp    of the interrupted code
 * @param high  where the piece that is wanted ends; UINTPTR_MAX where that is not known
 *
 * Signal: async-signal-safe; asks each page whether it is there.
 */
UMIG_SIGNAL_SAFE uint32_t umig_native_copy_bytes(uintptr_t sp, uintptr_t high);

/**
 * The same of a thread of the JVM: up to its last Java frame, if one is known, else to its stack's
 * end.
 *
 * @param env  the thread's JNIEnv; NULL: it has none
 *
 * Signal: async-signal-safe, with or without a guard.
 */
UMIG_SIGNAL_SAFE uint32_t umig_native_stack_bytes(const struct umig_hotspot *hotspot,
                                                  const void *env,
                                                  uintptr_t sp);

/**
 * Room for copies of one record: what is left of a quarter of the ring beside the deepest stack.
 *
 * Signal: async-signal-safe.
 */
UMIG_SIGNAL_SAFE uint32_t umig_native_room(const struct umig_ring *ring, uint32_t kernel_bytes);

/**
 * Plans to copy the leaf, with so much of its stack as there is room for.
 *
 * @param room  umig_native_room(), not 0
 *
 * Signal: async-signal-safe.
 */
UMIG_SIGNAL_SAFE void umig_native_plan_leaf(struct umig_native_plan *plan,
                                            uint32_t stack_bytes,
                                            uint32_t room);

/**
 * Plans to copy crossings, innermost first, as many as there is room for.
 *
 * @param crossings   borrowed until they are copied
 * @param byte_count  room for all copies, those planned before among them
 *
 * Signal: async-signal-safe.
 */
UMIG_SIGNAL_SAFE void umig_native_plan_crossings(struct umig_native_plan *plan,
                                                 const struct umig_crossings *crossings,
                                                 uint32_t byte_count);

/**
 * Plans less, for want of room: of the leaf its registers, which tell the function, no crossing.
 *
 * Signal: async-signal-safe.
 */
UMIG_SIGNAL_SAFE void umig_native_plan_reduce(struct umig_native_plan *plan);

/**
 * Reserves a record whose native part is planned; where the ring has no room for that, with less of
 * it or without.
 *
 * @param head  its byte_count and native_bytes are set, and lessened
 * @return NULL: there is no room for the rest either
 *
 * Signal: async-signal-safe.
 */
UMIG_SIGNAL_SAFE uint8_t *umig_native_plan_reserve(struct umig_native_plan *plan,
                                                   struct umig_ring *ring,
                                                   struct umig_record *head);

/** The record that is being written has no copies after all. Signal: async-signal-safe. */
UMIG_SIGNAL_SAFE void umig_native_copy_leave_out(struct umig_record *head);

/**
 * Copies what is planned.
 *
 * @param context  ucontext_t of the interrupted code
 * @param to       plan->byte_count bytes, 8-byte aligned
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE void umig_native_copy_take(const struct umig_native_plan *plan,
                                            const void *context,
                                            void *to);

/** A record's copy of that number, 0 of the leaf; NULL if it has none. Signal: async-signal-safe.
 */
UMIG_SIGNAL_SAFE const struct umig_native_copy *umig_native_copy_of(
    const struct umig_record *record,
    uint32_t crossing);

#endif
