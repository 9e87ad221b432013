#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/signal/guard.h"
#include "agent/signal/probe.h"
#include "tests/support/test.h"

static struct umig_slots g_slots;
static struct sigaction g_ours;

static int setup_group(void **state)
{
    (void)state;
    umig_slots_init(&g_slots, calloc(64, sizeof(struct umig_slot)), 64);
    /* An empty range: only the probe's own fault is recovered, by no armed guard. */
    const struct umig_code_range nothing = {.begin = 0, .end = 0};
    struct umig_err err = UMIG_ERR_INIT;
    const int rc = umig_guard_install(&g_slots, &nothing, 1, &err);
    sigaction(SIGSEGV, NULL, &g_ours);
    return rc;
}

static int teardown_group(void **state)
{
    (void)state;
    free(g_slots.slots);
    return 0;
}

/* cmocka puts its own handlers in front for every test. */
static void use_ours(void)
{
    sigaction(SIGSEGV, &g_ours, NULL);
}

static void test_probe_reads_a_word(void **state)
{
    (void)state;
    const uintptr_t words[2] = {0x1122334455667788, 0x99};
    uintptr_t out = 0;

    assert_true(umig_probe_word((uintptr_t)&words[0], &out));
    assert_int_equal(out, words[0]);
    assert_true(umig_probe_word((uintptr_t)&words[0] + 1, &out)); /* alignment is not needed */
    assert_int_equal(out, 0x9911223344556677);
}

static void test_probe_of_what_is_not_there_says_so_and_lives(void **state)
{
    (void)state;
    use_ours();
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *memory = mmap(NULL, 2 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_int_equal(munmap(memory + page, page), 0);
    const uintptr_t gone = (uintptr_t)memory + page;
    const uintptr_t addresses[] = {0, 8, gone, gone - 4, 0x8000000000000000, UINTPTR_MAX - 7};
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        uintptr_t out = 42;
        errno = 77;

        assert_false(umig_probe_word(addresses[i], &out));

        assert_int_equal(out, 42);
        assert_int_equal(errno, 77);
    }
    uintptr_t out = 42;
    assert_true(umig_probe_word(gone - sizeof out, &out));
    assert_int_equal(out, 0);
    munmap(memory, page);
}

static void test_probe_resumes_only_its_own_load(void **state)
{
    (void)state;
    const uintptr_t probe = (uintptr_t)umig_probe_word;

    assert_int_not_equal(umig_probe_resume(probe), 0);
    assert_int_equal(umig_probe_resume(probe + 3), 0); /* the store: a fault of the caller's */
    assert_int_equal(umig_probe_resume(0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probe_reads_a_word),
        cmocka_unit_test(test_probe_of_what_is_not_there_says_so_and_lives),
        cmocka_unit_test(test_probe_resumes_only_its_own_load),
    };
    return cmocka_run_group_tests_name("unit.agent.probe", tests, setup_group, teardown_group);
}
