#include "report/stack_rows.h"

#include <stdlib.h>

#include "analysis/intern.h"
#include "analysis/pins.h"
#include "analysis/quality.h"
#include "analysis/wall.h"
#include "core/buf.h"
#include "core/err.h"

#define NAME_LIMIT_BYTES (4u << 20)

const struct umig_stack_terms *umig_stack_terms(enum umig_kind kind)
{
    static const struct umig_stack_terms terms[UMIG_KIND_COUNT] = {
        [UMIG_KIND_CPU] = {"samples", "cpu", "nanoseconds", "cpu", "nanoseconds"},
        [UMIG_KIND_ALLOC] = {"alloc_objects", "alloc_space", "bytes", "space", "bytes"},
        [UMIG_KIND_LOCKS] = {"contentions", "delay", "nanoseconds", "contentions", "count"},
        [UMIG_KIND_WALL] = {"samples", "wall", "nanoseconds", "wall", "nanoseconds"},
    };
    const bool is_known = kind < UMIG_KIND_COUNT && terms[kind].count_type != NULL;
    return is_known ? &terms[kind] : NULL;
}

/* Waits have counts as if each was told, whatever their interval: the period is 1, as in Go. */
static uint64_t period_of(const struct umig_profile *profile, enum umig_kind kind)
{
    return kind == UMIG_KIND_LOCKS ? 1 : profile->session.interval_ns[kind];
}

bool umig_stack_rows_are_any(const struct umig_profile *profile, enum umig_kind kind)
{
    for (size_t i = 0; kind == UMIG_KIND_LOCKS && i < profile->waits.count; i++) {
        if (!umig_pins_is_only_pin(profile, &profile->waits.items[i])) {
            return true;
        }
    }
    for (size_t i = 0; umig_stack_terms(kind) != NULL && i < profile->samples.count; i++) {
        if (profile->samples.items[i].kind == kind) {
            return true;
        }
    }
    return false;
}

/* Rows under way; there is room for all. */
struct reading {
    struct umig_profile *profile;
    struct umig_stack_row *rows;
    size_t count;
    struct umig_intern index;
};

static bool same_row(const void *items, uint32_t id, const void *key)
{
    const struct umig_stack_row *row = (const struct umig_stack_row *)items + (id - 1);
    const struct umig_stack_row *want = key;
    return row->group == want->group && row->stack == want->stack;
}

static int add(struct reading *r, const struct umig_stack_row *row)
{
    const uint32_t members[2] = {row->group, row->stack};
    const uint32_t hash = umig_intern_hash(members, sizeof members);
    uint32_t id = umig_intern_find(&r->index, hash, same_row, r->rows, row);
    if (id == 0) {
        if (!umig_intern_reserve(&r->index)) {
            return UMIG_E_NOMEM;
        }
        id = (uint32_t)++r->count;
        r->rows[id - 1] = (struct umig_stack_row){.group = row->group, .stack = row->stack};
        umig_intern_put(&r->index, hash, id);
    }
    r->rows[id - 1].count += row->count;
    r->rows[id - 1].value += row->value;
    return UMIG_OK;
}

/* The stack with one frame more. */
static int end_in(struct umig_profile *profile,
                  const struct umig_profile_method *method,
                  uint32_t *stack)
{
    struct umig_profile_frame frame = {.kind = UMIG_FRAME_STATE};
    uint32_t id = 0;
    int rc = umig_profile_method(profile, method, &frame.method);
    rc = rc != UMIG_OK ? rc : umig_profile_frame(profile, &frame, &id);
    return rc != UMIG_OK ? rc : umig_profile_stack(profile, *stack, id, stack);
}

/*
 * A sample of wall time ends in a frame of what the kernel or the JVM told; what the method that
 * sleeps tells beyond it, such as io, is in the state. A stack without one stays as it is.
 */
