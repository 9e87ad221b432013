#include "agent/walk/kept.h"

#include <stddef.h>

#include "agent/signal/sigsafe_only.h"

/* The outer frames are a ring behind the inner ones; it begins to turn when all room is taken. */
static uint32_t place_of(const struct umig_kept *kept, uint32_t number)
{
    const uint32_t inner = kept->max - UMIG_KEPT_OUTER;
    return number < inner ? number : inner + (number - inner) % UMIG_KEPT_OUTER;
}

void umig_kept_add(struct umig_kept *kept, const struct umig_walk_frame *frame)
{
    kept->frames[place_of(kept, kept->seen)] = *frame;
    kept->seen++;
}

const struct umig_walk_frame *umig_kept_last(const struct umig_kept *kept)
{
    return kept->seen == 0 ? NULL : &kept->frames[place_of(kept, kept->seen - 1)];
}

static void reverse(struct umig_walk_frame *frames, uint32_t count)
{
    for (uint32_t i = 0; i < count / 2; i++) {
        const struct umig_walk_frame swapped = frames[i];
        frames[i] = frames[count - 1 - i];
        frames[count - 1 - i] = swapped;
    }
}

uint32_t umig_kept_finish(struct umig_kept *kept, uint32_t *out_cut_at)
{
    *out_cut_at = kept->is_cut ? kept->seen : 0;
    if (kept->seen <= kept->max) {
        return kept->seen;
    }
    /* Turning the ring so that its oldest frame is first: two reversals, then one of the whole. */
    struct umig_walk_frame *outer = kept->frames + kept->max - UMIG_KEPT_OUTER;
    const uint32_t oldest = (kept->seen - (kept->max - UMIG_KEPT_OUTER)) % UMIG_KEPT_OUTER;
    reverse(outer, oldest);
    reverse(outer + oldest, UMIG_KEPT_OUTER - oldest);
    reverse(outer, UMIG_KEPT_OUTER);
    *out_cut_at = kept->max - UMIG_KEPT_OUTER;
    return kept->max;
}
