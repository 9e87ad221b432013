#include "agent/signal/native_copy.h"

#include <stdbool.h>

#include "agent/signal/probe.h"
#include "agent/signal/sigsafe_only.h"

enum {
    PAGE = 4096
};

static uintptr_t low_of(uintptr_t sp)
{
    return (sp - UMIG_RED_ZONE_BYTES) & ~(uintptr_t)7;
}

uint32_t umig_native_copy_bytes(uintptr_t sp, uintptr_t high)
{
    const uintptr_t low = low_of(sp);
    const uintptr_t wanted = high > low && high - low < UMIG_NATIVE_STACK_BYTES
                                 ? (high - low) & ~(uintptr_t)7
                                 : UMIG_NATIVE_STACK_BYTES;
    const uintptr_t end = low + wanted;
    uintptr_t word;
    uintptr_t at = low;
    while (at < end && umig_probe_word(at, &word)) {
        at = (at | (PAGE - 1)) + 1;
    }
    return (uint32_t)((at < end ? at : end) - low);
}

/* Words one by one: what lies between objects is part of a stack, and no copying function likes it.
 */
UMIG_NO_SANITIZE static void copy_words(uint64_t *to, uintptr_t from, uint32_t words)
{
    const volatile uint64_t *at = (const volatile uint64_t *)from;
    for (uint32_t i = 0; i < words; i++) {
        to[i] = at[i];
    }
}

void umig_native_copy_take(const void *context, uint32_t stack_bytes, void *to)
{
    struct umig_native_copy *copy = to;
    copy->registers = umig_registers_read(context);
    copy->stack_low = low_of(copy->registers.by_number[UMIG_REGISTER_SP]);
    copy->stack_bytes = stack_bytes;
    copy_words((uint64_t *)(void *)(copy + 1), copy->stack_low, stack_bytes / sizeof(uint64_t));
}
