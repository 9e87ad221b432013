/*
 * The moves on an x86-64 stack that the rules for all kinds of frames are made of.
 *
 * The stack grows down; "above" is towards the callers. "call" pushes the return address, so at the
 * first instruction of any code
 *
 *           ...               the caller's frame, from the sp it will have again
 *     sp -> return address
 *
 * and almost all code that makes a frame begins it with the caller's fp (rbp):
 *
 *           ...               the caller's frame
 *           return address
 *   (fp ->) caller's fp       "push rbp" and, where rbp is a frame pointer, "mov rbp, rsp"
 *           ...
 *     sp ->
 *
 * So a frame is left in one of a few ways: the return address is on top; or below a pushed rbp; or
 * where rbp leads; or a known number of words up. A word that is merely believed to be a return
 * address is checked: it must lie behind a call in generated code, and a frame of that code's kind
 * must stand above it.
 */
#ifndef UMIG_AGENT_WALK_X86_64_MOVES_H
#define UMIG_AGENT_WALK_X86_64_MOVES_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/walk/codecache.h"
#include "agent/walk/hotspot.h"
#include "agent/walk/step.h"
#include "include/umig/attr.h"

enum {
    UMIG_X64_WORD = sizeof(uintptr_t),
    UMIG_X64_FRAME_WORDS_MAX = 32768, /* a larger frame is a misreading */
    UMIG_X64_PUSHED_WORDS_MAX = 3,    /* on top of a compiled frame around a call of a stub */
};

/** The word so many words above an address. Signal: async-signal-safe, under the guard. */
UMIG_SIGNAL_SAFE static inline uintptr_t umig_x64_word(uintptr_t base, int32_t word)
{
    return umig_hs_ptr(base, word * UMIG_X64_WORD);
}

/** Is the pc in generated code? Signal: async-signal-safe, under the guard. */
UMIG_SIGNAL_SAFE static inline bool umig_x64_is_code(const struct umig_step *step, uintptr_t pc)
{
    return umig_codecache_contains(step->hotspot, pc);
}

/** Could so many words from an address be above sp on this stack? Signal: async-signal-safe. */
UMIG_SIGNAL_SAFE static inline bool umig_x64_is_above(const struct umig_step *step,
                                                      uintptr_t address,
                                                      uint32_t words)
{
    return address >= step->regs.sp && (address & (UMIG_X64_WORD - 1)) == 0 &&
           address < step->stack_high && (step->stack_high - address) / UMIG_X64_WORD >= words;
}

/**
 * Takes the caller's position; what the interrupted code held in other registers is not the
 * caller's. Returns true. Signal: async-signal-safe.
 */
UMIG_SIGNAL_SAFE static inline bool umig_x64_move(struct umig_step *step,
                                                  uintptr_t pc,
                                                  uintptr_t sp,
                                                  uintptr_t fp)
{
    step->regs = (struct umig_regs){.pc = pc, .sp = sp, .fp = fp};
    return true;
}

/**
 * Is the pc a return address into generated code? The interpreter pushes its own: no call stands
 * before those.
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE bool umig_x64_is_return(const struct umig_step *step, uintptr_t pc);

/**
 * Is the pc a return address for who has this sp then? The outermost frame of a continuation that
 * was thawed returns to the return barrier.
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE bool umig_x64_is_return_to(const struct umig_step *step,
                                            uintptr_t pc,
                                            uintptr_t sp);

/**
 * Moves to a caller if pc is a return address and a frame of its code stands at sp: a compiled one
 * ends in a return address, an interpreted one has its Method*; others cannot be judged.
 *
 * @return false and unmoved if it does not fit
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE bool umig_x64_move_if_fits(struct umig_step *step,
                                            uintptr_t pc,
                                            uintptr_t sp,
                                            uintptr_t fp);

/** Is the pc in the JVM's own code? Signal: async-signal-safe. */
UMIG_SIGNAL_SAFE static inline bool umig_x64_is_libjvm(const struct umig_step *step, uintptr_t pc)
{
    return pc >= step->hotspot->libjvm_low && pc < step->hotspot->libjvm_high;
}

/**
 * Where the call before a return address goes; 0 where the instruction does not say.
 *
 * Signal: async-signal-safe, under the guard; pc must be a return address.
 */
UMIG_SIGNAL_SAFE uintptr_t umig_x64_call_target(uintptr_t pc);

/**
 * Is the pc a return address whose call went to the code the thread is in? What lies in a stub's or
 * a library's frame may be left from frames that are gone: these called something else. Where the
 * call does not say where it went, it is believed.
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE bool umig_x64_called_here(const struct umig_step *step, uintptr_t pc);

/** Leaves code whose return address is on top. Signal: async-signal-safe, under the guard. */
UMIG_SIGNAL_SAFE bool umig_x64_pop_return(struct umig_step *step);

/** Leaves code behind its "push rbp". Signal: async-signal-safe, under the guard. */
UMIG_SIGNAL_SAFE bool umig_x64_pop_saved_fp(struct umig_step *step);

/** Leaves code whose rbp is a frame pointer. Signal: async-signal-safe, under the guard. */
UMIG_SIGNAL_SAFE bool umig_x64_pop_by_fp(struct umig_step *step);

/**
 * Leaves a frame of known size, whose last two words are the caller's fp and the return address.
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE bool umig_x64_pop_frame(struct umig_step *step, int32_t words);

/** The same, while rbp is the caller's yet. Signal: async-signal-safe, under the guard. */
UMIG_SIGNAL_SAFE bool umig_x64_pop_frame_keeping_fp(struct umig_step *step, int32_t words);

/** Which calls a return address may be of. */
enum umig_x64_call {
    UMIG_X64_CALL_TO_HERE,
    UMIG_X64_CALL_SAID_TO_HERE, /* the same, without those that do not say where they go */
    UMIG_X64_ANY_CALL,          /* where jumps lie between the call and the thread's position */
};

/**
 * Moves to the first of so many words that is a return address of such a call and fits the frame
 * above it.
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE bool umig_x64_pop_by_scan(struct umig_step *step,
                                           int32_t words,
                                           enum umig_x64_call call);

#endif
