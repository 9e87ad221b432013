#include "analysis/label.h"
#include "report/cells.h"
#include "report/text_page.h"

#define LINE_LIMIT_BYTES (1u << 20)
#define POOLS_MAX        12
#define PLACES_MAX       12

static void write_sum(struct umig_text_page *page)
{
    const struct umig_wall_figures *wall = &page->figures->wall;
    const struct umig_profile *profile = page->figures->profile;
    struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_label_value(UMIG_KIND_WALL, wall->value, &line);
    umig_buf_text(&line, " of ");
    umig_label_number(wall->threads, &line);
    umig_buf_text(&line, wall->threads == 1 ? " thread" : " threads");
    if (profile->session.threads != 0) {
        umig_buf_printf(&line, " named %s", umig_profile_text(profile, profile->session.threads));
    }
    umig_buf_text(&line, ", running or not.");
    umig_text_wrap(page, umig_buf_str(&line), " ", 2);
    umig_text_done(page, &line);
}

static void write_states(struct umig_text_page *page)
{
    const struct umig_wall_figures *wall = &page->figures->wall;
    enum umig_wall_state states[UMIG_WALL_COUNT];
    const size_t count = umig_wall_states(wall->by_state, states);
    umig_text_heads(page, "   share        time  state");
    for (size_t i = 0; i < count; i++) {
        umig_text_share(page, wall->by_state[states[i]], wall->value);
        umig_text_value(page, UMIG_KIND_WALL, wall->by_state[states[i]]);
        umig_buf_printf(page->out, "  %s: %s\n", umig_wall_state_key(states[i]),
                        umig_wall_state_text(states[i]));
    }
}

static void write_pools(struct umig_text_page *page)
{
    const struct umig_wall_figures *wall = &page->figures->wall;
    const size_t shown = wall->pool_count < POOLS_MAX ? wall->pool_count : POOLS_MAX;
    umig_text_heads(page, "   share        time   threads  pool, and what its threads did");
    uint64_t left = wall->value;
    for (size_t i = 0; i < shown; i++) {
        const struct umig_wall_pool *pool = &wall->pools[i];
        struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        umig_buf_printf(&line, "%s: ",
                        pool->group != 0 ? umig_profile_text(page->figures->profile, pool->group)
                                         : "unknown");
        umig_wall_put_states(pool, &line);
        umig_text_share(page, pool->value, wall->value);
        umig_text_value(page, UMIG_KIND_WALL, pool->value);
        umig_text_number(page, pool->threads);
        umig_buf_text(page->out, "  ");
        umig_text_last(page, umig_buf_str(&line), page->line_width - 32);
        umig_text_done(page, &line);
        left -= pool->value;
    }
    umig_text_rest(page, wall->pool_count - shown, left, wall->value);
}

/* "parked in LinkedBlockingQueue.take, called from Worker.loop:17" */
static void put_place(const struct umig_profile *profile,
                      const struct umig_wall_place *place,
                      struct umig_buf *out)
{
    umig_buf_text(out, umig_wall_state_key(place->state));
    if (place->monitor_class != 0) {
        umig_buf_printf(out, " on %s", umig_profile_text(profile, place->monitor_class));
    }
    const uint32_t called_from = place->frame != 0 ? profile->frames.items[place->frame].method : 0;
    if (place->waits_in != 0 && place->waits_in != called_from) {
        umig_buf_text(out, " in ");
        umig_label_method(profile, place->waits_in, true, out);
        umig_buf_text(out, place->frame != 0 ? "," : "");
    }
    if (place->frame != 0) {
        umig_buf_text(out, place->waits_in == called_from ? " in " : " called from ");
        umig_label_frame(profile, place->frame, true, out);
    }
}

static void write_places(struct umig_text_page *page)
{
    const struct umig_wall_figures *wall = &page->figures->wall;
    const size_t shown = wall->place_count < PLACES_MAX ? wall->place_count : PLACES_MAX;
    uint64_t off_cpu = 0;
    for (size_t i = 0; i < wall->place_count; i++) {
        off_cpu += wall->places[i].value;
    }
    umig_text_heads(page, "   share        time  off the CPU");
    uint64_t left = off_cpu;
    for (size_t i = 0; i < shown; i++) {
        struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        put_place(page->figures->profile, &wall->places[i], &line);
        umig_text_share(page, wall->places[i].value, off_cpu);
        umig_text_value(page, UMIG_KIND_WALL, wall->places[i].value);
        umig_buf_text(page->out, "  ");
        umig_text_last(page, umig_buf_str(&line), page->line_width - 22);
        umig_text_done(page, &line);
        left -= wall->places[i].value;
    }
    umig_text_rest(page, wall->place_count - shown, left, off_cpu);
    if (wall->paths.count > 0) {
        umig_text_heads(page, "   share        time  hot paths off the CPU");
        umig_text_list_paths(page, &wall->paths, UMIG_KIND_WALL, off_cpu);
    }
}

void umig_text_wall(struct umig_text_page *page)
{
    const struct umig_wall_figures *wall = &page->figures->wall;
    if (!page->figures->profile->session.has_kind[UMIG_KIND_WALL] && wall->count == 0) {
        return;
    }
    umig_text_heading(page, "Wall clock");
    if (wall->count == 0) {
        umig_text_note(page, "No thread was looked at.");
        return;
    }
    write_sum(page);
    write_states(page);
    write_pools(page);
    if (wall->place_count > 0) {
        write_places(page);
    }
}
