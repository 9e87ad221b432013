#include "agent/vm/gc.h"

#include <stdio.h>
#include <string.h>

#include "agent/vm/jvmflag.h"
#include "agent/vm/perfdata.h"
#include "core/err.h"

/* Pauses in a row without their line before the log is taken to have been switched off. */
#define SILENT_AFTER 3u

/* All but this part of the heap in use after a pause: memory is running out. */
#define SHORT_OF 8u

#define GREW_YOUNG      1u
#define GREW_FULL       2u
#define GREW_CONCURRENT 4u

/* What the JVM says outside a collection. */
#define NO_CAUSE "No GC"

static uintptr_t cause_at(const struct umig_perfdata *perfdata, const char *name)
{
    size_t room;
    const uintptr_t at = umig_perfdata_text(perfdata, name, &room);
    return at != 0 && room >= UMIG_GC_CAUSE_BYTES ? at : 0;
}

static uint64_t load_counter(uintptr_t at)
{
    return at == 0 ? 0 : __atomic_load_n((const uint64_t *)at, __ATOMIC_RELAXED);
}

static int open_counters(struct umig_gc *gc, const struct umig_libjvm *libjvm, struct umig_err *err)
{
    struct umig_perfdata perfdata;
    const int rc = umig_perfdata_open(libjvm, &perfdata, err);
    if (rc < 0) {
        return umig_err_trace(err, rc);
    }
    gc->cause = cause_at(&perfdata, "sun.gc.cause");
    gc->last_cause = cause_at(&perfdata, "sun.gc.lastCause");
    for (unsigned i = 0; i < UMIG_GC_COUNTERS; i++) {
        char name[48];
        snprintf(name, sizeof name, "sun.gc.collector.%u.invocations", i);
        gc->invocations[i] = umig_perfdata_number(&perfdata, name);
        gc->counted[i] = load_counter(gc->invocations[i]);
    }
    umig_perfdata_close(&perfdata);
    return UMIG_OK;
}

int umig_gc_open(struct umig_gc *gc,
                 const struct umig_libjvm *libjvm,
                 const struct umig_heap *heap,
                 struct umig_err *err)
{
    memset(gc, 0, sizeof *gc);
    gc->heap = heap;
    uint64_t max_bytes = 0;
    gc->short_bytes = umig_jvmflag_number(libjvm, "MaxHeapSize", &max_bytes) && max_bytes > 0
                          ? max_bytes / SHORT_OF * (SHORT_OF - 1)
                          : UINT64_MAX;
    gc->events.collector = heap->collector;
    (void)umig_jvmflag_number(libjvm, "G1HeapRegionSize", &gc->events.region_bytes);
    const bool has_log = umig_unified_log_open(&gc->log, libjvm, NULL) == UMIG_OK;
    const int rc = open_counters(gc, libjvm, err);
    return has_log ? UMIG_OK : rc;
}

void umig_gc_close(struct umig_gc *gc)
{
    umig_unified_log_close(&gc->log);
}

/* Another thread may be writing the text: a copy is bounded and ends in NUL whatever it reads. */
static bool copy_cause(uintptr_t at, char *out)
{
    if (at == 0) {
        return false;
    }
    memcpy(out, (const void *)at, UMIG_GC_CAUSE_BYTES - 1);
    out[UMIG_GC_CAUSE_BYTES - 1] = '\0';
    if (strcmp(out, NO_CAUSE) == 0) {
        out[0] = '\0';
    }
    return out[0] != '\0';
}

void umig_gc_pause_begin(struct umig_gc *gc, uint64_t now_ns)
{
    if (gc->depth++ > 0) {
        return;
    }
    atomic_store_explicit(&gc->is_active, true, memory_order_release);
    atomic_store_explicit(&gc->begun_ns, now_ns, memory_order_release);
    gc->open.start_ns = now_ns;
    gc->open.heap_before = umig_heap_used(gc->heap);
    gc->open.cause[0] = '\0';
    copy_cause(gc->cause, gc->open.cause);
}

