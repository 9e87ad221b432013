#include "agent/vm/ticks.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "agent/vm/perf_event.h"
#include "agent/vm/sched.h"
#include "core/clock.h"

enum {
    PERF_SHARE = 4,        /* of descriptors, and of what memory= says: one fourth */
    PHASES = 16,           /* the first period of a perf event is a sixteenth of it at least */
    SWEEP_COST_SHARE = 100 /* looking takes one hundredth of one CPU at most */
};

/* The JVM needs descriptors; the rings are the kernel's memory, beside the agent's. */
static uint32_t most_rings(uint64_t memory_bytes)
{
    struct rlimit files = {.rlim_cur = 0};
    (void)getrlimit(RLIMIT_NOFILE, &files);
    const uint64_t by_files = files.rlim_cur / PERF_SHARE;
    const uint64_t by_memory = memory_bytes / PERF_SHARE / UMIG_PERF_MAP_BYTES;
    return (uint32_t)(by_files < by_memory ? by_files : by_memory);
}

void umig_ticks_init(struct umig_ticks *ticks,
                     uint64_t memory_bytes,
                     atomic_uint_fast64_t *stopped_ns)
{
    memset(ticks, 0, sizeof *ticks);
    ticks->stopped_ns = stopped_ns;
    ticks->memory_bytes = memory_bytes;
    atomic_store(&ticks->clock, UMIG_CLOCK_CPUTIME);
    atomic_store(&ticks->random, umig_clock_monotonic_ns() | 1);
}

/* A weyl sequence is random enough for the phase of a timer. */
static uint64_t random_below(struct umig_ticks *ticks, uint64_t bound)
{
    uint64_t x = atomic_fetch_add(&ticks->random, UINT64_C(0x9e3779b97f4a7c15));
    x = (x ^ (x >> 31)) * UINT64_C(0xbf58476d1ce4e5b9);
    return (x ^ (x >> 29)) % bound;
}

static void set_clock(struct umig_ticks *ticks, struct umig_slot *slot, enum umig_clock clock)
{
    const int before = atomic_exchange(&slot->clock, (int)clock);
    atomic_fetch_sub(&ticks->live[before], before != UMIG_CLOCK_AUTO);
    atomic_fetch_add(&ticks->live[clock], clock != UMIG_CLOCK_AUTO);
}

/* --- timers --- */

static struct timespec timespec_of(uint64_t ns)
{
    return (struct timespec){
        .tv_sec = (time_t)(ns / UMIG_NS_PER_S),
        .tv_nsec = (long)(ns % UMIG_NS_PER_S),
    };
}

static void delete_timer(struct umig_slot *slot)
{
    if (slot->timer >= 0) {
        syscall(SYS_timer_delete, slot->timer);
        slot->timer = -1;
    }
}

/*
 * The C library's timer functions refuse clocks of other threads: raw calls. UMIG_E_LIMIT: the
 * kernel gives no more, UMIG_NOT_FOUND: the thread is gone.
 */
static int arm_timer(struct umig_ticks *ticks, struct umig_slot *slot, uint64_t interval)
{
    const int tid = atomic_load(&slot->tid);
    struct sigevent event;
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = ticks->signo;
    event.sigev_value.sival_ptr = slot;
    event._sigev_un._tid = tid;
    int timer = -1;
    if (syscall(SYS_timer_create, umig_clock_id_of_thread(tid), &event, &timer) != 0) {
        return errno == EAGAIN ? UMIG_E_LIMIT : UMIG_NOT_FOUND; /* RLIMIT_SIGPENDING */
    }
    slot->timer = timer;
    const struct itimerspec spec = {
        .it_interval = timespec_of(interval),
        .it_value = timespec_of(1 + random_below(ticks, interval)),
    };
    if (syscall(SYS_timer_settime, timer, 0, &spec, NULL) != 0) {
        delete_timer(slot);
        return UMIG_NOT_FOUND;
    }
    set_clock(ticks, slot, UMIG_CLOCK_CPUTIME);
    return UMIG_OK;
}

/* --- perf events --- */

/*
 * The event's first period is a random part of the interval, and its handler then sets the whole
 * one: threads that live shorter than an interval are sampled in proportion. It is no shorter than
 * a sixteenth, or a thread that has the signal blocked would pay for too many ticks.
 */
static int arm_perf(struct umig_ticks *ticks, struct umig_slot *slot, uint64_t interval)
{
    if (ticks->perf_max == 0) {
        ticks->perf_max = most_rings(ticks->memory_bytes);
    }
    if (!umig_ticks_release_locked(ticks, slot) ||
        atomic_load(&ticks->live[UMIG_CLOCK_PERF]) + atomic_load(&ticks->retired) >=
            ticks->perf_max) {
        return UMIG_E_LIMIT;
    }
    const uint64_t least = interval / PHASES + 1;
    uint64_t phase = 1 + random_below(ticks, interval);
    phase = phase < least ? least : phase;
    /* The tick at phase stands for one interval, on either clock. */
    slot->perf.taken_ns = phase - interval;
    atomic_store(&slot->cpu_taken_ns,
                 umig_clock_of_thread_ns(atomic_load(&slot->tid)) + phase - interval);
    slot->perf.has_phase = true;
    const int rc =
        umig_perf_event_open(atomic_load(&slot->tid), phase, ticks->signo, &slot->perf, NULL);
    if (rc != UMIG_OK) {
        return rc;
    }
    set_clock(ticks, slot, UMIG_CLOCK_PERF);
    umig_perf_event_start(&slot->perf);
    return UMIG_OK;
}

/*
 * A handler may be reading the ring. It says in_handler before it looks for the map; we take the
 * map before we look whether it is in there: one of both sees the other.
 */
