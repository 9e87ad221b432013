/*
 * What chance alone does: tails and quantiles of the normal, Student's and the chi-square
 * distribution, good for a verdict (a probability is right to a tenth of itself), and the control
 * of false discoveries.
 */
#ifndef UMIG_ANALYSIS_CHANCE_H
#define UMIG_ANALYSIS_CHANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Probability that a normal variable is further from 0 than z, on either side. */
double umig_chance_normal(double z);

/** The z that umig_chance_normal() takes to p, for 0 < p <= 1; at most 38. */
double umig_chance_normal_quantile(double p);

/** Probability that Student's t with so many degrees of freedom is further from 0 than t. */
double umig_chance_student(double t, double freedom);

/** The t that umig_chance_student() takes to p. */
double umig_chance_student_quantile(double p, double freedom);

/** Probability that chi-square with so many degrees of freedom is above a value. */
double umig_chance_chi_square(double value, double freedom);

/** One question among many. */
struct umig_chance_test {
    double p;      /* probability of what was seen if nothing changed */
    double weight; /* its part of the allowance for errors; 0 or more, told apart before looking */
    bool is_found; /* set by umig_chance_discover() */
};

/**
 * Finds what is no chance, so that among all that is found the expected part of errors is at most
 * level (Benjamini & Hochberg 1995, with weights: Genovese, Roeder & Wasserman 2006). If nothing
 * changed at all, anything is found with a probability of at most level.
 *
 * @param level      above 0, below 1
 * @param out_count  how many were found
 * @return UMIG_OK, UMIG_E_NOMEM
 */
UMIG_NODISCARD int umig_chance_discover(struct umig_chance_test *tests,
                                        size_t count,
                                        double level,
                                        size_t *out_count);

#endif
