/* Calls of libraries that are loaded for real are redirected and taken back. */
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/signal/guard.h"
#include "agent/signal/handler.h"
#include "agent/vm/redirect.h"
#include "tests/support/test.h"

#define OURS  4711
#define OTHER 815

enum {
    SLOTS = 64,
    LOADS = 2000
};

typedef long (*call_fn)(void);

static struct umig_slots g_slots;
static struct umig_slot *g_own;
static struct sigaction g_guards; /* the guard's handler of faults */

static pid_t ours(void)
{
    return OURS;
}

static pid_t other(void)
{
    return OTHER;
}

static const struct umig_redirect redirects[] = {
    {"getppid", (uintptr_t)getppid, (uintptr_t)ours},
    {"getpgrp", (uintptr_t)getpgrp, (uintptr_t)ours},
};

static const struct umig_redirect another[] = {
    {"getppid", (uintptr_t)getppid, (uintptr_t)other},
};

struct library {
    void *handle;
    call_fn call;
    call_fn call_late;
};

static const char *paths[] = {UMIG_TEST_LAZY, UMIG_TEST_NOW};

static struct library load(const char *path)
{
    struct library library = {.handle = dlopen(path, RTLD_LAZY | RTLD_LOCAL)};
    assert_non_null(library.handle);
    *(void **)&library.call = dlsym(library.handle, "redirected_call");
    *(void **)&library.call_late = dlsym(library.handle, "redirected_call_late");
    assert_non_null(library.call);
    assert_non_null(library.call_late);
    return library;
}

/* cmocka takes the signal for each test. */
static struct umig_redirect_count set_all(const struct umig_redirect *wanted,
                                          size_t count,
                                          bool is_on)
{
    sigaction(SIGSEGV, &g_guards, NULL);
    return umig_redirect_set(g_own, wanted, count, is_on);
}

static struct umig_redirect_count set(bool is_on)
{
    return set_all(redirects, sizeof redirects / sizeof redirects[0], is_on);
}

static int setup(void **state)
{
    static const struct umig_code_range everything = {.begin = 1, .end = UINTPTR_MAX};
    struct umig_err err = UMIG_ERR_INIT;
    (void)state;
    umig_slots_init(&g_slots, calloc(SLOTS, sizeof(struct umig_slot)), SLOTS);
    pthread_mutex_lock(&g_slots.mutex);
    g_own = umig_slots_register_locked(&g_slots, (int)syscall(SYS_gettid));
    pthread_mutex_unlock(&g_slots.mutex);
    const int rc = umig_guard_install(&g_slots, &everything, 1, &err);
    sigaction(SIGSEGV, NULL, &g_guards);
    return rc;
}

static void test_calls_are_redirected_and_taken_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const struct library library = load(paths[i]);
        assert_int_equal(library.call(), getppid());

        const struct umig_redirect_count count = set(true);
        assert_int_equal(library.call(), OURS);
        assert_int_equal(library.call_late(), OURS);
        assert_int_equal(getppid(), syscall(SYS_getppid)); /* our own calls are not */
        assert_true(count.ours >= 2);
        assert_int_equal(count.failed, 0);
        assert_int_equal(set(true).ours, count.ours);

        assert_int_equal(set(false).ours, 0);
        assert_int_equal(library.call(), getppid());
        assert_int_equal(library.call_late(), getpgrp());
        dlclose(library.handle);
    }
}

static void test_libraries_loaded_later_are_redirected_by_the_next_pass(void **state)
{
    (void)state;
    const uint32_t before = set(true).ours;
    const struct library library = load(UMIG_TEST_NOW);
    assert_int_equal(library.call(), getppid());

    assert_int_equal(set(true).ours, before + 2);
    assert_int_equal(library.call(), OURS);

    assert_int_equal(set(false).ours, 0);
    dlclose(library.handle);
}

/* What another profiler has put there is its own. */
static void test_foreign_entries_are_left_alone(void **state)
{
    (void)state;
    const struct library library = load(UMIG_TEST_NOW);
    (void)set_all(another, 1, true);
    assert_int_equal(library.call(), OTHER);

    assert_true(set(true).foreign >= 1);
    assert_int_equal(library.call(), OTHER);
    assert_int_equal(library.call_late(), OURS);
    (void)set(false);
    assert_int_equal(library.call(), OTHER);

    assert_int_equal(set_all(another, 1, false).ours, 0);
    assert_int_equal(library.call(), getppid());
    dlclose(library.handle);
}

/* What /proc/self/maps says of a library's memory. */
static char *maps_of(const char *path)
{
    static char text[8192];
    char line[512];
    const char *name = strrchr(path, '/') + 1;
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    text[0] = '\0';
    while (fgets(line, sizeof line, maps) != NULL) {
        if (strstr(line, name) != NULL) {
            strncat(text, line, sizeof text - strlen(text) - 1);
        }
    }
    fclose(maps);
    return text;
}

static void test_tables_that_are_read_only_stay_so(void **state)
{
    (void)state;
    const struct library library = load(UMIG_TEST_NOW);
    char *before = strdup(maps_of(UMIG_TEST_NOW));

    (void)set(true);
    assert_string_equal(maps_of(UMIG_TEST_NOW), before);
    (void)set(false);
    assert_string_equal(maps_of(UMIG_TEST_NOW), before);

    free(before);
    dlclose(library.handle);
}

static atomic_uint loads;
static atomic_bool is_over;

/* Loads and closes, and calls meanwhile: each call goes one way or the other. */
static void *run_loader(void *arg)
{
    const char *path = *(const char **)arg;
    uint64_t wrong = 0;
    for (int i = 0; i < LOADS; i++) {
        void *handle = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
        call_fn call = NULL;
        *(void **)&call = handle != NULL ? dlsym(handle, "redirected_call") : NULL;
        const long got = call != NULL ? call() : 0;
        wrong += got != OURS && got != getppid();
        if (handle != NULL) {
            dlclose(handle);
        }
        atomic_fetch_add(&loads, 1);
    }
    atomic_store(&is_over, true);
    return (void *)(uintptr_t)wrong;
}

/* A pass takes the loader's lock, which is not fair: who takes it again at once keeps it. */
static void await_load(void)
{
    const unsigned seen = atomic_load(&loads);
    while (atomic_load(&loads) == seen && !atomic_load(&is_over)) {
        sched_yield();
    }
}

static void test_libraries_come_and_go_meanwhile(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        pthread_t loader;
        void *wrong = NULL;
        atomic_store(&is_over, false);
        assert_int_equal(pthread_create(&loader, NULL, run_loader, (void *)&paths[i]), 0);
        for (bool is_on = true; !atomic_load(&is_over); is_on = !is_on) {
            assert_int_equal(set(is_on).failed, 0);
            await_load();
        }
        pthread_join(loader, &wrong);
        assert_int_equal(set(false).ours, 0);
        assert_null(wrong);
    }
}

int main(void)
{
#ifdef __SANITIZE_THREAD__
    puts("skipped: its runtime does not follow a jump out of a signal handler");
    return 77;
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls_are_redirected_and_taken_back),
        cmocka_unit_test(test_libraries_loaded_later_are_redirected_by_the_next_pass),
        cmocka_unit_test(test_foreign_entries_are_left_alone),
        cmocka_unit_test(test_tables_that_are_read_only_stay_so),
        cmocka_unit_test(test_libraries_come_and_go_meanwhile),
    };
    return cmocka_run_group_tests_name("redirect", tests, setup, NULL);
}
