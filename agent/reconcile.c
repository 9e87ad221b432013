#include "agent/reconcile.h"

#include <stdio.h>
#include <string.h>

#include "agent/cost.h"
#include "agent/safety.h"
#include "agent/sampler_setup.h"
#include "agent/session/alloc.h"
#include "agent/vm/perf_event.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/log.h"

/* The budget makes CPU samples no rarer than this. */
#define CPU_INTERVAL_MAX (1 * UMIG_NS_PER_S)

/* Libraries that were loaded since have their calls of locks redirected. */
#define MUTEXES_EVERY_NS (1 * UMIG_NS_PER_S)

enum {
    LIVE_ROOM = 16384,     /* objects that are followed at 32 MiB */
    LIVE_ROOM_KEPT = 8192, /* of these, whoever comes first */
    LIVE_ROOM_MIN = 512,
    POOL_THREADS = 16384, /* threads that are known to lead to pools, at 32 MiB */
    POOL_THREADS_MIN = 512,
    STACKS_PER_ENTRY = 2,
    PAGE_BYTES = 4096,
};

static uint32_t wanted_of(const struct umig_agent *agent)
{
    const struct umig_sessions *sessions = &agent->sessions;
    uint32_t wanted = 0;
    bool wants_gc = false;
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        wants_gc = wants_gc || umig_session_wants(&sessions->session[i], UMIG_KIND_GC);
    }
    if (umig_sessions_finest(sessions, UMIG_KIND_CPU) > 0) {
        wanted |= UMIG_VM_STACKS;
    }
    if (umig_sessions_finest(sessions, UMIG_KIND_LOCKS) > 0) {
        wanted |= UMIG_VM_STACKS | UMIG_VM_LOCKS | UMIG_VM_PARKS;
    }
    if (umig_sessions_finest(sessions, UMIG_KIND_WALL) > 0) {
        wanted |= UMIG_VM_STACKS | UMIG_VM_LOCKS; /* of whom waits for a monitor, its class */
    }
    if (umig_sessions_finest(sessions, UMIG_KIND_ALLOC) > 0) {
        wanted |= UMIG_VM_STACKS | UMIG_VM_ALLOC;
    }
    if (umig_sessions_finest(sessions, UMIG_KIND_LIVE) > 0) {
        wanted |= UMIG_VM_STACKS | UMIG_VM_ALLOC | UMIG_VM_LIVE;
    }
    if (umig_sessions_finest(sessions, UMIG_KIND_POOLS) > 0) {
        wanted |= UMIG_VM_POOLS;
    }
    return wants_gc ? wanted | UMIG_VM_GC_LOG : wanted;
}

void umig_agent_say_problem(struct umig_agent *agent, const struct umig_err *err)
{
    if (strcmp(agent->problem, err->text) != 0) {
        snprintf(agent->problem, sizeof agent->problem, "%s", err->text);
        umig_log(UMIG_LOG_WARN, "%s", err->text);
    }
}

/* Asked when a session that wants it is opened, not in every tick. */
static bool may_use_perf(struct umig_agent *agent)
{
    if (!agent->has_asked_perf) {
        struct umig_err err = UMIG_ERR_INIT;
        const bool may = umig_perf_event_check(agent->threads.ticks.signo, &err) == UMIG_OK;
        if (!may) {
            umig_log(UMIG_LOG_WARN, "no kernel frames (%s)", err.text);
        }
        snprintf(agent->perf_problem, sizeof agent->perf_problem, "%.190s", may ? "" : err.text);
        agent->has_asked_perf = true;
    }
    return agent->perf_problem[0] == '\0';
}

enum umig_clock umig_agent_choose_clock(struct umig_agent *agent)
{
    const struct umig_session *decides = NULL;
    const enum umig_clock asked = umig_sessions_clock(&agent->sessions, &decides);
    if (asked != UMIG_CLOCK_PERF) {
        return asked;
    }
    if (!may_use_perf(agent)) {
        return UMIG_CLOCK_CPUTIME;
    }
    umig_kernel_frames_open(&agent->pump.kernel, "/proc/kallsyms", &agent->memory);
    return UMIG_CLOCK_PERF;
}

