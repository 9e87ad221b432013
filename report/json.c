#include "report/json.h"

#include <string.h>

#include "analysis/label.h"
#include "core/err.h"
#include "core/json.h"
#include "report/json_pools.h"
#include "report/json_retained.h"

#define TEXT_LIMIT_BYTES (1u << 20)

/* Names come from a profile; an unknown one is 0, whose text is empty. */
static void put_text(struct umig_json *json,
                     const struct umig_profile *profile,
                     const char *key,
                     uint32_t text)
{
    umig_json_known(json, key, umig_profile_text(profile, text));
}

static void put_bytes(struct umig_json *json, const char *key, uint64_t bytes)
{
    if (bytes != UMIG_BYTES_UNKNOWN) {
        umig_json_number(json, key, bytes);
    }
}

static void put_method(struct umig_json *json, const struct umig_profile *profile, uint32_t method)
{
    const struct umig_profile_method *at = &profile->methods.items[method];
    put_text(json, profile, "class", at->class_name);
    umig_json_text(json, "method", umig_profile_text(profile, at->name));
    put_text(json, profile, "file", at->file);
}

static const char *frame_key(enum umig_frame_kind kind)
{
    switch (kind) {
#define FRAME_KEY(name, number, key, text) \
 case UMIG_FRAME_##name:                   \
  return key;
        UMIG_FRAME_TABLE(FRAME_KEY)
#undef FRAME_KEY
    case UMIG_FRAME_COUNT:
    default:
        return "java";
    }
}

static void put_frame(struct umig_json *json,
                      const struct umig_profile *profile,
                      const struct umig_profile_frame *at)
{
    put_method(json, profile, at->method);
    if (at->line != 0) {
        umig_json_number(json, "line", at->line);
    }
    umig_json_text(json, "kind", frame_key(at->kind));
}

static const char *thread_key(enum umig_thread_kind kind)
{
    switch (kind) {
#define THREAD_KEY(name, number, key, text) \
 case UMIG_THREAD_##name:                   \
  return key;
        UMIG_THREAD_TABLE(THREAD_KEY)
#undef THREAD_KEY
    case UMIG_THREAD_COUNT:
    default:
        return "unknown";
    }
}

static void put_kinds(struct umig_json *json, const struct umig_profile_session *session)
{
    umig_json_array(json, "kinds");
    for (unsigned i = 1; i < UMIG_KIND_COUNT; i++) {
        if (session->has_kind[i]) {
            umig_json_object(json, NULL);
            umig_json_text(json, "kind", umig_quality_kind_key((enum umig_kind)i));
            umig_json_number(
                json, umig_label_is_bytes((enum umig_kind)i) ? "interval_bytes" : "interval_ns",
                session->interval_ns[i]);
            umig_json_object_end(json);
        }
    }
    umig_json_array_end(json);
}

