#include "bench/storm/plugin.h"

enum {
    ROUNDS = 20000
};

static volatile long g_sink;

__attribute__((noinline)) static long work(long seed)
{
    long sum = seed;
    for (int i = 0; i < ROUNDS; i++) {
        sum += (sum >> 3) ^ i;
    }
    g_sink = sum;
    return seed;
}

__attribute__((noinline)) static long descend(int left, long seed) /* NOLINT(misc-no-recursion) */
{
    return left == 0 ? work(seed) : descend(left - 1, seed) + 1;
}

long storm_plugin_call(long seed)
{
    return descend(STORM_PLUGIN_ADDS, seed);
}
