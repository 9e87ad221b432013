/* The paths of two sessions compared: every frame of the joint call tree, with all below it. */
#include <stdlib.h>
#include <string.h>

#include "analysis/diff_private.h"

#define TABLE_VALUES_MAX (16u << 20) /* of the paths' table; 128 MiB */

/* Paths that are asked about. */
struct paths {
    uint32_t *same_as; /* by stack: the path below that is the same, itself if there is none */
    uint32_t *rows;    /* by stack: 1 + row; 0: too few samples */
    uint32_t *stacks;  /* by row */
    size_t count;
};

/* Callees have higher ids than their callers: one pass down adds all up. */
static void add_up_nodes(struct umig_diff_work *w)
{
    struct umig_diff *diff = w->diff;
    const struct umig_profile *names = w->join.names;
    for (size_t i = names->stacks.count; i-- > 1;) {
        const uint32_t parent = names->stacks.items[i].parent;
        for (int side = 0; side < UMIG_SIDES; side++) {
            diff->nodes[i].value[side] += diff->self[i][side];
            diff->nodes[parent].value[side] += diff->nodes[i].value[side];
        }
        diff->nodes[i].ratio = 1;
    }
}

static void find_paths(const struct umig_diff_work *w, struct paths *paths, double samples_min)
{
    const struct umig_diff *diff = w->diff;
    const struct umig_profile *names = w->join.names;
    paths->count = 0;
    for (size_t i = 0; i < names->stacks.count; i++) {
        paths->same_as[i] = (uint32_t)i;
        paths->rows[i] = 0;
    }
    for (size_t i = names->stacks.count; i-- > 1;) {
        const uint32_t parent = names->stacks.items[i].parent;
        const uint64_t *value = diff->nodes[i].value;
        if (value[UMIG_BEFORE] + value[UMIG_AFTER] > 0 &&
            memcmp(value, diff->nodes[parent].value, 2 * sizeof *value) == 0) {
            paths->same_as[parent] = paths->same_as[i];
        }
        if (paths->same_as[i] == i && umig_diff_samples(w, value) >= samples_min) {
            paths->stacks[paths->count++] = (uint32_t)i;
            paths->rows[i] = (uint32_t)paths->count;
        }
    }
}

static void fill_paths(const struct umig_diff_work *w,
                       const struct paths *paths,
                       struct umig_diff_table *table)
{
    const struct umig_profile *names = w->join.names;
    for (size_t i = 0; i < w->join.cell_count; i++) {
        for (uint32_t at = w->join.cells[i].stack; at != 0; at = names->stacks.items[at].parent) {
            if (paths->rows[at] != 0) {
                umig_diff_table_add(w, table, paths->rows[at] - 1, &w->join.cells[i]);
            }
        }
    }
    for (size_t i = 0; i < paths->count; i++) {
        table->figures[i] = &w->diff->nodes[paths->stacks[i]];
        table->weights[i] = umig_diff_weight(w, table->figures[i]->value);
    }
}

/* A path that is one with the path below it has its figure. */
static void copy_to_callers(const struct umig_diff_work *w, const struct paths *paths)
{
    for (size_t i = 1; i < w->join.names->stacks.count; i++) {
        w->diff->nodes[i] = w->diff->nodes[paths->same_as[i]];
    }
}

int umig_diff_judge_nodes(struct umig_diff_work *w)
{
    const size_t stacks = w->join.names->stacks.count;
    struct umig_diff_table table = {0};
    struct paths paths = {.same_as = calloc(stacks + 1, sizeof *paths.same_as),
                          .rows = calloc(stacks + 1, sizeof *paths.rows),
                          .stacks = calloc(stacks + 1, sizeof *paths.stacks)};
    int rc = UMIG_E_NOMEM;
    if (paths.same_as != NULL && paths.rows != NULL && paths.stacks != NULL) {
        double samples_min = UMIG_DIFF_SAMPLES_MIN;
        add_up_nodes(w);
        find_paths(w, &paths, samples_min);
        while (paths.count * w->blocks > TABLE_VALUES_MAX) {
            samples_min *= 2;
            find_paths(w, &paths, samples_min);
        }
        rc = umig_diff_table_init_marked(w, &table, paths.count);
    }
    if (rc == UMIG_OK) {
        fill_paths(w, &paths, &table);
        rc = umig_diff_family_judge(&w->judge, &table, &w->diff->by_node);
    }
    if (rc == UMIG_OK) {
        copy_to_callers(w, &paths);
    }
    umig_diff_table_fini(&table);
    free(paths.same_as);
    free(paths.rows);
    free(paths.stacks);
    return rc;
}
