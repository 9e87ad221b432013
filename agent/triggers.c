#include "agent/triggers.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/cpu_limit.h"
#include "agent/loop.h"
#include "agent/reconcile.h"
#include "agent/vm/jvmflag.h"
#include "core/clock.h"
#include "core/log.h"

#define CHECK_EVERY_NS UMIG_NS_PER_S

/* Differences over less than this say little; over much more than a second, too much. */
#define SPAN_MIN_NS (200 * UMIG_NS_PER_MS)
#define SPAN_MAX_NS (3 * UMIG_NS_PER_S)

/* --- figures --- */

void umig_triggers_note_pause(struct umig_gauges *gauges, uint64_t duration_ns)
{
    if (duration_ns > gauges->longest_pause_ns) {
        gauges->longest_pause_ns = duration_ns;
    }
}

/* In the unit of shares; UNKNOWN without a whole. */
static uint64_t share_of(double part, double whole)
{
    return whole > 0 && part >= 0
               ? (uint64_t)(part / whole * 100.0 * (double)UMIG_SHARE_PERCENT + 0.5)
               : UMIG_FIGURE_UNKNOWN;
}

static void read_cpu(struct umig_gauges *gauges, uint64_t span_ns)
{
    static const struct umig_cpu_limit_places places = {"/proc/self/cgroup", "/sys/fs/cgroup"};
    const uint64_t cpu_ns = umig_clock_process_cpu_ns();
    const double may_ns = (double)span_ns * (double)umig_cpu_limit(&places) / 1000.0;
    gauges->now.values[UMIG_FIGURE_CPU] =
        span_ns > 0 ? share_of((double)(cpu_ns - gauges->process_cpu_ns), may_ns)
                    : UMIG_FIGURE_UNKNOWN;
    gauges->process_cpu_ns = cpu_ns;
}

static void read_heap(const struct umig_agent *agent, struct umig_figures_now *now)
{
    const uint64_t used = umig_heap_used(&agent->vm.heap);
    uint64_t most = 0;
    (void)umig_jvmflag_number(&agent->vm.libjvm, "MaxHeapSize", &most);
    now->values[UMIG_FIGURE_HEAP] = used;
    now->values[UMIG_FIGURE_HEAP_SHARE] =
        used != UMIG_HEAP_UNKNOWN ? share_of((double)used, (double)most) : UMIG_FIGURE_UNKNOWN;
}

static void read_safepoints(struct umig_agent *agent, uint64_t span_ns)
{
    struct umig_gauges *gauges = &agent->gauges;
    struct umig_jvm_reading reading;
    umig_jvm_counters_read(&agent->vm.counters, &reading);
    const uint64_t stood_ns = reading.values[UMIG_JVM_SAFEPOINT_NS];
    const bool is_known = stood_ns != UMIG_JVM_COUNTER_UNKNOWN && span_ns > 0;
    gauges->now.values[UMIG_FIGURE_SAFEPOINT] =
        is_known ? share_of((double)(stood_ns - gauges->safepoint_ns), (double)span_ns)
                 : UMIG_FIGURE_UNKNOWN;
    gauges->safepoint_ns = stood_ns;
}

/* Fields of /proc/self/stat behind the name, which may hold anything: 20 threads, 24 rss. */
static void read_process(struct umig_figures_now *now)
{
    char text[1024];
    now->values[UMIG_FIGURE_THREADS] = UMIG_FIGURE_UNKNOWN;
    now->values[UMIG_FIGURE_RSS] = UMIG_FIGURE_UNKNOWN;
    const int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    const ssize_t len = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0) {
        close(fd);
    }
    text[len > 0 ? len : 0] = '\0';
    const char *at = strrchr(text, ')');
    for (int field = 3; at != NULL && field <= 24; field++) {
        at = strchr(at + 1, ' ');
        if (at != NULL && field == 20) {
            now->values[UMIG_FIGURE_THREADS] = strtoull(at, NULL, 10);
        } else if (at != NULL && field == 24) {
            now->values[UMIG_FIGURE_RSS] = strtoull(at, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
        }
    }
}

static void read_figures(struct umig_agent *agent, uint64_t now_ns)
{
    struct umig_gauges *gauges = &agent->gauges;
    uint64_t span_ns = gauges->read_ns != 0 ? now_ns - gauges->read_ns : 0;
    span_ns = span_ns <= SPAN_MAX_NS ? span_ns : 0;
    read_cpu(gauges, span_ns);
    read_safepoints(agent, span_ns);
    read_heap(agent, &gauges->now);
    read_process(&gauges->now);
    gauges->now.values[UMIG_FIGURE_PAUSE] =
        span_ns > 0 ? gauges->longest_pause_ns : UMIG_FIGURE_UNKNOWN;
    gauges->longest_pause_ns = 0;
    gauges->read_ns = now_ns;
}

/* --- firing --- */

static void fire(struct umig_agent *agent,
                 struct umig_session *session,
                 uint32_t parts,
                 uint64_t now_ns)
{
    umig_trigger_tell(&session->spec.when, &agent->gauges.now, parts, true, session->because);
    session->fired_ns = now_ns;
    umig_log(UMIG_LOG_INFO, "session %s fires: %s (%s)", session->spec.id, session->because,
             session->spec.when.text);
    umig_plans_note_fired(&agent->plans, session->spec.id, now_ns);
    if (session->is_held) {
        umig_agent_measure_cost(agent);
        umig_pump_fire(&agent->pump, session, now_ns);
    } else {
        session->is_waiting = false;
        session->asked_ns = now_ns; /* it begins when the JVM provides what it asks for */
        umig_agent_reconcile(agent);
    }
}

/* An armed session that keeps something must have begun: before that there is nothing. */
static bool can_fire(const struct umig_session *session, uint64_t now_ns)
{
    return session->is_open && session->is_waiting && session->ended == UMIG_END_RUNNING &&
           (session->is_armed || !session->is_held) && now_ns >= session->not_before_ns;
}

static bool has_waiting(const struct umig_agent *agent)
{
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        const struct umig_session *session = &agent->sessions.session[i];
        if (session->is_open && session->is_waiting) {
            return true;
        }
    }
    return false;
}

void umig_triggers_check(struct umig_agent *agent, uint64_t now_ns, bool is_urgent)
{
    struct umig_gauges *gauges = &agent->gauges;
    const bool is_due =
        now_ns >= gauges->next_ns || (is_urgent && now_ns - gauges->read_ns >= SPAN_MIN_NS);
    if (!is_due || !has_waiting(agent)) {
        return;
    }
    const uint64_t since_ns = gauges->read_ns;
    read_figures(agent, now_ns);
    gauges->next_ns = now_ns + CHECK_EVERY_NS;
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &agent->sessions.session[i];
        uint32_t parts = 0;
        /* Figures of a second tell nothing to a session that was not armed all of it. */
        const bool is_old = session->asked_ns <= since_ns || is_urgent;
        if (session->is_open && session->is_waiting && is_old &&
            umig_trigger_check(&session->spec.when, &session->trigger, &gauges->now, now_ns,
                               &parts) &&
            can_fire(session, now_ns)) {
            fire(agent, session, parts, now_ns);
        }
    }
}

void umig_triggers_disarm(struct umig_agent *agent, struct umig_session *session, uint64_t now_ns)
{
    umig_log(UMIG_LOG_INFO, "session %s ends without having fired", session->spec.id);
    session->ended = UMIG_END_STOPPED;
    umig_agent_reconcile(agent);
    umig_pump_drain(&agent->pump, now_ns);
    umig_pump_disarm(&agent->pump, session, now_ns);
}
