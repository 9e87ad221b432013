#include <stdbool.h>

#include "analysis/label.h"
#include "analysis/verdict_private.h"
#include "core/parse.h"
#include "core/units.h"

/* From these shares on a cost is the first thing to look at; below, the hottest method is. */
#define GC_PERCENT       10
#define DISPATCH_PERCENT 25
#define FAILED_PERCENT   20
#define OVERHEAD_PERCENT 25

/* From these on the JVM's own doings are part of the price, seen over so long. */
#define CLASSES_A_SECOND 10
#define JVM_NS_MIN       (5 * UMIG_NS_PER_S)

/* Up to so many intervals of CPU, spread over threads, it is no wonder that none has a sample. */
#define NO_SAMPLES_INTERVALS 20

/* From this share on the answer names what is no method's work. */
#define NAMED_PERCENT 10

static void put_duration(uint64_t ns, struct umig_buf *out)
{
    char text[48];
    umig_format_duration(ns, text, sizeof text);
    umig_buf_text(out, text);
}

static uint64_t session_ns(const struct umig_profile *profile)
{
    const struct umig_profile_session *session = &profile->session;
    return session->end_unix_ns > session->start_unix_ns
               ? session->end_unix_ns - session->start_unix_ns
               : 0;
}

static bool is_at_least(uint64_t part, uint64_t whole, unsigned percent)
{
    return whole > 0 && (double)part * 100.0 >= (double)whole * percent;
}

static bool has_few(const struct umig_verdict_figures *figures)
{
    return figures->cpu->count < UMIG_VERDICT_SAMPLES_MIN;
}

static bool is_dispatch(const struct umig_profile *profile, uint32_t method)
{
    return profile->methods.items[method].class_name == 0;
}

/* The method with the most time of its own; lines of dispatch and broken stacks are no methods. */
static const struct umig_hot_method *hottest(const struct umig_verdict_figures *figures)
{
    for (size_t i = 0; i < figures->cpu->method_count; i++) {
        if (!is_dispatch(figures->profile, figures->cpu->methods[i].method)) {
            return &figures->cpu->methods[i];
        }
    }
    return NULL;
}

static const struct umig_hot_method *find_method(const struct umig_hot *cpu, uint32_t method)
{
    for (size_t i = 0; i < cpu->method_count; i++) {
        if (cpu->methods[i].method == method) {
            return &cpu->methods[i];
        }
    }
    return NULL;
}

/* The deepest method of the application on a way that holds a fifth of everything; NULL: none. */
static const struct umig_hot_method *dominating_on(const struct umig_verdict_figures *figures,
                                                   const struct umig_path *path)
{
    for (size_t i = path->frame_count; i > 0; i--) {
        const uint32_t method = path->frames[i - 1].method;
        const struct umig_hot_method *hot = umig_label_is_application(figures->profile, method)
                                                ? find_method(figures->cpu, method)
                                                : NULL;
        if (hot != NULL && hot->total >= figures->cpu->value / 5) {
            return hot;
        }
    }
    return NULL;
}

/*
 * The method of the application that says most about where the time goes: that of the heaviest way
 * which has one. A compiler's way may be heavier.
 */
static const struct umig_hot_method *dominating(const struct umig_verdict_figures *figures)
{
    const struct umig_hot_method *found = NULL;
    for (size_t i = 0; found == NULL && i < figures->paths->count; i++) {
        found = dominating_on(figures, &figures->paths->items[i]);
    }
    return found;
}

static uint64_t greatest_overhead(const struct umig_hot *cpu)
{
    const uint64_t all[] = {cpu->dispatch, cpu->jit, cpu->collecting, cpu->scripts, cpu->unwalked};
    uint64_t greatest = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        greatest = all[i] > greatest ? all[i] : greatest;
    }
    return greatest;
}

/* Does something lead that is no method's work? Then a method with less is no headline. */
static bool is_led(const struct umig_verdict_figures *figures, uint64_t self)
{
    const uint64_t greatest = greatest_overhead(figures->cpu);
    return greatest > self && is_at_least(greatest, figures->cpu->value, NAMED_PERCENT);
}

