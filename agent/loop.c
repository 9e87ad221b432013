/* The loop: what is wanted of the JVM follows from the sessions; what the JVM gives goes out. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/signal/guard.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/log.h"

enum {
    SLOTS = 16384, /* at 32 MiB, like the following */
    NAME_METHODS = 16384,
    RING_BYTES = 256 * 1024,
    STACK_ROOM = 131072,
    SPOOL_SHARE = 5, /* of the memory: one fifth */
    LOOP_STACK_BYTES = 256 * 1024,
};

#define REFERENCE_MEMORY (32 * 1024 * 1024u)
#define TICK_NS          (50 * UMIG_NS_PER_MS)
#define ARM_PATIENCE_NS  (10 * UMIG_NS_PER_S)
#define GUARD_CHECK_NS   UMIG_NS_PER_S

/* --- memory by the user's bound --- */

/* A size that goes with the bound, halved below 32 MiB; a power of two stays one. */
static uint32_t scaled(const struct umig_agent *agent, uint32_t at_reference)
{
    uint32_t size = at_reference;
    for (size_t bound = agent->memory.limit_bytes; bound < REFERENCE_MEMORY; bound *= 2) {
        size /= 2;
    }
    return size;
}

static int prepare_names(struct umig_agent *agent, struct umig_names **out_names, int which)
{
    const uint32_t methods = scaled(agent, NAME_METHODS);
    struct umig_names *names = umig_memory_take(&agent->memory, sizeof *names);
    void *memory = umig_memory_take(&agent->memory, umig_names_bytes(methods));
    if (names == NULL || memory == NULL) {
        return UMIG_E_NOMEM;
    }
    umig_names_init(names, &agent->vm.hotspot, memory, methods);
    umig_names_reset(names, (uint32_t)which + 1);
    agent->pump.frame_ids[which] =
        umig_memory_take(&agent->memory, ((size_t)names->frame_count + 1) * sizeof(uint32_t));
    *out_names = names;
    return agent->pump.frame_ids[which] != NULL ? UMIG_OK : UMIG_E_NOMEM;
}

static int prepare_rings(struct umig_agent *agent)
{
    const uint32_t size = scaled(agent, RING_BYTES);
    const size_t scratch_bytes =
        umig_sampler_scratch_bytes(umig_agct_scratch_bytes(UMIG_STACK_MAX_FRAMES));
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        uint8_t *bytes = umig_memory_take(&agent->memory, size);
        void *scratch = umig_memory_take(&agent->memory, scratch_bytes);
        if (bytes == NULL || scratch == NULL) {
            return UMIG_E_NOMEM;
        }
        umig_ring_init(&agent->sampler.rings.ring[i], bytes, size, scratch);
    }
    return UMIG_OK;
}

/*
 * SIGPROF first: where another profiler has it, nothing of ours may stand in front of that one's
 * fault handler. Nothing is sampled yet.
 */
static int install_signals(struct umig_agent *agent, struct umig_err *err)
{
    struct umig_code_range ranges[2] = {
        {agent->vm.libjvm.text_begin, agent->vm.libjvm.text_end},
    };
    umig_code_bounds_of((const void *)(uintptr_t)umig_agct_walk, &ranges[1].begin, &ranges[1].end);
    int rc = umig_handler_install(&agent->sampler, SIGPROF, err);
    if (rc == UMIG_OK) {
        rc = umig_guard_install(&agent->sampler.slots, ranges, 2, err);
    }
    return umig_err_trace(err, rc);
}

static int take_sampler_memory(struct umig_agent *agent, struct umig_err *err)
{
    struct umig_names *names[2] = {NULL, NULL};
    if (agent->is_sampler_without_room || prepare_names(agent, &names[0], 0) != UMIG_OK ||
        prepare_names(agent, &names[1], 1) != UMIG_OK || prepare_rings(agent) != UMIG_OK) {
        agent->is_sampler_without_room = true; /* asked again, it would take even more in vain */
        return umig_err_set(err, UMIG_E_NOMEM,
                            "no memory for sampling within the agent's bound of %zu bytes; raise "
                            "memory=",
                            agent->memory.limit_bytes);
    }
    atomic_store(&agent->sampler.names, names[0]);
    agent->pump.names[0] = names[0];
    agent->pump.names[1] = names[1];
    agent->pump.names_generation = 2;
    return UMIG_OK;
}

