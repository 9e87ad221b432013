#include "tests/support/emitter.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/err.h"
#include "include/umig/gc_events.h"
#include "include/umig/kinds.h"
#include "include/umig/version.h"
#include "umig/v1/stream.pb-c.h"
#include "wire/frame.h"

#define START_NS    UINT64_C(1000000000000) /* of its monotonic clock */
#define INTERVAL_NS (10 * UMIG_NS_PER_MS)
#define BATCH_NS    (100 * UMIG_NS_PER_MS)

enum {
    MAX_ROWS = 65536,
    WAITS_PER_BATCH = 2,
    CLASSES = 10,
    FIXED_STRINGS = 5,
    GC_EVENTS = UMIG_GC_EVENT_KINDS - 1
};

/* Strings of every generation: 1 to 5, then classes, methods, thread names. */
enum {
    S_SERIAL = 1,
    S_CAUSE,
    S_POOL,
    S_MONITOR,
    S_FILE
};

struct unacked {
    uint8_t *frame;
    size_t frame_bytes;
    uint64_t sequence;
};

struct umig_emitter {
    struct umig_emitter_options options;
    struct umig_ledger ledger;
    uint32_t random;
    uint32_t generation;
    uint32_t batches_in_generation;
    uint32_t stacks; /* known in this generation */
    uint64_t now_ns;
    bool has_ended;

    struct unacked *unacked;
    size_t unacked_count;
    size_t unsent_from; /* index of the first one not sent on this connection */
    int fd;
    struct umig_frame_reader reader;
};

/* A linear congruential generator (Numerical Recipes); only reproducibility matters. */
static uint32_t next_random(struct umig_emitter *e, uint32_t below)
{
    e->random = e->random * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(e->random >> 8) * below >> 24);
}

static void *must(void *memory)
{
    assert(memory != NULL);
    return memory;
}

struct umig_emitter *umig_emitter_create(const struct umig_emitter_options *options)
{
    struct umig_emitter *e = must(calloc(1, sizeof *e));
    e->options = *options;
    e->random = options->seed;
    e->now_ns = START_NS;
    e->fd = -1;
    return e;
}

struct umig_emitter *umig_emitter_destroy(struct umig_emitter *e)
{
    if (e != NULL) {
        umig_emitter_disconnect(e);
        for (size_t i = 0; i < e->unacked_count; i++) {
            free(e->unacked[i].frame);
        }
        free(e->unacked);
        free(e);
    }
    return NULL;
}

const struct umig_ledger *umig_emitter_ledger(const struct umig_emitter *e)
{
    return &e->ledger;
}

int umig_emitter_fd(const struct umig_emitter *e)
{
    return e->fd;
}

/* Method of a stack: the frames of the two callees of one stack always differ. */
static uint32_t method_of(uint32_t stack)
{
    return (stack - 1) % UMIG_EMITTER_METHODS + 1;
}

uint32_t umig_emitter_stack_of(uint32_t parent, const char *method_name)
{
    const uint32_t method = (uint32_t)strtoul(method_name + 1, NULL, 10);
    if (parent == 0) {
        return method == method_of(1) ? 1 : 0;
    }
    return method == method_of(2 * parent)       ? 2 * parent
           : method == method_of(2 * parent + 1) ? 2 * parent + 1
                                                 : 0;
}

static void add_frame(struct umig_emitter *e,
                      uint8_t type,
                      uint64_t sequence,
                      const ProtobufCMessage *message)
{
    const size_t payload_bytes = protobuf_c_message_get_packed_size(message);
    struct unacked batch = {.sequence = sequence,
                            .frame = must(malloc(UMIG_FRAME_HEADER_BYTES + payload_bytes)),
                            .frame_bytes = UMIG_FRAME_HEADER_BYTES + payload_bytes};
    assert(payload_bytes <= UMIG_FRAME_MAX_BYTES);
    uint8_t *payload = batch.frame + UMIG_FRAME_HEADER_BYTES;
    protobuf_c_message_pack(message, payload);
    const struct umig_frame_header header = {
        .type = type, .epoch = e->options.epoch, .sequence = sequence};
    umig_frame_encode(&header, payload, (uint32_t)payload_bytes, batch.frame);
    e->unacked = must(realloc(e->unacked, (e->unacked_count + 1) * sizeof *e->unacked));
    e->unacked[e->unacked_count++] = batch;
}

