#include "agent/walk/compiling.h"

#include "agent/signal/sigsafe_only.h"
#include "agent/walk/names.h"

/* Is this on the part of the thread's stack that is in use? */
static bool is_on_stack(const struct umig_hotspot *hs, uintptr_t thread, uintptr_t sp, uintptr_t at)
{
    const uintptr_t high = umig_hs_ptr(thread, hs->thread_stack_base);
    return at >= sp && at < high && high - sp <= umig_hs_ptr(thread, hs->thread_stack_size);
}

bool umig_compiling_read(const struct umig_hotspot *hotspot,
                         uintptr_t thread,
                         uintptr_t sp,
                         struct umig_compiling *out_compiling)
{
    const uintptr_t env = umig_hs_ptr(thread, hotspot->compiler_env);
    if (!umig_hs_plausible(env) || !is_on_stack(hotspot, thread, sp, env)) {
        return false;
    }
    const uintptr_t task = umig_hs_ptr(env, hotspot->env_task);
    if (!umig_hs_plausible(task)) {
        return false;
    }
    const struct umig_compiling found = {
        .method = umig_hs_ptr(task, hotspot->task_method),
        .osr_bci = umig_hs_i32(task, hotspot->task_osr_bci),
        .tier = umig_hs_i32(task, hotspot->task_level),
    };
    if (found.tier < 1 || found.tier > UMIG_COMPILING_TIER_MAX ||
        !umig_names_is_method(hotspot, found.method)) {
        return false;
    }
    *out_compiling = found;
    return true;
}
