/*
 * What a thread of a JIT compiler is compiling.
 *
 * CompilerThread::_env points at a ciEnv while a method is compiled: a local variable of
 * CompileBroker::invoke_compiler_on_method(), so it lies on the thread's own stack, above the
 * interrupted frame. Its task holds the method's class by a handle until the compilation ends: the
 * method cannot go while the thread that compiles it is in our handler, and may be named there as
 * one that stands on a stack may be (agent/walk/names.h).
 *
 * Between the store of _env and that of ciEnv::_task the constructor calls one clock: some 30 ns of
 * each compilation in which the variable's memory may hold the task before. What is read there is
 * the method compiled before, or refused.
 */
#ifndef UMIG_AGENT_WALK_COMPILING_H
#define UMIG_AGENT_WALK_COMPILING_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/walk/hotspot.h"
#include "include/umig/attr.h"

/** Highest tier: C2. Below it are the three of C1. */
#define UMIG_COMPILING_TIER_MAX 4

struct umig_compiling {
    uintptr_t method; /* Method* */
    int32_t osr_bci;  /* where the compiled code is entered; negative: at the method's begin */
    int32_t tier;     /* 1 to UMIG_COMPILING_TIER_MAX */
};

/**
 * Reads what the calling thread is compiling.
 *
 * @param thread  what is taken for the thread's CompilerThread: all it leads to is checked
 * @param sp      of the interrupted code
 * @return false: nothing, or not to be told
 *
 * Signal: async-signal-safe, under the guard; hotspot->can_tell_compiling must hold.
 */
UMIG_SIGNAL_SAFE bool umig_compiling_read(const struct umig_hotspot *hotspot,
                                          uintptr_t thread,
                                          uintptr_t sp,
                                          struct umig_compiling *out_compiling);

#endif
