/* The clocks on threads of this process, with the real handler and no JVM. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/signal/handler.h"
#include "agent/vm/perf_event.h"
#include "agent/vm/ticks.h"
#include "core/clock.h"
#include "tests/support/test.h"

enum {
    SLOTS = 64,
    RING_BYTES = 1 << 20
};

#define INTERVAL (4 * UMIG_NS_PER_MS)
#define BURN_NS  (600 * UMIG_NS_PER_MS)

static struct umig_sampler g_sampler; /* of the process's handler */
static struct umig_names g_names;
static struct umig_hotspot g_hotspot;
static volatile double g_sink;
static struct rlimit g_pending; /* signals that may wait, before a test says how many */
static int g_signo;

static int setup_all(void **state)
{
    struct umig_err err = UMIG_ERR_INIT;
    (void)state;
    umig_slots_init(&g_sampler.slots, calloc(SLOTS, sizeof(struct umig_slot)), SLOTS);
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        umig_ring_init(&g_sampler.rings.ring[i], aligned_alloc(8, RING_BYTES), RING_BYTES,
                       calloc(1, umig_sampler_scratch_bytes(0)));
    }
    atomic_store(&g_sampler.names, &g_names);
    g_sampler.hotspot = &g_hotspot;
    umig_gate_open(&g_sampler.gate);
    getrlimit(RLIMIT_SIGPENDING, &g_pending);
    return umig_handler_install(&g_sampler, &g_signo, &err) != UMIG_OK;
}

/* A test that has failed leaves neither a lock nor a limit to the next one. */
static int put_back(void **state)
{
    (void)state;
    (void)pthread_mutex_trylock(&g_sampler.slots.mutex);
    pthread_mutex_unlock(&g_sampler.slots.mutex);
    return setrlimit(RLIMIT_SIGPENDING, &g_pending);
}

static void burn(uint64_t ns)
{
    const uint64_t begin_ns = umig_clock_thread_cpu_ns();
    while (umig_clock_thread_cpu_ns() - begin_ns < ns) {
        for (int i = 0; i < 10000; i++) {
            g_sink = g_sink * 1.0001 + i;
        }
    }
}

struct burner {
    struct umig_ticks *ticks;
    struct umig_slot *slot;
    uint64_t spent_ns;
    bool is_changing; /* its interval, meanwhile */
    atomic_bool is_over;
};

/* At another interval from now on; who tells what a thread runs keeps its clock. */
static void change(struct burner *burner, uint64_t interval)
{
    struct umig_slots *slots = &g_sampler.slots;
    pthread_mutex_lock(&slots->mutex);
    const int fd = burner->slot->perf.fd;
    atomic_store(&burner->ticks->interval_ns, interval);
    umig_ticks_arm_locked(burner->ticks, burner->slot);
    assert_int_equal(burner->slot->perf.fd, fd);
    assert_int_equal(atomic_load(&burner->slot->interval_ns), interval);
    pthread_mutex_unlock(&slots->mutex);
}

static void burn_all(struct burner *burner)
{
    static const uint64_t parts[] = {2, 8, 1, 4};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        burn(BURN_NS / 4);
        if (burner->is_changing) {
            change(burner, INTERVAL * parts[i] / 2);
        }
    }
}

/* Who looks may be late by as much as the machine has other work: until it has looked again. */
static void burn_until_looked_at(const struct umig_slot *slot)
{
    const uint64_t end_ns = umig_clock_thread_cpu_ns();
    while (atomic_load(&slot->clock) == UMIG_CLOCK_WALL &&
           atomic_load(&slot->cpu_taken_ns) < end_ns) {
        burn(UMIG_NS_PER_MS / 10);
    }
}

/* Arms itself, burns, and takes its clock. */
static void *run_burner(void *arg)
{
    struct burner *burner = arg;
    struct umig_slots *slots = &g_sampler.slots;
    pthread_mutex_lock(&slots->mutex);
    burner->slot = umig_slots_register_locked(slots, (int)syscall(SYS_gettid));
    atomic_store(&burner->slot->kind, UMIG_THREAD_NATIVE);
    umig_ticks_arm_locked(burner->ticks, burner->slot);
    pthread_mutex_unlock(&slots->mutex);
    const uint64_t begin_ns = umig_clock_thread_cpu_ns();
    burn_all(burner);
    burn_until_looked_at(burner->slot);
    burner->spent_ns = umig_clock_thread_cpu_ns() - begin_ns;
    pthread_mutex_lock(&slots->mutex);
    umig_ticks_disarm_locked(burner->ticks, burner->slot);
    assert_true(umig_slots_free_locked(slots, burner->slot));
    pthread_mutex_unlock(&slots->mutex);
    atomic_store(&burner->is_over, true);
    return NULL;
}

