#include "agent/loop.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/cost.h"
#include "agent/reconcile.h"
#include "agent/safety.h"
#include "agent/session/backlog.h"
#include "agent/session/session_cost.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/log.h"

#define TICK_NS         (100 * UMIG_NS_PER_MS)
#define DENSE_TICK_NS   (50 * UMIG_NS_PER_MS)
#define NATIVE_TICK_NS  (20 * UMIG_NS_PER_MS)
#define DENSE_CPU_NS    (10 * UMIG_NS_PER_MS) /* below it */
#define PUSH_EVERY_NS   (10 * UMIG_NS_PER_MS)
#define LOOK_EVERY_NS   (250 * UMIG_NS_PER_MS)
#define TELL_ROUNDS     64 /* each fills the rings: many thousand stacks */
#define ARM_PATIENCE_NS (10 * UMIG_NS_PER_S)

/* --- sessions --- */

bool umig_agent_has_sessions(const struct umig_agent *agent)
{
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        if (agent->sessions.session[i].is_open) {
            return true;
        }
    }
    return false;
}

static void begin_session(struct umig_agent *agent, struct umig_session *session, uint64_t now_ns)
{
    if (session->spec.kinds.has_kind[UMIG_KIND_WALL]) {
        umig_wall_begin_session(&agent->wall, now_ns);
    }
    umig_session_begin(&agent->sessions, session, now_ns);
}

static void begin_sessions(struct umig_agent *agent, uint64_t now_ns)
{
    const bool is_provided = umig_vm_provided(&agent->vm) == agent->wanted;
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &agent->sessions.session[i];
        const bool waits =
            session->is_open && !session->is_armed && (!session->is_waiting || session->is_held);
        if (waits && (is_provided || now_ns - session->asked_ns > ARM_PATIENCE_NS)) {
            begin_session(agent, session, now_ns);
            umig_log(UMIG_LOG_INFO, "session %s begins", session->spec.id);
            umig_agent_measure_cost(agent);
            umig_session_begin_cost(session, &agent->cost);
            if (session->backlog != NULL) {
                umig_backlog_begin(session->backlog, &agent->cost, now_ns);
            }
        }
    }
}

/* Adds to what it does not get of frames and clocks; "": nothing. */
static void add_lack(struct umig_session *session, const char *what)
{
    const char *before = session->lacks[UMIG_LACK_FRAMES];
    char lack[UMIG_PROBLEM_BYTES];
    if (what[0] != '\0') {
        const int len = snprintf(lack, sizeof lack, "%s%s", before, before[0] != '\0' ? "; " : "");
        snprintf(lack + len, sizeof lack - (size_t)len, "%s", what);
        umig_session_set_lack(session, UMIG_LACK_FRAMES, lack);
    }
}

/* One clock serves all sessions: the oldest that names one decides. */
static void note_clock(struct umig_agent *agent, struct umig_session *session)
{
    const struct umig_session *decides = NULL;
    (void)umig_sessions_clock(&agent->sessions, &decides);
    session->clock = umig_agent_choose_clock(agent);
    const enum umig_clock asked = session->spec.clock;
    const bool wants_kernel = umig_session_wants_kernel(session);
    if (wants_kernel && session->clock == UMIG_CLOCK_PERF) {
        add_lack(session, agent->pump.kernel.problem);
    } else if (wants_kernel && agent->perf_problem[0] != '\0') {
        char what[sizeof agent->perf_problem + 32];
        snprintf(what, sizeof what, "kernel frames (%s)", agent->perf_problem);
        add_lack(session, what);
    } else if (wants_kernel || (asked != UMIG_CLOCK_AUTO && asked != session->clock)) {
        char what[200];
        snprintf(what, sizeof what, "%s (session %.70s, which runs, has asked for clock=%s)",
                 wants_kernel ? "kernel frames" : "the clock it asked for",
                 decides != NULL ? decides->spec.id : "?", umig_clock_word(session->clock));
        add_lack(session, what);
    }
}

/* The first session of stacks asks for what the load has left out (debuginfo=session). */
static void want_debug_info(struct umig_agent *agent)
{
    if (!agent->has_debug_info) {
        umig_vm_want_debug_info(&agent->vm);
        agent->debug_info_after_ns = umig_agent_uptime_ns();
        agent->has_debug_info = true;
    }
}

