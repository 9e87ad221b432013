#include "agent/session/session.h"

#include <stdio.h>
#include <string.h>

#include "agent/session/backlog.h"
#include "core/cpu_share.h"
#include "core/err.h"
#include "core/parse.h"

/* An armed session may keep this part of the agent's memory: the eighth. */
enum {
    BACKLOG_SHARE = 8
};

void umig_sessions_init(struct umig_sessions *sessions, struct umig_memory *memory, uint64_t seed)
{
    memset(sessions, 0, sizeof *sessions);
    sessions->memory = memory;
    sessions->next_number = 1;
    sessions->random = seed | 1;
}

/* xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators"). */
uint64_t umig_sessions_random(struct umig_sessions *sessions)
{
    uint64_t x = sessions->random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    sessions->random = x;
    return x * UINT64_C(0x2545f4914f6cdd1d);
}

static void give_carries(struct umig_session *session)
{
    umig_slot_table_close(&session->cpu_carries);
    umig_slot_table_close(&session->wait_carries);
}

/* Memory for what is carried from sample to sample. */
static int take_carries(struct umig_sessions *sessions,
                        struct umig_session *session,
                        struct umig_err *err)
{
    const bool *has_kind = session->spec.kinds.has_kind;
    int rc = UMIG_OK;
    if (has_kind[UMIG_KIND_CPU]) {
        rc = umig_slot_table_open(&session->cpu_carries, sessions->memory,
                                  sizeof(struct umig_cpu_carry));
    }
    if (rc == UMIG_OK && has_kind[UMIG_KIND_LOCKS]) {
        rc = umig_slot_table_open(&session->wait_carries, sessions->memory,
                                  sizeof(struct umig_session_waits));
    }
    if (rc != UMIG_OK) {
        return umig_err_set(err, UMIG_E_NOMEM,
                            "no memory for another session within the agent's bound of %zu bytes; "
                            "raise memory=",
                            sessions->memory->limit_bytes);
    }
    return UMIG_OK;
}

/* Memory for what comes before the condition holds. */
static int take_backlog(struct umig_sessions *sessions,
                        struct umig_session *session,
                        struct umig_err *err)
{
    if (session->spec.when.count == 0 || session->spec.before_ns == 0) {
        return UMIG_OK;
    }
    const int rc = umig_backlog_open(
        sessions->memory, sessions->memory->limit_bytes / BACKLOG_SHARE, &session->backlog, err);
    session->is_held = rc == UMIG_OK;
    return rc;
}

static const struct umig_session *find_budget(const struct umig_sessions *sessions, bool is_ended)
{
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        const struct umig_session *session = &sessions->session[i];
        if (session->is_open && session->spec.has_budget &&
            (session->ended != UMIG_END_RUNNING) == is_ended) {
            return session;
        }
    }
    return NULL;
}

const struct umig_session *umig_sessions_budget(const struct umig_sessions *sessions)
{
    const struct umig_session *running = find_budget(sessions, false);
    return running != NULL ? running : find_budget(sessions, true);
}

/* One agent keeps one budget: whoever was promised another keeps it. */
static int check_budget(const struct umig_sessions *sessions,
                        const struct umig_session_spec *spec,
                        struct umig_err *err)
{
    char text[16] = "any";
    const struct umig_session *other = spec->has_budget ? find_budget(sessions, false) : NULL;
    if (other == NULL || other->spec.budget_ppm == spec->budget_ppm) {
        return UMIG_OK;
    }
    if (other->spec.budget_ppm != 0) {
        snprintf(text, sizeof text, "%g %%",
                 other->spec.budget_ppm / (double)UMIG_CPU_SHARE_PERCENT);
    }
    return umig_err_set(err, UMIG_E_ARG,
                        "session '%s' runs under another budget, %s of CPU, and the agent keeps "
                        "one: start this one without --budget, or stop that one",
                        other->spec.id, text);
}