/* Columns of one batch; static because they are large and batches are made one at a time. */
struct columns {
    char names[FIXED_STRINGS + CLASSES + UMIG_EMITTER_METHODS + UMIG_EMITTER_THREADS][40];
    char *strings[FIXED_STRINGS + CLASSES + UMIG_EMITTER_METHODS + UMIG_EMITTER_THREADS];
    uint32_t method_class[UMIG_EMITTER_METHODS];
    uint32_t method_name[UMIG_EMITTER_METHODS];
    uint32_t method_file[UMIG_EMITTER_METHODS];
    uint32_t frame_kind[UMIG_EMITTER_METHODS];
    uint32_t frame_method[UMIG_EMITTER_METHODS];
    uint32_t frame_line[UMIG_EMITTER_METHODS];
    uint32_t chain_parent[UMIG_EMITTER_MAX_STACKS];
    uint32_t chain_length[UMIG_EMITTER_MAX_STACKS];
    uint32_t stack_frame[UMIG_EMITTER_MAX_STACKS];
    uint32_t tid[UMIG_EMITTER_THREADS];
    uint32_t thread_kind[UMIG_EMITTER_THREADS];
    uint32_t thread_name[UMIG_EMITTER_THREADS];
    int64_t delta[MAX_ROWS];
    uint32_t thread[MAX_ROWS];
    uint32_t stack[MAX_ROWS];
    uint32_t outcome[MAX_ROWS];
    uint64_t units[MAX_ROWS];
};

static size_t name_strings(struct columns *c)
{
    static const char *const fixed[FIXED_STRINGS] = {"young", "Allocation Failure", "Eden Space",
                                                     "java.lang.Object", "Orders.groovy"};
    size_t count = 0;
    for (; count < FIXED_STRINGS; count++) {
        snprintf(c->names[count], sizeof c->names[0], "%s", fixed[count]);
    }
    for (unsigned i = 0; i < CLASSES; i++) {
        snprintf(c->names[count++], sizeof c->names[0], "shop.orders.Class%u", i);
    }
    for (unsigned i = 1; i <= UMIG_EMITTER_METHODS; i++) {
        snprintf(c->names[count++], sizeof c->names[0], "m%u", i);
    }
    for (unsigned i = 1; i <= UMIG_EMITTER_THREADS; i++) {
        snprintf(c->names[count++], sizeof c->names[0], "worker-%u-%u", i % 2, i);
    }
    for (size_t i = 0; i < count; i++) {
        c->strings[i] = c->names[i];
    }
    return count;
}

/* The first batch of a generation says all names, methods, frames and threads. */
static void describe_all(struct columns *c, Umig__V1__Dictionary *d)
{
    d->first_string = d->first_method = d->first_frame = d->first_thread = 1;
    d->n_strings = name_strings(c);
    d->strings = c->strings;
    for (uint32_t i = 0; i < UMIG_EMITTER_METHODS; i++) {
        c->method_class[i] = FIXED_STRINGS + 1 + i % CLASSES;
        c->method_name[i] = FIXED_STRINGS + CLASSES + 1 + i;
        c->method_file[i] = S_FILE;
        c->frame_kind[i] = UMIG_FRAME_COMPILED;
        c->frame_method[i] = i + 1;
        c->frame_line[i] = 10 + i;
    }
    d->n_method_class = d->n_method_name = d->n_method_file = UMIG_EMITTER_METHODS;
    d->method_class = c->method_class;
    d->method_name = c->method_name;
    d->method_file = c->method_file;
    d->n_frame_kind = d->n_frame_method = d->n_frame_line = UMIG_EMITTER_METHODS;
    d->frame_kind = c->frame_kind;
    d->frame_method = c->frame_method;
    d->frame_line = c->frame_line;
    for (uint32_t i = 0; i < UMIG_EMITTER_THREADS; i++) {
        c->tid[i] = 1000 + i + 1;
        c->thread_kind[i] = UMIG_THREAD_JAVA;
        c->thread_name[i] = FIXED_STRINGS + CLASSES + UMIG_EMITTER_METHODS + 1 + i;
    }
    d->n_thread_tid = d->n_thread_kind = d->n_thread_name = UMIG_EMITTER_THREADS;
    d->thread_tid = c->tid;
    d->thread_kind = c->thread_kind;
    d->thread_name = c->thread_name;
}

