#include "agent/signal/told.h"

#include <string.h>

#include "agent/signal/sigsafe_only.h"
#include "agent/walk/compiling.h"

/* What the JVM says outside a collection. */
#define NO_CAUSE "No GC"

static struct umig_told read_compilation(const struct umig_slot *slot,
                                         uintptr_t sp,
                                         struct umig_names *names)
{
    const uintptr_t thread = atomic_load_explicit(&slot->compiler, memory_order_acquire);
    struct umig_told told = {.doing = UMIG_DOING_UNKNOWN};
    struct umig_compiling compiling;
    if (thread == 0 || !names->hotspot->can_tell_compiling ||
        !umig_compiling_read(names->hotspot, thread, sp, &compiling)) {
        return told;
    }
    told.is_osr = compiling.osr_bci >= 0;
    told.tier = (uint8_t)compiling.tier;
    told.frame = umig_names_frame(names, compiling.method, told.is_osr ? compiling.osr_bci : -1,
                                  UMIG_FRAME_COMPILING);
    if (told.frame != UMIG_FRAME_NONE) {
        told.doing = UMIG_DOING_COMPILE;
    }
    return told;
}

/* A text that is being written is not taken: what is no plain text, or goes on beyond its room. */
static void read_cause(const char *cause, struct umig_told *told)
{
    _Static_assert(sizeof told->cause % sizeof(uintptr_t) == 0, "read in words");
    for (size_t at = 0; at < sizeof told->cause; at += sizeof(uintptr_t)) {
        const uintptr_t word = umig_hs_ptr((uintptr_t)cause, (int32_t)at);
        memcpy(told->cause + at, &word, sizeof word);
    }
    uint32_t length = 0;
    while (length < sizeof told->cause && told->cause[length] >= ' ' &&
           told->cause[length] <= '~') {
        length++;
    }
    const bool is_text = length < sizeof told->cause && told->cause[length] == '\0';
    if (is_text && memcmp(told->cause, NO_CAUSE, sizeof NO_CAUSE) != 0) {
        told->cause_bytes = (uint8_t)length;
    }
}

static struct umig_told read_collection(const struct umig_told_sources *sources)
{
    struct umig_told told = {.doing = UMIG_DOING_UNKNOWN};
    if (sources->is_in_pause == NULL) {
        return told;
    }
    told.doing = UMIG_DOING_BESIDE;
    if (atomic_load_explicit(sources->is_in_pause, memory_order_acquire)) {
        told.doing = UMIG_DOING_PAUSE;
        if (sources->cause != NULL) {
            read_cause(sources->cause, &told);
        }
    }
    return told;
}

struct umig_told umig_told_read(const struct umig_told_sources *sources,
                                const struct umig_slot *slot,
                                uintptr_t sp,
                                struct umig_names *names)
{
    switch (atomic_load_explicit(&slot->kind, memory_order_relaxed)) {
    case UMIG_THREAD_JIT:
        return read_compilation(slot, sp, names);
    case UMIG_THREAD_GC:
    case UMIG_THREAD_VM:
        return read_collection(sources);
    default:
        return (struct umig_told){.doing = UMIG_DOING_UNKNOWN};
    }
}