/* What was compiled before that stays less exact: in every session of this JVM. */
static void note_debug_info(const struct umig_agent *agent, struct umig_session *session)
{
    char after[32];
    char what[128];
    if (agent->debug_info_after_ns != 0) {
        umig_format_duration(agent->debug_info_after_ns, after, sizeof after);
        snprintf(what, sizeof what,
                 "exact inlining in code compiled in the JVM's first %s (debuginfo=session)",
                 after);
        add_lack(session, what);
    }
}

/* What keeps threads from being looked at is told when it is asked for, not when it is missed. */
static void note_wall(struct umig_agent *agent, struct umig_session *session)
{
    struct umig_err err = UMIG_ERR_INIT;
    const char *lack = umig_agent_wall_lack(agent);
    if (lack[0] == '\0' && umig_wall_take_memory(&agent->wall, &err) != UMIG_OK) {
        lack = err.text;
    }
    umig_session_set_lack(session, UMIG_LACK_WALL, lack);
}

/* Who walks the session's stacks, by what clock, and what it asked for that cannot be had. */
static void note_means(struct umig_agent *agent, struct umig_session *session)
{
    const bool *has_kind = session->spec.kinds.has_kind;
    if (!umig_session_asks_for_stacks(session)) {
        return;
    }
    if (!agent->is_sampler_ready) {
        umig_session_set_lack(session, UMIG_LACK_SAFETY, agent->problem);
        return;
    }
    session->walker = agent->vm.walker;
    want_debug_info(agent);
    note_debug_info(agent, session);
    umig_session_set_lack(session, UMIG_LACK_SAFETY, umig_safety_lack(agent));
    if (has_kind[UMIG_KIND_CPU]) {
        if (session->lacks[UMIG_LACK_SAFETY][0] == '\0') {
            add_lack(session, umig_native_frames_lack(&agent->pump.native, session->spec.native));
        }
        note_clock(agent, session);
    }
    if (has_kind[UMIG_KIND_LOCKS] && session->spec.has_mutexes) {
        add_lack(session, umig_native_frames_lack(&agent->pump.native, UMIG_NATIVE_ON));
    }
    if (has_kind[UMIG_KIND_WALL]) {
        note_wall(agent, session);
    }
}

int umig_agent_open_session(struct umig_agent *agent,
                            const struct umig_session_spec *spec,
                            uint64_t now_ns,
                            struct umig_session **out_session,
                            struct umig_err *err)
{
    if (!umig_agent_has_sessions(agent)) {
        umig_budget_reset(&agent->budget); /* nothing is known of what this one costs */
    }
    const int rc = umig_sessions_open(&agent->sessions, spec, now_ns, out_session, err);
    if (rc == UMIG_OK) {
        /* What was not allowed when it was asked last may be by now. */
        agent->has_asked_perf = agent->has_asked_perf && !umig_session_wants_kernel(*out_session);
        umig_agent_reconcile(agent);
        note_means(agent, *out_session);
    }
    return umig_err_trace(err, rc);
}

static void read_heap(struct umig_agent *agent, uint64_t now_ns)
{
    struct umig_heap_reading reading;
    struct umig_jvm_reading counters;
    bool is_read = false;
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &agent->sessions.session[i];
        if (!umig_session_takes(session, UMIG_KIND_HEAP) || now_ns < session->next_heap_ns) {
            continue;
        }
        if (!is_read) {
            umig_vm_read_memory(&agent->vm, &reading);
            umig_jvm_counters_read(&agent->vm.counters, &counters);
            is_read = true;
        }
        const uint64_t interval = session->spec.kinds.interval_ns[UMIG_KIND_HEAP];
        session->next_heap_ns += interval;
        if (session->next_heap_ns <= now_ns) {
            session->next_heap_ns = now_ns + interval; /* the machine slept */
        }
        umig_pump_heap(&agent->pump, session, &reading, &counters, now_ns);
    }
}

/* What keeps pools from being told, once a session asks for them. */
static void tell_pools_lack(struct umig_agent *agent, struct umig_session *session)
{
    const struct umig_pools *pools = agent->vm.pools;
    if (pools == NULL) {
        umig_session_set_lack(
            session, UMIG_LACK_POOLS,
            "pools: none: no memory to follow them within the agent's bound; raise "
            "memory=");
    } else if (umig_vm_pools_reading(&agent->vm) != NULL) {
        umig_session_set_lack(session, UMIG_LACK_POOLS, pools->problem);
    }
}