/* What sessions ask for at the finest, or what the budget leaves of it; 0: nothing is asked. */
static uint64_t engine_interval(const struct umig_agent *agent, enum umig_kind kind)
{
    return umig_sessions_finest(&agent->sessions, kind) * umig_budget_divisor(&agent->budget, kind);
}

static uint64_t cpu_interval(const struct umig_agent *agent)
{
    const uint64_t finest = umig_sessions_finest(&agent->sessions, UMIG_KIND_CPU);
    const uint64_t most = finest > CPU_INTERVAL_MAX ? finest : CPU_INTERVAL_MAX;
    const uint64_t interval = engine_interval(agent, UMIG_KIND_CPU);
    return interval < most ? interval : most;
}

/* Clocks run exactly while a CPU session does, stacks can be walked and the signals come to us. */
static void steer_clocks(struct umig_agent *agent, uint32_t provided)
{
    uint64_t interval = cpu_interval(agent);
    if ((provided & UMIG_VM_STACKS) == 0 || !agent->is_sampler_ready || agent->has_lost_signals ||
        agent->breaker.level == UMIG_BREAKER_OPEN) {
        interval = 0;
    }
    const enum umig_clock clock = interval > 0 ? umig_agent_choose_clock(agent) : UMIG_CLOCK_AUTO;
    if (interval != atomic_load(&agent->threads.ticks.interval_ns) || clock != agent->clock) {
        agent->clock = clock;
        umig_threads_set_ticks(&agent->threads, interval,
                               interval > 0 ? clock : UMIG_CLOCK_CPUTIME);
    }
}

const char *umig_agent_wall_lack(const struct umig_agent *agent)
{
    if (agent->is_sampler_ready && agent->vm.walker != UMIG_WALKER_VM) {
        return "wall: none: threads that sleep are walked by walker=vm only";
    }
    if (agent->breaker.level == UMIG_BREAKER_OPEN) {
        return umig_safety_lack(agent);
    }
    return "";
}

/* Threads are looked at exactly while a session wants it and they can be. */
static void steer_wall(struct umig_agent *agent, uint32_t provided)
{
    const uint64_t asked = engine_interval(agent, UMIG_KIND_WALL);
    const bool can_look = (provided & UMIG_VM_STACKS) != 0 && agent->is_sampler_ready &&
                          !agent->has_lost_signals && umig_agent_wall_lack(agent)[0] == '\0';
    struct umig_err err = UMIG_ERR_INIT;
    umig_threads_watch(&agent->threads,
                       (asked > 0 && can_look) || umig_sessions_want_mutexes(&agent->sessions));
    agent->wall.divisor = umig_budget_divisor(&agent->budget, UMIG_KIND_WALL);
    if (umig_wall_set(&agent->wall, can_look ? asked : 0, umig_clock_monotonic_ns(), &err) !=
        UMIG_OK) {
        umig_agent_say_problem(agent, &err);
        umig_agent_tell_wall_lack(agent, err.text);
    }
    if (asked > 0 && umig_agent_wall_lack(agent)[0] != '\0') {
        umig_agent_tell_wall_lack(agent, umig_agent_wall_lack(agent));
    }
}

static void steer_gate(struct umig_agent *agent, uint32_t wanted)
{
    struct umig_gate *gate = &agent->sampler.gate;
    const bool needs = (wanted & UMIG_VM_STACKS) != 0 && agent->is_sampler_ready;
    if (needs && !atomic_load(&gate->is_open)) {
        umig_gate_open(gate);
    } else if (!needs && atomic_load(&gate->is_open)) {
        (void)umig_gate_close(gate, 200 * UMIG_NS_PER_MS);
    }
}

/*
 * Calls of functions that lock come to the agent exactly while a session asks for such waits. Where
 * a fault of ours would go to another library, their tables are left as they are.
 */