static void describe_stacks(struct umig_emitter *e, struct columns *c, Umig__V1__Dictionary *d)
{
    uint32_t count = e->options.stacks_per_batch;
    if (count > UMIG_EMITTER_MAX_STACKS - e->stacks) {
        count = UMIG_EMITTER_MAX_STACKS - e->stacks;
    }
    d->first_stack = e->stacks + 1;
    size_t chains = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t stack = e->stacks + 1 + i;
        const uint32_t parent = stack / 2;
        if (chains > 0 && parent == stack - 1) {
            c->chain_length[chains - 1]++;
        } else {
            c->chain_parent[chains] = parent;
            c->chain_length[chains++] = 1;
        }
        c->stack_frame[i] = method_of(stack);
    }
    d->n_stack_frame = count;
    d->n_chain_parent = d->n_chain_length = chains;
    d->stack_frame = c->stack_frame;
    d->chain_parent = c->chain_parent;
    d->chain_length = c->chain_length;
    e->stacks += count;
}

/* True: the spool is full; the samples are made all the same and counted as dropped. */
static bool drop_samples(struct umig_emitter *e)
{
    if (e->options.max_unacked == 0 || e->unacked_count < e->options.max_unacked) {
        return false;
    }
    for (uint32_t i = 0; i < e->options.samples_per_batch; i++) {
        const uint64_t value = INTERVAL_NS * (1 + next_random(e, 3));
        e->ledger.produced_count++;
        e->ledger.produced_value += value;
        e->ledger.dropped_value += value;
    }
    e->now_ns += BATCH_NS;
    return true;
}

static void make_samples(struct umig_emitter *e, struct columns *c, Umig__V1__Samples *s)
{
    const uint32_t count = e->options.samples_per_batch;
    assert(count <= MAX_ROWS);
    struct umig_ledger *ledger = &e->ledger;
    const bool is_short = ledger->batches % 3 == 2; /* with all that may be left out left out */
    for (uint32_t i = 0; i < count; i++) {
        c->delta[i] = i == 0 ? 0 : (int64_t)(BATCH_NS / UMIG_NS_PER_MS / (count + 1));
        c->thread[i] = 1 + next_random(e, UMIG_EMITTER_THREADS);
        c->stack[i] = 1 + next_random(e, e->stacks);
        c->outcome[i] = UMIG_OUTCOME_OK;
        c->units[i] = is_short ? 1 : 1 + next_random(e, 3);
        const uint64_t value = INTERVAL_NS * c->units[i];
        ledger->produced_count++;
        ledger->produced_value += value;
        ledger->sent_count++;
        ledger->sent_value += value;
        ledger->stack_count[c->stack[i]]++;
        ledger->stack_value[c->stack[i]] += value;
        ledger->thread_count[c->thread[i]]++;
        ledger->thread_value[c->thread[i]] += value;
    }
    s->session = 1;
    s->kind = UMIG_KIND_CPU;
    s->base_ns = e->now_ns;
    s->n_time_delta_ms = s->n_thread = s->n_stack = count;
    s->n_outcome = s->n_units = is_short ? 0 : count;
    s->time_delta_ms = c->delta;
    s->thread = c->thread;
    s->stack = c->stack;
    s->outcome = c->outcome;
    s->unit = INTERVAL_NS;
    s->units = c->units;
}

