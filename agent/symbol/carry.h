/*
 * Carries stacks from one dictionary to another, which may have begun other generations: what is
 * kept for long is kept in a dictionary of its own, and told by the wire's.
 *
 * Which stack became which is remembered as long as both dictionaries stay in their generations, so
 * a stack that was carried before costs one look.
 *
 * Not thread-safe; the drainer's alone.
 */
#ifndef UMIG_AGENT_SYMBOL_CARRY_H
#define UMIG_AGENT_SYMBOL_CARRY_H

#include <stddef.h>
#include <stdint.h>

#include "agent/symbol/dictionary.h"

/** Longest stack that is carried: what is kept of one, its class and marks. */
#define UMIG_CARRY_FRAMES_MAX 2056u

struct umig_carry {
    const struct umig_dictionary *from;
    struct umig_dictionary *to;
    uint32_t *became; /* by stack of from: one of to; 0 not carried yet */
    uint32_t room;
    uint32_t from_generation, to_generation; /* what is remembered is of these */
    uint32_t path[UMIG_CARRY_FRAMES_MAX];
};

/** Memory to remember so many stacks of the dictionary that is carried from. */
size_t umig_carry_bytes(uint32_t stack_room);

/** @param memory  umig_carry_bytes(from's stack room) bytes; kept */
void umig_carry_init(struct umig_carry *carry,
                     const struct umig_dictionary *from,
                     struct umig_dictionary *to,
                     void *memory);

/** Carries to another dictionary from now on. */
void umig_carry_turn(struct umig_carry *carry,
                     const struct umig_dictionary *from,
                     struct umig_dictionary *to);

/** Its stack in the other dictionary; 0: there was no room, or it is too deep. */
uint32_t umig_carry_stack(struct umig_carry *carry, uint32_t stack);

/** A string in the other dictionary; 0: it is none, or there was no room. */
uint32_t umig_carry_string(struct umig_carry *carry, uint32_t string);

/** A thread in the other dictionary; 0: it is none, or there was no room. */
uint32_t umig_carry_thread(struct umig_carry *carry, uint32_t thread);

/** A method of one dictionary in the other; 0: there was no room. */
uint32_t umig_carry_method(struct umig_carry *carry, uint32_t method);

#endif
