/* What was allocated, what of it stays alive, and what leaks. */
#include "analysis/label.h"
#include "report/json_parts.h"
#include "report/json_put.h"
#include "report/json_retained.h"

#define TEXT_LIMIT_BYTES (1u << 20)

/* Of which class, and where; what is unknown, or of all, is left out. */
static void put_object(struct umig_json *json,
                       const struct umig_profile *profile,
                       uint32_t class_method,
                       uint32_t frame)
{
    if (class_method != 0) {
        struct umig_buf name = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
        umig_label_method(profile, class_method, false, &name);
        umig_json_put_sentence(json, "object_class", &name);
    }
    if (frame != 0) {
        umig_json_put_frame(json, profile, &profile->frames.items[frame]);
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

void umig_report_json_suspects(struct umig_json *json, const struct umig_figures *figures)
{
    const struct umig_suspects *suspects = &figures->suspects;
    umig_json_array(json, "suspects");
    for (size_t i = 0; i < suspects->count; i++) {
        const struct umig_survivors_row *row = &suspects->items[i].row;
        struct umig_buf name = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
        umig_json_object(json, NULL);
        umig_label_method(figures->profile, row->class_method, false, &name);
        umig_json_put_sentence(json, "object_class", &name);
        if (row->frame != 0) {
            umig_json_put_frame(json, figures->profile,
                                &figures->profile->frames.items[row->frame]);
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
        umig_json_put_sentence(json, "object_class", &name);
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

void umig_report_json_live(struct umig_json *json, const struct umig_figures *figures)
{
    const struct umig_survivors *all = &figures->survivors;
    umig_json_object(json, "live");
    umig_json_number(json, "snapshots", all->snapshots);
    umig_json_number(json, "followed_one_in", all->share);
    put_live_row(json, &all->all);
    put_live_rows(json, figures->profile, "classes", all->classes, all->class_count);
    put_live_rows(json, figures->profile, "places", all->places, all->place_count);
    put_live_rows(json, figures->profile, "lines", all->lines, all->line_count);
    umig_report_json_suspects(json, figures);
    umig_json_object_end(json);
}

void umig_report_json_allocation(struct umig_json *json, const struct umig_figures *figures)
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