/* Dispatch has its place in the second sentence. */
static void put_overheads(const struct umig_hot *cpu, struct umig_buf *out)
{
    const struct {
        uint64_t value;
        const char *what;
    } overheads[] = {
        {cpu->scripts, "of it compiles Groovy scripts at run time"},
        {cpu->jit, "of it is the JIT compiler"},
        {cpu->collecting, "of it is the collector's threads"},
        {cpu->unwalked, "of it has no whole stack"},
    };
    for (size_t i = 0; i < sizeof overheads / sizeof overheads[0]; i++) {
        if (is_at_least(overheads[i].value, cpu->value, NAMED_PERCENT)) {
            umig_buf_text(out, "; ");
            umig_label_share(overheads[i].value, cpu->value, out);
            umig_buf_printf(out, " %s", overheads[i].what);
        }
    }
}

static void put_pool(const struct umig_verdict_figures *figures,
                     const struct umig_hot_method *method,
                     struct umig_buf *out)
{
    if (method->top_group != 0) {
        const bool has_one = method->top_group_total > method->total / 2;
        umig_buf_text(out, has_one ? ", mostly on " : ", on ");
        umig_hot_put_pool(figures->profile, method, out);
    }
}

static void put_load(const struct umig_verdict_figures *figures, struct umig_buf *out)
{
    const uint64_t wall = session_ns(figures->profile);
    put_duration(figures->cpu->value, out);
    umig_buf_text(out, " of CPU");
    if (wall > 0) {
        umig_buf_text(out, " in ");
        put_duration(wall, out);
        umig_buf_printf(out, " (%.2f", (double)figures->cpu->value / (double)wall);
        if (figures->profile->session.cpu_count > 0) {
            umig_buf_printf(out, " of %u", figures->profile->session.cpu_count);
        }
        umig_buf_text(out, " processors)");
    }
}

/* The process counts its CPU to the end; samples see what fills an interval of one thread's. */
static void put_no_samples(const struct umig_verdict_figures *figures, struct umig_buf *out)
{
    const struct umig_profile_session *session = &figures->profile->session;
    const uint64_t interval_ns = session->interval_ns[UMIG_KIND_CPU];
    if (!session->has_kind[UMIG_KIND_CPU]) {
        umig_buf_text(out, "CPU was not sampled in this session.");
    } else if (umig_verdict_lacks_data(figures)) {
        umig_buf_text(out, "No CPU samples in what is there.");
    } else if (figures->quality->is_running) {
        umig_buf_text(out, "No CPU samples: nothing has arrived yet.");
    } else if (session->process_cpu_ns == 0) {
        umig_buf_text(out, "No CPU samples came in while the session was on.");
    } else {
        umig_buf_text(out, "No CPU samples, though the process used ");
        put_duration(session->process_cpu_ns, out);
        umig_buf_text(out, " of CPU while the session was on: ");
        if (session->process_cpu_ns <= NO_SAMPLES_INTERVALS * interval_ns) {
            umig_buf_text(out, "too little to be sure of a sample every ");
            put_duration(interval_ns, out);
            umig_buf_text(out, " of a thread's.");
        } else {
            umig_buf_text(out, "the data quality below may say why.");
        }
    }
}

void umig_verdict_dominates(const struct umig_verdict_figures *figures, struct umig_buf *out)
{
    const struct umig_hot *cpu = figures->cpu;
    umig_verdict_put_lack(figures, out);
    if (umig_verdict_kinds_dominate(figures, out)) {
        return;
    }
    if (cpu->count == 0) {
        put_no_samples(figures, out);
        return;
    }
    if (has_few(figures)) {
        umig_buf_text(out, "Only ");
        umig_label_number(cpu->count, out);
        umig_buf_text(out, cpu->count == 1 ? " CPU sample, " : " CPU samples, ");
        put_load(figures, out);
        umig_buf_text(out, ": too few to say what dominates.");
        return;
    }
    put_load(figures, out);
    put_overheads(cpu, out);
    const struct umig_hot_method *top = hottest(figures);
    if (top == NULL) {
        umig_buf_text(out, "; no method could be named.");
        return;
    }
    const struct umig_hot_method *dominant = dominating(figures);
    const bool is_headline = !is_led(figures, top->self);
    if (dominant != NULL && (dominant != top || !is_headline)) {
        umig_buf_text(out, "; ");
        umig_label_share(dominant->total, cpu->value, out);
        umig_buf_text(out, " of it is ");
        umig_label_method(figures->profile, dominant->method, true, out);
        umig_buf_text(out, " and what it calls");
        put_pool(figures, dominant, out);
    }
    if (is_headline) {
        umig_buf_text(out, "; hottest by itself is ");
        umig_label_method(figures->profile, top->method, true, out);
        umig_buf_text(out, " with ");
        umig_label_share(top->self, cpu->value, out);
        if (dominant == NULL || dominant == top) {
            put_pool(figures, top, out);
        }
    }
    umig_buf_byte(out, '.');
}

