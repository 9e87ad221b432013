#include "report/speedscope.h"

#include <stdlib.h>

#include "analysis/label.h"
#include "core/err.h"
#include "core/json.h"
#include "include/umig/version.h"

#define NAME_LIMIT_BYTES (4u << 20)

static void put_frames(const struct umig_profile *profile, struct umig_json *json)
{
    struct umig_buf name = UMIG_BUF_INIT(NAME_LIMIT_BYTES);
    umig_json_object(json, "shared");
    umig_json_array(json, "frames");
    for (size_t i = 1; i < profile->frames.count && name.failed == UMIG_OK; i++) {
        const struct umig_profile_frame *frame = &profile->frames.items[i];
        umig_buf_clear(&name);
        umig_label_method(profile, frame->method, false, &name);
        umig_json_object(json, NULL);
        umig_json_text(json, "name", umig_buf_str(&name));
        umig_json_known(json, "file",
                        umig_profile_text(profile, profile->methods.items[frame->method].file));
        if (frame->line > 0) {
            umig_json_number(json, "line", frame->line);
        }
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
    umig_json_object_end(json);
    if (name.failed != UMIG_OK && json->out->failed == UMIG_OK) {
        json->out->failed = name.failed;
    }
    umig_buf_fini(&name);
}

/* A stack, root first; the file's frames count from 0. */
static void put_stack(const struct umig_profile *profile,
                      uint32_t stack,
                      uint32_t *chain,
                      struct umig_json *json)
{
    size_t depth = 0;
    for (uint32_t at = stack; at != 0; at = profile->stacks.items[at].parent) {
        chain[depth++] = profile->stacks.items[at].frame;
    }
    umig_json_array(json, NULL);
    while (depth > 0) {
        umig_json_number(json, NULL, chain[--depth] - 1);
    }
    umig_json_array_end(json);
}

static bool is_of(const struct umig_profile_sample *sample, uint32_t group)
{
    return sample->kind == UMIG_KIND_CPU && sample->group == group && sample->value > 0;
}

static void put_group(const struct umig_profile *profile,
                      const struct umig_hot_group *group,
                      uint32_t *chain,
                      struct umig_json *json)
{
    umig_json_object(json, NULL);
    umig_json_text(json, "type", "sampled");
    umig_json_text(json, "name", umig_profile_text(profile, group->group));
    umig_json_text(json, "unit", "nanoseconds");
    umig_json_number(json, "startValue", 0);
    umig_json_number(json, "endValue", group->value);
    umig_json_array(json, "samples");
    for (size_t i = 0; i < profile->samples.count; i++) {
        if (is_of(&profile->samples.items[i], group->group)) {
            put_stack(profile, profile->samples.items[i].stack, chain, json);
        }
    }
    umig_json_array_end(json);
    umig_json_array(json, "weights");
    for (size_t i = 0; i < profile->samples.count; i++) {
        if (is_of(&profile->samples.items[i], group->group)) {
            umig_json_number(json, NULL, profile->samples.items[i].value);
        }
    }
    umig_json_array_end(json);
    umig_json_object_end(json);
}

static void put_name(const struct umig_profile *profile, struct umig_json *json)
{
    struct umig_buf name = UMIG_BUF_INIT(NAME_LIMIT_BYTES);
    umig_buf_printf(&name, "%s %s", umig_profile_text(profile, profile->session.service),
                    umig_profile_text(profile, profile->session.id));
    umig_json_text(json, "name", umig_buf_str(&name));
    if (name.failed != UMIG_OK && json->out->failed == UMIG_OK) {
        json->out->failed = name.failed;
    }
    umig_buf_fini(&name);
}

int umig_speedscope_write(const struct umig_profile *profile,
                          const struct umig_hot *cpu,
                          struct umig_buf *out,
                          struct umig_err *err)
{
    uint32_t deepest = 0;
    for (size_t i = 0; i < profile->stacks.count; i++) {
        const uint32_t depth = profile->stacks.items[i].depth;
        deepest = depth > deepest ? depth : deepest;
    }
    uint32_t *chain = calloc((size_t)deepest + 1, sizeof *chain);
    if (chain == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory to write for speedscope");
    }
    struct umig_json json = UMIG_JSON_INIT(out);
    umig_json_object(&json, NULL);
    umig_json_text(&json, "$schema", "https://www.speedscope.app/file-format-schema.json");
    put_frames(profile, &json);
    umig_json_array(&json, "profiles");
    for (size_t i = 0; i < cpu->group_count; i++) {
        put_group(profile, &cpu->groups[i], chain, &json);
    }
    umig_json_array_end(&json);
    put_name(profile, &json);
    umig_json_number(&json, "activeProfileIndex", 0);
    umig_json_text(&json, "exporter", "umig " UMIG_VERSION);
    umig_json_object_end(&json);
    free(chain);
    return umig_json_finish(&json, "the speedscope file", err);
}