static void steer_mutexes(struct umig_agent *agent, uint64_t now_ns)
{
    struct umig_vm *vm = &agent->vm;
    const bool wants = agent->is_sampler_ready && umig_sessions_want_mutexes(&agent->sessions);
    if (atomic_load(&agent->sampler.refusal) != UMIG_OUTCOME_OK) {
        atomic_store(&vm->are_mutexes_seen, false);
        return;
    }
    const bool is_due =
        now_ns >= agent->next_mutexes_ns && (wants || vm->mutexes_redirected.ours > 0);
    if (wants != atomic_load(&vm->are_mutexes_seen) || is_due) {
        agent->next_mutexes_ns = now_ns + MUTEXES_EVERY_NS;
        umig_vm_mutexes_set(vm, wants);
    }
}

/* Without libunwind there is the function that ran, and the reason is shown. */
static void steer_native(struct umig_agent *agent)
{
    const enum umig_native wanted = umig_sessions_native(&agent->sessions);
    const bool has_mutexes = umig_sessions_want_mutexes(&agent->sessions);
    struct umig_err err = UMIG_ERR_INIT;
    if ((wanted != UMIG_NATIVE_OFF || has_mutexes) && agent->is_sampler_ready &&
        umig_native_frames_open(&agent->pump.native, &agent->memory, &err) != UMIG_OK &&
        (wanted == UMIG_NATIVE_ON || has_mutexes || !agent->pump.native.is_open)) {
        umig_agent_say_problem(agent, &err);
    }
    const bool can_unwind = agent->pump.native.unwinder != NULL;
    const enum umig_native most = !umig_safety_allows_native(agent) ? UMIG_NATIVE_OFF
                                  : can_unwind                      ? UMIG_NATIVE_ON
                                                                    : UMIG_NATIVE_LEAF;
    atomic_store(&agent->sampler.native, (int)(wanted < most ? wanted : most));
}

/* One engine serves both kinds, and is charged to one of them. */
static void steer_alloc(struct umig_agent *agent, uint32_t wanted)
{
    struct umig_alloc_rate *rate = &agent->vm.alloc_rate;
    const uint64_t allocated = umig_sessions_finest(&agent->sessions, UMIG_KIND_ALLOC);
    const uint64_t followed = umig_sessions_finest(&agent->sessions, UMIG_KIND_LIVE);
    const uint64_t finest =
        allocated == 0 || (followed != 0 && followed < allocated) ? followed : allocated;
    const uint32_t of_alloc = umig_budget_divisor(&agent->budget, UMIG_KIND_ALLOC);
    const uint32_t of_live = umig_budget_divisor(&agent->budget, UMIG_KIND_LIVE);
    const uint32_t divisor = of_alloc > of_live ? of_alloc : of_live;
    const uint64_t asked = finest * divisor;
    atomic_store(&agent->vm.alloc_kind, allocated > 0 ? UMIG_KIND_ALLOC : UMIG_KIND_LIVE);
    umig_alloc_rate_divide(rate, divisor);
    umig_alloc_rate_ask(
        rate, (uint32_t)(asked < UMIG_ALLOC_INTERVAL_MAX ? asked : UMIG_ALLOC_INTERVAL_MAX));
    umig_alloc_rate_follow(rate, (wanted & UMIG_VM_LIVE) != 0);
}

/* Whole pages, with one more where it lies across. */
static size_t keep(struct umig_agent *agent, size_t byte_count)
{
    const size_t kept = (byte_count / PAGE_BYTES + 1) * PAGE_BYTES;
    umig_memory_keep(&agent->memory, kept);
    return kept;
}

void umig_agent_keep_memory(struct umig_agent *agent)
{
    const uint32_t live_room = umig_agent_scaled(agent, LIVE_ROOM_KEPT);
    if (agent->kept_for_live > 0) {
        return; /* a start that failed has done it */
    }
    agent->kept_for_live =
        keep(agent, umig_live_sites_bytes(agent->pump.dictionary.stacks.room, live_room,
                                          live_room * STACKS_PER_ENTRY));
    agent->kept_for_pools = keep(agent, umig_pools_bytes(umig_agent_scaled(agent, POOL_THREADS)));
    umig_wall_keep_memory(&agent->wall);
}

