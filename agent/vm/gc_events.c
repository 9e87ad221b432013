#include "agent/vm/gc_events.h"

#include <stdio.h>
#include <string.h>

/* More parentheses than any line has behind a name. */
#define MAX_GROUPS 4

/* What a line begins with, and what follows. */
struct line {
    struct umig_gc_prefix prefix;
    const char *text;
};

static bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

const char *umig_gc_events_selection(enum umig_collector collector)
{
    switch (collector) {
    case UMIG_COLLECTOR_SERIAL:
    case UMIG_COLLECTOR_PARALLEL:
        return "gc=info,gc+phases=info,gc+heap=info,gc+promotion=info,safepoint=info";
    case UMIG_COLLECTOR_G1:
        return "gc=info,gc+phases=info,gc+marking=info,gc+heap=info,safepoint=info";
    case UMIG_COLLECTOR_Z:
        return "gc=info,gc+phases=info,gc+start=info,gc+heap=info,safepoint=info";
    case UMIG_COLLECTOR_SHENANDOAH:
    case UMIG_COLLECTOR_UNKNOWN:
    default:
        return "gc=info,safepoint=info";
    }
}

bool umig_gc_events_have_room(const struct umig_gc_events *events)
{
    return events->head - events->tail + UMIG_GC_EVENTS_LINE <= UMIG_GC_EVENTS_ROOM;
}

bool umig_gc_events_take(struct umig_gc_events *events, struct umig_gc_event *out_event)
{
    if (events->head == events->tail) {
        return false;
    }
    *out_event = events->items[events->tail++ % UMIG_GC_EVENTS_ROOM];
    return true;
}

static void put(struct umig_gc_events *events, const struct umig_gc_event *event)
{
    if (events->head - events->tail < UMIG_GC_EVENTS_ROOM) {
        events->items[events->head++ % UMIG_GC_EVENTS_ROOM] = *event;
    }
}

/* Begins an event that ended, with so long a duration, when the line was written. */
static struct umig_gc_event ended_event(enum umig_gc_event_kind kind,
                                        const struct line *line,
                                        uint64_t duration_ns)
{
    const uint64_t end_ns = line->prefix.time_ns;
    return (struct umig_gc_event){
        .kind = kind,
        .start_ns = end_ns > duration_ns ? end_ns - duration_ns : 0,
        .duration_ns = duration_ns,
    };
}

static struct umig_gc_range range_of(const char *text)
{
    return (struct umig_gc_range){.begin = text, .len = strlen(text)};
}

static void append_group(struct umig_gc_event *event, struct umig_gc_range group)
{
    const size_t used = strlen(event->name);
    snprintf(event->name + used, sizeof event->name - used, " (%.*s)", (int)group.len, group.begin);
}

/* "40M->30M(64M) " and "14M(11%)->12M(9%) ", which not every line has. */
static void read_heap(const char **at, struct umig_gc_event *event)
{
    const char *ahead = *at;
    struct umig_gc_range group;
    uint64_t before;
    uint64_t after;
    uint64_t unit = 0;
    if (!umig_gc_text_bytes(&ahead, &before, &unit)) {
        return;
    }
    (void)umig_gc_text_group(&ahead, &group);
    if (!umig_gc_text_skip(&ahead, "->") || !umig_gc_text_bytes(&ahead, &after, &unit)) {
        return;
    }
    (void)umig_gc_text_group(&ahead, &group);
    *at = ahead + strspn(ahead, " ");
    event->before = before;
    event->after = after;
}

/* The figure at the end of a line, in the last word. */
static bool read_duration_at_end(const char *text, uint64_t *out_duration_ns)
{
    const char *blank = strrchr(text, ' ');
    return blank != NULL && umig_gc_text_duration(blank + 1, out_duration_ns);
}

/*
 * "Concurrent cleanup (unload classes) 40M->30M(64M) 0.040ms": a name, what the parentheses add to
 * it, perhaps the heap, the duration. Not the line that only says that it begins.
 */