static void put_dispatch(const struct umig_verdict_figures *figures, struct umig_buf *out)
{
    const struct umig_hot *cpu = figures->cpu;
    umig_buf_text(out, "Groovy dispatch takes ");
    umig_label_share(cpu->dispatch, cpu->value, out);
    umig_buf_text(out, " of the CPU");
}

static void put_gc(const struct umig_verdict_figures *figures, struct umig_buf *out)
{
    const struct umig_gc *gc = figures->gc;
    if (gc->count == 0) {
        umig_verdict_put_none(figures, "collection", "no collection stopped the JVM", out);
        return;
    }
    umig_buf_text(out, "collections stopped the JVM for ");
    if (gc->session_ns > 0) {
        umig_label_share(gc->total_ns, gc->session_ns, out);
        umig_buf_text(out, " of the time");
    } else {
        put_duration(gc->total_ns, out);
    }
    umig_buf_text(out, " (longest ");
    put_duration(gc->longest_ns, out);
    umig_buf_byte(out, ')');
}

static void put_waits(const struct umig_verdict_figures *figures, struct umig_buf *out)
{
    const struct umig_contention *waits = figures->contention;
    if (waits->count == 0) {
        umig_verdict_put_none(figures, "wait for a lock", "no thread waited for a lock", out);
        return;
    }
    umig_buf_text(out, "threads waited ");
    put_duration(waits->wait_ns, out);
    umig_buf_text(out, " for locks");
    const uint32_t worst = waits->classes[0].monitor_class;
    if (worst != 0) {
        umig_buf_printf(out, ", most for %s", umig_profile_text(figures->profile, worst));
    }
}

/* Is it a hundredth of the time? */
static bool is_percent(uint64_t ns, uint64_t over_ns)
{
    return ns != UMIG_JVM_COUNTER_UNKNOWN && ns > 0 && ns >= over_ns / 100;
}

/* Threads also stand for what is no collection: JVMTI, biased locks, code that is thrown away. */
static void put_safepoints(const struct umig_verdict_figures *figures, struct umig_buf *out)
{
    const struct umig_jvm *jvm = figures->jvm;
    const uint64_t all_ns = jvm->value[UMIG_JVM_SAFEPOINT_NS];
    const uint64_t reach_ns = jvm->value[UMIG_JVM_REACH_NS];
    const uint64_t gc_ns = figures->gc->total_ns;
    if (all_ns > gc_ns && is_percent(all_ns - gc_ns, jvm->over_ns)) {
        umig_buf_text(out, "; beside collections all threads stood for ");
        umig_label_share(all_ns - gc_ns, jvm->over_ns, out);
        umig_buf_text(out, " of the time");
    }
    if (is_percent(reach_ns, jvm->over_ns)) {
        umig_buf_text(out, "; for ");
        umig_label_share(reach_ns, jvm->over_ns, out);
        umig_buf_text(out, " they waited for the last thread to stand");
    }
}

/* A service that has warmed up loads few classes: Groovy scripts compiled anew make many. */
static void put_classes(const struct umig_jvm *jvm, struct umig_buf *out)
{
    const uint64_t loaded = jvm->value[UMIG_JVM_LOADED];
    if (loaded == UMIG_JVM_COUNTER_UNKNOWN ||
        loaded < CLASSES_A_SECOND * (jvm->over_ns / UMIG_NS_PER_S)) {
        return;
    }
    umig_buf_text(out, "; ");
    umig_label_number(loaded, out);
    umig_buf_text(out, " classes were loaded");
}

