/* One family of questions: its values by block, and the judgement of all of it at once. */
#include <math.h>
#include <stdlib.h>

#include "analysis/chance.h"
#include "analysis/diff_private.h"

int umig_diff_table_init(struct umig_diff_table *table, size_t count, size_t blocks)
{
    *table = (struct umig_diff_table){.count = count, .blocks = blocks};
    table->values = calloc(count * blocks + 1, sizeof *table->values);
    table->weights = calloc(count + 1, sizeof *table->weights);
    table->figures = calloc(count + 1, sizeof *table->figures);
    return table->values != NULL && table->weights != NULL && table->figures != NULL ? UMIG_OK
                                                                                     : UMIG_E_NOMEM;
}

void umig_diff_table_fini(struct umig_diff_table *table)
{
    free(table->values);
    free(table->marked);
    free(table->weights);
    free(table->figures);
    *table = (struct umig_diff_table){0};
}

double umig_diff_samples(const struct umig_diff_work *w, const uint64_t value[UMIG_SIDES])
{
    return (double)value[UMIG_BEFORE] / w->join.design.unit[UMIG_BEFORE] +
           (double)value[UMIG_AFTER] / w->join.design.unit[UMIG_AFTER];
}

double umig_diff_weight(const struct umig_diff_work *w, const uint64_t value[UMIG_SIDES])
{
    if (umig_diff_samples(w, value) < UMIG_DIFF_SAMPLES_MIN) {
        return 0;
    }
    return (double)value[UMIG_BEFORE] / (double)w->join.value[UMIG_BEFORE] +
           (double)value[UMIG_AFTER] / (double)w->join.value[UMIG_AFTER];
}

void umig_diff_table_add(const struct umig_diff_work *w,
                         struct umig_diff_table *table,
                         size_t row,
                         const struct umig_diff_cell *cell)
{
    const size_t at = row * w->blocks + cell->block;
    table->values[at] += cell->value;
    if (w->is_marked[umig_diff_leaf(w, cell->stack)]) {
        table->marked[at] += cell->value;
    }
}

int umig_diff_table_init_marked(const struct umig_diff_work *w,
                                struct umig_diff_table *table,
                                size_t count)
{
    const int rc = umig_diff_table_init(table, count, w->blocks);
    if (rc == UMIG_OK) {
        table->marked = calloc(count * w->blocks + 1, sizeof *table->marked);
    }
    return rc == UMIG_OK && table->marked == NULL ? UMIG_E_NOMEM : rc;
}

void umig_diff_measure(const struct umig_diff_judge *judge,
                       const struct umig_diff_table *table,
                       size_t row,
                       struct umig_change *out)
{
    double rest[2 * 4 * UMIG_DIFF_BLOCKS];
    const double *y = &table->values[row * table->blocks];
    const bool is_rest = !(judge->design->work[UMIG_BEFORE] > 0);
    for (size_t k = 0; k < table->blocks; k++) {
        rest[k] = judge->whole[k] - y[k];
        if (is_rest) {
            const double own = table->marked != NULL ? table->marked[row * table->blocks + k] : 0;
            rest[k] -= judge->marked[k] - own;
        }
        rest[k] = rest[k] > 0 ? rest[k] : 0; /* sums of doubles may miss 0 */
    }
    umig_change_measure(judge->design, y, rest, out);
}

static void fill_figure(const struct umig_diff_judge *judge,
                        const struct umig_change *change,
                        const struct umig_chance_test *test,
                        double allowance,
                        struct umig_diff_figure *figure)
{
    const double t = umig_chance_student_quantile(judge->level, change->t_freedom);
    figure->state = test->is_found ? UMIG_DIFF_CHANGED : UMIG_DIFF_NOISE_ONLY;
    figure->ratio = exp(change->log_ratio);
    figure->low = exp(change->log_ratio - t * change->error);
    figure->high = exp(change->log_ratio + t * change->error);
    figure->least = umig_change_least(change, allowance);
    figure->p = change->p;
}

static void fill(const struct umig_diff_judge *judge,
                 const struct umig_diff_table *table,
                 const struct umig_change *changes,
                 const struct umig_chance_test *tests,
                 struct umig_diff_family *family)
{
    double weights = 0;
    for (size_t i = 0; i < table->count; i++) {
        weights += table->weights[i];
    }
    for (size_t i = 0; i < table->count; i++) {
        if (table->weights[i] > 0) {
            family->tested++;
            fill_figure(judge, &changes[i], &tests[i], judge->level * table->weights[i] / weights,
                        table->figures[i]);
        }
    }
}

int umig_diff_family_judge(const struct umig_diff_judge *judge,
                           const struct umig_diff_table *table,
                           struct umig_diff_family *out_family)
{
    struct umig_diff_family family = {0};
    struct umig_change *changes = calloc(table->count + 1, sizeof *changes);
    struct umig_chance_test *tests = calloc(table->count + 1, sizeof *tests);
    int rc = changes != NULL && tests != NULL ? UMIG_OK : UMIG_E_NOMEM;
    for (size_t i = 0; i < table->count && rc == UMIG_OK; i++) {
        if (table->weights[i] > 0) {
            umig_diff_measure(judge, table, i, &changes[i]);
            umig_change_judge(&judge->scatter, &changes[i]);
            tests[i] = (struct umig_chance_test){.p = changes[i].p, .weight = table->weights[i]};
        }
    }
    rc = rc != UMIG_OK ? rc
                       : umig_chance_discover(tests, table->count, judge->level, &family.changed);
    if (rc == UMIG_OK) {
        fill(judge, table, changes, tests, &family);
        *out_family = family;
    }
    free(changes);
    free(tests);
    return rc;
}