static void read_step(struct umig_gc_events *events,
                      const struct line *line,
                      enum umig_gc_event_kind kind)
{
    struct umig_gc_range group;
    uint64_t duration_ns;
    const char *at = line->text;
    if (!read_duration_at_end(line->text, &duration_ns)) {
        return;
    }
    struct umig_gc_event event = ended_event(kind, line, duration_ns);
    umig_gc_text_copy(event.name, sizeof event.name, umig_gc_text_words(&at));
    while (umig_gc_text_group(&at, &group)) {
        append_group(&event, group);
    }
    if (line->prefix.z_generation != NULL) {
        append_group(&event, range_of(line->prefix.z_generation));
    }
    read_heap(&at, &event);
    put(events, &event);
}

/* "Evacuate Collection Set: 2.1ms", "Phase 1: Mark live objects 2.123ms": the name ends at the last
 * blank. */
static void read_phase(struct umig_gc_events *events, const struct line *line)
{
    struct umig_gc_event event = {.kind = UMIG_GC_EVENT_PHASE, .start_ns = line->prefix.time_ns};
    const char *end = strrchr(line->text, ' ');
    if (!read_duration_at_end(line->text, &event.duration_ns)) {
        return;
    }
    struct umig_gc_range name = {.begin = line->text, .len = (size_t)(end - line->text)};
    while (name.len > 0 && (name.begin[name.len - 1] == ':' || name.begin[name.len - 1] == ' ')) {
        name.len--;
    }
    umig_gc_text_copy(event.name, sizeof event.name, name);
    put(events, &event);
}

/*
 * Among the phases of ZGC are its pauses, which are read elsewhere, its steps beside the
 * application, and what a generation's part of a collection took.
 */
static void read_phases(struct umig_gc_events *events, const struct line *line)
{
    if (begins_with(line->text, "Pause ")) {
        return;
    }
    if (begins_with(line->text, "Concurrent ")) {
        read_step(events, line, UMIG_GC_EVENT_CONCURRENT);
    } else if (events->collector == UMIG_COLLECTOR_Z) {
        read_step(events, line, UMIG_GC_EVENT_CYCLE);
    } else {
        read_phase(events, line);
    }
}

static void read_marking(struct umig_gc_events *events, const struct line *line)
{
    if (begins_with(line->text, "Concurrent ")) {
        read_step(events, line, UMIG_GC_EVENT_CONCURRENT);
    }
}

static void put_failure(struct umig_gc_events *events,
                        const struct line *line,
                        struct umig_gc_range name)
{
    struct umig_gc_event event = ended_event(UMIG_GC_EVENT_FAILURE, line, 0);
    umig_gc_text_copy(event.name, sizeof event.name, name);
    put(events, &event);
}

/* The line that ends a young pause: the old generation was told before it. */
static void read_young(struct umig_gc_events *events, const struct line *line)
{
    const char *at = line->text;
    struct umig_gc_range group;
    uint64_t duration_ns;
    bool is_mixed = false;
    if (!read_duration_at_end(line->text, &duration_ns)) {
        return;
    }
    (void)umig_gc_text_words(&at);
    while (umig_gc_text_group(&at, &group)) {
        is_mixed = is_mixed || umig_gc_text_is(group, "Mixed");
        if (group.len >= strlen("Evacuation Failure") &&
            strncmp(group.begin, "Evacuation Failure", strlen("Evacuation Failure")) == 0) {
            put_failure(events, line, group);
        }
    }
    /* A mixed pause empties old regions, too: what it promoted is not to be told from that. */
    if (!is_mixed && events->old_of == line->prefix.collection + 1) {
        struct umig_gc_event event = ended_event(UMIG_GC_EVENT_PROMOTION, line, duration_ns);
        memcpy(event.name, events->old.name, sizeof event.name);
        event.before = events->old.before;
        event.after = events->old.after;
        put(events, &event);
    }
    events->old_of = 0;
}