static void put_jvm(const struct umig_verdict_figures *figures, struct umig_buf *out)
{
    if (figures->jvm->over_ns < JVM_NS_MIN) {
        return;
    }
    if (figures->profile->session.has_kind[UMIG_KIND_GC]) {
        put_safepoints(figures, out);
    }
    put_classes(figures->jvm, out);
}

static void put_full_pool(const struct umig_verdict_figures *figures,
                          size_t start,
                          struct umig_buf *out)
{
    const struct umig_work_pool *pool =
        figures->work_pools != NULL ? umig_work_pools_price(figures->work_pools) : NULL;
    if (pool != NULL) {
        umig_buf_text(out, out->len > start ? "; " : "");
        umig_work_pools_put_price(figures->profile, pool, out);
    }
}

/* "A; b; c." of what was measured; the first begins with a capital. */
void umig_verdict_price(const struct umig_verdict_figures *figures, struct umig_buf *out)
{
    const bool *has_kind = figures->profile->session.has_kind;
    const size_t start = out->len;
    if (figures->cpu->dispatch > 0 && !has_few(figures)) {
        put_dispatch(figures, out);
    }
    if (has_kind[UMIG_KIND_GC]) {
        umig_buf_text(out, out->len > start ? "; " : "");
        put_gc(figures, out);
        if (figures->gc_depth != NULL) {
            umig_gc_depth_put_price(figures->profile, figures->gc_depth, out);
        }
    }
    if (has_kind[UMIG_KIND_LOCKS]) {
        umig_buf_text(out, out->len > start ? "; " : "");
        put_waits(figures, out);
    }
    put_full_pool(figures, start, out);
    if (out->len == start) {
        umig_buf_text(out, "Neither collections nor waits for locks were measured");
    } else {
        put_jvm(figures, out);
    }
    if (out->len > start && out->bytes[start] >= 'a' && out->bytes[start] <= 'z') {
        out->bytes[start] = (char)(out->bytes[start] - 'a' + 'A');
    }
    umig_buf_byte(out, '.');
}

/* Is the heap after collections climbing in a way that noise does not explain? */
static bool heap_climbs(const struct umig_gc *gc)
{
    return gc->has_trend && gc->trend_fit > 0.8 && gc->trend_bytes_per_s > 0 &&
           gc->after_last_bytes > gc->after_first_bytes + gc->after_first_bytes / 4;
}

static void look_at_heap(const struct umig_gc *gc, struct umig_buf *out)
{
    char text[48];
    umig_buf_text(out, "Look at the heap first: what collections leave grew from ");
    umig_format_bytes(gc->after_first_bytes, text, sizeof text);
    umig_buf_printf(out, "%s to ", text);
    umig_format_bytes(gc->after_last_bytes, text, sizeof text);
    umig_buf_printf(out, "%s; more sessions will tell a leak from a warm-up.", text);
}

static void look_at_wait(const struct umig_verdict_figures *figures, struct umig_buf *out)
{
    const struct umig_contention_row *site = &figures->contention->sites[0];
    umig_buf_text(out, "Look first at the lock that threads wait for at ");
    if (site->frame != 0) {
        umig_label_frame(figures->profile, site->frame, true, out);
    } else {
        umig_buf_text(out, "an unknown place");
    }
    umig_buf_text(out, ": ");
    put_duration(site->wait_ns, out);
    umig_buf_text(out, " in ");
    umig_label_number(site->count, out);
    umig_buf_text(out, site->count == 1 ? " wait." : " waits.");
}

/* Many call sites take a little each: what to look at is the code that they are in. */
static void look_at_spread(const struct umig_verdict_figures *figures,
                           const struct umig_hot_method *dominant,
                           struct umig_buf *out)
{
    umig_buf_text(out, "Look first at ");
    umig_label_method(figures->profile, dominant->method, true, out);
    umig_buf_text(out, " and what it calls: dispatch is spread, no call site takes more than ");
    umig_label_share(figures->cpu->sites[0].value, figures->cpu->value, out);
    umig_buf_text(out, "; static compilation or declared types take it away.");
}