/* The attached thread reads; what it has read goes to each session that is due. */
static void read_pools(struct umig_agent *agent, uint64_t now_ns)
{
    const struct umig_pool_reading *reading = umig_vm_pools_reading(&agent->vm);
    bool is_due = false;
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &agent->sessions.session[i];
        if (!umig_session_takes(session, UMIG_KIND_POOLS) || now_ns < session->next_pools_ns) {
            continue;
        }
        tell_pools_lack(agent, session);
        if (reading == NULL || reading->time_ns < session->start_ns) {
            is_due = true;
            continue;
        }
        const uint64_t interval = session->spec.kinds.interval_ns[UMIG_KIND_POOLS] *
                                  umig_budget_divisor(&agent->budget, UMIG_KIND_POOLS);
        session->next_pools_ns += interval;
        if (session->next_pools_ns <= now_ns) {
            session->next_pools_ns = now_ns + interval; /* the machine slept */
        }
        umig_pump_pools(&agent->pump, session, reading, now_ns);
    }
    if (reading != NULL) {
        umig_vm_pools_taken(&agent->vm);
    }
    if (is_due) {
        umig_vm_ask_for_pools(&agent->vm, now_ns);
    }
}

/* Waits that go on: what they have come to so far. */
static void tell_waits(struct umig_agent *agent, uint64_t now_ns)
{
    const uint64_t least_ns = umig_sessions_finest(&agent->sessions, UMIG_KIND_LOCKS) *
                              umig_budget_divisor(&agent->budget, UMIG_KIND_LOCKS);
    if (least_ns == 0) {
        return;
    }
    bool is_told = false;
    for (int i = 0; i < TELL_ROUNDS && !is_told; i++) {
        const uint64_t begin_ns = umig_clock_thread_cpu_ns();
        is_told = umig_vm_tell_waits(&agent->vm, now_ns, least_ns);
        agent->loop_ns[UMIG_KIND_LOCKS] += umig_clock_thread_cpu_ns() - begin_ns;
        if (!is_told) {
            umig_pump_drain(&agent->pump, now_ns);
        }
    }
}

static void take_pauses_due(struct umig_agent *agent, uint64_t now_ns)
{
    umig_agent_take_pauses(agent, now_ns, now_ns);
}

static void forget_slot(void *user, uint32_t slot)
{
    struct umig_agent *agent = user;
    umig_sessions_forget_slot(&agent->sessions, slot);
}

static void drain(struct umig_agent *agent, uint64_t now_ns)
{
    umig_agent_charge(agent, UMIG_KIND_GC, take_pauses_due, now_ns);
    umig_pump_drain(&agent->pump, now_ns);
    umig_pump_tell_late(&agent->pump, now_ns);
    umig_wall_settle_ended(&agent->wall, now_ns);
    umig_threads_reap(&agent->threads, forget_slot, agent);
}

void umig_agent_end_session(struct umig_agent *agent,
                            struct umig_session *session,
                            enum umig_end reason,
                            uint64_t now_ns)
{
    if (session->is_waiting) {
        umig_triggers_disarm(agent, session, now_ns);
        return;
    }
    if (!session->is_armed) {
        begin_session(agent, session, now_ns);
    }
    /* A pause that still waits for its line in the log is told without it. */
    umig_agent_take_pauses(agent, UINT64_MAX, now_ns);
    tell_waits(agent, now_ns);
    drain(agent, now_ns);
    if (session->spec.kinds.has_kind[UMIG_KIND_WALL]) {
        umig_wall_settle(&agent->wall, now_ns);
        umig_agent_tell_wall(agent, now_ns);
    }
    umig_live_sites_settle(&agent->live, session, now_ns);
    session->ended = reason;
    session->end_ns = now_ns;
    umig_log(UMIG_LOG_INFO, "session %s ends", session->spec.id);
    umig_agent_reconcile(agent);
    drain(agent, now_ns); /* what came until the gate was shut: the engine's books want it */
    umig_agent_measure_cost(agent);
    umig_pump_flush(&agent->pump, now_ns, true);
    if (umig_agent_choose_budget(agent)) { /* its own ended with it */
        umig_agent_reconcile(agent);
    }
}

static void end_due_sessions(struct umig_agent *agent, uint64_t now_ns)
{
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &agent->sessions.session[i];
        if (session->is_armed && session->ended == UMIG_END_RUNNING && now_ns >= session->end_ns) {
            umig_agent_end_session(agent, session, UMIG_END_DURATION, now_ns);
        }
    }
}

/* --- a tick --- */

/*
 * The collector does not have what this stream began with: its data were lost, or it is another
 * one. The agent begins again with it, as a new stream.
 */
