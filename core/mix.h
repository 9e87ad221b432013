/*
 * splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014): 64 bits
 * that look random, of a number that does not; a hash, and of a counter a generator.
 */
#ifndef UMIG_CORE_MIX_H
#define UMIG_CORE_MIX_H

#include <stdint.h>

/** What a generator's state grows by at each step: 2^64 divided by the golden ratio. */
#define UMIG_MIX64_STEP UINT64_C(0x9e3779b97f4a7c15)

/** The bits of a number or of a state. Signal: async-signal-safe. */
static inline uint64_t umig_mix64(uint64_t x)
{
    x += UMIG_MIX64_STEP;
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

#endif
