#include "tests/component/native/subject.h"

#include <alloca.h>
#include <stdlib.h>

#ifdef __clang__
# define NOINLINE __attribute__((noinline))
#else
# define NOINLINE __attribute__((noinline, noclone))
#endif

static subject_hook compare_hook;

NOINLINE static int leaf(subject_hook hook, int a, int b)
{
    if (hook != NULL) {
        hook();
    }
    return a * b + 1;
}

NOINLINE static int busy(subject_hook hook, int seed)
{
    int a = seed * 3, b = seed * 5, c = seed * 7, d = seed * 11, e = seed * 13, f = seed * 17;
    for (int i = 0; i < 2; i++) {
        a += leaf(hook, b, c);
        b ^= leaf(hook, c, d);
        c += d;
        d ^= leaf(hook, e, f);
        e += f ^ a;
        f ^= a + b;
    }
    return a + b + c + d + e + f;
}

NOINLINE int subject_chain(subject_hook hook, int seed)
{
    return busy(hook, seed) + leaf(hook, seed, seed);
}

NOINLINE int subject_dynamic(subject_hook hook, int size)
{
    volatile char *bytes = alloca((size_t)size);
    bytes[0] = (char)size;
    bytes[size - 1] = 1;
    return leaf(hook, bytes[0], bytes[size - 1]) + bytes[0];
}

NOINLINE int subject_aligned(subject_hook hook, int seed)
{
    volatile int numbers[16] __attribute__((aligned(64)));
    for (int i = 0; i < 16; i++) {
        numbers[i] = seed + i;
    }
    return leaf(hook, numbers[3], numbers[5]) + numbers[7];
}

NOINLINE int subject_exits(subject_hook hook, int way)
{
    if (way == 0) {
        return 7;
    }
    const int first = leaf(hook, way, 2);
    if (first > 100) {
        return first;
    }
    switch (leaf(hook, first, way)) {
    case 1:
        return way;
    case 5:
        return first - way;
    default:
        return leaf(NULL, way, first) + first + way;
    }
}

NOINLINE int subject_recurse(subject_hook hook, int depth)
{
    if (depth == 0) {
        return leaf(hook, 1, 2);
    }
    return subject_recurse(hook, depth - 1) + depth;
}

static int compare(const void *left, const void *right)
{
    const int *a = left;
    const int *b = right;
    return leaf(compare_hook, *a, 1) < leaf(NULL, *b, 1) ? -1 : *a > *b;
}

NOINLINE int subject_sort(subject_hook hook, int seed)
{
    int numbers[5] = {seed, 4, seed - 3, 1, seed + 9};
    compare_hook = hook;
    qsort(numbers, 5, sizeof numbers[0], compare);
    return numbers[0] + numbers[4];
}

NOINLINE int subject_through_library(subject_hook hook, int seed)
{
    return subject_so_call(hook, seed) + subject_so_first(hook, seed);
}
