/* On threads of this process. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/vm/sched.h"
#include "core/clock.h"
#include "tests/support/test.h"

struct thread {
    pthread_t id;
    atomic_int tid;
    int pipe[2];
    atomic_bool stop;
};

static void *sleep_in_read(void *arg)
{
    struct thread *thread = arg;
    char byte;
    atomic_store(&thread->tid, (int)syscall(SYS_gettid));
    (void)!read(thread->pipe[0], &byte, 1);
    return NULL;
}

static void *spin(void *arg)
{
    struct thread *thread = arg;
    atomic_store(&thread->tid, (int)syscall(SYS_gettid));
    while (!atomic_load(&thread->stop)) {
    }
    return NULL;
}

static void start(struct thread *thread, void *(*run)(void *))
{
    assert_int_equal(pipe(thread->pipe), 0);
    assert_int_equal(pthread_create(&thread->id, NULL, run, thread), 0);
    while (atomic_load(&thread->tid) == 0) {
        sched_yield();
    }
}

static void stop(struct thread *thread)
{
    atomic_store(&thread->stop, true);
    assert_int_equal(write(thread->pipe[1], "x", 1), 1);
    pthread_join(thread->id, NULL);
    close(thread->pipe[0]);
    close(thread->pipe[1]);
}

static void test_sched_tells_who_runs_from_who_sleeps(void **state)
{
    (void)state;
    struct thread sleeper = {0};
    struct thread spinner = {0};
    start(&sleeper, sleep_in_read);
    start(&spinner, spin);

    assert_true(umig_sched_is_running(atomic_load(&spinner.tid)));
    while (umig_sched_is_running(atomic_load(&sleeper.tid))) { /* until it has come to read() */
        sched_yield();
    }

    stop(&sleeper);
    stop(&spinner);
    assert_false(umig_sched_is_running(0));
}

/* Two that want one processor: each waits for the other, a tick of the kernel at a time. */
static void test_sched_counts_the_wait_for_a_processor(void **state)
{
    (void)state;
    cpu_set_t before;
    cpu_set_t one;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0); /* threads take it over */
    struct thread a = {0};
    struct thread b = {0};
    start(&a, spin);
    start(&b, spin);
    uint64_t at_first = 0;
    assert_true(umig_sched_delay_ns(atomic_load(&a.tid), &at_first));

    uint64_t later = at_first;
    while (later < at_first + UMIG_NS_PER_MS) {
        assert_true(umig_sched_delay_ns(atomic_load(&a.tid), &later));
    }

    stop(&a);
    stop(&b);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    assert_false(umig_sched_delay_ns(0, &later));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sched_tells_who_runs_from_who_sleeps),
        cmocka_unit_test(test_sched_counts_the_wait_for_a_processor),
    };
    return cmocka_run_group_tests_name("sched", tests, NULL, NULL);
}