/*
 * Everything sampling needs, taken when the first session asks for stacks. As long as it cannot be
 * had it is asked for again in every tick: another profiler may leave.
 */
static int prepare_sampler(struct umig_agent *agent, struct umig_err *err)
{
    if (agent->is_sampler_ready) {
        return UMIG_OK;
    }
    if (agent->vm.agct.call == NULL || !agent->vm.hotspot.can_name) {
        return umig_err_set(err, UMIG_E_UNSUPPORTED,
                            "this JVM's stacks cannot be read: %s is not described",
                            agent->vm.agct.call == NULL ? "AsyncGetCallTrace" : agent->vm.missing);
    }
    agent->sampler.hotspot = &agent->vm.hotspot;
    agent->sampler.walk = umig_agct_walk;
    agent->sampler.walker = &agent->vm.agct;
    int rc = install_signals(agent, err);
    if (rc == UMIG_OK) {
        rc = take_sampler_memory(agent, err);
    }
    agent->is_sampler_ready = rc == UMIG_OK;
    return umig_err_trace(err, rc);
}

/* --- what sessions want --- */

static uint32_t wanted_of(const struct umig_agent *agent)
{
    const struct umig_sessions *sessions = &agent->sessions;
    uint32_t wanted = 0;
    bool wants_gc = false;
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        const struct umig_session *session = &sessions->session[i];
        wants_gc = wants_gc || (session->is_open && session->ended == UMIG_END_RUNNING &&
                                session->spec.kinds.has_kind[UMIG_KIND_GC]);
    }
    if (umig_sessions_finest(sessions, UMIG_KIND_CPU) > 0) {
        wanted |= UMIG_VM_STACKS;
    }
    if (umig_sessions_finest(sessions, UMIG_KIND_LOCKS) > 0) {
        wanted |= UMIG_VM_STACKS | UMIG_VM_LOCKS;
    }
    return wants_gc ? wanted | UMIG_VM_GC_LOG : wanted;
}

static void say_problem(struct umig_agent *agent, const struct umig_err *err)
{
    if (strcmp(agent->problem, err->text) != 0) {
        snprintf(agent->problem, sizeof agent->problem, "%s", err->text);
        umig_log(UMIG_LOG_WARN, "%s", err->text);
    }
}

