#include "agent/signal/native_copy.h"

#include <stdbool.h>
#include <stddef.h>

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

static uint32_t crossing_stack_bytes(const struct umig_crossing *crossing)
{
    const uintptr_t sp = crossing->registers.by_number[UMIG_REGISTER_SP];
    const uintptr_t wanted = crossing->java_sp > sp ? crossing->java_sp - sp : 0;
    const uint32_t most = crossing->is_root ? UMIG_ROOT_STACK_BYTES : UMIG_CROSSING_STACK_BYTES;
    return (uint32_t)(wanted < most ? wanted : most) & ~7u;
}

uint32_t umig_native_stack_bytes(const struct umig_hotspot *hotspot, const void *env, uintptr_t sp)
{
    const uintptr_t thread = (uintptr_t)env - (uintptr_t)hotspot->env_offset;
    uintptr_t high = 0;
    if (env == NULL || !hotspot->can_walk ||
        !umig_probe_word(thread + (uintptr_t)(hotspot->thread_anchor + hotspot->anchor_sp),
                         &high) ||
        (high == 0 && !umig_probe_word(thread + (uintptr_t)hotspot->thread_stack_base, &high))) {
        high = UINTPTR_MAX;
    }
    return umig_native_copy_bytes(sp, high);
}

uint32_t umig_native_room(const struct umig_ring *ring, uint32_t kernel_bytes)
{
    return (ring->size / 4 - (uint32_t)sizeof(struct umig_record) - UMIG_STACK_MAX_FRAMES * 4 -
            UMIG_VIRTUAL_TEXT_BYTES - kernel_bytes) &
           ~7u;
}

void umig_native_plan_leaf(struct umig_native_plan *plan, uint32_t stack_bytes, uint32_t room)
{
    const uint32_t stack_room = room - (uint32_t)sizeof(struct umig_native_copy);
    plan->has_leaf = true;
    plan->leaf_stack_bytes = stack_bytes < stack_room ? stack_bytes : stack_room;
    plan->byte_count += (uint32_t)sizeof(struct umig_native_copy) + plan->leaf_stack_bytes;
}

void umig_native_plan_crossings(struct umig_native_plan *plan,
                                const struct umig_crossings *crossings,
                                uint32_t byte_count)
{
    plan->crossings = crossings;
    for (uint32_t i = 0; i < crossings->count; i++) {
        const uint32_t wanted =
            (uint32_t)sizeof(struct umig_native_copy) + crossing_stack_bytes(&crossings->at[i]);
        if (byte_count < plan->byte_count || byte_count - plan->byte_count < wanted) {
            return;
        }
        plan->byte_count += wanted;
        plan->crossing_count++;
    }
}

void umig_native_plan_reduce(struct umig_native_plan *plan)
{
    plan->leaf_stack_bytes = 0;
    plan->crossing_count = 0;
    plan->byte_count = plan->has_leaf ? (uint32_t)sizeof(struct umig_native_copy) : 0;
}

static void set_native(struct umig_record *head, uint32_t native_bytes)
{
    head->byte_count -= head->native_bytes - native_bytes;
    head->native_bytes = native_bytes;
}

uint8_t *umig_native_plan_reserve(struct umig_native_plan *plan,
                                  struct umig_ring *ring,
                                  struct umig_record *head)
{
    uint8_t *to = umig_ring_reserve(ring, head->byte_count);
    if (to == NULL && plan->byte_count > 0) {
        umig_native_plan_reduce(plan);
        set_native(head, plan->byte_count);
        to = umig_ring_reserve(ring, head->byte_count);
    }
    if (to == NULL && head->native_bytes > 0) {
        umig_native_copy_leave_out(head);
        to = umig_ring_reserve(ring, head->byte_count);
    }
    return to;
}

void umig_native_copy_leave_out(struct umig_record *head)
{
    set_native(head, 0);
}

/* Returns where the next copy goes. */
static void *put_copy(void *to, const struct umig_native_copy *copy)
{
    uint64_t *stack = (uint64_t *)(void *)((struct umig_native_copy *)to + 1);
    *(struct umig_native_copy *)to = *copy;
    copy_words(stack, copy->stack_low, copy->stack_bytes / sizeof *stack);
    return stack + copy->stack_bytes / sizeof *stack;
}

void umig_native_copy_take(const struct umig_native_plan *plan, const void *context, void *to)
{
    if (plan->has_leaf) {
        struct umig_native_copy leaf = {
            .registers = umig_registers_read(context),
            .stack_bytes = plan->leaf_stack_bytes,
        };
        leaf.stack_low = low_of(leaf.registers.by_number[UMIG_REGISTER_SP]);
        to = put_copy(to, &leaf);
    }
    for (uint32_t i = 0; i < plan->crossing_count; i++) {
        const struct umig_crossing *crossing = &plan->crossings->at[i];
        const struct umig_native_copy copy = {
            .registers = crossing->registers,
            .stack_low = crossing->registers.by_number[UMIG_REGISTER_SP],
            .stack_bytes = crossing_stack_bytes(crossing),
            .crossing = i + 1,
            .java_sp = crossing->is_root ? 0 : crossing->java_sp,
        };
        to = put_copy(to, &copy);
    }
}

const struct umig_native_copy *umig_native_copy_of(const struct umig_record *record,
                                                   uint32_t crossing)
{
    const uint8_t *end = (const uint8_t *)record + record->byte_count;
    const uint8_t *at = end - record->native_bytes;
    while (at < end) {
        const struct umig_native_copy *copy = (const void *)at;
        if (copy->crossing == crossing) {
            return copy;
        }
        at += sizeof *copy + copy->stack_bytes;
    }
    return NULL;
}
