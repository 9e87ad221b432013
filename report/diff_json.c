/* A comparison as JSON: docs/diff.schema.json. */
#include "analysis/label.h"
#include "core/err.h"
#include "core/json.h"
#include "report/diff_private.h"
#include "report/diff_words.h"

#define TEXT_LIMIT_BYTES (1u << 20)

static void put_known(struct umig_json *json,
                      const struct umig_profile *profile,
                      const char *key,
                      uint32_t text)
{
    umig_json_known(json, key, umig_profile_text(profile, text));
}

static void put_side(struct umig_json *json,
                     const struct umig_diff *diff,
                     enum umig_change_side side,
                     const char *key)
{
    const struct umig_profile *profile = side == UMIG_BEFORE ? diff->before : diff->after;
    const struct umig_profile_session *session = &profile->session;
    umig_json_object(json, key);
    put_known(json, profile, "id", session->id);
    put_known(json, profile, "service", session->service);
    put_known(json, profile, "host", session->host);
    put_known(json, profile, "jvm_version", session->jvm_version);
    umig_json_number(json, "start_unix_ns", session->start_unix_ns);
    umig_json_number(json, "end_unix_ns", session->end_unix_ns);
    umig_json_number(json, "interval_ns", session->interval_ns[UMIG_KIND_CPU]);
    umig_json_number(json, "cpu_ns", diff->value[side]);
    umig_json_number(json, "samples", diff->count[side]);
    umig_json_number(json, "blocks", diff->blocks[side]);
    if (diff->options.basis != UMIG_DIFF_REST) {
        umig_json_decimal(json, "work", diff->options.work[side]);
    }
    umig_json_object_end(json);
}

static void put_figure(struct umig_json *json,
                       const char *key,
                       const struct umig_diff_figure *figure)
{
    static const char *const states[] = {"too_few", "chance", "changed"};
    umig_json_object(json, key);
    umig_json_number(json, "before_ns", figure->value[UMIG_BEFORE]);
    umig_json_number(json, "after_ns", figure->value[UMIG_AFTER]);
    umig_json_text(json, "state", states[figure->state]);
    if (figure->state != UMIG_DIFF_TOO_FEW) {
        umig_json_decimal(json, "ratio", figure->ratio);
        umig_json_decimal(json, "low", figure->low);
        umig_json_decimal(json, "high", figure->high);
        umig_json_decimal(json, "least", figure->least);
        umig_json_decimal(json, "p", figure->p);
    }
    umig_json_object_end(json);
}

static void put_method(struct umig_json *json,
                       const struct umig_diff *diff,
                       const struct umig_diff_method *method)
{
    const struct umig_profile_method *at = &diff->names->methods.items[method->method];
    umig_json_object(json, NULL);
    put_known(json, diff->names, "class", at->class_name);
    umig_json_text(json, "method", umig_profile_text(diff->names, at->name));
    put_known(json, diff->names, "file", at->file);
    put_figure(json, "self", &method->self);
    put_figure(json, "total", &method->total);
    umig_json_object_end(json);
}

static void put_family(struct umig_json *json,
                       const char *key,
                       const struct umig_diff_family *family)
{
    umig_json_object(json, key);
    umig_json_number(json, "tested", family->tested);
    umig_json_number(json, "changed", family->changed);
    umig_json_object_end(json);
}

static void put_terms(struct umig_json *json,
                      const struct umig_diff *diff,
                      const struct umig_diff_wording *wording)
{
    static const char *const bases[] = {"rest", "work", "wall"};
    umig_json_text(json, "basis", bases[diff->options.basis]);
    umig_json_known(json, "unit_of_work", wording->work);
    umig_json_decimal(json, "level", diff->options.level);
    umig_json_decimal(json, "noise", diff->options.noise);
    umig_json_object(json, "scatter");
    umig_json_decimal(json, "phi", diff->scatter.phi);
    umig_json_decimal(json, "freedom", diff->scatter.freedom);
    umig_json_object_end(json);
}

/* One sentence; key NULL: of the answer. */
static void put_sentence(struct umig_json *json, const char *key, struct umig_buf *text)
{
    if (key == NULL) {
        umig_json_text(json, NULL, umig_buf_str(text));
    } else {
        umig_json_known(json, key, umig_buf_str(text));
    }
    if (text->failed != UMIG_OK && json->out->failed == UMIG_OK) {
        json->out->failed = text->failed;
    }
    umig_buf_fini(text);
}

static void put_answer(struct umig_json *json,
                       const struct umig_diff *diff,
                       const struct umig_diff_wording *wording)
{
    struct umig_buf text = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    umig_json_array(json, "answer");
    umig_diff_put_answer(diff, wording, &text);
    put_sentence(json, NULL, &text);
    umig_diff_put_whole(diff, wording, &text);
    put_sentence(json, NULL, &text);
    umig_diff_put_blind(diff, &text);
    put_sentence(json, NULL, &text);
    umig_json_array_end(json);
    umig_diff_put_doubts(diff, &text);
    put_sentence(json, "doubts", &text);
}

int umig_diff_json_write(const struct umig_diff *diff,
                         const struct umig_diff_wording *wording,
                         struct umig_buf *out)
{
    struct umig_json json = UMIG_JSON_INIT(out);
    umig_json_object(&json, NULL);
    umig_json_text(&json, "schema", "umig.diff/1");
    put_answer(&json, diff, wording);
    put_side(&json, diff, UMIG_BEFORE, "before");
    put_side(&json, diff, UMIG_AFTER, "after");
    put_terms(&json, diff, wording);
    if (diff->options.basis != UMIG_DIFF_REST) {
        umig_json_decimal(&json, "whole_ratio", diff->whole);
    }
    put_family(&json, "by_self", &diff->by_self);
    put_family(&json, "by_total", &diff->by_total);
    put_family(&json, "by_frame", &diff->by_node);
    umig_json_array(&json, "methods");
    for (size_t i = 0; i < diff->method_count; i++) {
        put_method(&json, diff, &diff->methods[i]);
    }
    umig_json_array_end(&json);
    umig_json_object_end(&json);
    return umig_json_finish(&json, "the comparison", NULL);
}
