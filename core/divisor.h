/* The greatest number that divides all of a column, so that the column can be written in it. */
#ifndef UMIG_CORE_DIVISOR_H
#define UMIG_CORE_DIVISOR_H

#include <stdint.h>

/**
 * The greatest common divisor of two numbers, by Euclid's algorithm; that of 0 and b is b, so a
 * column is gone through from 0 on.
 */
static inline uint64_t umig_common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

#endif
