/* Time on the CPU and off it. */
#include "report/json_parts.h"
#include "report/json_put.h"

static void put_methods(struct umig_json *json, const struct umig_figures *figures)
{
    umig_json_array(json, "methods");
    for (size_t i = 0; i < figures->cpu->method_count; i++) {
        const struct umig_hot_method *method = &figures->cpu->methods[i];
        umig_json_object(json, NULL);
        umig_json_put_method(json, figures->profile, method->method);
        umig_json_number(json, "self_ns", method->self);
        umig_json_number(json, "self_samples", method->self_count);
        umig_json_number(json, "total_ns", method->total);
        umig_json_number(json, "total_samples", method->total_count);
        umig_json_put_name(json, figures->profile, "pool", method->top_group);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

/* Of the folded form: with its frames kept, dispatch has no line of its own. */
static void put_sites(struct umig_json *json, const struct umig_figures *shown)
{
    const struct umig_figures *figures = umig_figures_folded(shown);
    const struct umig_profile *profile = figures->profile;
    umig_json_array(json, "call_sites");
    for (size_t i = 0; i < figures->cpu->site_count; i++) {
        const struct umig_hot_site *site = &figures->cpu->sites[i];
        umig_json_object(json, NULL);
        umig_json_put_method(json, profile, site->method);
        if (site->line != 0) {
            umig_json_number(json, "line", site->line);
        }
        umig_json_text(json, "dispatch",
                       umig_profile_text(profile, profile->methods.items[site->way].name));
        umig_json_number(json, "value_ns", site->value);
        umig_json_number(json, "samples", site->count);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_pools(struct umig_json *json, const struct umig_figures *figures)
{
    umig_json_array(json, "pools");
    for (size_t i = 0; i < figures->cpu->group_count; i++) {
        const struct umig_hot_group *group = &figures->cpu->groups[i];
        umig_json_object(json, NULL);
        umig_json_put_name(json, figures->profile, "pool", group->group);
        umig_json_number(json, "threads", group->threads);
        umig_json_number(json, "value_ns", group->value);
        umig_json_number(json, "samples", group->count);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

void umig_report_json_cpu(struct umig_json *json, const struct umig_figures *figures)
{
    umig_json_object(json, "cpu");
    umig_json_number(json, "samples", figures->cpu->count);
    umig_json_number(json, "value_ns", figures->cpu->value);
    umig_json_number(json, "dispatch_ns", umig_figures_folded(figures)->cpu->dispatch);
    put_methods(json, figures);
    put_sites(json, figures);
    umig_json_put_paths(json, figures->profile, "paths", &figures->paths);
    put_pools(json, figures);
    umig_json_object_end(json);
}

static void put_states(struct umig_json *json, const uint64_t by_state[UMIG_WALL_COUNT])
{
    umig_json_array(json, "states");
    for (unsigned state = 1; state < UMIG_WALL_COUNT; state++) {
        if (by_state[state] > 0) {
            umig_json_object(json, NULL);
            umig_json_text(json, "state", umig_wall_state_key((enum umig_wall_state)state));
            umig_json_number(json, "value_ns", by_state[state]);
            umig_json_object_end(json);
        }
    }
    umig_json_array_end(json);
}

static void put_wall_pools(struct umig_json *json, const struct umig_figures *figures)
{
    umig_json_array(json, "pools");
    for (size_t i = 0; i < figures->wall.pool_count; i++) {
        const struct umig_wall_pool *pool = &figures->wall.pools[i];
        umig_json_object(json, NULL);
        umig_json_put_name(json, figures->profile, "pool", pool->group);
        umig_json_number(json, "threads", pool->threads);
        umig_json_number(json, "value_ns", pool->value);
        put_states(json, pool->by_state);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_places(struct umig_json *json, const struct umig_figures *figures)
{
    const struct umig_profile *profile = figures->profile;
    umig_json_array(json, "off_cpu");
    for (size_t i = 0; i < figures->wall.place_count; i++) {
        const struct umig_wall_place *place = &figures->wall.places[i];
        umig_json_object(json, NULL);
        umig_json_text(json, "state", umig_wall_state_key(place->state));
        umig_json_put_name(json, profile, "monitor_class", place->monitor_class);
        umig_json_number(json, "value_ns", place->value);
        if (place->waits_in != 0) {
            umig_json_object(json, "waits_in");
            umig_json_put_method(json, profile, place->waits_in);
            umig_json_object_end(json);
        }
        if (place->frame != 0) {
            umig_json_object(json, "called_from");
            umig_json_put_frame(json, profile, &profile->frames.items[place->frame]);
            umig_json_object_end(json);
        }
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

void umig_report_json_wall(struct umig_json *json, const struct umig_figures *figures)
{
    umig_json_object(json, "wall");
    umig_json_number(json, "samples", figures->wall.count);
    umig_json_number(json, "value_ns", figures->wall.value);
    umig_json_number(json, "threads", figures->wall.threads);
    put_states(json, figures->wall.by_state);
    put_wall_pools(json, figures);
    put_places(json, figures);
    umig_json_put_paths(json, figures->profile, "off_cpu_paths", &figures->wall.paths);
    umig_json_object_end(json);
}