/* Timers run exactly while a CPU session does and stacks can be walked. */
static void steer_timers(struct umig_agent *agent, uint32_t provided)
{
    uint64_t interval = umig_sessions_finest(&agent->sessions, UMIG_KIND_CPU);
    if ((provided & UMIG_VM_STACKS) == 0 || !agent->is_sampler_ready) {
        interval = 0;
    }
    if (interval != atomic_load(&agent->threads.interval_ns)) {
        umig_threads_set_interval(&agent->threads, interval);
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

/* Brings the JVM, the timers and the gate in line with the sessions. */
static void reconcile(struct umig_agent *agent)
{
    const uint32_t wanted = wanted_of(agent);
    if ((wanted & UMIG_VM_STACKS) != 0) {
        struct umig_err err = UMIG_ERR_INIT;
        if (prepare_sampler(agent, &err) != UMIG_OK) {
            say_problem(agent, &err);
        }
    }
    const uint64_t threshold = umig_sessions_finest(&agent->sessions, UMIG_KIND_LOCKS);
    atomic_store(&agent->vm.lock_threshold_ns, threshold > 0 ? threshold : UINT64_MAX);
    if (wanted != agent->wanted) {
        agent->wanted = wanted;
        umig_vm_want(&agent->vm, wanted);
    }
    steer_timers(agent, umig_vm_provided(&agent->vm) & wanted);
    steer_gate(agent, wanted);
}

static void begin_sessions(struct umig_agent *agent, uint64_t now_ns)
{
    const bool is_provided = umig_vm_provided(&agent->vm) == agent->wanted;
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &agent->sessions.session[i];
        const bool waits = session->is_open && !session->is_armed;
        if (waits && (is_provided || now_ns - session->asked_ns > ARM_PATIENCE_NS)) {
            umig_session_begin(session, now_ns);
            umig_log(UMIG_LOG_INFO, "session %s begins", session->spec.id);
            umig_agent_measure_cost(agent);
            session->agent_cpu_at_start_ns = agent->cost.agent_cpu_ns;
            session->process_cpu_at_start_ns = agent->cost.process_cpu_ns;
        }
    }
}

int umig_agent_open_session(struct umig_agent *agent,
                            const struct umig_session_spec *spec,
                            uint64_t now_ns,
                            struct umig_session **out_session,
                            struct umig_err *err)
{
    const int rc = umig_sessions_open(&agent->sessions, spec, now_ns, out_session, err);
    if (rc == UMIG_OK) {
        reconcile(agent);
    }
    return umig_err_trace(err, rc);
}

static void take_pauses(struct umig_agent *agent, uint64_t patience_ns, uint64_t now_ns)
{
    struct umig_gc_pause pause;
    while (umig_gc_take(&agent->vm.gc, patience_ns, &pause) == UMIG_OK) {
        umig_pump_pause(&agent->pump, &pause, now_ns);
    }
    umig_pump_lost_pauses(&agent->pump, umig_gc_lost(&agent->vm.gc));
}

static void read_heap(struct umig_agent *agent, uint64_t now_ns)
{
    struct umig_heap_reading reading;
    bool is_read = false;
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &agent->sessions.session[i];
        if (!umig_session_takes(session, UMIG_KIND_HEAP) || now_ns < session->next_heap_ns) {
            continue;
        }
        if (!is_read) {
            umig_heap_read(&agent->vm.heap, &reading);
            is_read = true;
        }
        const uint64_t interval = session->spec.kinds.interval_ns[UMIG_KIND_HEAP];
        session->next_heap_ns += interval;
        if (session->next_heap_ns <= now_ns) {
            session->next_heap_ns = now_ns + interval; /* the machine slept */
        }
        umig_pump_heap(&agent->pump, session, &reading, now_ns);
    }
}

static void drain(struct umig_agent *agent, uint64_t now_ns)
{
    take_pauses(agent, now_ns, now_ns);
    umig_pump_drain(&agent->pump, now_ns);
    umig_threads_reap(&agent->threads);
}

void umig_agent_end_session(struct umig_agent *agent,
                            struct umig_session *session,
                            enum umig_end reason,
                            uint64_t now_ns)
{
    if (!session->is_armed) {
        umig_session_begin(session, now_ns);
    }
    /* A pause that still waits for its line in the log is told without it. */
    take_pauses(agent, UINT64_MAX, now_ns);
    drain(agent, now_ns);
    umig_session_settle(&agent->sessions, session);
    session->ended = reason;
    session->end_ns = now_ns;
    umig_log(UMIG_LOG_INFO, "session %s ends", session->spec.id);
    reconcile(agent);
    drain(agent, now_ns); /* what came until the gate was shut: the engine's books want it */
    umig_agent_measure_cost(agent);
    umig_pump_flush(&agent->pump, now_ns, true);
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

static bool has_sessions(const struct umig_agent *agent)
{
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        if (agent->sessions.session[i].is_open) {
            return true;
        }
    }
    return false;
}

/* --- the loop --- */

void umig_agent_measure_cost(struct umig_agent *agent)
{
    agent->cost.agent_cpu_ns = umig_clock_thread_cpu_ns() + umig_vm_cpu_ns(&agent->vm) +
                               atomic_load(&agent->sampler.handler_ns);
    agent->cost.process_cpu_ns = umig_clock_process_cpu_ns();
    agent->cost.agent_memory_bytes = atomic_load(&agent->memory.used_bytes);
}

