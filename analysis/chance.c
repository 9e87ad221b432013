#include "analysis/chance.h"

#include <math.h>
#include <stdlib.h>

#define Z_MAX 38.0 /* beyond, a double's p is 0 */

double umig_chance_normal(double z)
{
    return erfc(fabs(z) / M_SQRT2);
}

/* By halving: quantiles are asked for a few times a row, not in a loop. */
double umig_chance_normal_quantile(double p)
{
    double low = 0;
    double high = Z_MAX;
    for (int i = 0; i < 60; i++) {
        const double middle = (low + high) / 2;
        if (umig_chance_normal(middle) > p) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return (low + high) / 2;
}

/* D. L. Wallace, Bounds on normal approximations to Student's and the chi-square distributions,
 * 1959: off by less than 0.02 in z for three degrees of freedom and more. */
static double bend(double freedom)
{
    return (8 * freedom + 1) / (8 * freedom + 3);
}

double umig_chance_student(double t, double freedom)
{
    return umig_chance_normal(bend(freedom) * sqrt(freedom * log1p(t * t / freedom)));
}

double umig_chance_student_quantile(double p, double freedom)
{
    const double z = umig_chance_normal_quantile(p) / bend(freedom);
    return sqrt(freedom * expm1(z * z / freedom));
}

/* E. B. Wilson & M. M. Hilferty, The distribution of chi-square, 1931. */
double umig_chance_chi_square(double value, double freedom)
{
    const double spread = 2 / (9 * freedom);
    const double z = (cbrt(value / freedom) - (1 - spread)) / sqrt(spread);
    return erfc(z / M_SQRT2) / 2;
}

/* A test and its p in units of its allowance. */
struct ranked {
    size_t index;
    double dearness;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a;
    const struct ranked *y = b;
    if (x->dearness != y->dearness) {
        return x->dearness < y->dearness ? -1 : 1;
    }
    return x->index < y->index ? -1 : x->index > y->index;
}

static size_t rank(const struct umig_chance_test *tests, size_t count, struct ranked *ranks)
{
    double weights = 0;
    for (size_t i = 0; i < count; i++) {
        weights += tests[i].weight;
    }
    size_t ranked_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (tests[i].weight > 0) {
            ranks[ranked_count++] =
                (struct ranked){.index = i, .dearness = tests[i].p / tests[i].weight * weights};
        }
    }
    return ranked_count;
}

int umig_chance_discover(struct umig_chance_test *tests,
                         size_t count,
                         double level,
                         size_t *out_count)
{
    struct ranked *ranks = calloc(count + 1, sizeof *ranks);
    if (ranks == NULL) {
        return UMIG_E_NOMEM;
    }
    const size_t ranked_count = rank(tests, count, ranks);
    qsort(ranks, ranked_count, sizeof *ranks, compare_ranked);
    size_t found = 0;
    for (size_t i = 0; i < ranked_count; i++) {
        found = ranks[i].dearness <= level * (double)(i + 1) ? i + 1 : found;
    }
    for (size_t i = 0; i < count; i++) {
        tests[i].is_found = false;
    }
    for (size_t i = 0; i < found; i++) {
        tests[ranks[i].index].is_found = true;
    }
    free(ranks);
    *out_count = found;
    return UMIG_OK;
}
