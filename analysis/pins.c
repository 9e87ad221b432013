#include "analysis/pins.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/intern.h"
#include "analysis/label.h"
#include "core/err.h"

#define VIRTUAL_THREAD "java.lang.VirtualThread"

/* A thread's pin that goes on: rows tell it before one counts it. */
struct open_pin {
    uint64_t wait_ns;
    uint32_t row; /* id of its row; 0: none goes on */
};

static const struct umig_profile_frame *frame_at(const struct umig_profile *profile, uint32_t stack)
{
    return &profile->frames.items[profile->stacks.items[stack].frame];
}

static bool is_method(const struct umig_profile *profile,
                      uint32_t stack,
                      const char *class_name,
                      const char *name)
{
    const struct umig_profile_method *method =
        &profile->methods.items[frame_at(profile, stack)->method];
    return strcmp(umig_profile_text(profile, method->name), name) == 0 &&
           strcmp(umig_profile_text(profile, method->class_name), class_name) == 0;
}

bool umig_pins_is_pin(const struct umig_profile *profile, const struct umig_profile_wait *wait)
{
    const uint32_t stack = wait->stack;
    return stack != 0 && is_method(profile, stack, "jdk.internal.misc.Unsafe", "park") &&
           profile->stacks.items[stack].parent != 0 &&
           is_method(profile, profile->stacks.items[stack].parent, VIRTUAL_THREAD,
                     "parkOnCarrierThread");
}

bool umig_pins_is_only_pin(const struct umig_profile *profile, const struct umig_profile_wait *wait)
{
    return strcmp(umig_profile_text(profile, wait->monitor_class), VIRTUAL_THREAD) == 0 &&
           (wait->stack == 0 || umig_pins_is_pin(profile, wait));
}

static bool is_initialiser(const struct umig_profile *profile, uint32_t frame)
{
    const struct umig_profile_method *method =
        &profile->methods.items[profile->frames.items[frame].method];
    return strcmp(umig_profile_text(profile, method->name), "<clinit>") == 0;
}

/*
 * The innermost one: while it stands there, no other matters. Folded dispatch may hide one, such as
 * a reflective call by native code; it is named where there is no other.
 */
static uint32_t pinned_by(const struct umig_profile *profile, uint32_t stack)
{
    uint32_t dispatch = 0;
    for (uint32_t at = profile->stacks.items[stack].parent; at != 0;
         at = profile->stacks.items[at].parent) {
        const uint32_t frame = profile->stacks.items[at].frame;
        if (profile->frames.items[frame].kind == UMIG_FRAME_NATIVE_METHOD ||
            is_initialiser(profile, frame)) {
            return frame;
        }
        if (profile->frames.items[frame].kind == UMIG_FRAME_DISPATCH && dispatch == 0) {
            dispatch = frame;
        }
    }
    return dispatch;
}

static uint32_t site_of(const struct umig_profile *profile, uint32_t stack)
{
    for (uint32_t at = stack; at != 0; at = profile->stacks.items[at].parent) {
        const uint32_t frame = profile->stacks.items[at].frame;
        if (umig_label_is_application(profile, profile->frames.items[frame].method)) {
            return frame;
        }
    }
    return profile->stacks.items[stack].frame;
}

static bool same_row(const void *items, uint32_t id, const void *key)
{
    const struct umig_pin_row *row = (const struct umig_pin_row *)items + (id - 1);
    const uint32_t *want = key;
    return row->frame == want[0] && row->pinned_by == want[1];
}

/* Id of the row with a wait's place; 0: no memory. rows has room for one a wait. */
static uint32_t row_of(const struct umig_profile *profile,
                       const struct umig_profile_wait *wait,
                       struct umig_pins *pins,
                       struct umig_intern *index)
{
    const uint32_t key[2] = {wait->stack != 0 ? site_of(profile, wait->stack) : 0,
                             wait->stack != 0 ? pinned_by(profile, wait->stack) : 0};
    const uint32_t hash = umig_intern_hash(key, sizeof key);
    uint32_t id = umig_intern_find(index, hash, same_row, pins->rows, key);
    if (id == 0 && umig_intern_reserve(index)) {
        id = (uint32_t)++pins->row_count;
        pins->rows[id - 1] = (struct umig_pin_row){.frame = key[0], .pinned_by = key[1]};
        umig_intern_put(index, hash, id);
    }
    return id;
}