int umig_sessions_check(struct umig_sessions *sessions,
                        const struct umig_session_spec *spec,
                        struct umig_err *err)
{
    bool asks = false;
    for (int kind = 0; kind < UMIG_KIND_COUNT; kind++) {
        asks = asks || spec->kinds.has_kind[kind];
    }
    if (!asks) {
        return umig_err_set(
            err, UMIG_E_ARG,
            "a session needs at least one of cpu, gc, heap, locks, wall, alloc, live, pools");
    }
    if (spec->has_mutexes && !spec->kinds.has_kind[UMIG_KIND_LOCKS]) {
        return umig_err_set(err, UMIG_E_ARG,
                            "mutexes are waited for by kind locks, which the session does not ask "
                            "for");
    }
    if (!umig_name_is_valid(umig_span_of(spec->id))) {
        return umig_err_set(err, UMIG_E_ARG,
                            "'%s' is not a session name: 1 to 64 letters, digits, '.', '_', '-'",
                            spec->id);
    }
    if (umig_sessions_find(sessions, spec->id) != NULL) {
        return umig_err_set(err, UMIG_E_ARG, "a session '%s' is already running", spec->id);
    }
    return check_budget(sessions, spec, err);
}

int umig_sessions_open(struct umig_sessions *sessions,
                       const struct umig_session_spec *spec,
                       uint64_t now_ns,
                       struct umig_session **out_session,
                       struct umig_err *err)
{
    int rc = umig_sessions_check(sessions, spec, err);
    if (rc != UMIG_OK) {
        return rc;
    }
    struct umig_session *session = NULL;
    for (int i = 0; i < UMIG_SESSIONS_MAX && session == NULL; i++) {
        session = sessions->session[i].is_open ? NULL : &sessions->session[i];
    }
    if (session == NULL) {
        return umig_err_set(err, UMIG_E_LIMIT, "%d sessions are running, more are not possible",
                            UMIG_SESSIONS_MAX);
    }
    memset(session, 0, sizeof *session);
    session->spec = *spec;
    rc = take_carries(sessions, session, err);
    if (rc == UMIG_OK) {
        rc = take_backlog(sessions, session, err);
    }
    if (rc != UMIG_OK) {
        give_carries(session);
        return umig_err_trace(err, rc);
    }
    session->is_open = true;
    session->is_waiting = spec->when.count > 0;
    sessions->opened_count++;
    session->asked_ns = now_ns;
    session->end_ns = UINT64_MAX;
    *out_session = session;
    return UMIG_OK;
}

bool umig_session_wants(const struct umig_session *session, enum umig_kind kind)
{
    return session->is_open && session->ended == UMIG_END_RUNNING &&
           session->spec.kinds.has_kind[kind] &&
           !(session->is_waiting && session->spec.before_ns == 0);
}

static bool wants_cpu(const struct umig_session *session)
{
    return umig_session_wants(session, UMIG_KIND_CPU);
}

enum umig_native umig_sessions_native(const struct umig_sessions *sessions)
{
    enum umig_native most = UMIG_NATIVE_OFF;
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        const struct umig_session *session = &sessions->session[i];
        if (wants_cpu(session) && session->spec.native > most) {
            most = session->spec.native;
        }
    }
    return most;
}

bool umig_sessions_want_mutexes(const struct umig_sessions *sessions)
{
    bool wants = false;
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        const struct umig_session *session = &sessions->session[i];
        wants =
            wants || (session->spec.has_mutexes && umig_session_wants(session, UMIG_KIND_LOCKS));
    }
    return wants;
}

bool umig_session_wants_kernel(const struct umig_session *session)
{
    return wants_cpu(session) &&
           (session->spec.clock == UMIG_CLOCK_PERF ||
            (session->spec.clock == UMIG_CLOCK_AUTO && session->spec.native == UMIG_NATIVE_ON));
}