static uint32_t count_collections(struct umig_gc *gc)
{
    uint32_t grown = 0;
    for (unsigned i = 0; i < UMIG_GC_COUNTERS; i++) {
        const uint64_t count = load_counter(gc->invocations[i]);
        if (count != gc->counted[i]) {
            grown |= 1u << i;
        }
        gc->counted[i] = count;
    }
    return grown;
}

/*
 * JDK 17's Serial and Parallel name no cause while they run, only afterwards as the last one. A
 * pause that ran no young or full collection must not take the cause of the one before.
 */
static void find_cause(struct umig_gc *gc)
{
    struct umig_gc_record *open = &gc->open;
    if (open->cause[0] == '\0' && !copy_cause(gc->cause, open->cause) &&
        (open->grown & (GREW_YOUNG | GREW_FULL)) != 0) {
        copy_cause(gc->last_cause, open->cause);
    }
}

static void put_record(struct umig_gc *gc)
{
    const unsigned head = atomic_load_explicit(&gc->head, memory_order_relaxed);
    const unsigned tail = atomic_load_explicit(&gc->tail, memory_order_acquire);
    if (head - tail == UMIG_GC_RING_RECORDS) {
        atomic_fetch_add_explicit(&gc->lost, 1, memory_order_relaxed);
        return;
    }
    gc->open.lost_before = umig_gc_lost(gc);
    gc->ring[head % UMIG_GC_RING_RECORDS] = gc->open;
    atomic_store_explicit(&gc->head, head + 1, memory_order_release);
}

static bool collects_between_pauses(const struct umig_gc *gc)
{
    return gc->heap->collector == UMIG_COLLECTOR_Z ||
           gc->heap->collector == UMIG_COLLECTOR_SHENANDOAH;
}

/* Counters unknown, or of a collector that works between pauses: each pause is a step of one. */
static bool is_collection(const struct umig_gc *gc)
{
    return (gc->open.grown & (GREW_YOUNG | GREW_FULL)) != 0 || gc->invocations[0] == 0 ||
           collects_between_pauses(gc);
}

static bool is_old_collection(const struct umig_gc *gc)
{
    return (gc->open.grown & (GREW_FULL | GREW_CONCURRENT)) != 0 || collects_between_pauses(gc);
}

void umig_gc_pause_end(struct umig_gc *gc, uint64_t now_ns)
{
    /* An end without a begin: the events were enabled in the middle of a pause. */
    if (gc->depth == 0 || --gc->depth > 0) {
        return;
    }
    gc->open.finish_ns = now_ns;
    gc->open.grown = count_collections(gc);
    gc->open.heap_after = (gc->open.grown & (GREW_YOUNG | GREW_FULL)) != 0
                              ? umig_heap_used_collected(gc->heap)
                              : umig_heap_used(gc->heap);
    find_cause(gc);
    put_record(gc);
    if (is_collection(gc)) {
        atomic_fetch_add_explicit(&gc->collections, 1, memory_order_release);
    }
    if (is_old_collection(gc)) {
        atomic_fetch_add_explicit(&gc->old_collections, 1, memory_order_release);
    }
    atomic_store_explicit(&gc->is_active, false, memory_order_release);
}

bool umig_gc_is_short(const struct umig_gc *gc)
{
    return gc->depth == 0 && gc->open.heap_after != UMIG_HEAP_UNKNOWN &&
           gc->open.heap_after >= gc->short_bytes;
}

bool umig_gc_is_active(const struct umig_gc *gc)
{
    return atomic_load_explicit(&gc->is_active, memory_order_acquire);
}

struct umig_told_sources umig_gc_told(const struct umig_gc *gc)
{
    _Static_assert(UMIG_TOLD_CAUSE_BYTES <= UMIG_GC_CAUSE_BYTES, "the text has that room");
    return (struct umig_told_sources){
        .is_in_pause = &gc->is_active,
        .cause = (const char *)gc->cause,
    };
}

uint32_t umig_gc_collections(const struct umig_gc *gc)
{
    return atomic_load_explicit(&gc->collections, memory_order_acquire);
}

uint32_t umig_gc_old_collections(const struct umig_gc *gc)
{
    return atomic_load_explicit(&gc->old_collections, memory_order_acquire);
}