static void add(struct umig_pins *pins,
                uint32_t id,
                const struct umig_profile_wait *wait,
                struct open_pin *open)
{
    struct umig_pin_row *row = &pins->rows[id - 1];
    open->wait_ns += wait->wait_ns;
    open->row = id;
    row->wait_ns += wait->wait_ns;
    row->count += wait->count;
    pins->wait_ns += wait->wait_ns;
    pins->count += wait->count;
    if (open->wait_ns > row->longest_ns) {
        row->longest_ns = open->wait_ns;
        row->stack = wait->stack;
    }
    if (wait->count > 0) {
        *open = (struct open_pin){0};
    }
}

static int add_all(const struct umig_profile *profile,
                   struct umig_pins *pins,
                   struct open_pin *open,
                   struct umig_intern *index)
{
    for (size_t i = 0; i < profile->waits.count; i++) {
        const struct umig_profile_wait *wait = &profile->waits.items[i];
        if (!umig_pins_is_pin(profile, wait) && !umig_pins_is_only_pin(profile, wait)) {
            continue;
        }
        const uint32_t id = row_of(profile, wait, pins, index);
        if (id == 0) {
            return UMIG_E_NOMEM;
        }
        add(pins, id, wait, &open[wait->thread]);
    }
    for (size_t thread = 0; thread < profile->threads.count; thread++) {
        if (open[thread].row != 0) {
            pins->rows[open[thread].row - 1].count++;
            pins->count++;
        }
    }
    return UMIG_OK;
}

static int compare_rows(const void *a, const void *b)
{
    const struct umig_pin_row *x = a;
    const struct umig_pin_row *y = b;
    if (x->wait_ns != y->wait_ns) {
        return x->wait_ns > y->wait_ns ? -1 : 1;
    }
    if (x->frame != y->frame) {
        return x->frame < y->frame ? -1 : 1;
    }
    return x->pinned_by < y->pinned_by ? -1 : x->pinned_by > y->pinned_by;
}

int umig_pins_read(const struct umig_profile *profile,
                   struct umig_pins *out_pins,
                   struct umig_err *err)
{
    struct umig_pins pins = {0};
    if (profile->waits.count > 0) {
        struct umig_intern index = {0};
        struct open_pin *open = calloc(profile->threads.count, sizeof *open);
        pins.rows = calloc(profile->waits.count, sizeof *pins.rows);
        const int rc = open == NULL || pins.rows == NULL ? UMIG_E_NOMEM
                                                         : add_all(profile, &pins, open, &index);
        umig_intern_fini(&index);
        free(open);
        if (rc != UMIG_OK) {
            umig_pins_fini(&pins);
            return umig_err_set(err, rc, "no memory for %zu waits", profile->waits.count);
        }
        qsort(pins.rows, pins.row_count, sizeof *pins.rows, compare_rows);
    }
    *out_pins = pins;
    return UMIG_OK;
}

const char *umig_pins_reason(const struct umig_profile *profile, uint32_t pinned_by)
{
    if (pinned_by == 0) {
        return "the JVM, which loads or links a class, or up to JDK 23 a monitor that is held";
    }
    if (profile->frames.items[pinned_by].kind == UMIG_FRAME_DISPATCH) {
        return "what is folded here (--unfold shows it)";
    }
    return is_initialiser(profile, pinned_by) ? "a class initialiser" : "native code";
}

void umig_pins_fini(struct umig_pins *pins)
{
    free(pins->rows);
    *pins = (struct umig_pins){0};
}
