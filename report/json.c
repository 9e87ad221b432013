#include "report/json.h"

#include "analysis/label.h"
#include "core/err.h"
#include "core/json.h"
#include "report/json_parts.h"
#include "report/json_put.h"
#include "report/json_retained.h"

#define TEXT_LIMIT_BYTES (1u << 20)

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
    umig_json_put_name(json, profile, "id", session->id);
    umig_json_put_name(json, profile, "service", session->service);
    umig_json_put_name(json, profile, "instance", session->instance);
    umig_json_put_name(json, profile, "host", session->host);
    umig_json_number(json, "pid", session->pid);
    umig_json_put_name(json, profile, "main_class", session->main_class);
    umig_json_put_name(json, profile, "jvm_name", session->jvm_name);
    umig_json_put_name(json, profile, "jvm_version", session->jvm_version);
    umig_json_number(json, "jdk", session->jdk);
    umig_json_put_name(json, profile, "gc_name", session->collector_name);
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
    umig_json_put_name(json, profile, "walker", session->walker);
    if (session->walker != 0) {
        umig_json_text(json, "native", umig_quality_native_key(session->native));
    }
    if (session->has_mutexes) {
        umig_json_bool(json, "mutexes", true);
    }
    umig_json_put_name(json, profile, "clock", session->clock);
    umig_json_put_name(json, profile, "threads", session->threads);
    umig_json_put_name(json, profile, "problem", session->problem);
    if (session->fired_unix_ns != 0) {
        umig_json_put_name(json, profile, "when", session->when);
        umig_json_put_name(json, profile, "because", session->because);
        umig_json_number(json, "fired_unix_ns", session->fired_unix_ns);
    }
    put_labels(json, profile);
    umig_json_object_end(json);
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
        umig_json_put_sentence(json, NULL, &sentence);
    }
    umig_json_array_end(json);
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

int umig_report_json_write(const struct umig_figures *figures,
                           struct umig_buf *out,
                           struct umig_err *err)
{
    struct umig_json json = UMIG_JSON_INIT(out);
    umig_json_object(&json, NULL);
    umig_json_text(&json, "schema", "umig.report/1");
    put_session(&json, figures->profile);
    put_answer(&json, figures);
    umig_report_json_cpu(&json, figures);
    umig_report_json_wall(&json, figures);
    put_threads(&json, figures->profile);
    umig_report_json_gc(&json, figures);
    umig_report_json_safepoints(&json, figures);
    umig_report_json_jvm(&json, &figures->jvm);
    umig_report_json_contention(&json, figures);
    umig_report_json_pools(&json, figures);
    umig_report_json_virtual_threads(&json, figures);
    umig_report_json_allocation(&json, figures);
    umig_report_json_live(&json, figures);
    umig_report_json_memory(&json, figures);
    umig_report_json_quality(&json, figures);
    umig_report_json_cost(&json, figures);
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
    umig_report_json_suspects(&json, figures);
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