struct rest {
    uint64_t pause_start[1], pause_ns[1], before[1], after[1];
    uint32_t collection[1], cause[1];
    uint32_t event_kind[GC_EVENTS], event_name[GC_EVENTS], event_thread[GC_EVENTS];
    uint64_t event_start[GC_EVENTS], event_ns[GC_EVENTS], event_before[GC_EVENTS];
    uint64_t event_after[GC_EVENTS];
    uint32_t pool[1];
    uint64_t used[1], committed[1], maximum[1];
    int64_t delta[WAITS_PER_BATCH];
    uint32_t thread[WAITS_PER_BATCH], stack[WAITS_PER_BATCH], monitor[WAITS_PER_BATCH];
    uint32_t holder[WAITS_PER_BATCH], count[WAITS_PER_BATCH];
    uint64_t wait_ns[WAITS_PER_BATCH];
    uint32_t drop_cause[1];
    uint64_t drop_value[1];
};

static void make_pause(struct umig_emitter *e, struct rest *r, Umig__V1__GcPauses *p)
{
    r->pause_start[0] = e->now_ns;
    r->pause_ns[0] = 1000000 + next_random(e, 1000000);
    r->collection[0] = S_SERIAL;
    r->cause[0] = S_CAUSE;
    r->before[0] = 1 + (UINT64_C(100) << 20);
    r->after[0] = 0;
    p->session = 1;
    p->n_start_ns = p->n_duration_ns = p->n_collection = p->n_cause = 1;
    p->n_heap_before = p->n_heap_after = 1;
    p->start_ns = r->pause_start;
    p->duration_ns = r->pause_ns;
    p->collection = r->collection;
    p->cause = r->cause;
    p->heap_before = r->before;
    p->heap_after = r->after;
    e->ledger.pauses++;
    e->ledger.pause_ns += r->pause_ns[0];
}

static void make_gc_events(struct umig_emitter *e, struct rest *r, Umig__V1__GcEvents *g)
{
    for (uint32_t i = 0; i < GC_EVENTS; i++) {
        r->event_kind[i] = i + 1;
        r->event_name[i] = S_CAUSE;
        r->event_thread[i] = i + 1 == UMIG_GC_EVENT_LATE ? 1 : 0;
        r->event_start[i] = e->now_ns + 1000 * i;
        r->event_ns[i] = 1000 + next_random(e, 1000000);
        r->event_before[i] = 100;
        r->event_after[i] = 100 + 10 * i;
        e->ledger.gc_event_ns += r->event_ns[i];
    }
    g->session = 1;
    g->n_kind = g->n_start_ns = g->n_duration_ns = g->n_name = g->n_detail = GC_EVENTS;
    g->n_before = g->n_after = g->n_thread = g->n_stack = GC_EVENTS;
    g->kind = r->event_kind;
    g->start_ns = r->event_start;
    g->duration_ns = r->event_ns;
    g->name = g->detail = r->event_name;
    g->before = r->event_before;
    g->after = r->event_after;
    g->thread = g->stack = r->event_thread;
    e->ledger.gc_events += GC_EVENTS;
}

static void make_heap_point(struct umig_emitter *e, struct rest *r, Umig__V1__HeapPoint *h)
{
    r->pool[0] = S_POOL;
    r->used[0] = 50 << 20;
    r->committed[0] = 64 << 20;
    r->maximum[0] = 0;
    h->session = 1;
    h->time_ns = e->now_ns;
    h->rss_bytes = 200 << 20;
    h->n_pool = h->n_used = h->n_committed = h->n_maximum = 1;
    h->pool = r->pool;
    h->used = r->used;
    h->committed = r->committed;
    h->maximum = r->maximum;
    e->ledger.heap_points++;
}

