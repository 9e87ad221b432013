/* What armed sessions keep: from the batch into their backlogs, and out of them. */
#include <string.h>

#include "agent/session/backlog.h"
#include "agent/session/pump.h"
#include "agent/session/session_cost.h"

/* Stacks that are carried to another generation: a part of the dictionary's room. */
#define CARRIED_SHARE 4

static struct umig_session *session_at(struct umig_pump *pump, int at)
{
    return &pump->sessions->session[at];
}

void umig_pump_set_aside(struct umig_pump *pump, uint64_t now_ns)
{
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = session_at(pump, i);
        if (!session->is_armed || !session->is_held) {
            continue;
        }
        umig_backlog_cut(session, pump->batch, pump->cost, now_ns);
        if (session->is_waiting && now_ns > session->spec.before_ns) {
            umig_backlog_forget(session->backlog, now_ns - session->spec.before_ns);
        }
    }
}

/* --- firing --- */

/* Sends the oldest slices while there is room; the batch is empty. */
static void release(struct umig_pump *pump, struct umig_session *session, uint64_t now_ns)
{
    session->is_held = false;
    while (umig_pump_has_room(pump) && umig_backlog_take(session, pump->batch)) {
        umig_pump_send(pump, now_ns);
        if (session->backlog == NULL) {
            return; /* it had ended, and that went out: it is closed */
        }
    }
    session->is_held = umig_backlog_first(session->backlog) != NULL;
    if (!session->is_held) {
        umig_backlog_close(session->backlog);
        session->backlog = NULL;
    }
}

void umig_pump_release(struct umig_pump *pump, uint64_t now_ns)
{
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        struct umig_session *session = session_at(pump, i);
        if (session->is_open && session->is_held && !session->is_waiting &&
            umig_pump_has_room(pump)) {
            release(pump, session, now_ns);
        }
    }
}

void umig_pump_fire(struct umig_pump *pump, struct umig_session *session, uint64_t now_ns)
{
    umig_pump_set_aside(pump, now_ns);
    const struct umig_backlog_slice *first = umig_backlog_first(session->backlog);
    session->is_waiting = false;
    session->number = pump->sessions->next_number++; /* numbers of starts count up */
    umig_session_begin_cost(session, pump->cost);    /* by kind it is told from now on */
    if (first != NULL) {
        session->told_start_ns = first->from_ns;
        session->agent_cpu_at_start_ns = first->agent_cpu_ns;
        session->process_cpu_at_start_ns = first->process_cpu_ns;
    }
    if (session->spec.duration_ns != 0) {
        session->end_ns = now_ns + session->spec.duration_ns;
    }
    umig_pump_flush(pump, now_ns, true);
}

void umig_pump_restart_backlog(struct umig_session *session)
{
    const struct umig_backlog_slice *first =
        session->backlog != NULL ? umig_backlog_first(session->backlog) : NULL;
    if (first != NULL) {
        session->told_start_ns = first->from_ns;
    }
}

void umig_pump_disarm(struct umig_pump *pump, struct umig_session *session, uint64_t now_ns)
{
    if (session->is_held) {
        umig_pump_set_aside(pump, now_ns);
    }
    umig_session_close(session);
}

/* --- generations --- */

static bool has_backlogs(struct umig_pump *pump)
{
    bool has = false;
    for (int i = 0; i < UMIG_SESSIONS_MAX && !has; i++) {
        const struct umig_session *session = session_at(pump, i);
        has = session->is_open && session->backlog != NULL &&
              umig_backlog_first(session->backlog) != NULL;
    }
    return has;
}

static void carry_all(struct umig_pump *pump, struct umig_carry *carry)
{
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        const struct umig_session *session = session_at(pump, i);
        if (session->is_open && session->backlog != NULL) {
            umig_backlog_carry(session->backlog, carry);
        }
    }
}

/* A dictionary between the two generations, and what both ways to carry need. */
struct between {
    struct umig_dictionary dictionary;
    struct umig_carry out;
    struct umig_carry back;
};

static size_t between_bytes(uint32_t stack_room, uint32_t carried_room)
{
    return sizeof(struct between) + umig_dictionary_bytes(carried_room) +
           umig_carry_bytes(stack_room) + umig_carry_bytes(carried_room);
}

/* What is kept is what a minute needs of names: a dictionary of a part of the size holds it. */
void umig_pump_begin_generation(struct umig_pump *pump)
{
    struct umig_dictionary *wire = &pump->dictionary;
    const uint32_t stack_room = wire->stacks.room;
    const uint32_t carried_room = stack_room / CARRIED_SHARE;
    const size_t byte_count = between_bytes(stack_room, carried_room);
    struct between *between =
        has_backlogs(pump) ? umig_memory_take(pump->memory, byte_count) : NULL;
    if (between == NULL) {
        carry_all(pump, NULL);
        umig_dictionary_begin_generation(wire);
        return;
    }
    uint8_t *at = (uint8_t *)(between + 1);
    umig_dictionary_init(&between->dictionary, at, carried_room);
    at += umig_dictionary_bytes(carried_room);
    umig_carry_init(&between->out, wire, &between->dictionary, at);
    at += umig_carry_bytes(stack_room);
    umig_carry_init(&between->back, &between->dictionary, wire, at);
    carry_all(pump, &between->out);
    umig_dictionary_begin_generation(wire);
    carry_all(pump, &between->back);
    umig_memory_give(pump->memory, between, byte_count);
}
