#include <stddef.h>
#include <stdlib.h>

#include "agent/vm/thread_list.h"
#include "tests/support/test.h"

enum {
    THREADS = 150, /* more than are read at once */
    FIRST_TID = 1000
};

struct os_thread {
    int64_t unused;
    int32_t tid;
};

struct java_thread {
    int64_t unused[3];
    uintptr_t os_thread;
};

struct list {
    uint32_t unused, length;
    uintptr_t threads;
};

/* A JVM with threads whose tids count up. */
struct fixture {
    struct umig_hotspot hotspot;
    struct os_thread os[THREADS];
    struct java_thread java[THREADS];
    uintptr_t threads[THREADS];
    struct list list;
    uintptr_t list_at;
};

static int setup(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    for (int i = 0; i < THREADS; i++) {
        fx->os[i].tid = FIRST_TID + i;
        fx->java[i].os_thread = (uintptr_t)&fx->os[i];
        fx->threads[i] = (uintptr_t)&fx->java[i];
    }
    fx->list = (struct list){0, THREADS, (uintptr_t)fx->threads};
    fx->list_at = (uintptr_t)&fx->list;
    fx->hotspot.thread_list = &fx->list_at;
    fx->hotspot.list_length = offsetof(struct list, length);
    fx->hotspot.list_threads = offsetof(struct list, threads);
    fx->hotspot.thread_os_thread = offsetof(struct java_thread, os_thread);
    fx->hotspot.os_thread_id = offsetof(struct os_thread, tid);
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static void test_thread_list_finds_each_thread(void **state)
{
    const struct fixture *fx = *state;
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(umig_thread_list_find(&fx->hotspot, FIRST_TID + i),
                         (uintptr_t)&fx->java[i]);
    }
    assert_int_equal(umig_thread_list_find(&fx->hotspot, FIRST_TID - 1), 0);
    assert_int_equal(umig_thread_list_find(&fx->hotspot, FIRST_TID + THREADS), 0);
}

static void test_thread_list_passes_threads_that_are_gone(void **state)
{
    struct fixture *fx = *state;
    fx->threads[0] = 0;
    fx->threads[1] = 0x100000; /* nothing is there */
    fx->java[2].os_thread = 0x100000;

    assert_int_equal(umig_thread_list_find(&fx->hotspot, FIRST_TID + 2), 0);
    assert_int_equal(umig_thread_list_find(&fx->hotspot, FIRST_TID + 3), (uintptr_t)&fx->java[3]);
}

static void test_thread_list_that_is_freed_has_nobody(void **state)
{
    struct fixture *fx = *state;
    fx->list.threads = 0x100000;
    assert_int_equal(umig_thread_list_find(&fx->hotspot, FIRST_TID), 0);
    fx->list = (struct list){0, UINT32_MAX, (uintptr_t)fx->threads};
    assert_int_equal(umig_thread_list_find(&fx->hotspot, FIRST_TID), 0);
    fx->list_at = 0;
    assert_int_equal(umig_thread_list_find(&fx->hotspot, FIRST_TID), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_thread_list_finds_each_thread, setup, teardown),
        cmocka_unit_test_setup_teardown(test_thread_list_passes_threads_that_are_gone, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_thread_list_that_is_freed_has_nobody, setup, teardown),
    };
    return cmocka_run_group_tests_name("unit.agent_vm.thread_list", tests, NULL, NULL);
}