static void make_waits(struct umig_emitter *e, struct rest *r, Umig__V1__Waits *w)
{
    for (uint32_t i = 0; i < WAITS_PER_BATCH; i++) {
        r->delta[i] = 1000;
        r->thread[i] = 1 + i;
        r->stack[i] = 1;
        r->monitor[i] = S_MONITOR;
        r->holder[i] = i == 0 ? 0 : 3;
        r->count[i] = 1;
        r->wait_ns[i] = 1000000 + next_random(e, 1000);
        e->ledger.waits++;
        e->ledger.wait_ns += r->wait_ns[i];
    }
    w->session = 1;
    w->base_ns = e->now_ns;
    w->n_time_delta_ns = w->n_thread = w->n_stack = w->n_monitor_class = WAITS_PER_BATCH;
    w->n_holder = w->n_wait_ns = w->n_count = WAITS_PER_BATCH;
    w->time_delta_ns = r->delta;
    w->thread = r->thread;
    w->stack = r->stack;
    w->monitor_class = r->monitor;
    w->holder = r->holder;
    w->wait_ns = r->wait_ns;
    w->count = r->count;
}

static void make_tally(struct umig_emitter *e, struct rest *r, Umig__V1__Tally *t)
{
    r->drop_cause[0] = UMIG_DROP_SPOOL_FULL;
    r->drop_value[0] = e->ledger.dropped_value;
    t->session = 1;
    t->kind = UMIG_KIND_CPU;
    t->time_ns = e->now_ns;
    t->produced = e->ledger.produced_value;
    t->n_drop_cause = t->n_drop_value = 1;
    t->drop_cause = r->drop_cause;
    t->drop_value = r->drop_value;
    t->agent_cpu_ns = 5 * UMIG_NS_PER_MS;
    t->agent_memory_bytes = 3 << 20;
    t->process_cpu_ns = e->ledger.produced_value;
}

static void begin_batch(struct umig_emitter *e,
                        struct columns *c,
                        Umig__V1__Batch *b,
                        Umig__V1__Dictionary *d)
{
    const uint32_t per_generation = e->options.batches_per_generation;
    const bool is_full = per_generation != 0 && e->batches_in_generation == per_generation;
    if (e->generation == 0 || is_full) {
        e->generation++;
        e->batches_in_generation = 0;
        e->stacks = 0;
        describe_all(c, d);
    }
    e->batches_in_generation++;
    describe_stacks(e, c, d);
    b->generation = e->generation;
    b->created_ns = e->now_ns + BATCH_NS;
    b->dictionary = d;
}

static void finish_batch(struct umig_emitter *e, const Umig__V1__Batch *b)
{
    e->ledger.batches++;
    e->now_ns += BATCH_NS;
    add_frame(e, UMIG_FRAME_BATCH, e->ledger.batches, &b->base);
}

/* The session starts with the first batch. */
static void make_start(struct umig_emitter *e,
                       Umig__V1__SessionStart *start,
                       Umig__V1__KindOption *kinds[4])
{
    static const uint64_t intervals[4] = {INTERVAL_NS, 0, UMIG_NS_PER_S, UMIG_NS_PER_MS};
    for (uint32_t i = 0; i < 4; i++) {
        kinds[i]->kind = i + 1;
        kinds[i]->interval_ns = intervals[i];
    }
    start->session = 1;
    start->id = (char *)(uintptr_t)e->options.session;
    start->start_ns = e->now_ns;
    start->n_kinds = 4;
    start->kinds = kinds;
}

/* A label as the agent and its session both give it. */
static size_t fill_label(const struct umig_emitter *e, Umig__V1__Label *label)
{
    static char key[] = "build";
    umig__v1__label__init(label);
    label->key = key;
    label->value = (char *)(uintptr_t)e->options.build;
    return e->options.build != NULL ? 1 : 0;
}