static void put_labels(struct umig_json *json, const struct umig_profile *profile)
{
    umig_json_array(json, "labels");
    for (size_t i = 0; i < profile->labels.count; i++) {
        umig_json_object(json, NULL);
        umig_json_text(json, "key", umig_profile_text(profile, profile->labels.items[i].key));
        umig_json_text(json, "value", umig_profile_text(profile, profile->labels.items[i].value));
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_session(struct umig_json *json, const struct umig_profile *profile)
{
    const struct umig_profile_session *session = &profile->session;
    umig_json_object(json, "session");
    put_text(json, profile, "id", session->id);
    put_text(json, profile, "service", session->service);
    put_text(json, profile, "instance", session->instance);
    put_text(json, profile, "host", session->host);
    umig_json_number(json, "pid", session->pid);
    put_text(json, profile, "main_class", session->main_class);
    put_text(json, profile, "jvm_name", session->jvm_name);
    put_text(json, profile, "jvm_version", session->jvm_version);
    umig_json_number(json, "jdk", session->jdk);
    put_text(json, profile, "gc_name", session->collector_name);
    umig_json_number(json, "cpu_count", session->cpu_count);
    umig_json_number(json, "max_heap_bytes", session->max_heap_bytes);
    if (session->attached_after_ns > 0) {
        umig_json_number(json, "attached_after_ns", session->attached_after_ns);
    }
    umig_json_number(json, "start_unix_ns", session->start_unix_ns);
    umig_json_number(json, "end_unix_ns", session->end_unix_ns);
    umig_json_text(json, "end",
                   session->is_end_unknown ? "unknown" : umig_quality_end_key(session->end));
    put_kinds(json, session);
    put_text(json, profile, "walker", session->walker);
    if (session->walker != 0) {
        umig_json_text(json, "native", umig_quality_native_key(session->native));
    }
    put_text(json, profile, "clock", session->clock);
    put_text(json, profile, "threads", session->threads);
    put_text(json, profile, "problem", session->problem);
    if (session->fired_unix_ns != 0) {
        put_text(json, profile, "when", session->when);
        put_text(json, profile, "because", session->because);
        umig_json_number(json, "fired_unix_ns", session->fired_unix_ns);
    }
    put_labels(json, profile);
    umig_json_object_end(json);
}

/* Writes and frees a text; what failed in it has failed for the report. */
static void put_sentence(struct umig_json *json, const char *key, struct umig_buf *sentence)
{
    umig_json_text(json, key, umig_buf_str(sentence));
    if (sentence->failed != UMIG_OK && json->out->failed == UMIG_OK) {
        json->out->failed = sentence->failed;
    }
    umig_buf_fini(sentence);
}

static void put_answer(struct umig_json *json, const struct umig_figures *figures)
{
    static void (*const sentences[])(const struct umig_verdict_figures *, struct umig_buf *) = {
        umig_verdict_dominates, umig_verdict_price, umig_verdict_look_at};
    const struct umig_verdict_figures verdict = umig_figures_verdict(figures);
    umig_json_array(json, "answer");
    for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++) {
        struct umig_buf sentence = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
        sentences[i](&verdict, &sentence);
        put_sentence(json, NULL, &sentence);
    }
    umig_json_array_end(json);
}

static void put_methods(struct umig_json *json, const struct umig_figures *figures)
{
    umig_json_array(json, "methods");
    for (size_t i = 0; i < figures->cpu->method_count; i++) {
        const struct umig_hot_method *method = &figures->cpu->methods[i];
        umig_json_object(json, NULL);
        put_method(json, figures->profile, method->method);
        umig_json_number(json, "self_ns", method->self);
        umig_json_number(json, "self_samples", method->self_count);
        umig_json_number(json, "total_ns", method->total);
        umig_json_number(json, "total_samples", method->total_count);
        put_text(json, figures->profile, "pool", method->top_group);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

/* Of the folded form: with its frames kept, dispatch has no line of its own. */
static void put_sites(struct umig_json *json, const struct umig_figures *shown)
{
    const struct umig_figures *figures = umig_figures_folded(shown);
    const struct umig_profile *profile = figures->profile;
    umig_json_array(json, "call_sites");
    for (size_t i = 0; i < figures->cpu->site_count; i++) {
        const struct umig_hot_site *site = &figures->cpu->sites[i];
        umig_json_object(json, NULL);
        put_method(json, profile, site->method);
        if (site->line != 0) {
            umig_json_number(json, "line", site->line);
        }
        umig_json_text(json, "dispatch",
                       umig_profile_text(profile, profile->methods.items[site->way].name));
        umig_json_number(json, "value_ns", site->value);
        umig_json_number(json, "samples", site->count);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_path_list(struct umig_json *json,
                          const struct umig_profile *profile,
                          const char *key,
                          const struct umig_paths *paths)
{
    umig_json_array(json, key);
    for (size_t i = 0; i < paths->count; i++) {
        const struct umig_path *path = &paths->items[i];
        umig_json_object(json, NULL);
        umig_json_number(json, "value_ns", path->value);
        umig_json_array(json, "frames");
        for (size_t k = 0; k < path->frame_count; k++) {
            umig_json_object(json, NULL);
            put_frame(json, profile, &path->frames[k]);
            umig_json_object_end(json);
        }
        umig_json_array_end(json);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_pools(struct umig_json *json, const struct umig_figures *figures)
{
    umig_json_array(json, "pools");
    for (size_t i = 0; i < figures->cpu->group_count; i++) {
        const struct umig_hot_group *group = &figures->cpu->groups[i];
        umig_json_object(json, NULL);
        put_text(json, figures->profile, "pool", group->group);
        umig_json_number(json, "threads", group->threads);
        umig_json_number(json, "value_ns", group->value);
        umig_json_number(json, "samples", group->count);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_cpu(struct umig_json *json, const struct umig_figures *figures)
{
    umig_json_object(json, "cpu");
    umig_json_number(json, "samples", figures->cpu->count);
    umig_json_number(json, "value_ns", figures->cpu->value);
    umig_json_number(json, "dispatch_ns", umig_figures_folded(figures)->cpu->dispatch);
    put_methods(json, figures);
    put_sites(json, figures);
    put_path_list(json, figures->profile, "paths", &figures->paths);
    put_pools(json, figures);
    umig_json_object_end(json);
}

static void put_states(struct umig_json *json, const uint64_t by_state[UMIG_WALL_COUNT])
{
    umig_json_array(json, "states");
    for (unsigned state = 1; state < UMIG_WALL_COUNT; state++) {
        if (by_state[state] > 0) {
            umig_json_object(json, NULL);
            umig_json_text(json, "state", umig_wall_state_key((enum umig_wall_state)state));
            umig_json_number(json, "value_ns", by_state[state]);
            umig_json_object_end(json);
        }
    }
    umig_json_array_end(json);
}

static void put_wall_pools(struct umig_json *json, const struct umig_figures *figures)
{
    umig_json_array(json, "pools");
    for (size_t i = 0; i < figures->wall.pool_count; i++) {
        const struct umig_wall_pool *pool = &figures->wall.pools[i];
        umig_json_object(json, NULL);
        put_text(json, figures->profile, "pool", pool->group);
        umig_json_number(json, "threads", pool->threads);
        umig_json_number(json, "value_ns", pool->value);
        put_states(json, pool->by_state);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_places(struct umig_json *json, const struct umig_figures *figures)
{
    const struct umig_profile *profile = figures->profile;
    umig_json_array(json, "off_cpu");
    for (size_t i = 0; i < figures->wall.place_count; i++) {
        const struct umig_wall_place *place = &figures->wall.places[i];
        umig_json_object(json, NULL);
        umig_json_text(json, "state", umig_wall_state_key(place->state));
        put_text(json, profile, "monitor_class", place->monitor_class);
        umig_json_number(json, "value_ns", place->value);
        if (place->waits_in != 0) {
            umig_json_object(json, "waits_in");
            put_method(json, profile, place->waits_in);
            umig_json_object_end(json);
        }
        if (place->frame != 0) {
            umig_json_object(json, "called_from");
            put_frame(json, profile, &profile->frames.items[place->frame]);
            umig_json_object_end(json);
        }
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_wall(struct umig_json *json, const struct umig_figures *figures)
{
    umig_json_object(json, "wall");
    umig_json_number(json, "samples", figures->wall.count);
    umig_json_number(json, "value_ns", figures->wall.value);
    umig_json_number(json, "threads", figures->wall.threads);
    put_states(json, figures->wall.by_state);
    put_wall_pools(json, figures);
    put_places(json, figures);
    put_path_list(json, figures->profile, "off_cpu_paths", &figures->wall.paths);
    umig_json_object_end(json);
}

static void put_threads(struct umig_json *json, const struct umig_profile *profile)
{
    umig_json_array(json, "threads");
    for (size_t i = 0; i < profile->thread_totals.count; i++) {
        const struct umig_profile_thread_total *total = &profile->thread_totals.items[i];
        const struct umig_profile_thread *thread = &profile->threads.items[total->thread];
        umig_json_object(json, NULL);
        umig_json_number(json, "tid", thread->tid);
        if (thread->virtual_id != 0) {
            umig_json_number(json, "virtual_id", thread->virtual_id);
        }
        umig_json_text(json, "name", umig_profile_text(profile, thread->name));
        umig_json_text(json, "thread_kind", thread_key(thread->kind));
        umig_json_text(json, "kind", umig_quality_kind_key(total->kind));
        umig_json_number(json, "value", total->value);
        umig_json_number(json, "samples", total->count);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_gc_rows(struct umig_json *json, const struct umig_figures *figures)
{
    umig_json_array(json, "rows");
    for (size_t i = 0; i < figures->gc.row_count; i++) {
        const struct umig_gc_row *row = &figures->gc.rows[i];
        umig_json_object(json, NULL);
        put_text(json, figures->profile, "collection", row->collection);
        put_text(json, figures->profile, "cause", row->cause);
        umig_json_number(json, "pauses", row->count);
        umig_json_number(json, "total_ns", row->total_ns);
        umig_json_number(json, "longest_ns", row->longest_ns);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_gc(struct umig_json *json, const struct umig_figures *figures)
{
    const struct umig_gc *gc = &figures->gc;
    umig_json_object(json, "gc");
    umig_json_number(json, "pauses", gc->count);
    umig_json_number(json, "total_ns", gc->total_ns);
    umig_json_number(json, "median_ns", gc->median_ns);
    umig_json_number(json, "p99_ns", gc->p99_ns);
    umig_json_number(json, "longest_ns", gc->longest_ns);
    umig_json_number(json, "session_ns", gc->session_ns);
    umig_json_number(json, "reclaimed_bytes", gc->reclaimed_bytes);
    if (gc->after_count > 0) {
        umig_json_number(json, "heap_after_first_bytes", gc->after_first_bytes);
        umig_json_number(json, "heap_after_last_bytes", gc->after_last_bytes);
        umig_json_number(json, "heap_after_highest_bytes", gc->after_highest_bytes);
    }
    put_gc_rows(json, figures);
    umig_json_object_end(json);
}

/* Only what this JVM counts. */
static void put_jvm(struct umig_json *json, const struct umig_jvm *jvm)
{
    static const char *const keys[UMIG_JVM_COUNTERS] = {
#define KEY(name, number, key, text) [UMIG_JVM_##name] = (key),
        UMIG_JVM_COUNTER_TABLE(KEY)
#undef KEY
    };
    umig_json_object(json, "jvm");
    umig_json_number(json, "over_ns", jvm->over_ns);
    for (uint32_t i = 1; i < UMIG_JVM_COUNTERS; i++) {
        if (jvm->value[i] != UMIG_JVM_COUNTER_UNKNOWN) {
            umig_json_number(json, keys[i], jvm->value[i]);
        }
    }
    umig_json_object_end(json);
}

static void put_stack(struct umig_json *json, const struct umig_profile *profile, uint32_t stack)
{
    umig_json_array(json, "stack");
    for (uint32_t at = stack; at != 0; at = profile->stacks.items[at].parent) {
        umig_json_object(json, NULL);
        put_frame(json, profile, &profile->frames.items[profile->stacks.items[at].frame]);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_thread_name(struct umig_json *json,
                            const struct umig_profile *profile,
                            const char *key,
                            uint32_t thread)
{
    put_text(json, profile, key, profile->threads.items[thread].name);
}

static void put_deadlocks(struct umig_json *json,
                          const struct umig_profile *profile,
                          const struct umig_deadlocks *deadlocks)
{
    umig_json_array(json, "deadlocks");
    for (size_t i = 0; i < deadlocks->count;) {
        const uint32_t number = deadlocks->threads[i].number;
        umig_json_object(json, NULL);
        umig_json_number(json, "deadlock", number);
        umig_json_array(json, "threads");
        for (; i < deadlocks->count && deadlocks->threads[i].number == number; i++) {
            const struct umig_deadlock_thread *thread = &deadlocks->threads[i];
            umig_json_object(json, NULL);
            umig_json_text(json, "thread",
                           umig_profile_text(profile, profile->threads.items[thread->thread].name));
            umig_json_number(json, "tid", profile->threads.items[thread->thread].tid);
            put_text(json, profile, "waits_for", thread->waits_for);
            put_thread_name(json, profile, "held_by", thread->holder);
            put_text(json, profile, "holds", thread->holds);
            umig_json_number(json, "wait_ns", thread->wait_ns);
            put_stack(json, profile, thread->stack);
            umig_json_object_end(json);
        }
        umig_json_array_end(json);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_waits(struct umig_json *json,
                      const struct umig_profile *profile,
                      const char *key,
                      const struct umig_contention_row *rows,
                      size_t count)
{
    umig_json_array(json, key);
    for (size_t i = 0; i < count; i++) {
        umig_json_object(json, NULL);
        put_text(json, profile, "monitor_class", rows[i].monitor_class);
        if (rows[i].frame != 0) {
            put_frame(json, profile, &profile->frames.items[rows[i].frame]);
        }
        put_text(json, profile, "holder_pool", rows[i].holder_group);
        umig_json_number(json, "waits", rows[i].count);
        umig_json_number(json, "wait_ns", rows[i].wait_ns);
        umig_json_number(json, "longest_ns", rows[i].longest_ns);
        if (strcmp(key, "holding") == 0) {
            put_stack(json, profile, rows[i].stack);
        }
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_contention(struct umig_json *json, const struct umig_figures *figures)
{
    const struct umig_contention *waits = &figures->contention;
    umig_json_object(json, "contention");
    umig_json_number(json, "waits", waits->count);
    umig_json_number(json, "wait_ns", waits->wait_ns);
    put_waits(json, figures->profile, "classes", waits->classes, waits->class_count);
    put_waits(json, figures->profile, "sites", waits->sites, waits->site_count);
    put_waits(json, figures->profile, "holders", waits->holders, waits->holder_count);
    put_waits(json, figures->profile, "holding", waits->holding, waits->holding_count);
    put_deadlocks(json, figures->profile, &figures->deadlocks);
    umig_json_number(json, "still_waiting_threads", waits->open_threads);
    put_waits(json, figures->profile, "still_waiting", waits->open, waits->open_count);
    umig_json_object_end(json);
}

/* Of which class, and where; what is unknown, or of all, is left out. */
static void put_object(struct umig_json *json,
                       const struct umig_profile *profile,
                       uint32_t class_method,
                       uint32_t frame)
{
    if (class_method != 0) {
        struct umig_buf name = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
        umig_label_method(profile, class_method, false, &name);
        put_sentence(json, "object_class", &name);
    }
    if (frame != 0) {
        put_frame(json, profile, &profile->frames.items[frame]);
    }
}

static void put_allocated(struct umig_json *json,
                          const struct umig_profile *profile,
                          const char *key,
                          const struct umig_allocation_row *rows,
                          size_t count)
{
    umig_json_array(json, key);
    for (size_t i = 0; i < count; i++) {
        umig_json_object(json, NULL);
        put_object(json, profile, rows[i].class_method, rows[i].frame);
        umig_json_number(json, "bytes", rows[i].bytes);
        umig_json_number(json, "objects", rows[i].objects);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_ages(struct umig_json *json, const struct umig_survivors_row *row)
{
    umig_json_array(json, "ages");
    for (unsigned age = 0; age < UMIG_SURVIVORS_AGES; age++) {
        if (row->by_age[age] > 0) {
            umig_json_object(json, NULL);
            umig_json_number(json, "survived", umig_survivors_least(age));
            umig_json_number(json, "bytes", row->by_age[age]);
            umig_json_object_end(json);
        }
    }
    umig_json_array_end(json);
}

static void put_live_row(struct umig_json *json, const struct umig_survivors_row *row)
{
    umig_json_number(json, "bytes", row->bytes);
    umig_json_number(json, "objects", row->objects);
    umig_json_number(json, "half_way_bytes", row->half_way_bytes);
    put_ages(json, row);
}

static void put_live_rows(struct umig_json *json,
                          const struct umig_profile *profile,
                          const char *key,
                          const struct umig_survivors_row *rows,
                          size_t count)
{
    umig_json_array(json, key);
    for (size_t i = 0; i < count; i++) {
        umig_json_object(json, NULL);
        put_object(json, profile, rows[i].class_method, rows[i].frame);
        put_live_row(json, &rows[i]);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_suspects(struct umig_json *json, const struct umig_figures *figures)
{
    const struct umig_suspects *suspects = &figures->suspects;
    umig_json_array(json, "suspects");
    for (size_t i = 0; i < suspects->count; i++) {
        const struct umig_survivors_row *row = &suspects->items[i].row;
        struct umig_buf name = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
        umig_json_object(json, NULL);
        umig_label_method(figures->profile, row->class_method, false, &name);
        put_sentence(json, "object_class", &name);
        if (row->frame != 0) {
            put_frame(json, figures->profile, &figures->profile->frames.items[row->frame]);
        }
        put_live_row(json, row);
        umig_json_number(json, "bytes_per_hour", suspects->items[i].bytes_per_hour);
        umig_json_put_ways(json, figures->profile, &figures->retained,
                           figures->profile->methods.items[row->class_method].class_name);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
    umig_json_array(json, "cleared");
    for (size_t i = 0; i < suspects->cleared_count; i++) {
        const uint32_t method = suspects->cleared[i].row.class_method;
        struct umig_buf name = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
        umig_json_object(json, NULL);
        umig_label_method(figures->profile, method, false, &name);
        put_sentence(json, "object_class", &name);
        umig_json_put_ways(json, figures->profile, &figures->retained,
                           figures->profile->methods.items[method].class_name);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
    if (suspects->lack != NULL) {
        umig_json_text(json, "suspects_lack", suspects->lack);
    }
    umig_json_put_search(json, &figures->retained);
}

static void put_survivors(struct umig_json *json, const struct umig_figures *figures)
{
    const struct umig_survivors *all = &figures->survivors;
    umig_json_object(json, "live");
    umig_json_number(json, "snapshots", all->snapshots);
    umig_json_number(json, "followed_one_in", all->share);
    put_live_row(json, &all->all);
    put_live_rows(json, figures->profile, "classes", all->classes, all->class_count);
    put_live_rows(json, figures->profile, "places", all->places, all->place_count);
    put_live_rows(json, figures->profile, "lines", all->lines, all->line_count);
    put_suspects(json, figures);
    umig_json_object_end(json);
}

static void put_allocation(struct umig_json *json, const struct umig_figures *figures)
{
    const struct umig_allocation *all = &figures->allocation;
    umig_json_object(json, "allocation");
    umig_json_number(json, "samples", all->samples);
    umig_json_number(json, "bytes", all->bytes);
    umig_json_number(json, "objects", all->objects);
    umig_json_number(json, "outside_bytes", all->outside_bytes);
    umig_json_number(json, "humongous_bytes", all->humongous_bytes);
    umig_json_number(json, "humongous_objects", all->humongous_objects);
    put_allocated(json, figures->profile, "classes", all->classes, all->class_count);
    put_allocated(json, figures->profile, "places", all->places, all->place_count);
    put_allocated(json, figures->profile, "lines", all->lines, all->line_count);
    umig_json_object_end(json);
}

/* null: the JVM did not know it while the session was on. */
static void put_pool_bytes(struct umig_json *json,
                           const char *key,
                           const struct umig_pool *pool,
                           uint64_t bytes)
{
    if (pool->points > 0) {
        umig_json_number(json, key, bytes);
    } else {
        umig_json_text(json, key, NULL);
    }
}

static void put_memory(struct umig_json *json, const struct umig_figures *figures)
{
    umig_json_array(json, "memory");
    for (size_t i = 0; i < figures->pools.count; i++) {
        const struct umig_pool *pool = &figures->pools.items[i];
        umig_json_object(json, NULL);
        umig_json_text(json, "pool", umig_profile_text(figures->profile, pool->pool));
        umig_json_number(json, "points", pool->points);
        put_pool_bytes(json, "first_bytes", pool, pool->first_bytes);
        put_pool_bytes(json, "last_bytes", pool, pool->last_bytes);
        put_pool_bytes(json, "highest_bytes", pool, pool->highest_bytes);
        put_pool_bytes(json, "committed_bytes", pool, pool->committed_bytes);
        put_bytes(json, "maximum_bytes",
                  pool->points > 0 ? pool->maximum_bytes : UMIG_BYTES_UNKNOWN);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_drops(struct umig_json *json, const struct umig_profile_tally *tally)
{
    umig_json_array(json, "dropped");
    for (unsigned i = 0; i < UMIG_DROP_COUNT; i++) {
        if (tally->dropped[i] > 0) {
            umig_json_object(json, NULL);
            umig_json_text(json, "cause", umig_quality_drop_key((enum umig_drop)i));
            umig_json_number(json, "count", tally->dropped[i]);
            umig_json_object_end(json);
        }
    }
    umig_json_array_end(json);
}

static void put_books(struct umig_json *json, const struct umig_figures *figures)
{
    umig_json_array(json, "kinds");
    for (unsigned i = 1; i < UMIG_KIND_COUNT; i++) {
        const struct umig_quality_kind *kind = &figures->quality.kinds[i];
        if (!kind->present) {
            continue;
        }
        umig_json_object(json, NULL);
        umig_json_text(json, "kind", umig_quality_kind_key((enum umig_kind)i));
        umig_json_number(json, "produced", kind->produced);
        umig_json_number(json, "stored", kind->stored);
        put_drops(json, &figures->profile->tallies[i]);
        umig_json_number(json, "missing", kind->missing);
        umig_json_number(json, "surplus", kind->surplus);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_quality(struct umig_json *json, const struct umig_figures *figures)
{
    const struct umig_quality *quality = &figures->quality;
    struct umig_buf sentence = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    umig_quality_sentence(figures->profile, quality, &sentence);
    umig_json_object(json, "quality");
    umig_json_bool(json, "complete", quality->is_complete);
    put_sentence(json, "sentence", &sentence);
    umig_json_number(json, "java_samples", quality->java_samples);
    umig_json_number(json, "failed_samples", quality->failed_samples);
    umig_json_number(json, "vm_samples", quality->vm_samples);
    umig_json_array(json, "other_sessions");
    for (size_t i = 0; i < figures->profile->others.count; i++) {
        const uint32_t id = figures->profile->others.items[i];
        umig_json_text(json, NULL, umig_profile_text(figures->profile, id));
    }
    umig_json_array_end(json);
    umig_json_array(json, "failed");
    for (unsigned i = 0; i < UMIG_OUTCOME_COUNT; i++) {
        if (quality->failed[i] > 0) {
            umig_json_object(json, NULL);
            umig_json_text(json, "outcome", umig_quality_outcome_key((enum umig_outcome)i));
            umig_json_number(json, "samples", quality->failed[i]);
            umig_json_object_end(json);
        }
    }
    umig_json_array_end(json);
    put_books(json, figures);
    umig_json_object_end(json);
}

static void put_cost(struct umig_json *json, const struct umig_profile_session *session)
{
    umig_json_object(json, "cost");
    umig_json_number(json, "agent_cpu_ns", session->agent_cpu_ns);
    umig_json_number(json, "agent_memory_bytes", session->agent_memory_bytes);
    umig_json_number(json, "process_cpu_ns", session->process_cpu_ns);
    umig_json_object_end(json);
}

int umig_report_json_write(const struct umig_figures *figures,
                           struct umig_buf *out,
                           struct umig_err *err)
{
    struct umig_json json = UMIG_JSON_INIT(out);
    umig_json_object(&json, NULL);
    umig_json_text(&json, "schema", "umig.report/1");
    put_session(&json, figures->profile);
    put_answer(&json, figures);
    put_cpu(&json, figures);
    put_wall(&json, figures);
    put_threads(&json, figures->profile);
    put_gc(&json, figures);
    put_jvm(&json, &figures->jvm);
    put_contention(&json, figures);
    umig_report_json_pools(&json, figures);
    put_allocation(&json, figures);
    put_survivors(&json, figures);
    put_memory(&json, figures);
    put_quality(&json, figures);
    put_cost(&json, &figures->profile->session);
    umig_json_object_end(&json);
    return umig_json_finish(&json, "the JSON report", err);
}

int umig_report_json_write_suspects(const struct umig_figures *figures,
                                    struct umig_buf *out,
                                    struct umig_err *err)
{
    struct umig_json json = UMIG_JSON_INIT(out);
    umig_json_object(&json, NULL);
    umig_json_text(&json, "schema", "umig.suspects/1");
    put_session(&json, figures->profile);
    umig_json_number(&json, "snapshots", figures->survivors.snapshots);
    put_suspects(&json, figures);
    umig_json_object_end(&json);
    return umig_json_finish(&json, "the JSON of leak suspects", err);
}

int umig_report_json_write_holders(const struct umig_figures *figures,
                                   struct umig_buf *out,
                                   struct umig_err *err)
{
    struct umig_json json = UMIG_JSON_INIT(out);
    umig_json_object(&json, NULL);
    umig_json_text(&json, "schema", "umig.holders/1");
    put_session(&json, figures->profile);
    umig_json_put_holders(&json, figures->profile, &figures->retained);
    umig_json_put_search(&json, &figures->retained);
    umig_json_object_end(&json);
    return umig_json_finish(&json, "the JSON of holders", err);
}
