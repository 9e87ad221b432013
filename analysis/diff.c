#include "analysis/diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/diff_private.h"
#include "analysis/fold.h"
#include "core/err.h"
#include "core/units.h"

#define MARKS_MAX     64  /* methods that are taken out of what the others are compared with */
#define REFERENCE_MIN 0.2 /* of either CPU: what is compared with must stay that large */

static int side_of(const struct umig_diff_work *w, uint32_t block)
{
    return block < w->join.design.block_count[UMIG_BEFORE] ? UMIG_BEFORE : UMIG_AFTER;
}

/* Values of methods: self, and total with a recursive method counted once a stack. */
static int add_up_methods(struct umig_diff_work *w, struct umig_diff_method *by_method)
{
    const struct umig_profile *names = w->join.names;
    uint32_t *seen = calloc(names->methods.count + 1, sizeof *seen);
    if (seen == NULL) {
        return UMIG_E_NOMEM;
    }
    for (size_t i = 0; i < w->join.cell_count; i++) {
        const struct umig_diff_cell *cell = &w->join.cells[i];
        const int side = side_of(w, cell->block);
        const uint64_t value = (uint64_t)cell->value;
        by_method[umig_diff_leaf(w, cell->stack)].self.value[side] += value;
        w->diff->self[cell->stack][side] += value;
        w->whole[cell->block] += cell->value;
        for (uint32_t at = cell->stack; at != 0; at = names->stacks.items[at].parent) {
            const uint32_t method = umig_diff_leaf(w, at);
            if (seen[method] != i + 1) {
                seen[method] = (uint32_t)i + 1;
                by_method[method].total.value[side] += value;
            }
        }
    }
    free(seen);
    return UMIG_OK;
}

static uint64_t both(const uint64_t value[UMIG_SIDES])
{
    return value[UMIG_BEFORE] + value[UMIG_AFTER];
}

static int compare_methods(const void *a, const void *b)
{
    const struct umig_diff_method *x = a;
    const struct umig_diff_method *y = b;
    const uint64_t selfs[2] = {both(x->self.value), both(y->self.value)};
    const uint64_t totals[2] = {both(x->total.value), both(y->total.value)};
    if (selfs[0] != selfs[1]) {
        return selfs[0] > selfs[1] ? -1 : 1;
    }
    if (totals[0] != totals[1]) {
        return totals[0] > totals[1] ? -1 : 1;
    }
    return x->method < y->method ? -1 : x->method > y->method;
}

static int list_methods(struct umig_diff_work *w)
{
    struct umig_diff *diff = w->diff;
    const size_t count = w->join.names->methods.count;
    struct umig_diff_method *all = calloc(count + 1, sizeof *all);
    int rc = all != NULL ? add_up_methods(w, all) : UMIG_E_NOMEM;
    for (size_t i = 1; i < count && rc == UMIG_OK; i++) {
        if (both(all[i].total.value) > 0) {
            all[diff->method_count] = all[i];
            all[diff->method_count++].method = (uint32_t)i;
        }
    }
    if (rc != UMIG_OK) {
        free(all);
        return rc;
    }
    qsort(all, diff->method_count, sizeof *all, compare_methods);
    diff->methods = all;
    for (size_t i = 0; i < diff->method_count; i++) {
        w->rows[all[i].method] = (uint32_t)i + 1;
        all[i].self.ratio = all[i].total.ratio = 1;
    }
    return UMIG_OK;
}

/* The JVM's compiler and collector do as the run goes: nobody's cost is compared with theirs. */
static void mark_jvm(struct umig_diff_work *w)
{
    const struct umig_profile *names = w->join.names;
    for (size_t i = 1; i < names->frames.count; i++) {
        if (names->frames.items[i].kind == UMIG_FRAME_VM) {
            w->is_marked[names->frames.items[i].method] = true;
        }
    }
}

static void mark(struct umig_diff_work *w,
                 struct umig_diff_table *table,
                 size_t row,
                 uint32_t method)
{
    w->is_marked[method] = true;
    for (size_t k = 0; k < w->blocks; k++) {
        w->marked[k] += table->values[row * w->blocks + k];
        table->marked[row * w->blocks + k] = table->values[row * w->blocks + k];
    }
}

static int fill_self_table(struct umig_diff_work *w, struct umig_diff_table *table)
{
    struct umig_diff *diff = w->diff;
    int rc = umig_diff_table_init(table, diff->method_count, w->blocks);
    if (rc == UMIG_OK) {
        table->marked = calloc(table->count * w->blocks + 1, sizeof *table->marked);
        rc = table->marked != NULL ? UMIG_OK : UMIG_E_NOMEM;
    }
    if (rc != UMIG_OK) {
        return rc;
    }
    for (size_t i = 0; i < w->join.cell_count; i++) {
        const struct umig_diff_cell *cell = &w->join.cells[i];
        const size_t row = w->rows[umig_diff_leaf(w, cell->stack)] - 1;
        table->values[row * w->blocks + cell->block] += cell->value;
    }
    for (size_t i = 0; i < table->count; i++) {
        table->figures[i] = &diff->methods[i].self;
        table->weights[i] = umig_diff_weight(w, diff->methods[i].self.value);
        if (w->is_marked[diff->methods[i].method]) {
            mark(w, table, i, diff->methods[i].method);
        }
    }
    return UMIG_OK;
}

