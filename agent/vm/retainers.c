#include "agent/vm/retainers.h"

#include <string.h>

#include "core/mix.h"

/* The usual sizes; powers of two. */
#define SEEN    (1u << 21)
#define PENDING (1u << 15)
#define SHAPES  (1u << 15)
#define HITS    (1u << 12)
#define SOFT    (1u << 12)

/* From half of its room on, the one that was found last is gone on from. */
#define DEEP_PART 2u

/* --- memory --- */

static size_t rounded(size_t byte_count)
{
    return (byte_count + 63) / 64 * 64;
}

/* The parts, each behind the one before. */
struct sizes {
    size_t seen, pending, shapes, buckets, hits, soft;
};

static struct sizes sizes_of(unsigned scale)
{
    return (struct sizes){
        .seen = rounded((SEEN >> scale) * sizeof(uint32_t)),
        .pending = rounded((PENDING >> scale) * sizeof(struct umig_retainers_pending)),
        .shapes = rounded((SHAPES >> scale) * sizeof(struct umig_retainers_shape)),
        .buckets = rounded((SHAPES >> scale) * sizeof(uint32_t)),
        .hits = rounded((HITS >> scale) * sizeof(struct umig_retainers_hit)),
        .soft = rounded((SOFT >> scale) * sizeof(struct umig_retainers_pending)),
    };
}

size_t umig_retainers_bytes(unsigned scale)
{
    const struct sizes sizes = sizes_of(scale);
    return sizes.seen + sizes.pending + sizes.shapes + sizes.buckets + sizes.hits + sizes.soft;
}

void umig_retainers_init(struct umig_retainers *retainers, void *memory, unsigned scale)
{
    const struct sizes sizes = sizes_of(scale);
    uint8_t *const seen = memory;
    uint8_t *const pending = seen + sizes.seen;
    uint8_t *const shapes = pending + sizes.pending;
    uint8_t *const buckets = shapes + sizes.shapes;
    uint8_t *const hits = buckets + sizes.buckets;
    uint8_t *const soft = hits + sizes.hits;
    *retainers = (struct umig_retainers){
        .seen = (void *)seen,
        .pending = (void *)pending,
        .shapes = (void *)shapes,
        .buckets = (void *)buckets,
        .hits = (void *)hits,
        .soft = {.items = (void *)soft, .room = SOFT >> scale},
        .seen_room = SEEN >> scale,
        .pending_room = PENDING >> scale,
        .shape_room = SHAPES >> scale,
        .hit_room = HITS >> scale,
        .shape_count = 1,
    };
}

/* --- what was seen --- */

/* A key's place and its fingerprint are different bits of one hash. */
bool umig_retainers_see(struct umig_retainers *retainers, uint32_t hash, uint32_t class_index)
{
    const uint64_t key = umig_mix64((uint64_t)class_index << 32 | hash);
    const uint32_t print = (uint32_t)(key >> 32) | 1;
    uint32_t at = (uint32_t)key & (retainers->seen_room - 1);
    for (; retainers->seen[at] != 0; at = (at + 1) & (retainers->seen_room - 1)) {
        if (retainers->seen[at] == print) {
            return false;
        }
    }
    if (retainers->seen_count > retainers->seen_room / 4 * 3) {
        retainers->overflowed++;
        return false;
    }
    retainers->seen[at] = print;
    retainers->seen_count++;
    return true;
}

/* --- shapes --- */

static bool is_same(const struct umig_retainers_step *a, const struct umig_retainers_step *b)
{
    return a->edge == b->edge && a->class_index == b->class_index && a->field == b->field;
}

/* The way up to where the step was made before, and leads back to; 0: there is none. */
static uint32_t find_before(const struct umig_retainers *retainers,
                            uint32_t shape,
                            const struct umig_retainers_step *step)
{
    bool are_inside = true; /* all steps since */
    for (; shape != 0; shape = retainers->shapes[shape].parent) {
        const struct umig_retainers_step *before = &retainers->shapes[shape].step;
        if (is_same(before, step)) {
            return !step->is_inside || are_inside ? shape : 0;
        }
        are_inside = are_inside && before->is_inside;
    }
    return 0;
}

uint32_t umig_retainers_go(struct umig_retainers *retainers,
                           uint32_t parent,
                           struct umig_retainers_step step)
{
    const uint32_t before = find_before(retainers, parent, &step);
    if (before != 0) {
        return before;
    }
    const uint64_t key = umig_mix64(umig_mix64(umig_mix64(parent) ^ step.class_index) ^
                                    ((uint64_t)step.edge << 32 | step.field));
    uint32_t *bucket = &retainers->buckets[key & (retainers->shape_room - 1)];
    for (uint32_t at = *bucket; at != 0; at = retainers->shapes[at].next) {
        const struct umig_retainers_shape *shape = &retainers->shapes[at];
        if (shape->parent == parent && is_same(&shape->step, &step)) {
            return at;
        }
    }
    if (retainers->shape_count == retainers->shape_room) {
        return 0;
    }
    retainers->shapes[retainers->shape_count] = (struct umig_retainers_shape){
        .step = step,
        .parent = parent,
        .next = *bucket,
    };
    *bucket = retainers->shape_count;
    return retainers->shape_count++;
}

