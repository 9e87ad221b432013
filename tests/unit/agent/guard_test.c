#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/signal/guard.h"
#include "tests/support/test.h"

static struct umig_slots g_slots;
static struct umig_slot *g_slot;
static void *g_unmapped;
static volatile sig_atomic_t g_chained;
static sigjmp_buf g_back;

/* Stands for the JVM's handler: it is there first and sees what is not ours. */
static void host_handler(int signo)
{
    (void)signo;
    g_chained++;
    siglongjmp(g_back, 1);
}

/* cmocka puts its own handlers in front for every test: ours go back to where they belong. */
static struct sigaction g_ours;
static struct sigaction g_ours_bus;

static void use_guard(void)
{
    sigaction(SIGSEGV, &g_ours, NULL);
}

static int setup_group(void **state)
{
    (void)state;
    umig_slots_init(&g_slots, calloc(64, sizeof(struct umig_slot)), 64);
    g_slot = umig_slots_register_locked(&g_slots, (int)syscall(SYS_gettid));
    g_unmapped = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct sigaction host = {.sa_handler = host_handler, .sa_flags = SA_NODEFER};
    sigaction(SIGSEGV, &host, NULL);
    const struct umig_code_range everything = {.begin = 0, .end = UINTPTR_MAX};
    struct umig_err err = UMIG_ERR_INIT;
    const int rc = umig_guard_install(&g_slots, &everything, 1, &err);
    sigaction(SIGSEGV, NULL, &g_ours);
    sigaction(SIGBUS, NULL, &g_ours_bus);
    return rc;
}

static int teardown_group(void **state)
{
    (void)state;
    munmap(g_unmapped, 4096);
    free(g_slots.slots);
    return 0;
}

/* A volatile read of memory that may not be there; the sanitizer cannot see through it. */
__attribute__((noinline, no_sanitize("address", "undefined"))) static int touch(void *at)
{
    return *(volatile int *)at;
}

static bool touch_guarded(void)
{
    struct umig_guard guard;
    if (UMIG_GUARD_ENTER(g_slot, &guard)) {
        touch(g_unmapped);
        umig_guard_leave(g_slot, &guard);
        return true;
    }
    return false;
}

static void test_guard_catches_a_fault_again_and_again(void **state)
{
    (void)state;
    use_guard();
    for (int i = 0; i < 1000; i++) {
        assert_false(touch_guarded());
    }
    assert_null(atomic_load(&g_slot->guard));
    assert_int_equal(g_chained, 0);
}

/* A session ends, and the next one begins, while the thread is in the middle of a walk. */
static void test_guard_is_the_threads_whatever_becomes_of_its_slot(void **state)
{
    (void)state;
    use_guard();
    const int tid = (int)syscall(SYS_gettid);
    g_chained = 0;
    struct umig_guard outer;

    if (sigsetjmp(g_back, 1) == 0) {
        if (UMIG_GUARD_ENTER(g_slot, &outer)) {
            atomic_store(&g_slot->state, UMIG_SLOT_ENDED);
            touch(g_unmapped);
            fail_msg("the memory was readable");
        }
    }
    assert_int_equal(g_chained, 0);

    /* Two slots are the thread's now, with a guard each: the inner one catches. */
    if (UMIG_GUARD_ENTER(g_slot, &outer)) {
        struct umig_slot *const ended = g_slot;
        g_slot = umig_slots_register_locked(&g_slots, tid);
        assert_ptr_not_equal(g_slot, ended);
        assert_false(touch_guarded());
        umig_guard_leave(ended, &outer);
        assert_true(umig_slots_free_locked(&g_slots, ended));
    } else {
        fail_msg("the outer guard caught what was the inner one's");
    }
    assert_int_equal(g_chained, 0);
}

