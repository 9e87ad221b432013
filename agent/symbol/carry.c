#include "agent/symbol/carry.h"

#include <string.h>

size_t umig_carry_bytes(uint32_t stack_room)
{
    return ((size_t)stack_room + 1) * sizeof(uint32_t);
}

void umig_carry_init(struct umig_carry *carry,
                     const struct umig_dictionary *from,
                     struct umig_dictionary *to,
                     void *memory)
{
    carry->became = memory;
    carry->room = from->stacks.room;
    umig_carry_turn(carry, from, to);
}

void umig_carry_turn(struct umig_carry *carry,
                     const struct umig_dictionary *from,
                     struct umig_dictionary *to)
{
    carry->from = from;
    carry->to = to;
    carry->from_generation = 0; /* no dictionary's */
}

static const uint32_t *item_of(const struct umig_intern *table, uint32_t id)
{
    return table->items + (size_t)(id - 1) * table->words;
}

/* A string of no bytes is id 0 everywhere; another one becomes 0 only when there is no room. */
uint32_t umig_carry_string(struct umig_carry *carry, uint32_t string)
{
    if (string == 0) {
        return 0;
    }
    const uint32_t *item = item_of(&carry->from->strings, string);
    return umig_dictionary_string(carry->to, carry->from->text + item[0], item[1]);
}

/* Words of a thread: tid, kind, name, and the two halves of a virtual thread's id. */
uint32_t umig_carry_thread(struct umig_carry *carry, uint32_t thread)
{
    if (thread == 0) {
        return 0;
    }
    const uint32_t *item = item_of(&carry->from->threads, thread);
    const uint32_t name = umig_carry_string(carry, item[2]);
    if (name == 0 && item[2] != 0) {
        return 0;
    }
    return umig_dictionary_thread(carry->to, item[0], item[1], name,
                                  item[3] | (uint64_t)item[4] << 32);
}

uint32_t umig_carry_method(struct umig_carry *carry, uint32_t method)
{
    const uint32_t *item = item_of(&carry->from->methods, method);
    uint32_t words[3];
    for (int i = 0; i < 3; i++) {
        words[i] = umig_carry_string(carry, item[i]);
        if (words[i] == 0 && item[i] != 0) {
            return 0;
        }
    }
    return umig_dictionary_method(carry->to, words[0], words[1], words[2]);
}

static uint32_t carry_frame(struct umig_carry *carry, uint32_t frame)
{
    const uint32_t *item = item_of(&carry->from->frames, frame);
    const uint32_t method = umig_carry_method(carry, item[1]);
    return method != 0 ? umig_dictionary_frame(carry->to, item[0], method, item[2]) : 0;
}

static void forget_if_stale(struct umig_carry *carry)
{
    if (carry->from_generation != carry->from->generation ||
        carry->to_generation != carry->to->generation) {
        memset(carry->became, 0, umig_carry_bytes(carry->room));
        carry->from_generation = carry->from->generation;
        carry->to_generation = carry->to->generation;
    }
}

uint32_t umig_carry_stack(struct umig_carry *carry, uint32_t stack)
{
    uint32_t depth = 0;
    forget_if_stale(carry);
    for (uint32_t at = stack; at != 0 && carry->became[at] == 0;
         at = item_of(&carry->from->stacks, at)[0]) {
        if (depth == UMIG_CARRY_FRAMES_MAX) {
            return 0;
        }
        carry->path[depth++] = at;
    }
    for (; depth > 0; depth--) {
        const uint32_t at = carry->path[depth - 1];
        const uint32_t *item = item_of(&carry->from->stacks, at);
        const uint32_t frame = carry_frame(carry, item[1]);
        const uint32_t parent = item[0] != 0 ? carry->became[item[0]] : 0;
        carry->became[at] = frame != 0 ? umig_dictionary_stack(carry->to, parent, frame) : 0;
        if (carry->became[at] == 0) {
            return 0;
        }
    }
    return stack != 0 ? carry->became[stack] : 0;
}
