/* The agent's thread from its start with the JVM to its end with it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/loop.h"
#include "agent/reconcile.h"
#include "agent/sampler_setup.h"
#include "agent/vm/jvmflag.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/log.h"

enum {
    SLOTS = 16384, /* at 32 MiB, like the following */
    STACK_ROOM = 98304,
    SPOOL_SHARE = 8, /* of the memory: one eighth */
    LOOP_STACK_BYTES = 256 * 1024,
};

/* From one firing of when= to the next, at least. */
#define REST_NS (300 * UMIG_NS_PER_S)

/* --- the thread --- */

static void say_held_back(struct umig_agent *agent, const struct umig_crash_history *history)
{
    struct tm parts;
    char when[32] = "";
    if (gmtime_r(&history->last, &parts) != NULL) {
        (void)strftime(when, sizeof when, "%F %T UTC", &parts);
    }
    snprintf(agent->held_back, sizeof agent->held_back,
             "start= is left out: %u JVMs of '%s' crashed while they were sampled, the last at %s; "
             "'umig start %s --cpu 10ms' samples all the same, 'rm %s/" UMIG_CRASHED_PREFIX
             "*-%s' lets start= work again",
             history->crashes, agent->service, when, agent->service, agent->places.runtime_dir,
             agent->service);
    umig_log(UMIG_LOG_WARN, "%s", agent->held_back);
}

/* Stacks are what may crash a JVM; a session without is as harmless as none. */
static bool is_held_back(struct umig_agent *agent)
{
    const bool *has_kind = agent->options.start.has_kind;
    struct umig_crash_history history;
    umig_crashes_look(&agent->crashes, (time_t)(umig_clock_unix_ns() / UMIG_NS_PER_S), &history);
    if (!history.is_loop ||
        !(has_kind[UMIG_KIND_CPU] || has_kind[UMIG_KIND_LOCKS] || has_kind[UMIG_KIND_WALL])) {
        return false;
    }
    say_held_back(agent, &history);
    return true;
}

static void start_by_options(struct umig_agent *agent)
{
    if (!agent->options.has_start || is_held_back(agent)) {
        return;
    }
    struct umig_session_spec spec = {
        .kinds = agent->options.start,
        .duration_ns = agent->options.duration_ns,
        .native = agent->options.native,
        .has_mutexes = agent->options.has_mutexes,
        .clock = agent->options.clock,
        .is_by_option = true,
        .when = agent->options.when,
        .before_ns = agent->options.before_ns,
    };
    const struct umig_schedule schedule = {
        .every_ns = agent->options.repeat > 1 ? REST_NS : 0,
        .times = agent->options.when.count > 0 ? agent->options.repeat : 0,
    };
    const struct umig_moment now = {.monotonic_ns = umig_clock_monotonic_ns(),
                                    .unix_ns = umig_clock_unix_ns()};
    snprintf(spec.id, sizeof spec.id, "start-%d-%08x", (int)getpid(), (unsigned)agent->epoch);
    memcpy(spec.threads, agent->options.threads, sizeof spec.threads);
    struct umig_err err = UMIG_ERR_INIT;
    if (umig_agent_start_session(agent, &spec, &schedule, now, &err) != UMIG_OK) {
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
        if (!umig_agent_has_sessions(agent) || !status.is_connected) {
            umig_uplink_finish(&agent->uplink, now_ns);
        }
        umig_agent_turn(agent, deadline_ns);
        now_ns = umig_clock_monotonic_ns();
    }
}

/* What the collector never acknowledged is lost with this process: somebody has to know. */
static void tell_unsent(const struct umig_agent *agent)
{
    struct umig_uplink_status status;
    umig_uplink_status(&agent->uplink, &status);
    if (status.unacked_batches > 0) {
        umig_log(UMIG_LOG_WARN, "the JVM ends, and %llu batch%s of its sessions' data %s lost: %s",
                 (unsigned long long)status.unacked_batches,
                 status.unacked_batches == 1 ? "" : "es",
                 status.unacked_batches == 1 ? "is" : "are",
                 status.problem[0] != '\0' ? status.problem
                                           : "the collector did not acknowledge them in time");
    }
}