static void look_at_dispatch(const struct umig_verdict_figures *figures, struct umig_buf *out)
{
    const struct umig_hot_site *site = &figures->cpu->sites[0];
    const struct umig_hot_method *dominant = dominating(figures);
    if (dominant != NULL && !is_at_least(site->value, figures->cpu->value, NAMED_PERCENT)) {
        look_at_spread(figures, dominant, out);
        return;
    }
    umig_buf_text(out, "Look first at ");
    umig_label_method(figures->profile, site->method, true, out);
    if (site->line != 0) {
        umig_buf_printf(out, ":%u", site->line);
    }
    umig_buf_text(out, ", the call site whose dispatch costs most (");
    umig_label_share(site->value, figures->cpu->value, out);
    umig_buf_text(out, "): static compilation, declared types "
                       "or fewer calls there take it away.");
}

/* Says what to do about the compilers or the collector if one of them leads. */
static bool look_at_overhead(const struct umig_verdict_figures *figures, struct umig_buf *out)
{
    const struct umig_hot *cpu = figures->cpu;
    const uint64_t greatest = greatest_overhead(cpu);
    if (!is_at_least(greatest, cpu->value, OVERHEAD_PERCENT)) {
        return false;
    }
    if (greatest == cpu->scripts) {
        umig_buf_text(out, "Look first at who compiles scripts at run time: a class that is parsed "
                           "once and kept takes it away.");
    } else if (greatest == cpu->jit) {
        umig_buf_text(out, "Measure again when the JVM is warm: it is still compiling.");
    } else if (greatest == cpu->collecting) {
        umig_buf_text(out, "Look at the collections first: their threads take more than any "
                           "method.");
    } else {
        return false;
    }
    return true;
}

static void look_at_method(const struct umig_verdict_figures *figures, struct umig_buf *out)
{
    const struct umig_hot_method *top = hottest(figures);
    const struct umig_hot_method *dominant = dominating(figures);
    const bool is_small =
        top != NULL &&
        (is_led(figures, top->self) || !is_at_least(top->self, figures->cpu->value, NAMED_PERCENT));
    if (is_small && dominant != NULL) {
        top = dominant;
    }
    if (top == NULL) {
        umig_buf_text(out, "Look at the data quality first: no stack could be read.");
        return;
    }
    umig_buf_text(out, "Look first at ");
    umig_label_method(figures->profile, top->method, true, out);
    umig_buf_printf(out, " and at %s: the hot paths below show the way.",
                    is_small && dominant != NULL ? "what it calls" : "who calls it");
}

void umig_verdict_look_at(const struct umig_verdict_figures *figures, struct umig_buf *out)
{
    const struct umig_gc *gc = figures->gc;
    const struct umig_quality *quality = figures->quality;
    const uint64_t wall = session_ns(figures->profile);
    const bool is_failing =
        is_at_least(quality->failed_samples, quality->java_samples, FAILED_PERCENT);
    if (figures->contention->site_count > 0 && wall > 0 && figures->contention->wait_ns >= wall) {
        look_at_wait(figures, out); /* a whole thread's time, or more, is spent waiting */
    } else if (heap_climbs(gc)) {
        look_at_heap(gc, out);
    } else if (is_at_least(gc->total_ns, gc->session_ns, GC_PERCENT)) {
        umig_buf_text(out, "Look at the collections first: they take more than a tenth of the "
                           "time.");
    } else if (umig_verdict_kinds_look_at(figures, out)) {
        return;
    } else if (has_few(figures) && umig_verdict_lacks_data(figures)) {
        umig_verdict_lack_look_at(figures, out);
    } else if (has_few(figures)) {
        umig_buf_text(out, "Measure longer, or under load, before drawing conclusions.");
    } else if (is_failing) {
        umig_buf_text(out, "Mind the data quality: ");
        umig_label_share(quality->failed_samples, quality->java_samples, out);
        umig_buf_text(out, " of the Java samples have no whole stack; shares below are of all.");
    } else if (look_at_overhead(figures, out)) {
        return;
    } else if (is_at_least(figures->cpu->dispatch, figures->cpu->value, DISPATCH_PERCENT)) {
        look_at_dispatch(figures, out);
    } else {
        look_at_method(figures, out);
    }
}
