/* What of the data is missing, by kind and cause. */
#include "report/json_parts.h"
#include "report/json_put.h"

#define TEXT_LIMIT_BYTES (1u << 20)

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

void umig_report_json_quality(struct umig_json *json, const struct umig_figures *figures)
{
    const struct umig_quality *quality = &figures->quality;
    struct umig_buf sentence = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    umig_quality_sentence(figures->profile, quality, &sentence);
    umig_json_object(json, "quality");
    umig_json_bool(json, "complete", quality->is_complete);
    umig_json_put_sentence(json, "sentence", &sentence);
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