uint64_t umig_gc_lost(const struct umig_gc *gc)
{
    return atomic_load_explicit(&gc->lost, memory_order_relaxed);
}

int umig_gc_log_start(struct umig_gc *gc, void *jni_env, struct umig_err *err)
{
    const char *what = umig_gc_events_selection(gc->heap->collector);
    return umig_err_trace(err, umig_unified_log_start(&gc->log, jni_env, what, err));
}

int umig_gc_log_stop(struct umig_gc *gc, void *jni_env, struct umig_err *err)
{
    return umig_err_trace(err, umig_unified_log_stop(&gc->log, jni_env, err));
}

bool umig_gc_log_is_silent(const struct umig_gc *gc)
{
    return umig_unified_log_since(&gc->log) != UINT64_MAX && gc->missed_in_row >= SILENT_AFTER;
}

/*
 * Next line that ends a pause: the one held back, or a new one. What else the lines say is put
 * among the events, which may have no room for more: then they are to be taken first.
 */
static bool next_line(struct umig_gc *gc)
{
    const char *text;
    while (!gc->has_line && umig_gc_events_have_room(&gc->events) &&
           (text = umig_unified_log_line(&gc->log)) != NULL) {
        gc->has_line = umig_gc_line_parse(text, &gc->line);
        umig_gc_events_read(&gc->events, text);
    }
    return gc->has_line;
}

/* A pause in which a young collection gave way to a full one has a line for each. */
static void merge_line(struct umig_gc *gc)
{
    struct umig_gc_line *merged = &gc->merged;
    const struct umig_gc_line *line = &gc->line;
    if (gc->line_count++ == 0) {
        *merged = *line;
        return;
    }
    const char *word = strncmp(line->kind, "Pause ", 6) == 0 ? line->kind + 6 : line->kind;
    const size_t used = strlen(merged->kind);
    if (strcmp(merged->kind, line->kind) != 0) {
        snprintf(merged->kind + used, sizeof merged->kind - used, " + %s", word);
    }
    if (line->cause[0] != '\0') {
        memcpy(merged->cause, line->cause, sizeof merged->cause);
    }
    merged->heap_after = line->heap_after;
    merged->heap_unit = line->heap_unit > merged->heap_unit ? line->heap_unit : merged->heap_unit;
}

/*
 * Where the lines of the record at the tail end: at the begin of the next pause. (Not at the
 * finish: G1's Remark and Cleanup and ZGC's pauses are logged some microseconds after the
 * callback.) Call it after reading the line in question: the begin of the pause that wrote it is
 * then visible.
 */
static uint64_t lines_end(const struct umig_gc *gc, const struct umig_gc_record *record)
{
    const unsigned tail = atomic_load_explicit(&gc->tail, memory_order_relaxed);
    if (umig_gc_lost(gc) != record->lost_before) {
        return record->finish_ns + 1; /* the next one may be lost */
    }
    if (atomic_load_explicit(&gc->head, memory_order_acquire) - tail > 1) {
        return gc->ring[(tail + 1) % UMIG_GC_RING_RECORDS].start_ns;
    }
    const uint64_t begun_ns = atomic_load_explicit(&gc->begun_ns, memory_order_acquire);
    return begun_ns > record->start_ns ? begun_ns : UINT64_MAX;
}

static void collect_lines(struct umig_gc *gc, const struct umig_gc_record *record)
{
    while (next_line(gc) && gc->line.time_ns < lines_end(gc, record)) {
        /* Older ones belong to pauses that were lost or taken before their line came. */
        if (gc->line.time_ns >= record->start_ns) {
            merge_line(gc);
        }
        gc->has_line = false;
        gc->missed_in_row = 0;
    }
}

/* Whether the line of a pause may still come. */
static bool may_come(const struct umig_gc *gc, const struct umig_gc_record *record, uint64_t now_ns)
{
    return gc->line_count == 0 && !gc->has_line && !umig_gc_log_is_silent(gc) &&
           umig_unified_log_since(&gc->log) <= record->start_ns &&
           now_ns < record->finish_ns + UMIG_GC_LINE_WAIT_NS;
}