/* The application may have switched the JVM's log off: kinds of pauses then come from counters. */
static void check_gc_log(struct umig_agent *agent)
{
    if ((agent->wanted & UMIG_VM_GC_LOG) != 0 && umig_gc_log_is_silent(&agent->vm.gc)) {
        struct umig_err err = UMIG_ERR_INIT;
        (void)umig_err_set(&err, UMIG_E_UNSUPPORTED,
                           "the JVM's log was switched off by the application: pauses are told "
                           "without their kind");
        say_problem(agent, &err);
    }
}

static void check_signals(struct umig_agent *agent, uint64_t now_ns)
{
    if (!agent->is_sampler_ready || now_ns < agent->next_guard_check_ns) {
        return;
    }
    agent->next_guard_check_ns = now_ns + GUARD_CHECK_NS;
    if (atomic_load(&agent->threads.interval_ns) > 0 &&
        (!umig_handler_is_installed() || !umig_guard_is_first())) {
        struct umig_err err = UMIG_ERR_INIT;
        (void)umig_err_set(&err, UMIG_E_BUSY,
                           "another library took over SIGPROF or SIGSEGV: CPU samples stop");
        say_problem(agent, &err);
        umig_threads_set_interval(&agent->threads, 0);
    }
}

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

static void tick(struct umig_agent *agent, uint64_t now_ns)
{
    if (!has_sessions(agent)) {
        return;
    }
    begin_stream_if_unknown(agent, now_ns);
    reconcile(agent);
    check_signals(agent, now_ns);
    begin_sessions(agent, now_ns);
    umig_threads_check(&agent->threads, now_ns);
    drain(agent, now_ns);
    check_gc_log(agent);
    read_heap(agent, now_ns);
    umig_agent_measure_cost(agent);
    end_due_sessions(agent, now_ns);
    umig_pump_flush(&agent->pump, now_ns, false);
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
    if (status.is_connected == agent->was_connected) {
        return;
    }
    agent->was_connected = status.is_connected;
    if (status.is_connected) {
        umig_log(UMIG_LOG_INFO, "connected to the collector at %s", status.address);
    } else {
        umig_log(UMIG_LOG_INFO, "the collector is gone: %s", status.problem);
    }
}

/* One round: wait for sockets or time, serve what is ready. */
static void turn(struct umig_agent *agent, uint64_t deadline_ns)
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
    if (fds[0].revents != 0) {
        uint64_t count;
        (void)!read(agent->wake_fd, &count, sizeof count);
    }
    if (fds[1].revents != 0) {
        umig_uplink_on_ready(&agent->uplink, fds[1].revents, now_ns);
    }
    umig_control_server_on_ready(&agent->control, fds + 2, control, now_ns);
    log_connection(agent);
}

static void start_by_options(struct umig_agent *agent)
{
    if (!agent->options.has_start) {
        return;
    }
    struct umig_session_spec spec = {
        .kinds = agent->options.start,
        .duration_ns = agent->options.duration_ns,
        .label_count = agent->options.label_count,
        .is_by_option = true,
    };
    snprintf(spec.id, sizeof spec.id, "start-%d-%08x", (int)getpid(), (unsigned)agent->epoch);
    memcpy(spec.labels, agent->options.labels, sizeof spec.labels);
    struct umig_session *session = NULL;
    struct umig_err err = UMIG_ERR_INIT;
    if (umig_agent_open_session(agent, &spec, umig_clock_monotonic_ns(), &session, &err) !=
        UMIG_OK) {
        umig_log_err(UMIG_LOG_ERROR, "start=", &err);
    }
}

/*
 * With a full spool the ends of sessions are not in it yet. A collector that is there makes room by
 * acknowledging; only behind them may BYE go.
 */
