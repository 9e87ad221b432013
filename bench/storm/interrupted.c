#include "bench/storm/interrupted.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "agent/vm/vmstructs.h"
#include "include/umig/status.h"

enum {
    ENV_OFFSET_MAX = 65536
};

/* JNIEnv* - JavaThread*, the same in all threads; 0: not known yet. */
static atomic_uintptr_t g_env_offset;

bool storm_layout_read(struct storm_layout *out)
{
    struct umig_libjvm libjvm;
    if (umig_libjvm_find(&libjvm, NULL) != UMIG_OK) {
        return false;
    }
    *out = (struct storm_layout){
        .stack_base = umig_vmstructs_offset(&libjvm, "JavaThread", "_stack_base"),
        .stack_size = umig_vmstructs_offset(&libjvm, "JavaThread", "_stack_size"),
        .state = umig_vmstructs_offset(&libjvm, "JavaThread", "_thread_state"),
        .anchor = umig_vmstructs_offset(&libjvm, "JavaThread", "_anchor"),
        .anchor_sp = umig_vmstructs_offset(&libjvm, "JavaFrameAnchor", "_last_Java_sp"),
        .anchor_pc = umig_vmstructs_offset(&libjvm, "JavaFrameAnchor", "_last_Java_pc"),
        .anchor_fp = umig_vmstructs_offset(&libjvm, "JavaFrameAnchor", "_last_Java_fp"),
        .thread_bytes = umig_vmstructs_size(&libjvm, "JavaThread"),
        .code_low = umig_vmstructs_static(&libjvm, "CodeCache", "_low_bound"),
        .code_high = umig_vmstructs_static(&libjvm, "CodeCache", "_high_bound"),
        .libjvm_low = libjvm.text_begin,
        .libjvm_high = libjvm.text_end,
    };
    return out->stack_base >= 0 && out->stack_size >= 0 && out->state >= 0 && out->anchor >= 0 &&
           out->anchor_sp >= 0 && out->anchor_pc >= 0 && out->anchor_fp >= 0 &&
           out->thread_bytes > 0 && out->code_low != NULL && out->code_high != NULL;
}

static bool has_stack(const struct storm_layout *layout, struct storm_interrupted *thread)
{
    uintptr_t size = 0;
    const char *at = (const char *)thread->thread; /* NOLINT(performance-no-int-to-ptr) */
    if (!umig_vm_peek(at + layout->stack_base, &thread->stack_high, sizeof thread->stack_high) ||
        !umig_vm_peek(at + layout->stack_size, &size, sizeof size)) {
        return false;
    }
    thread->stack_low = thread->stack_high - size;
    return size < thread->stack_high && thread->sp >= thread->stack_low &&
           thread->sp < thread->stack_high;
}

bool storm_interrupted_find(const struct storm_layout *layout,
                            uintptr_t env,
                            const ucontext_t *context,
                            struct storm_interrupted *out)
{
    const greg_t *registers = context->uc_mcontext.gregs;
    const uintptr_t pc = (uintptr_t)registers[REG_RIP];
    uintptr_t offset = atomic_load(&g_env_offset);
    *out = (struct storm_interrupted){.sp = (uintptr_t)registers[REG_RSP]};
    if (offset == 0 && pc >= *layout->code_low && pc < *layout->code_high) {
        offset = env - (uintptr_t)registers[REG_R15];
    }
    out->thread = env - offset;
    if (offset == 0 || offset >= ENV_OFFSET_MAX || !has_stack(layout, out)) {
        return false;
    }
    atomic_store(&g_env_offset, offset);
    return true;
}
