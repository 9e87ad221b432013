#include "agent/session/held.h"

#include <string.h>

#include "agent/session/live.h"

#define HEAD_NAME "[search]"

/* What goes out to a session. */
struct telling {
    struct umig_pump *pump;
    struct umig_session *session;
    const struct umig_search *search;
    uint32_t tid;
    uint64_t time_ns; /* of the rows */
    uint64_t now_ns;
};

static uint32_t text(struct umig_dictionary *wire, const char *text)
{
    return text[0] != '\0' ? umig_dictionary_string(wire, text, strlen(text)) : 0;
}

/* The stack with one more frame; 0: no room in the dictionary. */
static uint32_t push(struct umig_dictionary *wire,
                     uint32_t parent,
                     const char *class_name,
                     const char *name,
                     uint32_t line)
{
    const uint32_t method =
        umig_dictionary_method(wire, text(wire, class_name), text(wire, name), 0);
    const uint32_t frame =
        method != 0 ? umig_dictionary_frame(wire, UMIG_FRAME_HELD, method, line) : 0;
    return frame != 0 ? umig_dictionary_stack(wire, parent, frame) : 0;
}

/* A step needs a class or a name. */
static const char *name_of(const struct umig_search *search, const struct umig_search_step *step)
{
    const char *name = umig_search_text(search, step->name);
    if (name[0] != '\0') {
        return name;
    }
    switch (step->edge) {
    case UMIG_EDGE_ELEMENT:
        return "[]";
    case UMIG_EDGE_CLASS:
        return "class";
    case UMIG_EDGE_SOFT:
        return "referent";
    default:
        return "?";
    }
}

static uint32_t stack_of(const struct telling *telling, const struct umig_search_way *way)
{
    const struct umig_search *search = telling->search;
    struct umig_dictionary *wire = &telling->pump->dictionary;
    uint32_t stack = 0;
    for (uint32_t i = 0; i < way->step_count; i++) {
        const struct umig_search_step *step = &search->steps[way->first_step + i];
        stack = push(wire, stack, umig_search_text(search, step->class_name), name_of(search, step),
                     step->edge);
        if (stack == 0) {
            return 0;
        }
    }
    return push(wire, stack, search->targets[way->target], "", 0);
}

static uint32_t head_stack(const struct telling *telling)
{
    return push(&telling->pump->dictionary, 0, "", HEAD_NAME, (uint32_t)telling->search->end);
}

/* A way, or where it is NULL the head. */
static void give(const struct telling *telling, const struct umig_search_way *way)
{
    struct umig_pump *pump = telling->pump;
    struct umig_tally *tally = &telling->session->tallies[UMIG_KIND_LIVE];
    const bool has_room = umig_pump_make_room(pump, telling->now_ns);
    const uint64_t bytes = way != NULL ? way->bytes : 1;
    uint32_t stack = 0;
    if (has_room) {
        stack = way != NULL ? stack_of(telling, way) : head_stack(telling);
    }
    tally->produced += bytes;
    if (stack == 0) {
        tally->dropped[has_room ? UMIG_DROP_DICTIONARY_FULL : UMIG_DROP_SPOOL_FULL] += bytes;
        return;
    }
    struct umig_dictionary *wire = &pump->dictionary;
    tally->samples++;
    pump->batch->samples[pump->batch->sample_count++] = (struct umig_batch_sample){
        .session = telling->session->number,
        .kind = UMIG_KIND_LIVE,
        .time_ns = telling->time_ns,
        .thread = umig_dictionary_thread(wire, telling->tid, UMIG_THREAD_AGENT,
                                         umig_dictionary_string(wire, "umig-agent", 10), 0),
        .stack = stack,
        .outcome = UMIG_OUTCOME_OK,
        .value = bytes,
        .count = way != NULL ? way->objects : telling->search->objects,
    };
}

void umig_held_tell(struct umig_pump *pump,
                    struct umig_session *session,
                    const struct umig_search *search,
                    uint32_t tid,
                    uint64_t now_ns)
{
    const uint64_t earliest_ns =
        session->last_held_ns != 0 ? session->last_held_ns + UMIG_LIVE_SPACING_NS : 0;
    const uint64_t time_ns = now_ns > earliest_ns ? now_ns : earliest_ns;
    const struct telling telling = {pump, session, search, tid, time_ns, now_ns};
    session->last_held_ns = time_ns;
    give(&telling, NULL);
    for (uint32_t i = 0; i < search->way_count; i++) {
        give(&telling, &search->ways[i]);
    }
}
