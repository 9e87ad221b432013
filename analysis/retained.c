#include "analysis/retained.h"

#include <string.h>

#include "analysis/way.h"
#include "include/umig/searches.h"

/* Of the bytes of a class: what is held firmly beyond that counts. */
#define FIRM_PART 20

static const struct umig_profile_frame *frame_of(const struct umig_profile *profile, uint32_t stack)
{
    return &profile->frames.items[profile->stacks.items[stack].frame];
}

static const struct umig_profile_method *method_of(const struct umig_profile *profile,
                                                   uint32_t stack)
{
    return &profile->methods.items[frame_of(profile, stack)->method];
}

bool umig_retained_is_found(const struct umig_profile *profile,
                            const struct umig_profile_sample *sample)
{
    return sample->kind == UMIG_KIND_LIVE &&
           frame_of(profile, sample->stack)->kind == UMIG_FRAME_HELD;
}

static bool is_head(const struct umig_profile *profile, const struct umig_profile_sample *sample)
{
    const struct umig_profile_method *method = method_of(profile, sample->stack);
    return umig_retained_is_found(profile, sample) && method->class_name == 0 &&
           strcmp(umig_profile_text(profile, method->name), UMIG_SEARCHES_HOLDERS) == 0;
}

/* The sample that every search has, of the latest one; NULL: there was none. */
static const struct umig_profile_sample *find_head(const struct umig_profile *profile)
{
    const struct umig_profile_sample *head = NULL;
    for (size_t i = 0; i < profile->samples.count; i++) {
        const struct umig_profile_sample *sample = &profile->samples.items[i];
        if (is_head(profile, sample) && (head == NULL || sample->block > head->block)) {
            head = sample;
        }
    }
    return head;
}

void umig_retained_read(const struct umig_profile *profile, struct umig_retained *out_retained)
{
    const struct umig_profile_sample *head = find_head(profile);
    *out_retained = (struct umig_retained){.count = 0};
    if (head == NULL) {
        return;
    }
    out_retained->end = (enum umig_retained_end)frame_of(profile, head->stack)->line;
    out_retained->moment = head->block + 1;
    out_retained->looked_at = head->count;
    for (size_t i = 0; i < profile->samples.count; i++) {
        const struct umig_profile_sample *sample = &profile->samples.items[i];
        if (sample->block == head->block && umig_retained_is_found(profile, sample) &&
            !is_head(profile, sample) && out_retained->count < UMIG_RETAINED_MAX) {
            out_retained->ways[out_retained->count++] = (struct umig_retained_way){
                .class_name = method_of(profile, sample->stack)->class_name,
                .stack = profile->stacks.items[sample->stack].parent,
                .objects = sample->count,
                .bytes = sample->value,
            };
        }
    }
}

static void insert(struct umig_retained_way *ways,
                   size_t *count,
                   size_t room,
                   const struct umig_retained_way *way)
{
    size_t at = *count;
    while (at > 0 && ways[at - 1].bytes < way->bytes) {
        at--;
    }
    if (at == room) {
        return;
    }
    *count += *count < room;
    memmove(&ways[at + 1], &ways[at], (*count - at - 1) * sizeof *ways);
    ways[at] = *way;
}

size_t umig_retained_of(const struct umig_retained *retained,
                        uint32_t class_name,
                        struct umig_retained_way *out_ways,
                        size_t room,
                        struct umig_retained_way *out_all)
{
    size_t count = 0;
    *out_all = (struct umig_retained_way){.class_name = class_name};
    for (size_t i = 0; i < retained->count; i++) {
        const struct umig_retained_way *way = &retained->ways[i];
        if (class_name == 0 || way->class_name != class_name) {
            continue;
        }
        out_all->objects += way->objects;
        out_all->bytes += way->bytes;
        if (way->stack != 0) {
            insert(out_ways, &count, room, way);
        }
    }
    return count;
}

enum umig_retained_hold umig_retained_hold_of(const struct umig_profile *profile, uint32_t stack)
{
    enum umig_retained_hold hold = UMIG_HOLD_FIRM;
    for (; stack != 0; stack = profile->stacks.items[stack].parent) {
        const uint32_t edge = frame_of(profile, stack)->line;
        if (edge == UMIG_WAY_SOFT) {
            return UMIG_HOLD_SOFT;
        }
        hold = edge == UMIG_WAY_BOUNDED ? UMIG_HOLD_BOUNDED : hold;
    }
    return hold;
}

enum umig_retained_hold umig_retained_hold_on(const struct umig_profile *profile,
                                              const struct umig_retained *retained,
                                              uint32_t class_name)
{
    uint64_t bytes[UMIG_HOLD_BOUNDED + 1] = {0};
    uint64_t all = 0;
    for (size_t i = 0; i < retained->count; i++) {
        const struct umig_retained_way *way = &retained->ways[i];
        if (way->class_name == class_name && way->stack != 0) {
            bytes[umig_retained_hold_of(profile, way->stack)] += way->bytes;
            all += way->bytes;
        }
    }
    if (all == 0 || bytes[UMIG_HOLD_FIRM] > all / FIRM_PART) {
        return UMIG_HOLD_FIRM;
    }
    return bytes[UMIG_HOLD_SOFT] > bytes[UMIG_HOLD_BOUNDED] ? UMIG_HOLD_SOFT : UMIG_HOLD_BOUNDED;
}

size_t umig_retained_classes(const struct umig_profile *profile,
                             const struct umig_retained *retained,
                             uint32_t *out_classes)
{
    size_t count = 0;
    for (size_t i = 0; i < retained->count; i++) {
        const uint32_t class_name = retained->ways[i].class_name;
        const char *name = umig_profile_text(profile, class_name);
        size_t at = 0;
        while (at < count && strcmp(umig_profile_text(profile, out_classes[at]), name) < 0) {
            at++;
        }
        if (at < count && out_classes[at] == class_name) {
            continue;
        }
        memmove(&out_classes[at + 1], &out_classes[at], (count - at) * sizeof *out_classes);
        out_classes[at] = class_name;
        count++;
    }
    return count;
}

/* --- words --- */

size_t umig_retained_steps(const struct umig_profile *profile,
                           uint32_t stack,
                           uint32_t out_steps[UMIG_RETAINED_STEPS])
{
    size_t count = 0;
    for (uint32_t at = stack; at != 0 && count < UMIG_RETAINED_STEPS; count++) {
        at = profile->stacks.items[at].parent;
    }
    for (size_t i = count; i > 0; i--) {
        out_steps[i - 1] = stack;
        stack = profile->stacks.items[stack].parent;
    }
    return count;
}

void umig_retained_put_way(const struct umig_profile *profile, uint32_t stack, struct umig_buf *out)
{
    struct umig_way_step way[UMIG_RETAINED_STEPS];
    uint32_t steps[UMIG_RETAINED_STEPS];
    const size_t count = umig_retained_steps(profile, stack, steps);
    for (size_t i = 0; i < count; i++) {
        const struct umig_profile_method *method = method_of(profile, steps[i]);
        way[i] = (struct umig_way_step){
            .edge = frame_of(profile, steps[i])->line,
            .class_name = umig_profile_text(profile, method->class_name),
            .name = umig_profile_text(profile, method->name),
        };
    }
    umig_way_put(way, count, out);
}
