#include "report/json_retained.h"

#include "analysis/way.h"
#include "core/buf.h"

#define TEXT_LIMIT_BYTES (1u << 16)
#define WAYS_MAX         4

static void put_steps(struct umig_json *json, const struct umig_profile *profile, uint32_t stack)
{
    uint32_t steps[UMIG_RETAINED_STEPS];
    const size_t count = umig_retained_steps(profile, stack, steps);
    umig_json_array(json, "steps");
    for (size_t i = 0; i < count; i++) {
        const struct umig_profile_frame *frame =
            &profile->frames.items[profile->stacks.items[steps[i]].frame];
        const struct umig_profile_method *step = &profile->methods.items[frame->method];
        umig_json_object(json, NULL);
        umig_json_text(json, "by", umig_way_edge_key(frame->line));
        if (step->class_name != 0) {
            umig_json_text(json, "class", umig_profile_text(profile, step->class_name));
        }
        umig_json_text(json, "name", umig_profile_text(profile, step->name));
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

void umig_json_put_ways(struct umig_json *json,
                        const struct umig_profile *profile,
                        const struct umig_retained *retained,
                        uint32_t class_name)
{
    struct umig_retained_way ways[WAYS_MAX];
    struct umig_retained_way all;
    const size_t count = umig_retained_of(retained, class_name, ways, WAYS_MAX, &all);
    umig_json_array(json, "held_by");
    for (size_t i = 0; i < count; i++) {
        struct umig_buf way = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
        umig_json_object(json, NULL);
        umig_retained_put_way(profile, ways[i].stack, &way);
        umig_json_text(json, "way", umig_buf_str(&way));
        umig_buf_fini(&way);
        put_steps(json, profile, ways[i].stack);
        umig_json_number(json, "objects", ways[i].objects);
        umig_json_number(json, "bytes", ways[i].bytes);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
    umig_json_number(json, "held_bytes", all.bytes);
}

void umig_json_put_search(struct umig_json *json, const struct umig_retained *retained)
{
    static const char *const ends[] = {
        [UMIG_RETAINED_WHOLE] = "whole",
        [UMIG_RETAINED_NO_CPU] = "out_of_cpu",
        [UMIG_RETAINED_CALLED_OFF] = "called_off",
        [UMIG_RETAINED_NO_ROOM] = "out_of_room",
    };
    if (retained->end != UMIG_RETAINED_NEVER && retained->end < sizeof ends / sizeof ends[0] &&
        ends[retained->end] != NULL) {
        umig_json_object(json, "search");
        umig_json_text(json, "end", ends[retained->end]);
        umig_json_number(json, "objects", retained->looked_at);
        umig_json_object_end(json);
    }
}

void umig_json_put_holders(struct umig_json *json,
                           const struct umig_profile *profile,
                           const struct umig_retained *retained)
{
    uint32_t classes[UMIG_RETAINED_MAX];
    const size_t count = umig_retained_classes(profile, retained, classes);
    umig_json_array(json, "classes");
    for (size_t i = 0; i < count; i++) {
        umig_json_object(json, NULL);
        umig_json_text(json, "class", umig_profile_text(profile, classes[i]));
        umig_json_put_ways(json, profile, retained, classes[i]);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}
