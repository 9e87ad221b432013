#include "agent/walk/x86_64/pushed.h"

#include <stdbool.h>
#include <string.h> /* before its names are poisoned */

#include "agent/signal/sigsafe_only.h"
#include "agent/walk/hotspot.h"

enum {
    LOOK_BYTES = 40,        /* of the longest such sequence */
    WORDS_MAX = 8,          /* more are a misreading */
    COMPARISON_BYTES = 160, /* of the types of two arrays, from its pushes to its call */
    TEST = 0x85,            /* test reg, reg */
    COMPARE = 0x83,         /* cmp reg, imm8 */
    CALL = 0xe8,
    POP_LESS_PUSH = 8, /* of their opcodes */
};

struct instruction {
    uint32_t bytes; /* 0: none of those that are known */
    int32_t popped; /* words; pushed ones are negative */
};

/* Without a prefix and with one: "pop rbp" alone undoes a frame, "pop r13" is as any other. */
static struct instruction read_push_or_pop(uint8_t opcode, uint32_t prefix_bytes)
{
    if (opcode >= 0x50 && opcode <= 0x57) {
        return (struct instruction){prefix_bytes + 1, -1};
    }
    const bool is_pop = opcode >= 0x58 && opcode <= 0x5f && (opcode != 0x5d || prefix_bytes != 0);
    return is_pop ? (struct instruction){prefix_bytes + 1, 1} : (struct instruction){0};
}

static struct instruction read_instruction(uintptr_t pc)
{
    const uint8_t first = umig_hs_u8(pc, 0);
    const uint32_t prefix_bytes = first >= 0x40 && first <= 0x4f ? 1 : 0;
    const uintptr_t at = pc + prefix_bytes;
    const uint8_t opcode = umig_hs_u8(at, 0);
    const uint8_t operand = umig_hs_u8(at, 1);
    if (opcode == CALL && prefix_bytes == 0) {
        return (struct instruction){5, 0};
    }
    if (opcode == TEST && operand >= 0xc0) {
        return (struct instruction){prefix_bytes + 2, 0};
    }
    if (opcode == COMPARE && operand >= 0xf8) {
        return (struct instruction){prefix_bytes + 3, 0};
    }
    if (opcode >= 0x70 && opcode <= 0x7f) { /* jcc, short */
        return (struct instruction){prefix_bytes + 2, 0};
    }
    if (opcode == 0x0f && operand >= 0x80 && operand <= 0x8f) { /* jcc, long */
        return (struct instruction){prefix_bytes + 6, 0};
    }
    return read_push_or_pop(opcode, prefix_bytes);
}

int32_t umig_x64_pushed_words(uintptr_t pc)
{
    int32_t popped = 0;
    for (uint32_t at = 0; at < LOOK_BYTES;) {
        const struct instruction next = read_instruction(pc + at);
        if (next.bytes == 0) {
            break;
        }
        popped += next.popped;
        at += next.bytes;
    }
    return popped > 0 && popped <= WORDS_MAX ? popped : 0;
}

/* "call; pop; pop; test; jne; pop; pop" at this address? Where its last two pops are; else 0. */
static uintptr_t find_last_pops(uintptr_t at)
{
    static const int8_t popped[] = {0, 1, 1, 0, 0, 1, 1};
    uintptr_t last = 0;
    if (umig_hs_u8(at, 0) != CALL) {
        return 0;
    }
    for (uint32_t i = 0; i < sizeof popped; i++) {
        const struct instruction next = read_instruction(at);
        if (next.bytes == 0 || next.popped != popped[i]) {
            return 0;
        }
        last = i == sizeof popped - UMIG_X64_KEPT_WORDS ? at : last;
        at += next.bytes;
    }
    return last;
}

/* Is this the push of what is popped there? */
static bool is_push_of(uintptr_t push, uintptr_t pop, uint32_t bytes)
{
    return umig_hs_u8(push, (int32_t)bytes - 1) + POP_LESS_PUSH ==
               umig_hs_u8(pop, (int32_t)bytes - 1) &&
           (bytes == 1 || umig_hs_u8(push, 0) == umig_hs_u8(pop, 0));
}

/* Are the registers of these two pops pushed before the pc? The last that is pushed is popped
 * first. */
static bool has_pushed(uintptr_t pc, uintptr_t low, uintptr_t pops)
{
    const uint32_t first = read_instruction(pops).bytes;
    const uint32_t second = read_instruction(pops + first).bytes;
    for (uintptr_t at = pc - first - second; at >= low && pc - at <= COMPARISON_BYTES; at--) {
        if (is_push_of(at, pops + first, second) && is_push_of(at + second, pops, first)) {
            return true;
        }
    }
    return false;
}

bool umig_x64_compares_arrays(uintptr_t pc, uintptr_t low)
{
    for (uintptr_t at = pc; at < pc + COMPARISON_BYTES; at++) {
        const uintptr_t pops = find_last_pops(at);
        if (pops != 0) {
            return has_pushed(pc, low, pops);
        }
    }
    return false;
}