/* Without memory for all entries there may be some for fewer. */
static void prepare_live(struct umig_agent *agent)
{
    struct umig_err err = UMIG_ERR_INIT;
    if (agent->live.is_open || agent->has_tried_live) {
        return;
    }
    agent->has_tried_live = true;
    umig_memory_unkeep(&agent->memory, agent->kept_for_live);
    uint32_t room = umig_agent_scaled(agent, LIVE_ROOM);
    int rc = UMIG_E_NOMEM;
    for (; rc == UMIG_E_NOMEM && room >= LIVE_ROOM_MIN; room /= 2) {
        rc = umig_live_sites_open(&agent->live, &agent->vm.live, &agent->pump, &agent->memory, room,
                                  room * STACKS_PER_ENTRY, &err);
    }
    if (rc == UMIG_OK) {
        agent->pump.live = &agent->live;
    } else {
        umig_agent_say_problem(agent, &err);
    }
}

static void prepare_pools(struct umig_agent *agent)
{
    struct umig_err err = UMIG_ERR_INIT;
    if (agent->vm.pools != NULL || agent->has_tried_pools) {
        return;
    }
    agent->has_tried_pools = true;
    umig_memory_unkeep(&agent->memory, agent->kept_for_pools);
    uint32_t room = umig_agent_scaled(agent, POOL_THREADS);
    int rc = UMIG_E_NOMEM;
    for (; rc == UMIG_E_NOMEM && room >= POOL_THREADS_MIN; room /= 2) {
        rc = umig_pools_create(&agent->memory, room, &agent->vm.pools, &err);
    }
    if (rc != UMIG_OK) {
        umig_agent_say_problem(agent, &err);
    }
}

void umig_agent_reconcile(struct umig_agent *agent)
{
    (void)umig_agent_choose_budget(agent);
    const uint32_t wanted = wanted_of(agent);
    if ((wanted & UMIG_VM_STACKS) != 0) {
        struct umig_err err = UMIG_ERR_INIT;
        if (umig_agent_prepare_sampler(agent, &err) != UMIG_OK) {
            umig_agent_say_problem(agent, &err);
        }
    }
    if ((wanted & UMIG_VM_POOLS) != 0) {
        prepare_pools(agent);
    }
    if ((wanted & UMIG_VM_LIVE) != 0) {
        prepare_live(agent); /* last: it takes what there is */
    }
    steer_native(agent);
    const uint64_t threshold = engine_interval(agent, UMIG_KIND_LOCKS);
    atomic_store(&agent->vm.lock_threshold_ns, threshold > 0 ? threshold : UINT64_MAX);
    steer_alloc(agent, wanted);
    if (wanted != agent->wanted) {
        agent->wanted = wanted;
        umig_vm_want(&agent->vm, wanted);
    }
    umig_crashes_set_sampling(&agent->crashes,
                              (wanted & UMIG_VM_STACKS) != 0 && agent->is_sampler_ready);
    steer_clocks(agent, umig_vm_provided(&agent->vm) & wanted);
    steer_wall(agent, umig_vm_provided(&agent->vm) & wanted);
    steer_gate(agent, wanted);
    steer_mutexes(agent, umig_clock_monotonic_ns());
}

/* The application may have switched the JVM's log off: kinds of pauses then come from counters. */
static void check_gc_log(struct umig_agent *agent)
{
    if ((agent->wanted & UMIG_VM_GC_LOG) != 0 && umig_gc_log_is_silent(&agent->vm.gc)) {
        struct umig_err err = UMIG_ERR_INIT;
        (void)umig_err_set(&err, UMIG_E_UNSUPPORTED,
                           "the JVM's log was switched off by the application: pauses are told "
                           "without their kind");
        umig_agent_say_problem(agent, &err);
    }
}

/* What sessions miss that have begun: in their profile, too. */
static void tell_sessions(struct umig_agent *agent, const char *lack)
{
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &agent->sessions.session[i];
        if (umig_session_wants_kernel(session) && session->lacks[UMIG_LACK_FRAMES][0] == '\0') {
            umig_session_set_lack(session, UMIG_LACK_FRAMES, lack);
        }
    }
}