/* Ends everything and gives the last batches the time there is. */
static void finish(struct umig_agent *agent)
{
    const uint64_t begin_ns = umig_clock_monotonic_ns();
    const uint64_t deadline_ns = begin_ns + UMIG_EXIT_WAIT_NS - 50 * UMIG_NS_PER_MS;
    umig_threads_set_ticks(&agent->threads, 0, UMIG_CLOCK_CPUTIME);
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &agent->sessions.session[i];
        if (session->is_open && session->ended == UMIG_END_RUNNING) {
            umig_agent_end_session(agent, session, UMIG_END_VM_EXIT, begin_ns);
        }
    }
    if (atomic_load(&agent->ends_well)) {
        umig_crashes_set_sampling(&agent->crashes, false);
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
    umig_agent_loop(agent);
    finish(agent);
    pthread_mutex_lock(&agent->finish_mutex);
    atomic_store(&agent->finished, true);
    pthread_cond_signal(&agent->finish_cond);
    pthread_mutex_unlock(&agent->finish_mutex);
    return NULL;
}

/* --- from the JVM's threads --- */

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

void umig_agent_open_control(struct umig_agent *agent)
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
    if (agent->control_reply == NULL) {
        agent->control_reply = umig_memory_take(&agent->memory, UMIG_CONTROL_REPLY_BYTES);
    }
    opts.reply_room = UMIG_CONTROL_REPLY_BYTES;
    opts.reply_bytes = agent->control_reply;
    if (rc == UMIG_OK && opts.reply_bytes == NULL) {
        rc = umig_err_set(&err, UMIG_E_NOMEM, "no memory for replies");
    }
    if (rc == UMIG_OK) {
        rc = umig_control_server_open(&agent->control, &opts, umig_clock_monotonic_ns(), &err);
    }
    if (rc != UMIG_OK) {
        agent->control.fd = -1;
        umig_log_err(UMIG_LOG_WARN, "no control socket", &err);
    }
    atomic_store(&agent->has_control, rc == UMIG_OK);
}

static int start_thread(struct umig_agent *agent, struct umig_err *err)
{
    sigset_t all;
    sigset_t before;
    pthread_attr_t attr;
    sigfillset(&all);
    /* Faults while it walks a waiting thread: blocked, they would end the process. */
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
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
    agent->pid = getpid();
    return UMIG_OK;
}

static void prepare_crashes(struct umig_agent *agent)
{
    char error_file[UMIG_ERROR_FILE_BYTES];
    (void)umig_jvmflag_text(&agent->vm.libjvm, "ErrorFile", error_file, sizeof error_file);
    umig_crashes_init(&agent->crashes, &agent->places, agent->service, (uint32_t)agent->epoch,
                      error_file);
}

static int prepare(struct umig_agent *agent, struct umig_err *err)
{
    const uint32_t slot_count = umig_agent_scaled(agent, SLOTS);
    void *slots = umig_memory_take(&agent->memory, slot_count * sizeof(struct umig_slot));
    if (slots == NULL || getrandom(&agent->epoch, sizeof agent->epoch, 0) < 0) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for the thread table");
    }
    agent->epoch |= 1; /* 0 means none */
    agent->loaded_ns = umig_clock_monotonic_ns();
    prepare_crashes(agent);
    agent->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&agent->finish_mutex, NULL);
    pthread_cond_init(&agent->finish_cond, NULL);
    umig_slots_init(&agent->sampler.slots, slots, slot_count);
    umig_threads_init(&agent->threads, &agent->sampler.slots, agent->memory.limit_bytes,
                      &agent->sampler.dropped_ns[UMIG_DROP_STOPPING]);
    agent->threads.hotspot = &agent->vm.hotspot;
    umig_sessions_init(&agent->sessions, &agent->memory, agent->epoch);
    agent->pump.sampler = &agent->sampler;
    agent->pump.sessions = &agent->sessions;
    agent->pump.uplink = &agent->uplink;
    agent->pump.cost = &agent->cost;
    agent->vm.threads = &agent->threads;
    agent->vm.sampler = &agent->sampler;
    int rc =
        umig_pump_init(&agent->pump, &agent->memory, umig_agent_scaled(agent, STACK_ROOM), err);
    umig_wall_init(&agent->wall, &agent->pump, &agent->vm, &agent->memory);
    umig_agent_keep_memory(agent);
    if (rc == UMIG_OK) {
        rc = open_uplink(agent, err);
    }
    agent->is_prepared = rc == UMIG_OK;
    return umig_err_trace(err, rc);
}

int umig_agent_start(struct umig_agent *agent, struct umig_err *err)
{
    int rc = agent->is_prepared ? UMIG_OK : prepare(agent, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    umig_agent_open_control(agent);
    rc = start_thread(agent, err);
    if (rc != UMIG_OK) {
        umig_control_server_close(&agent->control); /* nobody would answer */
    }
    return umig_err_trace(err, rc);
}