void umig_emitter_make_batch(struct umig_emitter *e)
{
    static struct columns c;
    struct rest r;
    if (drop_samples(e)) {
        return;
    }
    Umig__V1__Batch b = UMIG__V1__BATCH__INIT;
    Umig__V1__Dictionary d = UMIG__V1__DICTIONARY__INIT;
    Umig__V1__Samples samples = UMIG__V1__SAMPLES__INIT;
    Umig__V1__GcPauses pauses = UMIG__V1__GC_PAUSES__INIT;
    Umig__V1__GcEvents events = UMIG__V1__GC_EVENTS__INIT;
    Umig__V1__HeapPoint heap = UMIG__V1__HEAP_POINT__INIT;
    Umig__V1__Waits waits = UMIG__V1__WAITS__INIT;
    Umig__V1__Tally tally = UMIG__V1__TALLY__INIT;
    Umig__V1__SessionStart start = UMIG__V1__SESSION_START__INIT;
    Umig__V1__KindOption kinds[4] = {UMIG__V1__KIND_OPTION__INIT, UMIG__V1__KIND_OPTION__INIT,
                                     UMIG__V1__KIND_OPTION__INIT, UMIG__V1__KIND_OPTION__INIT};
    Umig__V1__KindOption *kind_list[4] = {&kinds[0], &kinds[1], &kinds[2], &kinds[3]};
    Umig__V1__SessionStart *starts = &start;
    Umig__V1__Label label;
    Umig__V1__Label *label_list = &label;
    Umig__V1__Samples *samples_list = &samples;
    Umig__V1__GcPauses *pauses_list = &pauses;
    Umig__V1__GcEvents *events_list = &events;
    Umig__V1__HeapPoint *heap_list = &heap;
    Umig__V1__Waits *waits_list = &waits;
    Umig__V1__Tally *tally_list = &tally;
    if (e->ledger.batches == 0) {
        make_start(e, &start, kind_list);
        start.n_labels = fill_label(e, &label);
        start.labels = &label_list;
        b.n_starts = 1;
        b.starts = &starts;
    }
    begin_batch(e, &c, &b, &d);
    make_samples(e, &c, &samples);
    make_pause(e, &r, &pauses);
    if (e->options.has_gc_events) {
        make_gc_events(e, &r, &events);
        b.n_gc_events = 1;
        b.gc_events = &events_list;
    }
    make_heap_point(e, &r, &heap);
    make_waits(e, &r, &waits);
    make_tally(e, &r, &tally);
    b.n_samples = b.n_gc_pauses = b.n_heap_points = b.n_waits = b.n_tallies = 1;
    b.samples = &samples_list;
    b.gc_pauses = &pauses_list;
    b.heap_points = &heap_list;
    b.waits = &waits_list;
    b.tallies = &tally_list;
    finish_batch(e, &b);
}

void umig_emitter_make_end(struct umig_emitter *e)
{
    struct rest r;
    Umig__V1__Batch b = UMIG__V1__BATCH__INIT;
    Umig__V1__Tally tally = UMIG__V1__TALLY__INIT;
    Umig__V1__SessionEnd end = UMIG__V1__SESSION_END__INIT;
    Umig__V1__Tally *tally_list = &tally;
    Umig__V1__SessionEnd *end_list = &end;
    make_tally(e, &r, &tally);
    end.session = 1;
    end.end_ns = e->now_ns;
    end.reason = UMIG_END_STOPPED;
    b.generation = e->generation;
    b.created_ns = e->now_ns;
    b.n_tallies = 1;
    b.tallies = &tally_list;
    b.n_ends = 1;
    b.ends = &end_list;
    finish_batch(e, &b);
    e->has_ended = true;
}