static void retire_ring(struct umig_ticks *ticks, struct umig_slot *slot)
{
    umig_perf_event_stop(&slot->perf);
    slot->retired_map = atomic_exchange(&slot->perf.map, NULL);
    atomic_fetch_add(&ticks->retired, 1);
    (void)umig_ticks_release_locked(ticks, slot);
}

bool umig_ticks_release_locked(struct umig_ticks *ticks, struct umig_slot *slot)
{
    if (slot->retired_map == NULL) {
        return true;
    }
    if (atomic_load(&slot->in_handler)) {
        return false;
    }
    umig_perf_event_close(slot->perf.fd, slot->retired_map);
    slot->retired_map = NULL;
    atomic_fetch_sub(&ticks->retired, 1);
    return true;
}

/* --- wall --- */

static void arm_wall(struct umig_ticks *ticks, struct umig_slot *slot)
{
    const uint64_t cpu_ns = umig_clock_of_thread_ns(atomic_load(&slot->tid));
    if (cpu_ns == 0) {
        return; /* the thread is gone */
    }
    atomic_store(&slot->cpu_taken_ns, cpu_ns);
    atomic_store(&slot->is_asked, false);
    slot->cpu_swept_ns = cpu_ns;
    set_clock(ticks, slot, UMIG_CLOCK_WALL);
}

/* What a thread that sleeps has run is told when it is found running: here it would be told of the
 * place where it sleeps, and wake it. */
static void look_at_locked(struct umig_ticks *ticks, struct umig_slot *slot)
{
    const int tid = atomic_load(&slot->tid);
    const uint64_t cpu_ns = umig_clock_of_thread_ns(tid);
    if (cpu_ns <= slot->cpu_swept_ns || !umig_sched_is_running(tid)) {
        return;
    }
    slot->cpu_swept_ns = cpu_ns;
    if (!atomic_exchange(&slot->is_asked, true) &&
        syscall(SYS_tgkill, getpid(), tid, ticks->signo) != 0) {
        atomic_store(&slot->is_asked, false);
    }
}

uint64_t umig_ticks_sweep(struct umig_ticks *ticks, struct umig_slots *slots, uint64_t now_ns)
{
    const uint64_t interval = atomic_load(&ticks->interval_ns);
    if (interval == 0 || atomic_load(&ticks->live[UMIG_CLOCK_WALL]) == 0) {
        return UINT64_MAX;
    }
    if (now_ns < ticks->next_sweep_ns) {
        return ticks->next_sweep_ns;
    }
    const uint64_t begin_ns = umig_clock_thread_cpu_ns();
    for (uint32_t i = 0; i < slots->count; i++) {
        struct umig_slot *slot = &slots->slots[i];
        if (atomic_load_explicit(&slot->clock, memory_order_relaxed) != UMIG_CLOCK_WALL) {
            continue;
        }
        pthread_mutex_lock(&slots->mutex);
        if (atomic_load(&slot->clock) == UMIG_CLOCK_WALL) {
            look_at_locked(ticks, slot);
        }
        pthread_mutex_unlock(&slots->mutex);
    }
    /* Not in step with what the application does every so many milliseconds. */
    const uint64_t pause = interval / 2 + random_below(ticks, interval);
    const uint64_t rest = (umig_clock_thread_cpu_ns() - begin_ns) * SWEEP_COST_SHARE;
    ticks->next_sweep_ns = now_ns + (pause > rest ? pause : rest);
    return ticks->next_sweep_ns;
}

/* --- a thread's clock --- */

void umig_ticks_disarm_locked(struct umig_ticks *ticks, struct umig_slot *slot)
{
    delete_timer(slot);
    if (atomic_load(&slot->perf.map) != NULL) {
        retire_ring(ticks, slot);
    }
    set_clock(ticks, slot, UMIG_CLOCK_AUTO);
    atomic_fetch_add(ticks->stopped_ns, atomic_exchange(&slot->unsaid_ns, 0));
}

/* Clocks that tell what a thread has run go on at another interval: nothing is lost in between. */
static bool is_kept(const struct umig_ticks *ticks, const struct umig_slot *slot, uint64_t interval)
{
    const int clock = atomic_load(&slot->clock);
    return interval > 0 && clock == atomic_load(&ticks->clock) &&
           (clock == UMIG_CLOCK_PERF || clock == UMIG_CLOCK_WALL);
}

void umig_ticks_arm_locked(struct umig_ticks *ticks, struct umig_slot *slot)
{
    const uint64_t interval = atomic_load(&ticks->interval_ns);
    if (is_kept(ticks, slot, interval)) {
        atomic_store(&slot->interval_ns, interval);
        if (atomic_load(&slot->clock) == UMIG_CLOCK_PERF) {
            umig_perf_event_set_period(&slot->perf, interval);
        }
        return;
    }
    umig_ticks_disarm_locked(ticks, slot);
    if (interval == 0 || atomic_load(&slot->kind) == UMIG_THREAD_AGENT) {
        return;
    }
    atomic_store(&slot->interval_ns, interval);
    const int clock = atomic_load(&ticks->clock);
    int rc = clock == UMIG_CLOCK_PERF ? arm_perf(ticks, slot, interval) : UMIG_E_LIMIT;
    atomic_fetch_add(&ticks->perf_refused, clock == UMIG_CLOCK_PERF && rc < 0);
    if (rc < 0 && clock != UMIG_CLOCK_WALL) {
        rc = arm_timer(ticks, slot, interval);
        atomic_fetch_add(&ticks->timers_refused, rc < 0);
    }
    if (rc < 0) {
        arm_wall(ticks, slot);
    }
}