/* What the rings hold, taken out. */
static uint64_t drain(void)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        const struct umig_record *record;
        while ((record = umig_ring_peek(&g_sampler.rings.ring[i])) != NULL) {
            sum += record->value_ns;
            umig_ring_release(&g_sampler.rings.ring[i], record);
        }
    }
    return sum;
}

static atomic_uint_fast64_t stopped_ns;

/* Burns under a clock and compares what was told with what was spent. */
static void measure(enum umig_clock asked, enum umig_clock gets, bool is_changing)
{
    struct umig_ticks ticks;
    struct burner burner = {.ticks = &ticks, .is_changing = is_changing};
    pthread_t thread;
    umig_ticks_init(&ticks, 32 << 20, &stopped_ns);
    ticks.signo = g_signo;
    atomic_store(&ticks.clock, asked);
    atomic_store(&ticks.interval_ns, INTERVAL);

    assert_int_equal(pthread_create(&thread, NULL, run_burner, &burner), 0);
    enum umig_clock had = UMIG_CLOCK_AUTO;
    while (!atomic_load(&burner.is_over)) {
        for (int clock = UMIG_CLOCK_PERF; clock <= UMIG_CLOCK_WALL; clock++) {
            had = atomic_load(&ticks.live[clock]) > 0 ? (enum umig_clock)clock : had;
        }
        (void)umig_ticks_sweep(&ticks, &g_sampler.slots, umig_clock_monotonic_ns());
        usleep(500);
    }
    pthread_join(thread, NULL);

    const uint64_t told_ns = drain();
    print_message("  %.1f ms run, %.1f ms told\n", (double)burner.spent_ns / 1e6,
                  (double)told_ns / 1e6);
    assert_int_equal(had, gets);
    assert_in_range(told_ns, burner.spent_ns / 100 * 92, burner.spent_ns / 100 * 108);
    assert_int_equal(atomic_load(&ticks.live[had]), 0);
    assert_int_equal(atomic_load(&ticks.retired), 0);
}

static void test_timers_tell_what_a_thread_runs(void **state)
{
    (void)state;
    measure(UMIG_CLOCK_CPUTIME, UMIG_CLOCK_CPUTIME, false);
    measure(UMIG_CLOCK_CPUTIME, UMIG_CLOCK_CPUTIME, true);
}

static void test_perf_events_tell_what_a_thread_runs(void **state)
{
    (void)state;
    struct umig_err err = UMIG_ERR_INIT;
    if (umig_perf_event_check(g_signo, &err) != UMIG_OK) {
        print_message("skipped: %s\n", err.text);
        skip();
    }
    measure(UMIG_CLOCK_PERF, UMIG_CLOCK_PERF, false);
    measure(UMIG_CLOCK_PERF, UMIG_CLOCK_PERF, true);
}

static void test_looking_tells_what_a_thread_runs(void **state)
{
    (void)state;
    measure(UMIG_CLOCK_WALL, UMIG_CLOCK_WALL, false);
    measure(UMIG_CLOCK_WALL, UMIG_CLOCK_WALL, true);
}

/* Signals then come without a siginfo, too. */
static void test_threads_without_a_timer_are_looked_at(void **state)
{
    (void)state;
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = g_pending.rlim_max};
    setrlimit(RLIMIT_SIGPENDING, &none);

    measure(UMIG_CLOCK_CPUTIME, UMIG_CLOCK_WALL, false);
}

