/* Pauses, and what the JVM's log says beside them, on their way to sessions. */
#include "agent/agent.h"
#include "agent/triggers.h"

static void take_events(struct umig_agent *agent, uint64_t now_ns)
{
    struct umig_gc_event event;
    while (umig_gc_take_event(&agent->vm.gc, &event) == UMIG_OK) {
        umig_pump_gc_event(&agent->pump, &event, now_ns);
    }
}

/* They are in one log: what stands before the line of a pause is taken first. */
void umig_agent_take_pauses(struct umig_agent *agent, uint64_t patience_ns, uint64_t now_ns)
{
    struct umig_gc_pause pause;
    take_events(agent, now_ns);
    while (umig_gc_take(&agent->vm.gc, patience_ns, &pause) == UMIG_OK) {
        umig_triggers_note_pause(&agent->gauges, pause.duration_ns);
        umig_pump_pause(&agent->pump, &pause, now_ns);
        take_events(agent, now_ns);
    }
    take_events(agent, now_ns);
    umig_pump_lost_pauses(&agent->pump, umig_gc_lost(&agent->vm.gc));
}
