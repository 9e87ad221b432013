/*
 * Words that compiled code pushes on top of its frame, and pops soon: registers around a call of a
 * stub, or what a stub gets on the stack (src/hotspot/cpu/x86: c1_LIRAssembler_x86.cpp
 * emit_opTypeCheck, emit_arraycopy; c2_MacroAssembler_x86.cpp).
 *
 *      push klass                       nothing is pushed yet
 *      push super                       1
 *      call slow_subtype_check          2
 *      pop klass                        2
 *      pop klass                        1
 *      test klass, klass; je fails      0, or 2 if that much was kept around all this, and then:
 *      pop destination
 *      pop source
 *
 * So what these few instructions pop more than they push, read from the pc on, is what is pushed
 * there. To guess it by trying is no substitute: two words below the end of a frame there are
 * locals, and the return address of a frame that is gone may lie in one that is not in use yet.
 */
#ifndef UMIG_AGENT_WALK_X86_64_PUSHED_H
#define UMIG_AGENT_WALK_X86_64_PUSHED_H

#include <stdbool.h>
#include <stdint.h>

#include "include/umig/attr.h"

/**
 * How many words are pushed at a pc in compiled code.
 *
 * @return 0 if none is, or where the instructions do not tell
 *
 * Signal: async-signal-safe, under the guard; reads up to 48 bytes of code.
 */
UMIG_SIGNAL_SAFE int32_t umig_x64_pushed_words(uintptr_t pc);

/** What C1 keeps on top of the frame while it compares the types of two arrays, in words. */
#define UMIG_X64_KEPT_WORDS 2

/**
 * Is the pc where C1 compares the types of two arrays, before it calls the stub? Other instructions
 * stand there between what is pushed and what is popped:
 *
 *      push source; push destination
 *      load both classes, compare
 *      push source; push destination; call slow_subtype_check; pop; pop; test; jne over
 *      pop destination; pop source
 *
 * @param low  where the method's code begins
 *
 * Signal: async-signal-safe, under the guard; reads up to 200 bytes of code to either side.
 */
UMIG_SIGNAL_SAFE bool umig_x64_compares_arrays(uintptr_t pc, uintptr_t low);

#endif
