#include "report/speedscope.h"

#include <stdlib.h>
#include <string.h>

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
    size_t depth = umig_stack_chain(profile, stack, chain);
    umig_json_array(json, NULL);
    while (depth > 0) {
        umig_json_number(json, NULL, chain[--depth] - 1);
    }
    umig_json_array_end(json);
}

/* The value of one thread group. */
struct group {
    uint32_t group; /* string */
    uint64_t value;
};

static int compare_groups(const void *a, const void *b, void *context)
{
    const struct umig_profile *profile = *(const struct umig_profile **)context;
    const struct group *x = a;
    const struct group *y = b;
    return x->value != y->value
               ? (x->value > y->value ? -1 : 1)
               : strcmp(umig_profile_text(profile, x->group), umig_profile_text(profile, y->group));
}

/* Heaviest first; there is room for one a string, which groups are indexed by at first. */
static size_t sum_groups(const struct umig_stack_rows *rows, struct group *groups)
{
    const struct umig_profile *profile = rows->profile;
    size_t count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        groups[rows->items[i].group].value += rows->items[i].value;
    }
    for (size_t i = 0; i < profile->strings.count; i++) {
        const uint64_t value = groups[i].value;
        if (value > 0) {
            groups[count++] = (struct group){.group = (uint32_t)i, .value = value};
        }
    }
    qsort_r(groups, count, sizeof *groups, compare_groups, &profile);
    return count;
}

static bool is_of(const struct umig_stack_row *row, const struct group *group)
{
    return row->group == group->group && row->value > 0;
}

static void put_group(const struct umig_stack_rows *rows,
                      const struct group *group,
                      uint32_t *chain,
                      struct umig_json *json)
{
    umig_json_object(json, NULL);
    umig_json_text(json, "type", "sampled");
    umig_json_text(json, "name", umig_profile_text(rows->profile, group->group));
    umig_json_text(json, "unit", rows->terms->value_unit);
    umig_json_number(json, "startValue", 0);
    umig_json_number(json, "endValue", group->value);
    umig_json_array(json, "samples");
    for (size_t i = 0; i < rows->count; i++) {
        if (is_of(&rows->items[i], group)) {
            put_stack(rows->profile, rows->items[i].stack, chain, json);
        }
    }
    umig_json_array_end(json);
    umig_json_array(json, "weights");
    for (size_t i = 0; i < rows->count; i++) {
        if (is_of(&rows->items[i], group)) {
            umig_json_number(json, NULL, rows->items[i].value);
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

int umig_speedscope_write(const struct umig_stack_rows *rows,
                          struct umig_buf *out,
                          struct umig_err *err)
{
    uint32_t *chain = umig_stack_chain_create(rows->profile);
    struct group *groups = calloc(rows->profile->strings.count, sizeof *groups);
    if (chain == NULL || groups == NULL) {
        free(chain);
        free(groups);
        return umig_err_set(err, UMIG_E_NOMEM, "no memory to write for speedscope");
    }
    const size_t group_count = sum_groups(rows, groups);
    struct umig_json json = UMIG_JSON_INIT(out);
    umig_json_object(&json, NULL);
    umig_json_text(&json, "$schema", "https://www.speedscope.app/file-format-schema.json");
    put_frames(rows->profile, &json);
    umig_json_array(&json, "profiles");
    for (size_t i = 0; i < group_count; i++) {
        put_group(rows, &groups[i], chain, &json);
    }
    umig_json_array_end(&json);
    put_name(rows->profile, &json);
    umig_json_number(&json, "activeProfileIndex", 0);
    umig_json_text(&json, "exporter", "umig " UMIG_VERSION);
    umig_json_object_end(&json);
    free(groups);
    free(chain);
    return umig_json_finish(&json, "the speedscope file", err);
}