static void test_ticks_that_no_sample_said_are_counted_when_the_clock_goes(void **state)
{
    (void)state;
    struct umig_ticks ticks;
    struct umig_slots table = {.count = UMIG_SLOT_WINDOW};
    umig_slots_init(&table, calloc(UMIG_SLOT_WINDOW, sizeof(struct umig_slot)), UMIG_SLOT_WINDOW);
    umig_ticks_init(&ticks, 32 << 20, &stopped_ns);
    struct umig_slot *slot = umig_slots_register_locked(&table, (int)syscall(SYS_gettid));
    const uint64_t before_ns = atomic_load(&stopped_ns);
    atomic_store(&slot->unsaid_ns, 4711);

    umig_ticks_disarm_locked(&ticks, slot);
    umig_ticks_disarm_locked(&ticks, slot);

    assert_int_equal(atomic_load(&stopped_ns) - before_ns, 4711);
    free(table.slots);
}

/* No room for perf events within a bound of memory: each thread has a timer. */
static void test_threads_without_a_perf_event_have_a_timer(void **state)
{
    (void)state;
    struct umig_ticks ticks;
    umig_ticks_init(&ticks, UMIG_PERF_MAP_BYTES, &stopped_ns); /* a quarter of it holds none */
    ticks.signo = g_signo;
    atomic_store(&ticks.clock, UMIG_CLOCK_PERF);
    atomic_store(&ticks.interval_ns, INTERVAL);
    struct umig_slots *slots = &g_sampler.slots;
    pthread_mutex_lock(&slots->mutex);
    struct umig_slot *slot = umig_slots_register_locked(slots, (int)syscall(SYS_gettid));

    umig_ticks_arm_locked(&ticks, slot);

    assert_int_equal(atomic_load(&slot->clock), UMIG_CLOCK_CPUTIME);
    assert_int_equal(atomic_load(&ticks.perf_refused), 1);
    umig_ticks_disarm_locked(&ticks, slot);
    assert_true(umig_slots_free_locked(slots, slot));
    pthread_mutex_unlock(&slots->mutex);
}

/* What a handler reads is not unmapped under it. */
static void test_ring_in_use_is_kept_until_its_handler_is_out(void **state)
{
    (void)state;
    struct umig_err err = UMIG_ERR_INIT;
    if (umig_perf_event_check(g_signo, &err) != UMIG_OK) {
        print_message("skipped: %s\n", err.text);
        skip();
    }
    struct umig_ticks ticks;
    umig_ticks_init(&ticks, 32 << 20, &stopped_ns);
    ticks.signo = g_signo;
    atomic_store(&ticks.clock, UMIG_CLOCK_PERF);
    atomic_store(&ticks.interval_ns, UMIG_NS_PER_S);
    struct umig_slots *slots = &g_sampler.slots;
    pthread_mutex_lock(&slots->mutex);
    struct umig_slot *slot = umig_slots_register_locked(slots, (int)syscall(SYS_gettid));
    umig_ticks_arm_locked(&ticks, slot);
    const volatile uint8_t *map = atomic_load(&slot->perf.map);
    assert_non_null(map);

    atomic_store(&slot->in_handler, true);
    umig_ticks_disarm_locked(&ticks, slot);

    assert_null(atomic_load(&slot->perf.map));
    assert_int_equal(map[4096], map[4096]); /* still mapped */
    assert_false(umig_ticks_release_locked(&ticks, slot));
    umig_ticks_arm_locked(&ticks, slot); /* gets a timer meanwhile */
    assert_int_equal(atomic_load(&slot->clock), UMIG_CLOCK_CPUTIME);
    atomic_store(&slot->in_handler, false);
    assert_true(umig_ticks_release_locked(&ticks, slot));
    assert_int_equal(atomic_load(&ticks.retired), 0);
    umig_ticks_disarm_locked(&ticks, slot);
    assert_true(umig_slots_free_locked(slots, slot));
    pthread_mutex_unlock(&slots->mutex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timers_tell_what_a_thread_runs),
        cmocka_unit_test(test_perf_events_tell_what_a_thread_runs),
        cmocka_unit_test(test_looking_tells_what_a_thread_runs),
        cmocka_unit_test_teardown(test_threads_without_a_timer_are_looked_at, put_back),
        cmocka_unit_test(test_ticks_that_no_sample_said_are_counted_when_the_clock_goes),
        cmocka_unit_test_teardown(test_threads_without_a_perf_event_have_a_timer, put_back),
        cmocka_unit_test_teardown(test_ring_in_use_is_kept_until_its_handler_is_out, put_back),
    };
    return cmocka_run_group_tests_name("ticks", tests, setup_all, NULL);
}
