/* The section of the HTML page about wall time: what threads did with it, and where they waited. */
#include <inttypes.h>

#include "analysis/label.h"
#include "report/html_page.h"
#include "report/html_text.h"

#define ROWS_MAX   40
#define NAME_LIMIT 65536

static const struct umig_wall_figures *wall_of(const struct umig_html_page *page)
{
    return &page->figures->wall;
}

void umig_html_wall_note(struct umig_html_page *page)
{
    const struct umig_wall_figures *const wall = wall_of(page);
    const struct umig_profile *const profile = page->figures->profile;
    if (wall->count == 0) {
        return;
    }
    umig_label_value(UMIG_KIND_WALL, wall->value, page->out);
    umig_buf_text(page->out, " of ");
    umig_label_number(wall->threads, page->out);
    umig_buf_text(page->out, wall->threads == 1 ? " thread" : " threads");
    if (profile->session.threads != 0) {
        umig_buf_text(page->out, " named ");
        umig_html_name(umig_profile_text(profile, profile->session.threads), page->out);
    }
    umig_buf_text(page->out, ", running or not");
}

void umig_html_wall_states(struct umig_html_page *page)
{
    const struct umig_wall_figures *const wall = wall_of(page);
    enum umig_wall_state states[UMIG_WALL_COUNT];
    const size_t count = umig_wall_states(wall->by_state, states);
    for (size_t i = 0; i < count; i++) {
        umig_buf_printf(page->out, "<tr><th scope=\"row\">%s<small>%s</small></th>",
                        umig_wall_state_key(states[i]), umig_wall_state_text(states[i]));
        umig_html_value(UMIG_KIND_WALL, wall->by_state[states[i]], page->out);
        umig_html_bar(wall->by_state[states[i]], wall->by_state[states[0]], page->out);
        umig_html_share(wall->by_state[states[i]], wall->value, page->out);
        umig_buf_text(page->out, "</tr>\n");
    }
    if (count == 0) {
        umig_html_no_rows(page, page->figures->profile->session.has_kind[UMIG_KIND_WALL]
                                    ? "No thread was looked at in this session."
                                    : "Not asked for: the session was started without wall.");
    }
}

void umig_html_wall_pools(struct umig_html_page *page)
{
    const struct umig_wall_figures *const wall = wall_of(page);
    for (size_t i = 0; i < wall->pool_count && i < ROWS_MAX; i++) {
        const struct umig_wall_pool *const pool = &wall->pools[i];
        struct umig_buf states = UMIG_BUF_INIT(NAME_LIMIT);
        umig_wall_put_states(pool, &states);
        umig_buf_text(page->out, "<tr><th scope=\"row\"><span class=\"n\">");
        umig_html_name(pool->group != 0 ? umig_profile_text(page->figures->profile, pool->group)
                                        : "unknown",
                       page->out);
        umig_buf_text(page->out, "</span></th>");
        umig_html_count(pool->threads, page->out);
        umig_html_value(UMIG_KIND_WALL, pool->value, page->out);
        umig_html_share(pool->value, wall->value, page->out);
        umig_buf_text(page->out, "<td>");
        umig_html_text(umig_buf_str(&states), page->out);
        umig_buf_text(page->out, "</td></tr>\n");
        umig_buf_fini(&states);
    }
}

/* Time off the CPU: what places are parts of. */
static uint64_t off_cpu(const struct umig_wall_figures *wall)
{
    uint64_t value = 0;
    for (size_t i = 0; i < wall->place_count; i++) {
        value += wall->places[i].value;
    }
    return value;
}

/* "parked", and on what. */
static void put_state(struct umig_html_page *page, const struct umig_wall_place *place)
{
    umig_buf_printf(page->out, "<tr><th scope=\"row\">%s", umig_wall_state_key(place->state));
    if (place->monitor_class != 0) {
        umig_buf_text(page->out, " on <span class=\"n\">");
        umig_html_name(umig_profile_text(page->figures->profile, place->monitor_class), page->out);
        umig_buf_text(page->out, "</span>");
    }
    umig_buf_text(page->out, "</th>");
}

static void put_waits_in(struct umig_html_page *page, uint32_t method)
{
    umig_buf_text(page->out, "<td>");
    if (method != 0) {
        umig_html_method(page->figures->profile, method, UMIG_FRAME_JAVA,
                         (int64_t)page->frame_of_method[method] - 1, page->out);
    } else {
        umig_buf_text(page->out, "unknown");
    }
    umig_buf_text(page->out, "</td>");
}

void umig_html_wall_places(struct umig_html_page *page)
{
    const struct umig_wall_figures *const wall = wall_of(page);
    const uint64_t whole = off_cpu(wall);
    for (size_t i = 0; i < wall->place_count && i < ROWS_MAX; i++) {
        const struct umig_wall_place *const place = &wall->places[i];
        put_state(page, place);
        put_waits_in(page, place->waits_in);
        umig_buf_text(page->out, "<td>");
        if (place->frame != 0) {
            umig_html_frame(page, place->frame);
        } else {
            umig_buf_text(page->out, "no line of the application");
        }
        umig_buf_text(page->out, "</td>");
        umig_html_value(UMIG_KIND_WALL, place->value, page->out);
        umig_html_share(place->value, whole, page->out);
        umig_buf_text(page->out, "</tr>\n");
    }
}

void umig_html_wall_paths(struct umig_html_page *page)
{
    const struct umig_wall_figures *const wall = wall_of(page);
    umig_html_list_paths(page, &wall->paths, UMIG_KIND_WALL, off_cpu(wall));
}