static size_t write_hello(const struct umig_emitter *e, uint8_t *frame, size_t room)
{
    Umig__V1__Hello hello = UMIG__V1__HELLO__INIT;
    Umig__V1__Process process = UMIG__V1__PROCESS__INIT;
    Umig__V1__ClockAnchor anchor = UMIG__V1__CLOCK_ANCHOR__INIT;
    Umig__V1__Label label;
    Umig__V1__Label *label_list = &label;
    static char version[] = UMIG_VERSION;
    static char host[] = "host-a";
    static char main_class[] = "shop.Main";
    static char jvm[] = "OpenJDK 64-Bit Server VM";
    process.agent_version = version;
    process.service = (char *)(uintptr_t)e->options.service;
    process.host = host;
    process.main_class = main_class;
    process.jvm_name = jvm;
    process.n_labels = fill_label(e, &label);
    process.labels = &label_list;
    process.pid = 4711;
    process.jdk = 17;
    process.cpu_count = 2;
    anchor.monotonic_ns = START_NS;
    anchor.unix_ns = e->options.anchor_unix_ns;
    hello.protocol = UMIG_PROTOCOL;
    hello.process = &process;
    hello.anchor = &anchor;
    hello.first_unacked = e->unacked_count > 0 ? e->unacked[0].sequence : e->ledger.acked + 1;
    hello.first_unacked = e->ledger.batches == 0 ? 0 : hello.first_unacked;
    const size_t payload_bytes = umig__v1__hello__get_packed_size(&hello);
    assert(UMIG_FRAME_HEADER_BYTES + payload_bytes <= room);
    (void)room;
    umig__v1__hello__pack(&hello, frame + UMIG_FRAME_HEADER_BYTES);
    const struct umig_frame_header header = {.type = UMIG_FRAME_HELLO, .epoch = e->options.epoch};
    umig_frame_encode(&header, frame + UMIG_FRAME_HEADER_BYTES, (uint32_t)payload_bytes, frame);
    return UMIG_FRAME_HEADER_BYTES + payload_bytes;
}

void umig_emitter_record(const struct umig_emitter *e, struct umig_buf *out)
{
    uint8_t frame[2048];
    (void)umig_buf_put(out, frame, write_hello(e, frame, sizeof frame));
    for (size_t i = 0; i < e->unacked_count; i++) {
        (void)umig_buf_put(out, e->unacked[i].frame, e->unacked[i].frame_bytes);
    }
    const struct umig_frame_header bye = {.type = UMIG_FRAME_BYE, .epoch = e->options.epoch};
    umig_frame_encode(&bye, NULL, 0, frame);
    (void)umig_buf_put(out, frame, UMIG_FRAME_HEADER_BYTES);
}

static void forget_acked(struct umig_emitter *e, uint64_t acked)
{
    size_t gone = 0;
    while (gone < e->unacked_count && e->unacked[gone].sequence <= acked) {
        free(e->unacked[gone].frame);
        gone++;
    }
    if (gone > 0) {
        e->unacked_count -= gone;
        memmove(e->unacked, e->unacked + gone, e->unacked_count * sizeof *e->unacked);
        e->unsent_from = e->unsent_from > gone ? e->unsent_from - gone : 0;
    }
    if (acked > e->ledger.acked) {
        e->ledger.acked = acked;
    }
}

/* A refusal in words: E_LIMIT when it may be tried again. */
static int refused(const uint8_t *payload, size_t payload_bytes, struct umig_err *err)
{
    Umig__V1__Refuse *refuse = umig__v1__refuse__unpack(NULL, payload_bytes, payload);
    if (refuse == NULL) {
        return umig_err_set(err, UMIG_E_PROTO, "a REFUSE that does not decode");
    }
    const int rc = umig_err_set(err, refuse->retry_after_ms > 0 ? UMIG_E_LIMIT : UMIG_E_PROTO,
                                "refused %" PRIu32 ": %s", refuse->code, refuse->text);
    umig__v1__refuse__free_unpacked(refuse, NULL);
    return rc;
}