static int learn_scatter(struct umig_diff_work *w, const struct umig_diff_table *table)
{
    struct umig_change *changes = calloc(table->count + 1, sizeof *changes);
    if (changes == NULL) {
        return UMIG_E_NOMEM;
    }
    for (size_t i = 0; i < table->count; i++) {
        umig_diff_measure(&w->judge, table, i, &changes[i]);
    }
    const int rc = umig_change_learn(changes, table->count, &w->judge.scatter);
    free(changes);
    return rc;
}

/* Is there enough left to compare with, on either side, once this row is taken out, too? */
static bool may_mark(const struct umig_diff_work *w,
                     const struct umig_diff_table *table,
                     size_t row)
{
    double all[UMIG_SIDES] = {0};
    double left[UMIG_SIDES] = {0};
    for (size_t k = 0; k < w->blocks; k++) {
        const int side = side_of(w, (uint32_t)k);
        all[side] += w->whole[k];
        left[side] += w->whole[k] - w->marked[k] - table->values[row * w->blocks + k];
    }
    return left[UMIG_BEFORE] >= REFERENCE_MIN * all[UMIG_BEFORE] &&
           left[UMIG_AFTER] >= REFERENCE_MIN * all[UMIG_AFTER];
}

/* The surest change among what still belongs to the reference; count if there is none. */
static size_t find_surest(const struct umig_diff_work *w, const struct umig_diff_table *table)
{
    size_t surest = table->count;
    for (size_t i = 0; i < table->count; i++) {
        const struct umig_diff_figure *figure = table->figures[i];
        if (figure->state == UMIG_DIFF_CHANGED && !w->is_marked[w->diff->methods[i].method] &&
            may_mark(w, table, i) &&
            (surest == table->count || figure->p < table->figures[surest]->p)) {
            surest = i;
        }
    }
    return surest;
}

/*
 * One method that costs more makes every other one's share smaller. So the surest change is taken
 * out of what all are compared with, and the others are looked at again, until no more is found.
 */
static int judge_self(struct umig_diff_work *w)
{
    struct umig_diff_table table = {0};
    mark_jvm(w);
    int rc = fill_self_table(w, &table);
    rc = rc != UMIG_OK ? rc : learn_scatter(w, &table);
    for (size_t marks = 0; rc == UMIG_OK && marks <= MARKS_MAX; marks++) {
        rc = umig_diff_family_judge(&w->judge, &table, &w->diff->by_self);
        const size_t surest = find_surest(w, &table);
        if (rc != UMIG_OK || surest == table.count || w->diff->options.basis != UMIG_DIFF_REST) {
            break;
        }
        mark(w, &table, surest, w->diff->methods[surest].method);
    }
    umig_diff_table_fini(&table);
    return rc;
}

static int judge_totals(struct umig_diff_work *w)
{
    struct umig_diff *diff = w->diff;
    const struct umig_profile *names = w->join.names;
    struct umig_diff_table table = {0};
    uint32_t *seen = calloc(names->methods.count + 1, sizeof *seen);
    int rc =
        seen != NULL ? umig_diff_table_init_marked(w, &table, diff->method_count) : UMIG_E_NOMEM;
    for (size_t i = 0; i < w->join.cell_count && rc == UMIG_OK; i++) {
        for (uint32_t at = w->join.cells[i].stack; at != 0; at = names->stacks.items[at].parent) {
            const uint32_t method = umig_diff_leaf(w, at);
            if (seen[method] != i + 1) {
                seen[method] = (uint32_t)i + 1;
                umig_diff_table_add(w, &table, w->rows[method] - 1, &w->join.cells[i]);
            }
        }
    }
    for (size_t i = 0; i < diff->method_count && rc == UMIG_OK; i++) {
        table.figures[i] = &diff->methods[i].total;
        table.weights[i] = umig_diff_weight(w, diff->methods[i].total.value);
    }
    rc = rc != UMIG_OK ? rc : umig_diff_family_judge(&w->judge, &table, &diff->by_total);
    umig_diff_table_fini(&table);
    free(seen);
    return rc;
}

static double seconds_of(const struct umig_profile *profile)
{
    const struct umig_profile_session *session = &profile->session;
    return session->end_unix_ns > session->start_unix_ns
               ? (double)(session->end_unix_ns - session->start_unix_ns) / (double)UMIG_NS_PER_S
               : 0;
}

