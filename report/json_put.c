#include "report/json_put.h"

void umig_json_put_name(struct umig_json *json,
                        const struct umig_profile *profile,
                        const char *key,
                        uint32_t text)
{
    umig_json_known(json, key, umig_profile_text(profile, text));
}

void umig_json_put_method(struct umig_json *json,
                          const struct umig_profile *profile,
                          uint32_t method)
{
    const struct umig_profile_method *at = &profile->methods.items[method];
    umig_json_put_name(json, profile, "class", at->class_name);
    umig_json_text(json, "method", umig_profile_text(profile, at->name));
    umig_json_put_name(json, profile, "file", at->file);
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

void umig_json_put_frame(struct umig_json *json,
                         const struct umig_profile *profile,
                         const struct umig_profile_frame *at)
{
    umig_json_put_method(json, profile, at->method);
    if (at->line != 0) {
        umig_json_number(json, "line", at->line);
    }
    umig_json_text(json, "kind", frame_key(at->kind));
}

void umig_json_put_stack(struct umig_json *json, const struct umig_profile *profile, uint32_t stack)
{
    umig_json_array(json, "stack");
    for (uint32_t at = stack; at != 0; at = profile->stacks.items[at].parent) {
        umig_json_object(json, NULL);
        umig_json_put_frame(json, profile, &profile->frames.items[profile->stacks.items[at].frame]);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

void umig_json_put_paths(struct umig_json *json,
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
            umig_json_put_frame(json, profile, &path->frames[k]);
            umig_json_object_end(json);
        }
        umig_json_array_end(json);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

void umig_json_put_sentence(struct umig_json *json, const char *key, struct umig_buf *sentence)
{
    umig_json_text(json, key, umig_buf_str(sentence));
    if (sentence->failed != UMIG_OK && json->out->failed == UMIG_OK) {
        json->out->failed = sentence->failed;
    }
    umig_buf_fini(sentence);
}