static void begin_stream_if_unknown(struct umig_agent *agent, uint64_t now_ns)
{
    struct umig_uplink_status status;
    umig_uplink_status(&agent->uplink, &status);
    if (!status.is_stream_unknown) {
        return;
    }
    uint64_t epoch = 0;
    if (getrandom(&epoch, sizeof epoch, 0) != (ssize_t)sizeof epoch) {
        return; /* next time */
    }
    agent->epoch = epoch | 1;
    umig_agent_measure_cost(agent);
    const uint64_t lost = umig_uplink_begin_epoch(&agent->uplink, agent->epoch, now_ns);
    umig_pump_restart(&agent->pump, now_ns);
    umig_log(UMIG_LOG_WARN,
             "the collector lacks what this JVM sent before: %llu batches are lost, sessions begin "
             "again",
             (unsigned long long)lost);
}

/* The price is a look at each page of the agent, and only a batch tells it. */
static void flush(struct umig_agent *agent, uint64_t now_ns)
{
    if (now_ns >= agent->pump.next_batch_ns) {
        umig_agent_measure_cost(agent);
        umig_agent_keep_budget(agent);
    }
    umig_pump_flush(&agent->pump, now_ns, false);
}

/* Memory runs out, and with it perhaps the JVM: the batch of this tick does not wait. */
static void push_out(struct umig_agent *agent, uint64_t now_ns)
{
    if (now_ns >= agent->next_push_ns) {
        agent->next_push_ns = now_ns + PUSH_EVERY_NS;
        agent->pump.next_batch_ns = now_ns;
    }
}

static void tell_live(struct umig_agent *agent, uint64_t now_ns)
{
    umig_live_sites_tell(&agent->live, now_ns);
}

/* A collection has ended, or too many objects are followed: who is left? */
static void look_at_live(struct umig_agent *agent, uint64_t now_ns)
{
    if (now_ns >= agent->next_look_ns && atomic_load(&agent->vm.live.is_on) &&
        umig_live_is_due(&agent->vm.live, umig_gc_collections(&agent->vm.gc))) {
        agent->next_look_ns =
            now_ns + LOOK_EVERY_NS * umig_budget_divisor(&agent->budget, UMIG_KIND_LIVE);
        umig_vm_look_at_live(&agent->vm);
    }
}

static void tick(struct umig_agent *agent, uint64_t now_ns)
{
    umig_agent_search_tick(agent, now_ns);
    if (!umig_agent_has_sessions(agent)) {
        return;
    }
    const bool is_short = atomic_exchange(&agent->is_short, false);
    if (is_short) {
        push_out(agent, now_ns);
    }
    begin_stream_if_unknown(agent, now_ns);
    umig_agent_reconcile(agent);
    begin_sessions(agent, now_ns);
    umig_threads_check(&agent->threads, now_ns);
    if (now_ns >= agent->pump.next_batch_ns) {
        tell_waits(agent, now_ns);
    }
    drain(agent, now_ns);
    umig_agent_charge(agent, UMIG_KIND_LIVE, tell_live, now_ns);
    look_at_live(agent, now_ns);
    umig_agent_check_sources(agent, now_ns);
    umig_agent_charge(agent, UMIG_KIND_HEAP, read_heap, now_ns);
    umig_agent_charge(agent, UMIG_KIND_POOLS, read_pools, now_ns);
    umig_triggers_check(agent, now_ns, is_short);
    end_due_sessions(agent, now_ns);
    flush(agent, now_ns);
}

/*
 * The rings must hold what comes between two ticks. 64 busy processors give 6400 stacks a second at
 * 10 ms of CPU, about 5 MB: a quarter of 2 MiB in a tick. Finer sampling gives more, and waits may
 * come in any number. Native frames make a record some 2 KiB larger: 64 processors give 1 MB in
 * half a tick. A thread has one ring to itself: at 1 ms it fills 256 KiB in 15 ms where each sample
 * has 16 KiB of native stack, and few have.
 */
static uint64_t tick_interval_ns(const struct umig_agent *agent)
{
    const uint64_t cpu = umig_sessions_finest(&agent->sessions, UMIG_KIND_CPU);
    const bool is_fine = cpu > 0 && cpu < DENSE_CPU_NS;
    const bool is_native = umig_sessions_native(&agent->sessions) == UMIG_NATIVE_ON;
    if (is_fine && is_native) {
        return NATIVE_TICK_NS;
    }
    const bool is_dense =
        is_fine || is_native || umig_sessions_finest(&agent->sessions, UMIG_KIND_LOCKS) > 0;
    return is_dense ? DENSE_TICK_NS : TICK_NS;
}

