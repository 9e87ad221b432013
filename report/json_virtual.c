/* Virtual threads: made, carried, pinned. */
#include "report/json_parts.h"
#include "report/json_put.h"

static void put_carriers(struct umig_json *json, const struct umig_work_pool *carriers)
{
    umig_json_object(json, "carriers");
    umig_json_decimal(json, "size_mean", carriers->size_mean);
    umig_json_decimal(json, "mounted_mean", carriers->active_mean);
    umig_json_number(json, "mounted_most", carriers->sums->active_most);
    if (carriers->queued_mean >= 0) {
        umig_json_decimal(json, "ready_mean", carriers->queued_mean);
        umig_json_number(json, "ready_most", carriers->sums->queued_most);
    }
    umig_json_object_end(json);
}

static void put_place(struct umig_json *json,
                      const struct umig_profile *profile,
                      const struct umig_pin_row *row)
{
    umig_json_object(json, NULL);
    if (row->frame != 0) {
        umig_json_put_frame(json, profile, &profile->frames.items[row->frame]);
    }
    if (row->pinned_by != 0) {
        umig_json_object(json, "pinned_by");
        umig_json_put_frame(json, profile, &profile->frames.items[row->pinned_by]);
        umig_json_object_end(json);
    }
    umig_json_text(json, "reason", umig_pins_reason(profile, row->pinned_by));
    umig_json_number(json, "parks", row->count);
    umig_json_number(json, "wait_ns", row->wait_ns);
    umig_json_number(json, "longest_ns", row->longest_ns);
    umig_json_put_stack(json, profile, row->stack);
    umig_json_object_end(json);
}

static void put_pins(struct umig_json *json, const struct umig_figures *figures)
{
    const struct umig_pins *pins = &figures->pins;
    umig_json_object(json, "pinned");
    umig_json_number(json, "parks", pins->count);
    umig_json_number(json, "wait_ns", pins->wait_ns);
    umig_json_array(json, "places");
    for (size_t i = 0; i < pins->row_count; i++) {
        put_place(json, figures->profile, &pins->rows[i]);
    }
    umig_json_array_end(json);
    umig_json_object_end(json);
}

void umig_report_json_virtual_threads(struct umig_json *json, const struct umig_figures *figures)
{
    const struct umig_virtual_figures *virtual_threads = &figures->virtual_threads;
    umig_json_object(json, "virtual_threads");
    if (virtual_threads->are_there) {
        if (virtual_threads->made != UMIG_JVM_COUNTER_UNKNOWN) {
            umig_json_number(json, "made", virtual_threads->made);
        }
        if (virtual_threads->carriers != NULL) {
            put_carriers(json, virtual_threads->carriers);
        }
        if (figures->profile->session.has_kind[UMIG_KIND_LOCKS] || figures->pins.row_count > 0) {
            put_pins(json, figures);
        }
        umig_json_text(json, "not_measured", UMIG_VIRTUAL_THREADS_UNSEEN);
    }
    umig_json_object_end(json);
}