static int end_in_state(struct umig_profile *profile, uint32_t *stack)
{
    const enum umig_wall_state state = umig_wall_state_of(profile, *stack);
    if (state == UMIG_WALL_COUNT) {
        return UMIG_OK;
    }
    const uint32_t class_name = umig_wall_place_of(profile, state, *stack).monitor_class;
    struct umig_profile_method method = {0};
    struct umig_buf name = UMIG_BUF_INIT(NAME_LIMIT_BYTES);
    umig_buf_printf(&name, "[%s%s%s]", umig_wall_state_key(state), class_name != 0 ? ": " : "",
                    umig_profile_text(profile, class_name));
    int rc = name.failed;
    rc = rc != UMIG_OK ? rc : umig_profile_string(profile, name.bytes, name.len, &method.name);
    *stack = profile->stacks.items[*stack].parent;
    rc = rc != UMIG_OK ? rc : end_in(profile, &method, stack);
    umig_buf_fini(&name);
    return rc;
}

static int add_samples(struct reading *r, enum umig_kind kind)
{
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < r->profile->samples.count; i++) {
        const struct umig_profile_sample *sample = &r->profile->samples.items[i];
        if (sample->kind != kind) {
            continue;
        }
        struct umig_stack_row row = {.group = sample->group,
                                     .stack = sample->stack,
                                     .count = sample->count,
                                     .value = sample->value};
        rc = kind == UMIG_KIND_WALL ? end_in_state(r->profile, &row.stack) : UMIG_OK;
        rc = rc != UMIG_OK ? rc : add(r, &row);
    }
    return rc;
}

static int add_waits(struct reading *r)
{
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < r->profile->waits.count; i++) {
        const struct umig_profile_wait *wait = &r->profile->waits.items[i];
        const struct umig_profile_method lock = {.class_name = wait->monitor_class};
        if (umig_pins_is_only_pin(r->profile, wait)) {
            continue;
        }
        struct umig_stack_row row = {.group = r->profile->threads.items[wait->thread].group,
                                     .stack = wait->stack,
                                     .count = wait->count,
                                     .value = wait->wait_ns};
        rc = lock.class_name != 0 ? end_in(r->profile, &lock, &row.stack) : UMIG_OK;
        rc = rc != UMIG_OK ? rc : add(r, &row);
    }
    return rc;
}

int umig_stack_rows_read(struct umig_profile *profile,
                         enum umig_kind kind,
                         struct umig_stack_rows *out_rows,
                         struct umig_err *err)
{
    const struct umig_stack_terms *terms = umig_stack_terms(kind);
    if (terms == NULL) {
        return umig_err_set(err, UMIG_E_ARG, "no file for other tools has stacks of kind %s",
                            umig_quality_kind_key(kind));
    }
    const size_t room = kind == UMIG_KIND_LOCKS ? profile->waits.count : profile->samples.count;
    struct reading r = {.profile = profile, .rows = calloc(room + 1, sizeof *r.rows)};
    int rc = r.rows == NULL ? UMIG_E_NOMEM : UMIG_OK;
    if (rc == UMIG_OK) {
        rc = kind == UMIG_KIND_LOCKS ? add_waits(&r) : add_samples(&r, kind);
    }
    umig_intern_fini(&r.index);
    if (rc != UMIG_OK) {
        free(r.rows);
        return umig_err_set(err, rc, "adding up the stacks of kind %s: %s",
                            umig_quality_kind_key(kind), umig_status_text(rc));
    }
    *out_rows = (struct umig_stack_rows){.profile = profile,
                                         .kind = kind,
                                         .terms = terms,
                                         .period = period_of(profile, kind),
                                         .items = r.rows,
                                         .count = r.count};
    return UMIG_OK;
}

uint32_t *umig_stack_chain_create(const struct umig_profile *profile)
{
    size_t deepest = 0;
    for (size_t i = 0; i < profile->stacks.count; i++) {
        const size_t depth = profile->stacks.items[i].depth;
        deepest = depth > deepest ? depth : deepest;
    }
    return calloc(deepest + 1, sizeof(uint32_t));
}

size_t umig_stack_chain(const struct umig_profile *profile, uint32_t stack, uint32_t *chain)
{
    size_t depth = 0;
    for (uint32_t at = stack; at != 0; at = profile->stacks.items[at].parent) {
        chain[depth++] = profile->stacks.items[at].frame;
    }
    return depth;
}

void umig_stack_rows_fini(struct umig_stack_rows *rows)
{
    free(rows->items);
    *rows = (struct umig_stack_rows){0};
}
