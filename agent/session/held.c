#include "agent/session/held.h"

#include <string.h>

#include "agent/session/live.h"
#include "include/umig/searches.h"

/* What goes out to a session. */
struct telling {
    struct umig_pump *pump;
    struct umig_session *session;
    const struct umig_search *search;
    uint32_t tid;
    uint64_t time_ns; /* of the rows */
    uint64_t now_ns;
};

/* Makes the stack of a row; 0: no room in the dictionary. */
typedef uint32_t make_stack(const struct telling *telling, const void *what);

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

/* The steps of a way that leads somewhere; 0 without steps, or without room. */
static uint32_t steps_of(const struct telling *telling,
                         const struct umig_search_way *way,
                         bool *out_has_room)
{
    const struct umig_search *search = telling->search;
    uint32_t stack = 0;
    *out_has_room = true;
    for (uint32_t i = 0; *out_has_room && i < way->step_count; i++) {
        const struct umig_search_step *step = &search->steps[way->first_step + i];
        stack = push(&telling->pump->dictionary, stack, umig_search_text(search, step->class_name),
                     name_of(search, step), step->edge);
        *out_has_room = stack != 0;
    }
    return stack;
}

static uint32_t stack_of_way(const struct telling *telling, const void *what)
{
    const struct umig_search_way *way = what;
    bool has_room = false;
    const uint32_t steps = steps_of(telling, way, &has_room);
    return has_room ? push(&telling->pump->dictionary, steps, telling->search->targets[way->target],
                           "", 0)
                    : 0;
}

static uint32_t stack_of_loaders_way(const struct telling *telling, const void *what)
{
    const struct umig_search_way *way = what;
    bool has_room = false;
    const uint32_t steps = steps_of(telling, way, &has_room);
    return has_room
               ? push(&telling->pump->dictionary, steps, "", UMIG_SEARCHES_GROUP, way->target + 1)
               : 0;
}

static uint32_t stack_of_kind(const struct telling *telling, const void *what)
{
    const struct umig_search_loaders *kind = what;
    struct umig_dictionary *wire = &telling->pump->dictionary;
    const char *texts[] = {umig_search_text(telling->search, kind->loader_class),
                           umig_search_text(telling->search, kind->class_name),
                           umig_search_text(telling->search, kind->source)};
    uint32_t stack =
        push(wire, 0, "", kind->kinds > 1 ? UMIG_SEARCHES_KINDS : UMIG_SEARCHES_KIND, kind->group);
    for (int i = 0; i < 3 && stack != 0; i++) {
        stack = push(wire, stack, "", texts[i][0] != '\0' ? texts[i] : UMIG_SEARCHES_NO_SOURCE,
                     i == 2 ? kind->needed : 0);
    }
    return stack;
}

static uint32_t stack_of_head(const struct telling *telling, const void *name)
{
    return push(&telling->pump->dictionary, 0, "", name, (uint32_t)telling->search->end);
}

static void give(const struct telling *telling,
                 make_stack *make,
                 const void *what,
                 uint64_t value,
                 uint64_t count)
{
    struct umig_pump *pump = telling->pump;
    struct umig_tally *tally = &telling->session->tallies[UMIG_KIND_LIVE];
    const bool has_room = umig_pump_make_room(pump, telling->now_ns);
    const uint32_t stack = has_room ? make(telling, what) : 0;
    tally->produced += value;
    if (stack == 0) {
        tally->dropped[has_room ? UMIG_DROP_DICTIONARY_FULL : UMIG_DROP_SPOOL_FULL] += value;
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
        .value = value,
        .count = count,
    };
}

/* A moment that no other search has. */
static struct telling begin(struct umig_pump *pump,
                            struct umig_session *session,
                            const struct umig_search *search,
                            uint32_t tid,
                            uint64_t now_ns)
{
    const uint64_t earliest_ns =
        session->last_held_ns != 0 ? session->last_held_ns + UMIG_LIVE_SPACING_NS : 0;
    session->last_held_ns = now_ns > earliest_ns ? now_ns : earliest_ns;
    return (struct telling){pump, session, search, tid, session->last_held_ns, now_ns};
}

void umig_held_tell(struct umig_pump *pump,
                    struct umig_session *session,
                    const struct umig_search *search,
                    uint32_t tid,
                    uint64_t now_ns)
{
    const struct telling telling = begin(pump, session, search, tid, now_ns);
    give(&telling, stack_of_head, UMIG_SEARCHES_HOLDERS, 1, search->objects);
    for (uint32_t i = 0; i < search->way_count; i++) {
        const struct umig_search_way *way = &search->ways[i];
        give(&telling, stack_of_way, way, way->bytes, way->objects);
    }
}

/* A row without a class would be worth nothing, and be passed over. */
static uint64_t at_least_one(uint64_t classes)
{
    return classes > 0 ? classes : 1;
}

void umig_held_tell_loaders(struct umig_pump *pump,
                            struct umig_session *session,
                            const struct umig_search *search,
                            uint32_t tid,
                            uint64_t now_ns)
{
    const struct telling telling = begin(pump, session, search, tid, now_ns);
    give(&telling, stack_of_head, UMIG_SEARCHES_LOADERS, 1, search->loader_count);
    for (uint32_t i = 0; i < search->loaders_told; i++) {
        const struct umig_search_loaders *kind = &search->loaders[i];
        give(&telling, stack_of_kind, kind, at_least_one(kind->classes), kind->loaders);
    }
    for (uint32_t i = 0; i < search->way_count; i++) {
        const struct umig_search_way *way = &search->ways[i];
        give(&telling, stack_of_loaders_way, way, at_least_one(way->bytes), way->objects);
    }
}