void umig_agent_tell_wall_lack(struct umig_agent *agent, const char *lack)
{
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &agent->sessions.session[i];
        if (session->is_open && session->spec.kinds.has_kind[UMIG_KIND_WALL]) {
            umig_session_set_lack(session, UMIG_LACK_WALL, lack);
        }
    }
}

void umig_agent_tell_wall(struct umig_agent *agent, uint64_t now_ns)
{
    const uint64_t interval = agent->wall.interval_ns;
    const uint64_t round = umig_wall_round_ns(&agent->wall, now_ns);
    char lack[UMIG_PROBLEM_BYTES];
    if (interval == 0 || round < interval + interval / 2) {
        return;
    }
    snprintf(lack, sizeof lack,
             "wall: each thread was looked at every %llu ms on average, to stay below 0.5 %% of a "
             "CPU; weights make up for it",
             (unsigned long long)(round / UMIG_NS_PER_MS));
    umig_agent_tell_wall_lack(agent, lack);
}

/* Some threads have another clock than is asked for: said once. */
static void check_clocks(struct umig_agent *agent)
{
    const struct umig_ticks *ticks = &agent->threads.ticks;
    struct umig_err err = UMIG_ERR_INIT;
    if (atomic_load(&ticks->perf_refused) > 0 && !agent->has_told_perf) {
        agent->has_told_perf = true;
        (void)umig_err_set(&err, UMIG_E_LIMIT,
                           "no kernel frames of some threads (of %u perf events, a quarter of "
                           "memory= and RLIMIT_NOFILE, or by kernel.perf_event_mlock_kb, none is "
                           "left)",
                           ticks->perf_max);
        umig_agent_say_problem(agent, &err);
        tell_sessions(agent, err.text + strlen("no "));
    }
    if (agent->pump.kernel.problem[0] != '\0') {
        tell_sessions(agent, agent->pump.kernel.problem);
    }
    if (atomic_load(&ticks->timers_refused) > 0 && !agent->has_told_timers) {
        agent->has_told_timers = true;
        (void)umig_err_set(&err, UMIG_E_LIMIT,
                           "no timer for some threads, which are sampled by the clock wall: raise "
                           "RLIMIT_SIGPENDING");
        umig_agent_say_problem(agent, &err);
    }
}

/* What samples of allocation cost decides how many are taken; sessions say which they got. */
static void check_alloc(struct umig_agent *agent, uint64_t now_ns)
{
    struct umig_alloc_rate *rate = &agent->vm.alloc_rate;
    if (!umig_alloc_rate_is_due(rate, now_ns)) {
        return;
    }
    umig_alloc_rate_turn(rate, now_ns, umig_clock_process_cpu_ns());
    char problem[sizeof agent->vm.alloc_problem];
    pthread_mutex_lock(&agent->vm.mutex);
    snprintf(problem, sizeof problem, "%s", agent->vm.alloc_problem);
    pthread_mutex_unlock(&agent->vm.mutex);
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &agent->sessions.session[i];
        const bool wants_live = umig_session_takes(session, UMIG_KIND_LIVE);
        if (!umig_session_takes(session, UMIG_KIND_ALLOC) && !wants_live) {
            continue;
        }
        if (wants_live && !agent->live.is_open) {
            umig_session_set_lack(
                session, UMIG_LACK_LIVE,
                "live: none: no memory to follow objects within the agent's bound; "
                "raise memory=");
        }
        if (problem[0] != '\0') {
            umig_session_set_lack(session, UMIG_LACK_ALLOC, problem);
        } else {
            umig_session_tell_alloc(session);
        }
    }
}

void umig_agent_check_sources(struct umig_agent *agent, uint64_t now_ns)
{
    if (umig_safety_check(agent, now_ns)) {
        umig_agent_reconcile(agent);
    }
    check_clocks(agent);
    check_gc_log(agent);
    check_alloc(agent, now_ns);
}