static int on_frame(struct umig_emitter *e,
                    const struct umig_frame_header *header,
                    const uint8_t *payload,
                    struct umig_err *err)
{
    if (header->type == UMIG_FRAME_ACK) {
        forget_acked(e, header->sequence);
        return UMIG_OK;
    }
    if (header->type == UMIG_FRAME_WELCOME) {
        Umig__V1__Welcome *welcome =
            umig__v1__welcome__unpack(NULL, header->payload_bytes, payload);
        assert(welcome != NULL);
        forget_acked(e, welcome->acked);
        umig__v1__welcome__free_unpacked(welcome, NULL);
        return UMIG_OK;
    }
    if (header->type == UMIG_FRAME_REFUSE) {
        e->unsent_from = 0; /* with a retry: from the first unacknowledged batch */
        return refused(payload, header->payload_bytes, err);
    }
    return umig_err_set(err, UMIG_E_PROTO, "a frame of type %u from the collector", header->type);
}

/* Reads one frame within a time and acts on it. */
static int read_frame(struct umig_emitter *e, int timeout_ms, struct umig_err *err)
{
    uint8_t head[UMIG_FRAME_HEADER_BYTES];
    uint8_t payload[UMIG_FRAME_MAX_SMALL_BYTES];
    struct umig_frame_header header;
    struct umig_err io = UMIG_ERR_INIT;
    int rc = umig_socket_recv_all(e->fd, head, sizeof head, timeout_ms, &io);
    if (rc != UMIG_OK) {
        return io.cause == ETIMEDOUT ? UMIG_AGAIN : umig_err_set(err, UMIG_E_IO, "gone");
    }
    rc = umig_frame_decode(head, sizeof payload, &header, err);
    if (rc == UMIG_OK && header.payload_bytes > 0) {
        rc = umig_socket_recv_all(e->fd, payload, header.payload_bytes, timeout_ms, err);
    }
    rc = rc != UMIG_OK ? rc : umig_frame_check(&header, payload, err);
    return rc != UMIG_OK ? rc : on_frame(e, &header, payload, err);
}

int umig_emitter_connect(struct umig_emitter *e,
                         const struct umig_address *address,
                         struct umig_err *err)
{
    uint8_t frame[2048];
    umig_emitter_disconnect(e);
    int rc = umig_socket_dial(address, 5000, &e->fd, err);
    if (rc != UMIG_OK) {
        e->fd = -1;
        return rc;
    }
    const size_t frame_bytes = write_hello(e, frame, sizeof frame);
    e->unsent_from = 0;
    rc = umig_socket_send_all(e->fd, frame, frame_bytes, 5000, err);
    rc = rc != UMIG_OK ? rc : read_frame(e, 10000, err);
    if (rc != UMIG_OK) {
        umig_emitter_disconnect(e);
        rc = rc == UMIG_AGAIN ? umig_err_set(err, UMIG_E_IO, "no WELCOME within 10 s") : rc;
    }
    e->unsent_from = 0;
    return rc;
}

void umig_emitter_disconnect(struct umig_emitter *e)
{
    if (e->fd >= 0) {
        close(e->fd);
        e->fd = -1;
    }
}

int umig_emitter_flush(struct umig_emitter *e, int timeout_ms, struct umig_err *err)
{
    while (e->unacked_count > 0) {
        if (e->unsent_from < e->unacked_count) {
            const struct unacked *batch = &e->unacked[e->unsent_from];
            if (umig_socket_send_all(e->fd, batch->frame, batch->frame_bytes, timeout_ms, NULL) ==
                UMIG_OK) {
                e->unsent_from++;
                continue;
            }
            /* The collector may have said why before it closed. */
        }
        const int rc = read_frame(e, timeout_ms, err);
        if (rc != UMIG_OK) {
            return rc;
        }
    }
    return UMIG_OK;
}

int umig_emitter_bye(struct umig_emitter *e, struct umig_err *err)
{
    uint8_t frame[UMIG_FRAME_HEADER_BYTES];
    const struct umig_frame_header bye = {.type = UMIG_FRAME_BYE, .epoch = e->options.epoch};
    umig_frame_encode(&bye, NULL, 0, frame);
    return umig_socket_send_all(e->fd, frame, sizeof frame, 5000, err);
}
