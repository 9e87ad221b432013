#include "tests/support/torture.h"

#include <stdbool.h>

#include "tests/support/test.h"

/* NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): names of ld --wrap */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

/* Global because the linker gives the wrapped functions no context. */
static bool g_is_counting;
static size_t g_seen;
static size_t g_fail_at;

static bool should_fail(void)
{
    if (!g_is_counting) {
        return false;
    }
    g_seen++;
    return g_seen == g_fail_at;
}

void *__wrap_malloc(size_t size)
{
    return should_fail() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return should_fail() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return should_fail() ? NULL : __real_realloc(old, size);
}

/* NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming) */

size_t umig_torture(int (*body)(void *context), void *context)
{
    for (g_fail_at = 1;; g_fail_at++) {
        g_seen = 0;
        g_is_counting = true;
        const int rc = body(context);
        g_is_counting = false;
        if (g_seen < g_fail_at) {
            assert_int_equal(rc, 0);
            return g_seen;
        }
    }
}
