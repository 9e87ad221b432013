/* The answer of a session without CPU samples: of wall time, or of allocation. */
#include "analysis/allocation.h"
#include "analysis/label.h"
#include "analysis/verdict_private.h"
#include "analysis/wall.h"

/* States that the first sentence names. */
#define STATES_MAX 3

static enum umig_wall_state most(const uint64_t by_state[UMIG_WALL_COUNT])
{
    int best = 0;
    for (int state = 1; state < UMIG_WALL_COUNT; state++) {
        best = by_state[state] > by_state[best] ? state : best;
    }
    return (enum umig_wall_state)best;
}

/* "12 threads: 81 % of their time parked, 12 % running, 7.0 % io." */
static void put_wall(const struct umig_wall_figures *wall, struct umig_buf *out)
{
    uint64_t left[UMIG_WALL_COUNT];
    left[0] = 0;
    for (int state = 1; state < UMIG_WALL_COUNT; state++) {
        left[state] = wall->by_state[state];
    }
    umig_label_number(wall->threads, out);
    umig_buf_text(out, wall->threads == 1 ? " thread: " : " threads: ");
    for (int i = 0; i < STATES_MAX; i++) {
        const enum umig_wall_state state = most(left);
        if (left[state] == 0) {
            break;
        }
        umig_buf_text(out, i > 0 ? ", " : "");
        umig_label_share(left[state], wall->value, out);
        umig_buf_printf(out, "%s %s", i == 0 ? " of their time" : "", umig_wall_state_key(state));
        left[state] = 0;
    }
    umig_buf_byte(out, '.');
}

bool umig_verdict_kinds_dominate(const struct umig_verdict_figures *figures, struct umig_buf *out)
{
    if (figures->profile->session.has_kind[UMIG_KIND_CPU]) {
        return false;
    }
    if (figures->wall != NULL && figures->wall->value > 0) {
        put_wall(figures->wall, out);
        return true;
    }
    if (figures->allocation != NULL && figures->allocation->samples > 0) {
        umig_buf_text(out, "Allocated: ");
        umig_allocation_sentence(figures->allocation, out);
        if (umig_allocation_is_off(figures->allocation)) {
            umig_allocation_caveat(figures->allocation, out);
        }
        return true;
    }
    return false;
}

/* Who parks, waits or sleeps may have nothing to do; who is blocked or reads had begun something.
 */
static bool is_idle(enum umig_wall_state state)
{
    return state == UMIG_WALL_PARKED || state == UMIG_WALL_WAITING || state == UMIG_WALL_SLEEPING;
}

/* The heaviest place off the CPU that a line of the application led to; idle ones come last. */
static const struct umig_wall_place *first_place(const struct umig_wall_figures *wall)
{
    const struct umig_wall_place *idle = NULL;
    for (size_t i = 0; i < wall->place_count; i++) {
        const struct umig_wall_place *place = &wall->places[i];
        if (place->frame == 0) {
            continue;
        }
        if (!is_idle(place->state) && place->value >= wall->value / 100) {
            return place;
        }
        idle = idle == NULL ? place : idle;
    }
    return idle;
}

static bool look_at_place(const struct umig_verdict_figures *figures, struct umig_buf *out)
{
    const struct umig_wall_place *place = first_place(figures->wall);
    if (place == NULL) {
        return false;
    }
    umig_buf_text(out,
                  is_idle(place->state) ? "Threads are off the CPU most below " : "Look first at ");
    umig_label_frame(figures->profile, place->frame, true, out);
    umig_buf_printf(out, ": %s for ", umig_wall_state_key(place->state));
    umig_label_share(place->value, figures->wall->value, out);
    umig_buf_text(out, is_idle(place->state) ? " of their time, a pool that waits for work, too."
                                             : " of their time.");
    return true;
}

static bool look_at_line(const struct umig_verdict_figures *figures, struct umig_buf *out)
{
    const struct umig_allocation *allocation = figures->allocation;
    if (allocation->line_count == 0 || allocation->lines[0].frame == 0) {
        return false;
    }
    umig_buf_text(out, "Look first at ");
    umig_label_frame(figures->profile, allocation->lines[0].frame, true, out);
    umig_buf_text(out, ": ");
    umig_label_share(allocation->lines[0].bytes, allocation->bytes, out);
    umig_buf_text(out, " of what is allocated is for this line.");
    return true;
}

bool umig_verdict_kinds_look_at(const struct umig_verdict_figures *figures, struct umig_buf *out)
{
    if (figures->profile->session.has_kind[UMIG_KIND_CPU]) {
        return false;
    }
    return (figures->wall != NULL && figures->wall->value > 0 && look_at_place(figures, out)) ||
           (figures->allocation != NULL && figures->allocation->samples > 0 &&
            look_at_line(figures, out));
}