/* "Minor Collection (Allocation Rate) 40M(31%)->12M(9%) 0.023s"; JDK 17's has no duration. */
static void read_z_cycle(struct umig_gc_events *events, const struct line *line)
{
    struct umig_gc_event event = {.kind = UMIG_GC_EVENT_CYCLE};
    struct umig_gc_range cause;
    const char *at = line->text;
    umig_gc_text_copy(event.name, sizeof event.name, umig_gc_text_words(&at));
    if (!umig_gc_text_group(&at, &cause)) {
        return;
    }
    umig_gc_text_copy(event.detail, sizeof event.detail, cause);
    const char *heap = at;
    read_heap(&at, &event);
    if (at == heap) {
        return;
    }
    uint64_t duration_ns;
    const uint64_t now_ns = line->prefix.time_ns;
    if (events->cycle_of == line->prefix.collection + 1 && now_ns >= events->cycle_start_ns) {
        duration_ns = now_ns - events->cycle_start_ns;
    } else if (!umig_gc_text_duration(at, &duration_ns)) {
        return;
    }
    event.start_ns = now_ns > duration_ns ? now_ns - duration_ns : 0;
    event.duration_ns = duration_ns;
    put(events, &event);
}

/* "Allocation Stall (http-nio-8080-exec-3) 3.210ms": the name of a thread may hold parentheses. */
static void read_stall(struct umig_gc_events *events, const struct line *line)
{
    const char *open = strchr(line->text, '(');
    const char *end = strrchr(line->text, ' ');
    uint64_t duration_ns;
    if (open == NULL || end == NULL || end <= open || end[-1] != ')' ||
        !umig_gc_text_duration(end + 1, &duration_ns)) {
        return;
    }
    const char *at = line->text;
    struct umig_gc_event event = ended_event(UMIG_GC_EVENT_STALL, line, duration_ns);
    umig_gc_text_copy(event.name, sizeof event.name, umig_gc_text_words(&at));
    umig_gc_text_copy(
        event.detail, sizeof event.detail,
        (struct umig_gc_range){.begin = open + 1, .len = (size_t)(end - 1 - (open + 1))});
    put(events, &event);
}

/* Lines of the tag gc alone. */
static void read_gc(struct umig_gc_events *events, const struct line *line)
{
    const char *text = line->text;
    const bool is_z = events->collector == UMIG_COLLECTOR_Z;
    if (begins_with(text, "Pause Young")) {
        read_young(events, line);
    } else if (begins_with(text, "Concurrent ")) {
        read_step(events, line,
                  events->collector == UMIG_COLLECTOR_G1 ? UMIG_GC_EVENT_CYCLE
                                                         : UMIG_GC_EVENT_CONCURRENT);
    } else if (begins_with(text, "Allocation Stall (") || begins_with(text, "Relocation Stall (")) {
        read_stall(events, line); /* of a collector's thread, too: then with its collection */
    } else if (is_z && line->prefix.has_collection) {
        read_z_cycle(events, line);
    } else if (begins_with(text, "To-space exhausted")) {
        put_failure(events, line, range_of("To-space exhausted"));
    } else if (begins_with(text, "Failed to allocate ")) {
        put_failure(events, line, range_of("Failed to allocate"));
    }
}

static void read_start(struct umig_gc_events *events, const struct line *line)
{
    if (events->collector == UMIG_COLLECTOR_Z && line->prefix.has_collection &&
        line->prefix.z_generation == NULL) {
        events->cycle_of = line->prefix.collection + 1;
        events->cycle_start_ns = line->prefix.time_ns;
    }
}

/* "4096K(32768K)" or "12", the number of regions. */
static bool read_use(const char **at, uint64_t region_bytes, uint64_t *out_bytes)
{
    struct umig_gc_range capacity;
    uint64_t unit = 0;
    const char *ahead = *at;
    if (!umig_gc_text_bytes(&ahead, out_bytes, &unit)) {
        uint64_t regions;
        if (region_bytes == 0 || !umig_gc_text_number(&ahead, &regions) ||
            __builtin_mul_overflow(regions, region_bytes, out_bytes)) {
            return false;
        }
    }
    (void)umig_gc_text_group(&ahead, &capacity);
    *at = ahead;
    return true;
}