static void test_guard_leaves_foreign_faults_to_the_host(void **state)
{
    (void)state;
    use_guard();
    g_chained = 0;

    if (sigsetjmp(g_back, 1) == 0) {
        touch(g_unmapped);
        fail_msg("the memory was readable");
    }

    assert_int_equal(g_chained, 1);
}

static void test_guard_nests(void **state)
{
    (void)state;
    use_guard();
    struct umig_guard outer;
    bool came_back = false;

    if (UMIG_GUARD_ENTER(g_slot, &outer)) {
        assert_false(touch_guarded());
        touch(g_unmapped); /* the outer guard must still be armed */
        fail_msg("the memory was readable");
    } else {
        came_back = true;
    }

    assert_true(came_back);
    assert_null(atomic_load(&g_slot->guard));
}

/* A library's handler in front of ours that hands on what is not its own. */
static struct sigaction g_behind;
static volatile sig_atomic_t g_seen_by_library;

static void library_handler(int signo, siginfo_t *info, void *context)
{
    g_seen_by_library++;
    g_behind.sa_sigaction(signo, info, context);
}

static void come_in_front(void)
{
    struct sigaction library = {.sa_sigaction = library_handler,
                                .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGSEGV, &library, &g_behind);
}

/* cmocka's SIGBUS is not ours to look at. */
static void use_guard_of_both(void)
{
    use_guard();
    sigaction(SIGBUS, &g_ours_bus, NULL);
}

/* The last of the tests: there are two fronts, for the life of the process. */
static void test_guard_goes_in_front_once_more_and_then_stands_aside(void **state)
{
    (void)state;
    use_guard_of_both();
    g_chained = 0;
    assert_true(umig_guard_keep_first());
    come_in_front();

    assert_true(umig_guard_keep_first());
    assert_false(touch_guarded());
    assert_int_equal(g_seen_by_library, 0); /* a walk's fault is not the library's */

    if (sigsetjmp(g_back, 1) == 0) {
        touch(g_unmapped);
        fail_msg("the memory was readable");
    }
    assert_int_equal(g_seen_by_library, 1); /* others are, and go on to the host from there */
    assert_int_equal(g_chained, 1);

    /* Again, with our newest entry behind it: nobody may be asked in a circle. */
    struct sigaction again;
    sigaction(SIGSEGV, NULL, &again);
    const struct sigaction first = g_behind;
    g_behind = again;
    g_seen_by_library = 0;
    g_chained = 0;
    if (sigsetjmp(g_back, 1) == 0) {
        touch(g_unmapped);
        fail_msg("the memory was readable");
    }
    assert_int_equal(g_seen_by_library, 1);
    assert_int_equal(g_chained, 1);
    come_in_front();
    if (sigsetjmp(g_back, 1) == 0) {
        touch(g_unmapped);
        fail_msg("the memory was readable");
    }
    assert_int_equal(g_seen_by_library, 2);
    assert_int_equal(g_chained, 2);
    sigaction(SIGSEGV, &again, NULL);
    g_behind = first;

    struct sigaction other = {.sa_handler = host_handler};
    sigaction(SIGSEGV, &other, NULL);
    assert_false(umig_guard_keep_first());
    sigaction(SIGSEGV, &again, NULL);
    assert_true(umig_guard_keep_first());
    sigaction(SIGSEGV, &g_behind, NULL); /* the library has put back what it found */
    assert_true(umig_guard_keep_first());
}

int main(void)
{
#ifdef __SANITIZE_THREAD__
    return 77; /* its runtime does not follow a jump out of a signal handler */
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guard_catches_a_fault_again_and_again),
        cmocka_unit_test(test_guard_leaves_foreign_faults_to_the_host),
        cmocka_unit_test(test_guard_nests),
        cmocka_unit_test(test_guard_is_the_threads_whatever_becomes_of_its_slot),
        cmocka_unit_test(test_guard_goes_in_front_once_more_and_then_stands_aside),
    };
    return cmocka_run_group_tests_name("guard", tests, setup_group, teardown_group);
}
