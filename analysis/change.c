#include "analysis/change.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/chance.h"

#define DENSE_SAMPLES   5.0   /* expected in a block, of the item and of the rest */
#define HALF            0.5   /* sample added to either part: a log of nothing (Haldane 1956) */
#define ITEMS_MIN       8     /* to learn from */
#define FREEDOM_MAX     200.0 /* beyond, Student's t is normal */
#define FREEDOM_FEW     10.0  /* weight of sampling alone where there is nothing to learn from */
#define STANDS_ALONE_P  0.001
#define QUARTILES_SIGMA 1.349  /* distance of a normal's quartiles */
#define NOISE_SHARE     0.2    /* of the CPU: what noise is told for */
#define NOISE_MOST      30.0   /* times that */
#define POWER_Z         1.2816 /* 9 of 10 */

/* One side's blocks of an item. */
struct part {
    const double *y, *r;
    size_t count;
    double unit;
    double y_sum, r_sum; /* in samples */
};

static struct part part_of(const struct umig_change_design *d,
                           enum umig_change_side side,
                           const double *y,
                           const double *r)
{
    const size_t first = side == UMIG_BEFORE ? 0 : d->block_count[UMIG_BEFORE];
    struct part part = {
        .y = y + first, .r = r + first, .count = d->block_count[side], .unit = d->unit[side]};
    for (size_t i = 0; i < part.count; i++) {
        part.y_sum += part.y[i] / part.unit;
        part.r_sum += part.r[i] / part.unit;
    }
    return part;
}

/* Pearson's statistic of y over the blocks; each is compared with the side's own share. */
static void add_chi_square(const struct part *part, struct umig_change *out)
{
    const double share = part->y_sum / (part->y_sum + part->r_sum);
    size_t used = 0;
    for (size_t i = 0; i < part->count; i++) {
        const double all = (part->y[i] + part->r[i]) / part->unit;
        const double variance = all * share * (1 - share);
        const double off = part->y[i] / part->unit - all * share;
        if (variance > 0) {
            out->chi_square += off * off / variance;
            used++;
        }
    }
    out->freedom += used > 0 ? (double)used - 1 : 0;
    const double blocks = (double)part->count;
    out->is_dense = out->is_dense && part->y_sum >= DENSE_SAMPLES * blocks &&
                    part->r_sum >= DENSE_SAMPLES * blocks;
}

void umig_change_measure(const struct umig_change_design *design,
                         const double *y,
                         const double *r,
                         struct umig_change *out)
{
    double share = 0;
    *out = (struct umig_change){.is_dense = true, .p = 1};
    for (int side = UMIG_BEFORE; side < UMIG_SIDES; side++) {
        const struct part part = part_of(design, (enum umig_change_side)side, y, r);
        const double sign = side == UMIG_AFTER ? 1 : -1;
        const double own = part.y_sum + HALF;
        const double rest = part.r_sum + HALF;
        share += own / (own + rest) / UMIG_SIDES;
        if (design->work[side] > 0) {
            const double others = rest / (own + rest);
            out->log_ratio += sign * log(own * part.unit / design->work[side]);
            out->variance += others * others * (1 / own + 1 / rest);
        } else {
            out->log_ratio += sign * log(own / rest);
            out->variance += 1 / own + 1 / rest;
        }
        if (part.y_sum > 0 && part.r_sum > 0) {
            add_chi_square(&part, out);
        } else {
            out->is_dense = false;
        }
    }
    out->noise = design->noise * fmin(NOISE_MOST, fmax(1, NOISE_SHARE / share));
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double quantile_of(const double *sorted, size_t count, double part)
{
    const double at = part * (double)(count - 1);
    const size_t below = (size_t)at;
    const double next = below + 1 < count ? sorted[below + 1] : sorted[below];
    return sorted[below] + (at - (double)below) * (next - sorted[below]);
}

/*
 * The log of chi-square / freedom has a variance of trigamma(freedom / 2); what the items scatter
 * beyond that is trigamma(freedom_0 / 2). trigamma(x) is 1 / x + 1 / (2 x^2) close enough.
 */
static struct umig_change_scatter learn_from(double *logs, size_t count, double freedom)
{
    qsort(logs, count, sizeof *logs, compare_doubles);
    const double median_of_one = 3 * log(1 - 2 / (9 * freedom));
    const double width =
        (quantile_of(logs, count, 0.75) - quantile_of(logs, count, 0.25)) / QUARTILES_SIGMA;
    const double beyond = width * width - (2 / freedom + 2 / (freedom * freedom));
    struct umig_change_scatter scatter = {.phi = exp(quantile_of(logs, count, 0.5) - median_of_one),
                                          .freedom = FREEDOM_MAX};
    if (beyond > 2 / FREEDOM_MAX) {
        scatter.freedom = 2 * (1 / beyond + HALF);
    }
    return scatter;
}

int umig_change_learn(const struct umig_change *items,
                      size_t count,
                      struct umig_change_scatter *out_scatter)
{
    struct umig_change_scatter scatter = {.phi = 1, .freedom = FREEDOM_FEW};
    double *logs = calloc(count + 1, sizeof *logs);
    size_t dense = 0;
    double freedom = 0;
    if (logs == NULL) {
        return UMIG_E_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        if (items[i].is_dense && items[i].freedom > 0 && items[i].chi_square > 0) {
            logs[dense++] = log(items[i].chi_square / items[i].freedom);
            freedom += items[i].freedom;
        }
    }
    if (dense >= ITEMS_MIN) {
        scatter = learn_from(logs, dense, freedom / (double)dense);
    }
    free(logs);
    *out_scatter = scatter;
    return UMIG_OK;
}

void umig_change_judge(const struct umig_change_scatter *scatter, struct umig_change *item)
{
    double phi = scatter->phi;
    double freedom = scatter->freedom;
    if (item->freedom > 0) {
        const double own = item->chi_square / item->freedom;
        const double alike = umig_chance_chi_square(item->chi_square / phi, item->freedom);
        const bool stands_alone = own > phi && alike < STANDS_ALONE_P;
        freedom = fmin(freedom, fmax(item->freedom, FREEDOM_FEW));
        const double all = freedom + item->freedom;
        phi = stands_alone ? own : (freedom * phi + item->chi_square) / all;
        freedom = stands_alone ? item->freedom : all;
    }
    item->error = sqrt(phi * item->variance + 2 * item->noise * item->noise);
    item->t_freedom = freedom;
    item->p = umig_chance_student(item->log_ratio / item->error, freedom);
}

double umig_change_least(const struct umig_change *item, double p)
{
    const double t = umig_chance_student_quantile(p, item->t_freedom);
    return exp((t + POWER_Z) * item->error);
}