enum umig_clock umig_sessions_clock(const struct umig_sessions *sessions,
                                    const struct umig_session **out_session)
{
    const struct umig_session *oldest = NULL;
    bool wants_kernel = false;
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        const struct umig_session *session = &sessions->session[i];
        wants_kernel = wants_kernel || umig_session_wants_kernel(session);
        if (wants_cpu(session) && session->spec.clock != UMIG_CLOCK_AUTO &&
            (oldest == NULL || session->asked_ns < oldest->asked_ns)) {
            oldest = session;
        }
    }
    *out_session = oldest;
    if (oldest != NULL) {
        return oldest->spec.clock;
    }
    return wants_kernel ? UMIG_CLOCK_PERF : UMIG_CLOCK_CPUTIME;
}

void umig_session_begin(struct umig_sessions *sessions,
                        struct umig_session *session,
                        uint64_t now_ns)
{
    const uint64_t duration = session->spec.duration_ns;
    session->number = sessions->next_number++;
    session->is_armed = true;
    session->start_ns = now_ns;
    session->told_start_ns = now_ns;
    session->next_heap_ns = now_ns;
    session->next_pools_ns = now_ns;
    session->end_ns = duration == 0 || session->is_waiting ? UINT64_MAX : now_ns + duration;
}

void umig_session_restart(struct umig_session *session, uint64_t now_ns)
{
    memset(session->tallies, 0, sizeof session->tallies);
    memset(session->outcomes, 0, sizeof session->outcomes);
    session->alloc_low = 0;
    session->alloc_high = 0;
    session->last_live_ns = 0;
    session->last_look_ns = 0;
    session->last_held_ns = 0;
    session->is_start_sent = false;
    session->is_problem_due = false;
    session->start_ns = now_ns;
    session->told_start_ns = now_ns;
}

struct umig_session *umig_sessions_find(struct umig_sessions *sessions, const char *id)
{
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &sessions->session[i];
        if (session->is_open && session->ended == UMIG_END_RUNNING &&
            strcmp(session->spec.id, id) == 0) {
            return session;
        }
    }
    return NULL;
}

void umig_session_close(struct umig_session *session)
{
    give_carries(session);
    umig_backlog_close(session->backlog);
    session->backlog = NULL;
    session->is_open = false;
    session->is_armed = false;
}

bool umig_session_asks_for_stacks(const struct umig_session *session)
{
    const bool *has_kind = session->spec.kinds.has_kind;
    return has_kind[UMIG_KIND_CPU] || has_kind[UMIG_KIND_LOCKS] || has_kind[UMIG_KIND_WALL] ||
           has_kind[UMIG_KIND_ALLOC] || has_kind[UMIG_KIND_LIVE];
}

static void set_problem(struct umig_session *session, const char problem[UMIG_PROBLEM_BYTES])
{
    if (strcmp(problem, session->problem) != 0) {
        snprintf(session->problem, sizeof session->problem, "%s", problem);
        session->is_problem_due = session->is_start_sent;
    }
}

/* One reason may keep it from several sorts: it is told once. */
static bool is_told_before(const struct umig_session *session, int sort)
{
    for (int i = 0; i < sort; i++) {
        if (strcmp(session->lacks[i], session->lacks[sort]) == 0) {
            return true;
        }
    }
    return false;
}

void umig_session_set_lack(struct umig_session *session, enum umig_lack sort, const char *text)
{
    char problem[UMIG_PROBLEM_BYTES] = "";
    size_t used = 0;
    snprintf(session->lacks[sort], sizeof session->lacks[sort], "%s", text);
    for (int i = 0; i < UMIG_LACK_COUNT && used < sizeof problem; i++) {
        if (session->lacks[i][0] != '\0' && !is_told_before(session, i)) {
            used += (size_t)snprintf(problem + used, sizeof problem - used, "%s%s",
                                     used > 0 ? "; " : "", session->lacks[i]);
        }
    }
    set_problem(session, problem);
}