/*
 * What can be said without the log. Shenandoah's counters count something else. Nothing counted: an
 * operation that wanted memory found at its safepoint that it need not collect. Another thread had
 * made room, the GC locker was held, or a concurrent cycle was on already (G1, metaspace).
 */
static const char *kind_of_counters(const struct umig_gc *gc, uint32_t grown)
{
    if (collects_between_pauses(gc)) {
        return "";
    }
    if ((grown & GREW_FULL) != 0) {
        return (grown & GREW_YOUNG) != 0 ? "Pause Young + Full" : "Pause Full";
    }
    if ((grown & GREW_YOUNG) != 0) {
        return "Pause Young";
    }
    return (grown & GREW_CONCURRENT) != 0 ? "Pause Remark or Cleanup"
           : gc->invocations[0] != 0      ? "Pause without collection"
                                          : "";
}

/* The exact figure, if it is one that the log rounds down to what it says, or the log is mute. */
static uint64_t better_figure(uint64_t read, uint64_t logged, uint64_t unit)
{
    if (logged == UMIG_HEAP_UNKNOWN) {
        return read;
    }
    return read >= logged && read - logged < unit ? read : logged;
}

static void describe(const struct umig_gc *gc,
                     const struct umig_gc_record *record,
                     struct umig_gc_pause *pause)
{
    pause->start_ns = record->start_ns;
    pause->duration_ns = record->finish_ns - record->start_ns;
    pause->heap_before = record->heap_before;
    pause->heap_after = record->heap_after;
    memcpy(pause->cause, record->cause, sizeof pause->cause);
    if (gc->line_count == 0) {
        snprintf(pause->kind, sizeof pause->kind, "%s", kind_of_counters(gc, record->grown));
        return;
    }
    const struct umig_gc_line *line = &gc->merged;
    memcpy(pause->kind, line->kind, sizeof pause->kind);
    if (line->cause[0] != '\0') {
        memcpy(pause->cause, line->cause, sizeof pause->cause);
    }
    pause->heap_before = better_figure(pause->heap_before, line->heap_before, line->heap_unit);
    pause->heap_after = better_figure(pause->heap_after, line->heap_after, line->heap_unit);
}

/*
 * A pause that should have had a line and had none. Others between prove nothing either way, nor do
 * those at a session's end, whose line is not waited for.
 */
static void count_missing_line(struct umig_gc *gc,
                               const struct umig_gc_record *record,
                               uint64_t now_ns)
{
    if (now_ns != UINT64_MAX && gc->line_count == 0 &&
        umig_unified_log_since(&gc->log) <= record->start_ns) {
        gc->missed_in_row++;
    }
}

/*
 * A line whose pause was lost, or was taken before the line came, belongs to none that will be
 * taken: it must not keep what follows it. (A pause is in the ring before it stops being active.)
 */
static void pass_stray_line(struct umig_gc *gc)
{
    const unsigned tail = atomic_load_explicit(&gc->tail, memory_order_relaxed);
    if (gc->has_line && !umig_gc_is_active(gc) &&
        tail == atomic_load_explicit(&gc->head, memory_order_acquire)) {
        gc->has_line = false;
        gc->missed_in_row = 0;
    }
}

int umig_gc_take_event(struct umig_gc *gc, struct umig_gc_event *out_event)
{
    pass_stray_line(gc);
    (void)next_line(gc);
    return umig_gc_events_take(&gc->events, out_event) ? UMIG_OK : UMIG_AGAIN;
}

int umig_gc_take(struct umig_gc *gc, uint64_t now_ns, struct umig_gc_pause *out_pause)
{
    const unsigned tail = atomic_load_explicit(&gc->tail, memory_order_relaxed);
    if (tail == atomic_load_explicit(&gc->head, memory_order_acquire)) {
        return UMIG_AGAIN;
    }
    const struct umig_gc_record *record = &gc->ring[tail % UMIG_GC_RING_RECORDS];
    collect_lines(gc, record);
    if (may_come(gc, record, now_ns)) {
        return UMIG_AGAIN;
    }
    describe(gc, record, out_pause);
    count_missing_line(gc, record, now_ns);
    gc->line_count = 0;
    atomic_store_explicit(&gc->tail, tail + 1, memory_order_release);
    return UMIG_OK;
}