/* --- what was found --- */

void umig_retainers_hit(struct umig_retainers *retainers,
                        uint32_t shape,
                        uint32_t target,
                        double weight,
                        uint64_t bytes)
{
    uint32_t at = (uint32_t)umig_mix64((uint64_t)shape << 32 | target) & (retainers->hit_room - 1);
    struct umig_retainers_hit *hit = &retainers->hits[at];
    while (hit->target != 0 && (hit->target != target + 1 || hit->shape != shape)) {
        at = (at + 1) & (retainers->hit_room - 1);
        hit = &retainers->hits[at];
    }
    if (hit->target == 0) {
        if (retainers->hit_count + 1 == retainers->hit_room) {
            retainers->overflowed++;
            return;
        }
        retainers->hit_count++;
        *hit = (struct umig_retainers_hit){.shape = shape, .target = target + 1};
    }
    hit->found++;
    hit->objects += weight;
    hit->bytes += weight * (double)bytes;
}

static void insert(struct umig_retainers_hit *hits,
                   size_t *count,
                   size_t room,
                   const struct umig_retainers_hit *hit)
{
    size_t at = *count < room ? (*count)++ : room;
    for (; at > 0 && hits[at - 1].bytes < hit->bytes; at--) {
        if (at < room) {
            hits[at] = hits[at - 1];
        }
    }
    if (at < room) {
        hits[at] = *hit;
    }
}

size_t umig_retainers_rank(const struct umig_retainers *retainers,
                           uint32_t target,
                           struct umig_retainers_hit *out_hits,
                           size_t room,
                           struct umig_retainers_hit *out_all)
{
    size_t count = 0;
    *out_all = (struct umig_retainers_hit){.target = target + 1};
    for (uint32_t i = 0; i < retainers->hit_room; i++) {
        const struct umig_retainers_hit *hit = &retainers->hits[i];
        if (hit->target == target + 1) {
            insert(out_hits, &count, room, hit);
            out_all->found += hit->found;
            out_all->objects += hit->objects;
            out_all->bytes += hit->bytes;
        }
    }
    return count;
}

/* --- what is left to do --- */

bool umig_retainers_push(struct umig_retainers *retainers,
                         const struct umig_retainers_pending *pending)
{
    if (retainers->pending_count == retainers->pending_room) {
        retainers->overflowed++;
        return false;
    }
    const uint32_t at = retainers->first + retainers->pending_count++;
    retainers->pending[at & (retainers->pending_room - 1)] = *pending;
    return true;
}

bool umig_retainers_pop(struct umig_retainers *retainers,
                        struct umig_retainers_pending *out_pending)
{
    if (retainers->pending_count == 0) {
        return false;
    }
    const uint32_t mask = retainers->pending_room - 1;
    const bool is_deep = retainers->pending_count > retainers->pending_room / DEEP_PART;
    retainers->pending_count--;
    *out_pending =
        retainers
            ->pending[(is_deep ? retainers->first + retainers->pending_count : retainers->first) &
                      mask];
    retainers->first += !is_deep;
    return true;
}

/* --- soft references --- */

/* Each that was offered is kept with the same chance: algorithm R (Vitter 1985). */
void *umig_retainers_put_soft(struct umig_retainers *retainers,
                              const struct umig_retainers_pending *pending)
{
    struct umig_retainers_soft *soft = &retainers->soft;
    soft->offered++;
    if (soft->count < soft->room) {
        soft->items[soft->count++] = *pending;
        return NULL;
    }
    const uint64_t at = umig_mix64(soft->offered) % soft->offered;
    if (at >= soft->room) {
        return pending->object;
    }
    void *const before = soft->items[at].object;
    soft->items[at] = *pending;
    return before;
}

bool umig_retainers_take_soft(struct umig_retainers *retainers,
                              struct umig_retainers_pending *out_pending)
{
    struct umig_retainers_soft *soft = &retainers->soft;
    if (soft->count == 0) {
        return false;
    }
    const uint64_t room = soft->offered < soft->room ? soft->offered : soft->room;
    *out_pending = soft->items[--soft->count];
    out_pending->weight *= (double)soft->offered / (double)room;
    return true;
}

/* --- elements of arrays --- */

uint32_t umig_retainers_elements(uint32_t length)
{
    return length < UMIG_RETAINERS_ELEMENTS ? length : UMIG_RETAINERS_ELEMENTS;
}

/* In each of as many equal parts as are looked at one, not always at the same place. */
uint32_t umig_retainers_element(uint32_t length, uint32_t n)
{
    const uint64_t parts = umig_retainers_elements(length);
    const uint32_t begin = (uint32_t)(length * (uint64_t)n / parts);
    const uint32_t end = (uint32_t)(length * (uint64_t)(n + 1) / parts);
    return begin + (uint32_t)(umig_mix64(n) % (end - begin));
}