static void send_rest(struct umig_agent *agent, uint64_t deadline_ns)
{
    uint64_t now_ns = umig_clock_monotonic_ns();
    struct umig_uplink_status status;
    while (!umig_uplink_is_over(&agent->uplink) && now_ns < deadline_ns) {
        umig_pump_flush(&agent->pump, now_ns, true);
        umig_uplink_status(&agent->uplink, &status);
        if (!has_sessions(agent) || !status.is_connected) {
            umig_uplink_finish(&agent->uplink, now_ns);
        }
        turn(agent, deadline_ns);
        now_ns = umig_clock_monotonic_ns();
    }
}

/* Ends everything and gives the last batches the time there is. */
/* What the collector never acknowledged is lost with this process: somebody has to know. */
static void tell_unsent(const struct umig_agent *agent)
{
    struct umig_uplink_status status;
    umig_uplink_status(&agent->uplink, &status);
    if (status.unacked_batches > 0) {
        umig_log(UMIG_LOG_WARN, "the JVM ends and %llu batches of its sessions are lost: %s",
                 (unsigned long long)status.unacked_batches,
                 status.problem[0] != '\0' ? status.problem
                                           : "the collector did not acknowledge them in time");
    }
}

static void finish(struct umig_agent *agent)
{
    const uint64_t begin_ns = umig_clock_monotonic_ns();
    const uint64_t deadline_ns = begin_ns + UMIG_EXIT_WAIT_NS - 50 * UMIG_NS_PER_MS;
    umig_threads_set_interval(&agent->threads, 0);
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &agent->sessions.session[i];
        if (session->is_open && session->ended == UMIG_END_RUNNING) {
            umig_agent_end_session(agent, session, UMIG_END_VM_EXIT, begin_ns);
        }
    }
    send_rest(agent, deadline_ns);
    tell_unsent(agent);
    umig_control_server_close(&agent->control);
    umig_uplink_fini(&agent->uplink);
}

static void *run(void *arg)
{
    struct umig_agent *agent = arg;
    pthread_setname_np(pthread_self(), "umig-agent");
    start_by_options(agent);
    uint64_t next_tick_ns = umig_clock_monotonic_ns();
    while (!atomic_load(&agent->stopping)) {
        const uint64_t now_ns = umig_clock_monotonic_ns();
        if (now_ns >= next_tick_ns) {
            tick(agent, now_ns);
            next_tick_ns = now_ns + TICK_NS;
        }
        turn(agent, has_sessions(agent) ? next_tick_ns : UINT64_MAX);
    }
    finish(agent);
    pthread_mutex_lock(&agent->finish_mutex);
    atomic_store(&agent->finished, true);
    pthread_cond_signal(&agent->finish_cond);
    pthread_mutex_unlock(&agent->finish_mutex);
    return NULL;
}

void umig_agent_wake(struct umig_agent *agent)
{
    const uint64_t one = 1;
    (void)!write(agent->wake_fd, &one, sizeof one);
}

void umig_agent_stop(struct umig_agent *agent)
{
    if (!agent->is_started) {
        return;
    }
    const uint64_t deadline_ns = umig_clock_monotonic_ns() + UMIG_EXIT_WAIT_NS;
    const struct timespec deadline = {
        .tv_sec = (time_t)(deadline_ns / UMIG_NS_PER_S),
        .tv_nsec = (long)(deadline_ns % UMIG_NS_PER_S),
    };
    atomic_store(&agent->stopping, true);
    umig_agent_wake(agent);
    pthread_mutex_lock(&agent->finish_mutex);
    int rc = 0;
    while (!atomic_load(&agent->finished) && rc != ETIMEDOUT) {
        rc = pthread_cond_clockwait(&agent->finish_cond, &agent->finish_mutex, CLOCK_MONOTONIC,
                                    &deadline);
    }
    pthread_mutex_unlock(&agent->finish_mutex);
}

/* --- start --- */

