#include "bench/storm/disturb.h"

#include <string.h>

#include "agent/vm/vmstructs.h"

enum {
    NEAR_WORDS = 64,
    STATES = 13 /* of a JavaThread: 0 to 12 */
};

/* The registers a walk reads. */
static const int g_registers[] = {REG_RIP, REG_RSP, REG_RBP, REG_RAX, REG_RDX, REG_RBX, REG_R13};

/* xorshift64* */
static uint64_t any(struct storm_disturbed *d)
{
    d->random ^= d->random >> 12;
    d->random ^= d->random << 25;
    d->random ^= d->random >> 27;
    return d->random * UINT64_C(0x2545f4914f6cdd1d);
}

static uint64_t below(struct storm_disturbed *d, uint64_t bound)
{
    return (any(d) >> 11) % bound;
}

static uint64_t between(struct storm_disturbed *d, uintptr_t low, uintptr_t high)
{
    return low < high ? low + below(d, high - low) : low;
}

static uint64_t near_to(struct storm_disturbed *d, uint64_t word)
{
    const int64_t steps = (int64_t)below(d, 2 * NEAR_WORDS + 1) - NEAR_WORDS;
    return word + (uint64_t)(steps * (below(d, 4) == 0 ? 1 : 8));
}

/* A word that may stand in such a place, and leads elsewhere. */
static uint64_t odd_word(struct storm_disturbed *d)
{
    switch (below(d, 10)) {
    case 0:
        return below(d, 65536);
    case 1:
        return any(d);
    case 2:
        return between(d, d->who.stack_low, d->who.stack_high) & ~UINT64_C(7);
    case 3:
        return between(d, *d->layout->code_low, *d->layout->code_high);
    case 4:
        return between(d, d->layout->libjvm_low, d->layout->libjvm_high);
    case 5:
        return d->stack[below(d, d->stack_words)];
    case 6:
        return (uintptr_t)&d->stack[below(d, d->stack_words)];
    case 7:
        return near_to(d, d->stack[below(d, d->stack_words)]);
    case 8:
        return near_to(d, d->who.stack_high);
    default:
        return below(d, 2) == 0 ? 0 : d->who.thread;
    }
}

static uint64_t changed(struct storm_disturbed *d, uint64_t word)
{
    return below(d, 2) == 0 ? near_to(d, word) : odd_word(d);
}

static void change(struct storm_disturbed *d, uint64_t *at, uint64_t to)
{
    if (d->change_count < STORM_CHANGES) {
        d->changes[d->change_count++] = (struct storm_change){.at = at, .before = *at};
        *at = to;
    }
}

static void undo(struct storm_disturbed *d)
{
    while (d->change_count > 0) {
        const struct storm_change *last = &d->changes[--d->change_count];
        *last->at = last->before;
    }
    memcpy(d->context.uc_mcontext.gregs, d->registers, sizeof d->registers);
}

static bool is_in_copied_stack(const struct storm_disturbed *d, uint64_t word)
{
    return word >= d->who.sp && word - d->who.sp < d->stack_words * sizeof(uint64_t);
}

static uint64_t moved(const struct storm_disturbed *d, uint64_t word)
{
    return is_in_copied_stack(d, word) ? word - d->who.sp + (uintptr_t)d->stack : word;
}

/* The frames of the copy, with some words that are not what they were. */
static void disturb_stack(struct storm_disturbed *d)
{
    for (size_t i = 0; i < sizeof g_registers / sizeof g_registers[0]; i++) {
        greg_t *at = &d->context.uc_mcontext.gregs[g_registers[i]];
        *at = (greg_t)moved(d, (uint64_t)*at);
    }
    for (uint64_t left = 1 + below(d, STORM_CHANGES / 2); left > 0; left--) {
        /* Mostly near the top: a walk that is led astray there does not come to the rest. */
        const uint64_t range = below(d, 3) == 0 ? d->stack_words : d->stack_words / 16 + 1;
        uint64_t *at = &d->stack[below(d, range)];
        change(d, at, changed(d, *at));
    }
}

static uint64_t *word_of_thread(struct storm_disturbed *d, int64_t offset)
{
    return &d->thread[(size_t)offset / sizeof(uint64_t) % d->thread_words];
}

static void disturb_thread(struct storm_disturbed *d)
{
    const struct storm_layout *layout = d->layout;
    const int64_t anchor[] = {layout->anchor_sp, layout->anchor_pc, layout->anchor_fp};
    const uint64_t kind = below(d, 8);
    if (kind < 5) {
        uint64_t *at = word_of_thread(d, layout->anchor + anchor[below(d, 3)]);
        change(d, at, changed(d, *at));
    } else if (kind == 5) {
        uint64_t *at =
            word_of_thread(d, below(d, 2) == 0 ? layout->stack_base : layout->stack_size);
        change(d, at, changed(d, *at));
    } else if (kind == 6) {
        uint64_t *at = word_of_thread(d, 8 * (int64_t)below(d, d->thread_words));
        change(d, at, changed(d, *at));
    }
    if (below(d, 3) == 0) {
        uint64_t *at = word_of_thread(d, layout->state);
        const unsigned shift = (unsigned)(layout->state & 4) * 8;
        const uint64_t others = *at & ~(UINT64_C(0xffffffff) << shift);
        change(d, at, others | below(d, STATES) << shift);
    }
}

static void disturb_registers(struct storm_disturbed *d)
{
    for (uint64_t left = 1 + below(d, 3); left > 0; left--) {
        /* pc, sp and fp twice as often as the others. */
        const uint64_t count = sizeof g_registers / sizeof g_registers[0];
        const int which = g_registers[below(d, 2) == 0 ? below(d, 3) : below(d, count)];
        greg_t *at = &d->context.uc_mcontext.gregs[which];
        *at = (greg_t)changed(d, (uint64_t)*at);
    }
}

bool storm_disturb_begin(struct storm_disturbed *d,
                         const struct storm_layout *layout,
                         const struct storm_interrupted *who,
                         const ucontext_t *context,
                         uint64_t seed)
{
    const uint64_t words = (who->stack_high - who->sp) / sizeof(uint64_t);
    d->layout = layout;
    d->who = *who;
    d->random = seed | 1;
    d->change_count = 0;
    d->context = *context;
    d->stack_words = (uint32_t)(words < STORM_STACK_WORDS ? words : STORM_STACK_WORDS);
    d->thread_words = (uint32_t)(layout->thread_bytes / sizeof(uint64_t));
    memcpy(d->registers, context->uc_mcontext.gregs, sizeof d->registers);
    if (d->stack_words == 0 || d->thread_words > STORM_THREAD_WORDS ||
        !umig_vm_peek((const void *)who->thread, d->thread, d->thread_words * sizeof(uint64_t)) ||
        !umig_vm_peek((const void *)who->sp, d->stack, d->stack_words * sizeof(uint64_t))) {
        return false;
    }
    for (uint32_t i = 0; i < d->stack_words; i++) {
        d->stack[i] = moved(d, d->stack[i]);
    }
    return true;
}

uintptr_t storm_disturb_next(struct storm_disturbed *d)
{
    undo(d);
    const uint64_t what = below(d, 8);
    if (what < 3) {
        disturb_registers(d);
        return d->who.thread;
    }
    if (what < 6) {
        disturb_stack(d);
        if (what == 5) {
            disturb_registers(d);
        }
        return d->who.thread;
    }
    disturb_thread(d);
    if (what == 7) {
        disturb_registers(d);
    }
    return (uintptr_t)d->thread;
}