static void set_work(struct umig_diff *diff, struct umig_change_design *design)
{
    struct umig_diff_options *options = &diff->options;
    if (options->basis == UMIG_DIFF_WALL) {
        options->work[UMIG_BEFORE] = seconds_of(diff->before);
        options->work[UMIG_AFTER] = seconds_of(diff->after);
    }
    design->noise = options->noise;
    for (int side = 0; side < UMIG_SIDES && options->basis != UMIG_DIFF_REST; side++) {
        design->work[side] = options->work[side];
    }
    if (options->basis != UMIG_DIFF_REST) {
        diff->whole = (double)diff->value[UMIG_AFTER] / options->work[UMIG_AFTER] /
                      ((double)diff->value[UMIG_BEFORE] / options->work[UMIG_BEFORE]);
    }
}

static int prepare(struct umig_diff_work *w)
{
    struct umig_diff *diff = w->diff;
    const struct umig_profile *const sides[UMIG_SIDES] = {diff->before, diff->after};
    const int rc = umig_diff_join(sides, &w->join);
    if (rc != UMIG_OK) {
        return rc;
    }
    diff->names = w->join.names;
    memcpy(diff->value, w->join.value, sizeof diff->value);
    memcpy(diff->count, w->join.count, sizeof diff->count);
    memcpy(diff->blocks, w->join.design.block_count, sizeof diff->blocks);
    set_work(diff, &w->join.design);
    w->blocks = umig_diff_blocks(&w->join);
    w->whole = calloc(w->blocks, sizeof *w->whole);
    w->marked = calloc(w->blocks, sizeof *w->marked);
    w->is_marked = calloc(diff->names->methods.count + 1, sizeof *w->is_marked);
    w->rows = calloc(diff->names->methods.count + 1, sizeof *w->rows);
    diff->nodes = calloc(diff->names->stacks.count + 1, sizeof *diff->nodes);
    diff->self = calloc(diff->names->stacks.count + 1, sizeof *diff->self);
    w->judge = (struct umig_diff_judge){.design = &w->join.design,
                                        .whole = w->whole,
                                        .marked = w->marked,
                                        .level = diff->options.level};
    return w->whole != NULL && w->marked != NULL && w->is_marked != NULL && w->rows != NULL &&
                   diff->nodes != NULL && diff->self != NULL
               ? UMIG_OK
               : UMIG_E_NOMEM;
}

static int check(const struct umig_diff *diff, struct umig_err *err)
{
    static const char *const names[UMIG_SIDES] = {"first", "second"};
    for (int side = 0; side < UMIG_SIDES; side++) {
        if (diff->value[side] == 0) {
            return umig_err_set(err, UMIG_E_ARG,
                                "the %s session has no CPU samples; compare sessions with --cpu",
                                names[side]);
        }
        if (diff->options.basis != UMIG_DIFF_REST && !(diff->options.work[side] > 0)) {
            return umig_err_set(err, UMIG_E_ARG, "the %s session's work is not above 0",
                                names[side]);
        }
    }
    return UMIG_OK;
}

static int judge_all(struct umig_diff *diff, struct umig_err *err)
{
    struct umig_diff_work w = {.diff = diff};
    int rc = prepare(&w);
    if (rc == UMIG_OK && check(diff, err) != UMIG_OK) {
        rc = UMIG_E_ARG;
    } else {
        rc = rc != UMIG_OK ? rc : list_methods(&w);
        rc = rc != UMIG_OK ? rc : judge_self(&w);
        rc = rc != UMIG_OK ? rc : judge_totals(&w);
        rc = rc != UMIG_OK ? rc : umig_diff_judge_nodes(&w);
        diff->scatter = w.judge.scatter;
        if (rc != UMIG_OK) {
            rc = umig_err_set(err, rc, "comparing two sessions: %s", umig_status_text(rc));
        }
    }
    umig_diff_join_fini(&w.join);
    free(w.whole);
    free(w.marked);
    free(w.is_marked);
    free(w.rows);
    return rc;
}

int umig_diff_create(const struct umig_profile *before,
                     const struct umig_profile *after,
                     const struct umig_diff_options *options,
                     struct umig_diff **out_diff,
                     struct umig_err *err)
{
    const struct umig_fold_options fold = {.keep_dispatch = options->unfold};
    struct umig_diff *diff = calloc(1, sizeof *diff);
    if (diff == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory to compare two sessions");
    }
    diff->options = *options;
    diff->options.level = options->level > 0 ? options->level : UMIG_DIFF_LEVEL;
    diff->options.noise = options->noise >= 0 ? options->noise : UMIG_DIFF_NOISE;
    int rc = umig_fold(before, &fold, &diff->before, err);
    rc = rc != UMIG_OK ? rc : umig_fold(after, &fold, &diff->after, err);
    rc = rc != UMIG_OK ? rc : judge_all(diff, err);
    if (rc != UMIG_OK) {
        umig_diff_destroy(diff);
        return umig_err_trace(err, rc);
    }
    *out_diff = diff;
    return UMIG_OK;
}

struct umig_diff *umig_diff_destroy(struct umig_diff *diff)
{
    if (diff != NULL) {
        umig_profile_destroy(diff->before);
        umig_profile_destroy(diff->after);
        umig_profile_destroy(diff->names);
        free(diff->methods);
        free(diff->nodes);
        free(diff->self);
        free(diff);
    }
    return NULL;
}