static int open_uplink(struct umig_agent *agent, struct umig_err *err)
{
    struct umig_uplink_opts opts = {.epoch = agent->epoch, .jitter_seed = agent->epoch};
    int rc = umig_uplink_addresses_from(&agent->options, &agent->places, &opts.addresses, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    opts.spool_size = agent->memory.limit_bytes / SPOOL_SHARE;
    opts.spool_bytes = umig_memory_take(&agent->memory, opts.spool_size);
    if (opts.spool_bytes == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for unsent batches");
    }
    rc = umig_uplink_init(&agent->uplink, &opts, err);
    uint8_t hello[UMIG_UPLINK_HELLO_MAX_BYTES];
    struct umig_pb_writer writer;
    umig_pb_writer_init(&writer, hello, sizeof hello);
    umig_agent_write_hello(agent, &writer);
    if (rc == UMIG_OK) {
        rc = umig_uplink_set_hello(&agent->uplink, writer.bytes, writer.len, err);
    }
    return umig_err_trace(err, rc);
}

/* Without a control socket the agent still runs what its options ask for. */
static void open_control(struct umig_agent *agent)
{
    struct umig_err err = UMIG_ERR_INIT;
    char path[UMIG_SOCKET_PATH_BYTES];
    int rc = UMIG_OK;
    if (agent->options.control[0] != '\0') {
        snprintf(path, sizeof path, "%s", agent->options.control);
    } else {
        rc = umig_places_make_runtime_dir(&agent->places, &err);
        if (rc == UMIG_OK) {
            rc = umig_places_agent_socket(&agent->places, getpid(), path, &err);
        }
    }
    struct umig_control_opts opts = {.path = path, .handle = umig_agent_answer, .ctx = agent};
    opts.reply_room = UMIG_CONTROL_REPLY_BYTES;
    opts.reply_bytes = umig_memory_take(&agent->memory, opts.reply_room);
    if (rc == UMIG_OK && opts.reply_bytes != NULL) {
        rc = umig_control_server_open(&agent->control, &opts, umig_clock_monotonic_ns(), &err);
    }
    if (rc != UMIG_OK) {
        agent->control.fd = -1;
        umig_log_err(UMIG_LOG_WARN, "no control socket", &err);
    }
}

static int start_thread(struct umig_agent *agent, struct umig_err *err)
{
    sigset_t all;
    sigset_t before;
    pthread_attr_t attr;
    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, LOOP_STACK_BYTES);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int rc = pthread_create(&agent->thread, &attr, run, agent);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (rc != 0) {
        return umig_err_set_cause(err, UMIG_E_IO, rc, "cannot start the agent's thread: %s",
                                  umig_errno_text(rc));
    }
    agent->is_started = true;
    return UMIG_OK;
}

int umig_agent_start(struct umig_agent *agent, struct umig_err *err)
{
    const uint32_t slot_count = scaled(agent, SLOTS);
    void *slots = umig_memory_take(&agent->memory, slot_count * sizeof(struct umig_slot));
    if (slots == NULL || getrandom(&agent->epoch, sizeof agent->epoch, 0) < 0) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for the thread table");
    }
    agent->epoch |= 1; /* 0 means none */
    agent->loaded_ns = umig_clock_monotonic_ns();
    agent->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&agent->finish_mutex, NULL);
    pthread_cond_init(&agent->finish_cond, NULL);
    umig_slots_init(&agent->sampler.slots, slots, slot_count);
    umig_threads_init(&agent->threads, &agent->sampler.slots, SIGPROF);
    umig_sessions_init(&agent->sessions, &agent->memory, slot_count, agent->epoch);
    agent->pump.sampler = &agent->sampler;
    agent->pump.sessions = &agent->sessions;
    agent->pump.uplink = &agent->uplink;
    agent->pump.cost = &agent->cost;
    agent->vm.threads = &agent->threads;
    agent->vm.sampler = &agent->sampler;
    int rc = umig_pump_init(&agent->pump, &agent->memory, scaled(agent, STACK_ROOM), err);
    if (rc == UMIG_OK) {
        rc = open_uplink(agent, err);
    }
    if (rc == UMIG_OK) {
        open_control(agent);
        rc = start_thread(agent, err);
    }
    return umig_err_trace(err, rc);
}