/* "Promoted:   -   -   4M (3%)   6M (5%)": what a young collection of ZGC's promoted in all. */
static void read_z_promoted(struct umig_gc_events *events, const struct line *line)
{
    struct umig_gc_event event = ended_event(UMIG_GC_EVENT_PROMOTION, line, 0);
    const char *figure = NULL; /* the last one */
    uint64_t unit = 0;
    for (const char *at = line->text; *at != '\0'; at += strcspn(at, " ")) {
        at += strspn(at, " ");
        figure = *at >= '0' && *at <= '9' ? at : figure;
    }
    if (figure != NULL && umig_gc_text_bytes(&figure, &event.after, &unit)) {
        umig_gc_text_copy(event.name, sizeof event.name, range_of("Promoted"));
        put(events, &event);
    }
}

/* "Tenured: 0K(32768K)->2049K(32768K)", "Humongous regions: 3->1". */
static void read_use_line(struct umig_gc_events *events, const struct line *line)
{
    if (begins_with(line->text, "Promoted:")) {
        read_z_promoted(events, line);
        return;
    }
    static const char *const old[] = {"Tenured: ", "ParOldGen: ", "PSOldGen: ", "Old regions: "};
    const char *at = line->text;
    bool is_old = false;
    for (size_t i = 0; i < sizeof old / sizeof old[0] && !is_old; i++) {
        is_old = umig_gc_text_skip(&at, old[i]);
    }
    const bool is_humongous = !is_old && umig_gc_text_skip(&at, "Humongous regions: ");
    struct umig_gc_event event = ended_event(UMIG_GC_EVENT_HUMONGOUS, line, 0);
    if (!(is_old || is_humongous) || !read_use(&at, events->region_bytes, &event.before) ||
        !umig_gc_text_skip(&at, "->") || !read_use(&at, events->region_bytes, &event.after)) {
        return;
    }
    const char *colon = strchr(line->text, ':');
    umig_gc_text_copy(
        event.name, sizeof event.name,
        (struct umig_gc_range){.begin = line->text, .len = (size_t)(colon - line->text)});
    if (is_old) {
        events->old_of = line->prefix.collection + 1;
        events->old = event;
    } else if (event.before > 0 || event.after > 0) {
        put(events, &event);
    }
}

static void read_promotion(struct umig_gc_events *events, const struct line *line)
{
    if (begins_with(line->text, "Promotion failed")) {
        put_failure(events, line, range_of("Promotion failed"));
    }
}

/* "Reaching safepoint: 1234 ns" somewhere in the line. */
static bool read_part(const char *text, const char *label, uint64_t *out_ns)
{
    const char *at = strstr(text, label);
    if (at == NULL) {
        return false;
    }
    at += strlen(label);
    return umig_gc_text_number(&at, out_ns) && begins_with(at, " ns");
}

static void read_safepoint(struct umig_gc_events *events, const struct line *line)
{
    const char *name = line->text;
    uint64_t total_ns;
    uint64_t reach_ns;
    if (!umig_gc_text_skip(&name, "Safepoint \"") || !read_part(name, ", Total: ", &total_ns) ||
        !read_part(name, ", Reaching safepoint: ", &reach_ns)) {
        return;
    }
    struct umig_gc_event event = ended_event(UMIG_GC_EVENT_SAFEPOINT, line, total_ns);
    umig_gc_text_copy(event.name, sizeof event.name,
                      (struct umig_gc_range){.begin = name, .len = strcspn(name, "\"")});
    event.before = reach_ns;
    put(events, &event);
}

void umig_gc_events_read(struct umig_gc_events *events, const char *line)
{
    static const struct {
        const char *tags;
        void (*read)(struct umig_gc_events *events, const struct line *line);
    } readers[] = {
        {"gc", read_gc},
        {"gc,phases", read_phases},
        {"gc,marking", read_marking},
        {"gc,heap", read_use_line},
        {"gc,promotion", read_promotion},
        {"gc,start", read_start},
        {"safepoint", read_safepoint},
    };
    struct line parts;
    const char *at = line;
    if (!umig_gc_text_prefix(&at, &parts.prefix)) {
        return;
    }
    parts.text = at;
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        if (umig_gc_text_is(parts.prefix.tags, readers[i].tags)) {
            readers[i].read(events, &parts);
            return;
        }
    }
}
