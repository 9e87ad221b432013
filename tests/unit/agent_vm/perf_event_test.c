/* Perf events of this machine's kernel, and the reasons why there are none. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/vm/perf_event.h"
#include "core/clock.h"
#include "core/err.h"
#include "tests/support/deny.h"
#include "tests/support/test.h"

/* In a child that is refused the system call: 0 when the reason is as it should be. */
static int reason_of_denial(unsigned cause, const char *says)
{
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        struct umig_err err = UMIG_ERR_INIT;
        if (umig_deny(SYS_perf_event_open, cause) != 0) {
            _exit(77);
        }
        const int rc = umig_perf_event_check(SIGPROF, &err);
        _exit(rc < 0 && strstr(err.text, says) != NULL ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void test_denials_are_told_with_what_would_help(void **state)
{
    (void)state;
    static const struct {
        unsigned cause;
        const char *says;
    } cases[] = {
        {EACCES, "sysctl kernel.perf_event_paranoid=1"},
        {EPERM, "seccomp"},
        {ENOSYS, "not there"},
        {EMFILE, "RLIMIT_NOFILE"},
        {EINVAL, "Invalid argument"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const int code = reason_of_denial(cases[i].cause, cases[i].says);
        if (code == 77) {
            skip();
        }
        if (code != 0) {
            fail_msg("errno %u is not told as '%s'", cases[i].cause, cases[i].says);
        }
    }
}

/* The kernel's own refusal: no capability, and a paranoid of 2 and above. */
static void test_unprivileged_processes_are_told_of_paranoid(void **state)
{
    (void)state;
    if (getuid() != 0) {
        skip();
    }
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        struct umig_err err = UMIG_ERR_INIT;
        if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0) {
            _exit(77);
        }
        const int rc = umig_perf_event_check(SIGPROF, &err);
        _exit(rc == UMIG_OK ? 77 : strstr(err.text, "perf_event_paranoid") != NULL ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        skip(); /* this machine lets everybody */
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_no_descriptor_is_told(void **state)
{
    (void)state;
    struct umig_err err = UMIG_ERR_INIT;
    struct rlimit before;
    getrlimit(RLIMIT_NOFILE, &before);
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);

    const int rc = umig_perf_event_check(SIGPROF, &err);

    setrlimit(RLIMIT_NOFILE, &before);
    if (rc == UMIG_E_UNSUPPORTED) {
        skip(); /* refused before it came to that */
    }
    assert_int_equal(rc, UMIG_E_LIMIT);
    assert_non_null(strstr(err.text, "RLIMIT_NOFILE"));
}

static struct umig_perf_ring g_ring;
static uint64_t g_value_ns;
static uint64_t g_kernel_ns;
static volatile sig_atomic_t g_signals;
static volatile double g_sink;

#define TRIES    3
#define INTERVAL UMIG_NS_PER_MS

static void on_signal(int signo, siginfo_t *info, void *context)
{
    static _Alignas(8) uint8_t parts[UMIG_PERF_RING_BYTES];
    const struct umig_perf_terms terms = {.interval_ns = INTERVAL, .most_ns = UINT64_MAX};
    (void)signo;
    (void)context;
    if (info->si_fd == g_ring.fd) {
        const struct umig_perf_taken taken =
            umig_perf_ring_take(&g_ring, atomic_load(&g_ring.map), &terms, parts);
        const struct umig_kernel_part *user = (const void *)parts;
        g_value_ns += taken.value_ns;
        g_kernel_ns += taken.value_ns - user->value_ns;
        g_signals++;
    }
}

/* Is as much told as the thread has run? Skips where there are no such events. */
static bool is_told_as_run(void)
{
    struct umig_err err = UMIG_ERR_INIT;
    g_value_ns = 0;
    g_kernel_ns = 0;
    g_signals = 0;
    g_ring.taken_ns = 0;
    g_ring.has_phase = false;
    if (umig_perf_event_open((int)syscall(SYS_gettid), INTERVAL, SIGPROF, &g_ring, &err) !=
        UMIG_OK) {
        print_message("skipped: %s\n", err.text);
        skip();
    }

    umig_perf_event_start(&g_ring);
    const uint64_t begin_ns = umig_clock_thread_cpu_ns();
    while (umig_clock_thread_cpu_ns() - begin_ns < 300 * UMIG_NS_PER_MS) {
        for (int i = 0; i < 10000; i++) {
            g_sink = g_sink * 1.0001 + i;
        }
    }
    umig_perf_event_stop(&g_ring);
    const double spent = (double)(umig_clock_thread_cpu_ns() - begin_ns);
    const int signals = g_signals;
    while (umig_clock_thread_cpu_ns() - begin_ns < 320 * UMIG_NS_PER_MS) {
    }

    print_message("  %.1f ms run, %.1f ms told by %d signals, %.1f ms of it in the kernel\n",
                  spent / 1e6, (double)g_value_ns / 1e6, signals, (double)g_kernel_ns / 1e6);
    assert_int_equal(g_signals, signals); /* it stands still */
    umig_perf_event_close(g_ring.fd, atomic_load(&g_ring.map));
    return (double)g_value_ns >= spent * 0.95 && (double)g_value_ns <= spent * 1.05;
}

/* On a machine that is shared the two clocks lose its processor at different moments. */
static void test_event_ticks_as_the_thread_runs(void **state)
{
    (void)state;
    const struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigaction(SIGPROF, &action, NULL);
    bool is_right = false;
    for (int i = 0; i < TRIES && !is_right; i++) {
        is_right = is_told_as_run();
    }
    assert_true(is_right);
}

static void test_event_of_a_thread_that_is_gone_is_not_found(void **state)
{
    (void)state;
    struct umig_perf_ring ring = {.map = NULL};
    struct umig_err err = UMIG_ERR_INIT;
    const pid_t pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);

    const int rc = umig_perf_event_open(pid, INTERVAL, SIGPROF, &ring, &err);

    assert_true(rc == UMIG_NOT_FOUND || rc == UMIG_E_UNSUPPORTED);
    assert_null(atomic_load(&ring.map));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_denials_are_told_with_what_would_help),
        cmocka_unit_test(test_unprivileged_processes_are_told_of_paranoid),
        cmocka_unit_test(test_no_descriptor_is_told),
        cmocka_unit_test(test_event_ticks_as_the_thread_runs),
        cmocka_unit_test(test_event_of_a_thread_that_is_gone_is_not_found),
    };
    return cmocka_run_group_tests_name("perf_event", tests, NULL, NULL);
}