static int timeout_ms(uint64_t now_ns, uint64_t deadline_ns)
{
    if (deadline_ns <= now_ns) {
        return 0;
    }
    const uint64_t wait = (deadline_ns - now_ns + UMIG_NS_PER_MS - 1) / UMIG_NS_PER_MS;
    return wait > 60000 ? 60000 : (int)wait;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void log_connection(struct umig_agent *agent)
{
    struct umig_uplink_status status;
    umig_uplink_status(&agent->uplink, &status);
    if (status.is_connected == agent->was_connected || atomic_load(&agent->stopping)) {
        return;
    }
    agent->was_connected = status.is_connected;
    if (status.is_connected) {
        umig_log(UMIG_LOG_INFO, "connected to the collector at %s", status.address);
    } else {
        umig_log(UMIG_LOG_INFO, "the collector is gone: %s", status.problem);
    }
}

/*
 * The agent was loaded once more, since nobody reaches it: a full folder may have room by now, and
 * who cleans /tmp may have taken the socket away.
 */
static void restore_control(struct umig_agent *agent)
{
    struct umig_control_server *control = &agent->control;
    struct stat st;
    if (control->fd >= 0 && lstat(control->path, &st) == 0 && st.st_dev == control->device &&
        st.st_ino == control->inode) {
        return;
    }
    umig_control_server_close(control);
    umig_agent_open_control(agent);
}

void umig_agent_turn(struct umig_agent *agent, uint64_t deadline_ns)
{
    uint64_t now_ns = umig_clock_monotonic_ns();
    deadline_ns = min_u64(deadline_ns, umig_uplink_tick(&agent->uplink, now_ns));
    deadline_ns = min_u64(deadline_ns, umig_control_server_tick(&agent->control, now_ns));
    if (atomic_load(&agent->stopping) && umig_uplink_is_over(&agent->uplink)) {
        return; /* the last round of connecting has just failed: nothing to wait for */
    }
    struct pollfd fds[2 + UMIG_CONTROL_POLL_MAX];
    fds[0] = (struct pollfd){.fd = agent->wake_fd, .events = POLLIN};
    fds[1] = (struct pollfd){
        .fd = umig_uplink_fd(&agent->uplink),
        .events = umig_uplink_events(&agent->uplink, now_ns),
    };
    const size_t control = umig_control_server_poll(&agent->control, fds + 2);
    if (poll(fds, 2 + control, timeout_ms(now_ns, deadline_ns)) < 0) {
        return; /* EINTR: the next round asks again */
    }
    now_ns = umig_clock_monotonic_ns();
    if (atomic_exchange(&agent->wants_control, false)) {
        restore_control(agent);
        return; /* what was polled may be closed */
    }
    if (fds[0].revents != 0) {
        uint64_t count;
        (void)!read(agent->wake_fd, &count, sizeof count);
        agent->next_tick_ns = now_ns; /* the JVM provides what was wanted: sessions may begin */
    }
    if (fds[1].revents != 0) {
        umig_uplink_on_ready(&agent->uplink, fds[1].revents, now_ns);
    }
    umig_control_server_on_ready(&agent->control, fds + 2, control, now_ns);
    log_connection(agent);
}

void umig_agent_loop(struct umig_agent *agent)
{
    while (!atomic_load(&agent->stopping)) {
        const uint64_t now_ns = umig_clock_monotonic_ns();
        const struct umig_moment now = {.monotonic_ns = now_ns, .unix_ns = umig_clock_unix_ns()};
        const uint64_t wait_ns = umig_agent_run_plans(agent, now);
        const uint64_t plans_ns = wait_ns < UINT64_MAX - now_ns ? now_ns + wait_ns : UINT64_MAX;
        if (now_ns >= agent->next_tick_ns) {
            tick(agent, now_ns);
            agent->next_tick_ns = now_ns + tick_interval_ns(agent);
        }
        const uint64_t next_look_ns =
            min_u64(umig_ticks_sweep(&agent->threads.ticks, &agent->sampler.slots, now_ns),
                    umig_wall_turn(&agent->wall, now_ns));
        umig_agent_turn(agent, min_u64(plans_ns, umig_agent_has_sessions(agent)
                                                     ? min_u64(agent->next_tick_ns, next_look_ns)
                                                     : UINT64_MAX));
    }
}