bool umig_session_takes(const struct umig_session *session, enum umig_kind kind)
{
    return session->is_open && session->is_armed && session->ended == UMIG_END_RUNNING &&
           session->spec.kinds.has_kind[kind];
}

bool umig_session_wants_thread(const struct umig_session *session, const char *name)
{
    return session->spec.threads[0] == '\0' || umig_glob_matches(session->spec.threads, name);
}

uint64_t umig_sessions_finest(const struct umig_sessions *sessions, enum umig_kind kind)
{
    uint64_t finest = 0;
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        const struct umig_session *session = &sessions->session[i];
        const uint64_t asked = session->spec.kinds.interval_ns[kind];
        if (umig_session_wants(session, kind) && (finest == 0 || asked < finest)) {
            finest = asked;
        }
    }
    return finest;
}

uint64_t umig_session_share_cpu(struct umig_sessions *sessions,
                                struct umig_session *session,
                                const struct umig_record *record)
{
    const uint64_t interval = session->spec.kinds.interval_ns[UMIG_KIND_CPU];
    struct umig_cpu_carry *carry = umig_slot_table_at(&session->cpu_carries, record->slot);
    if (carry == NULL) {
        umig_session_lost(session, UMIG_KIND_CPU, UMIG_DROP_NO_SLOT, record->value_ns);
        return 0;
    }
    if (carry->serial != record->slot_serial) {
        carry->serial = record->slot_serial;
        /* When the engine ticks at the session's own interval every sample is one interval's. */
        carry->ns = record->value_ns % interval == 0
                        ? 0
                        : (uint32_t)(umig_sessions_random(sessions) % interval);
    }
    const uint64_t total = carry->ns + record->value_ns;
    const uint64_t share = total / interval * interval;
    carry->ns = (uint32_t)(total - share);
    session->tallies[UMIG_KIND_CPU].produced += share;
    return share;
}

struct umig_wait_share umig_session_share_wait(struct umig_sessions *sessions,
                                               struct umig_session *session,
                                               const struct umig_record *record)
{
    struct umig_session_waits *waits = umig_slot_table_at(&session->wait_carries, record->slot);
    if (waits == NULL) {
        umig_session_lost(session, UMIG_KIND_LOCKS, UMIG_DROP_NO_SLOT, record->value_ns);
        return (struct umig_wait_share){0};
    }
    if (waits->serial != record->slot_serial) {
        *waits = (struct umig_session_waits){.serial = record->slot_serial};
    }
    const uint64_t inside_ns = record->time_ns - session->start_ns;
    struct umig_wait_share share = {
        .wait_ns = record->value_ns < inside_ns ? record->value_ns : inside_ns,
        .count = record->wait_count,
    };
    if (share.count == 0) {
        waits->has_told = true;
    } else if (waits->has_told && record->has_told_wait) {
        waits->has_told = false; /* it must not seem to go on */
    } else {
        share = umig_wait_carry_add(&waits->carry, session->spec.kinds.interval_ns[UMIG_KIND_LOCKS],
                                    share, umig_sessions_random(sessions));
    }
    session->tallies[UMIG_KIND_LOCKS].produced += share.wait_ns;
    return share;
}

void umig_session_lost(struct umig_session *session,
                       enum umig_kind kind,
                       enum umig_drop cause,
                       uint64_t value_ns)
{
    struct umig_tally *tally = &session->tallies[kind];
    const uint64_t interval = kind == UMIG_KIND_CPU ? session->spec.kinds.interval_ns[kind] : 1;
    const uint64_t total = tally->drop_carry + value_ns;
    const uint64_t share = total / interval * interval;
    tally->drop_carry = total - share;
    tally->produced += share;
    tally->dropped[cause] += share;
}

void umig_sessions_forget_slot(struct umig_sessions *sessions, uint32_t slot)
{
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = &sessions->session[i];
        umig_slot_table_remove(&session->cpu_carries, slot);
        umig_slot_table_remove(&session->wait_carries, slot);
    }
}
