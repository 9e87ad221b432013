#include "report/diff_words.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/label.h"
#include "core/parse.h"
#include "core/units.h"

#define NAMED_MAX  3 /* methods that the answer names */
#define FACTOR_MAX 1000.0
#define UNEVEN     3.0 /* phi from which the load is called uneven */

const struct umig_diff_figure *umig_diff_figure_of(const struct umig_diff_method *method,
                                                   bool is_total)
{
    return is_total ? &method->total : &method->self;
}

static void put_factor(double factor, struct umig_buf *out)
{
    if (factor < FACTOR_MAX) {
        umig_buf_printf(out, factor < 9.95 ? "x %.1f" : "x %.0f", factor);
    } else {
        umig_buf_printf(out, "over x %.0f", FACTOR_MAX);
    }
}

void umig_diff_put_change(double ratio, struct umig_buf *out)
{
    const double percent = (ratio - 1) * 100;
    if (ratio >= 2) {
        put_factor(ratio, out);
    } else {
        umig_buf_printf(out, fabs(percent) < 9.95 ? "%+.1f %%" : "%+.0f %%", percent);
    }
}

void umig_diff_put_interval(const struct umig_diff_figure *figure, struct umig_buf *out)
{
    umig_diff_put_change(figure->low, out);
    umig_buf_text(out, " to ");
    umig_diff_put_change(figure->high, out);
}

void umig_diff_put_least(double least, struct umig_buf *out)
{
    const double percent = (least - 1) * 100;
    if (!(least > 1)) {
        umig_buf_text(out, "any");
    } else if (least >= 2) {
        put_factor(least, out);
    } else {
        umig_buf_printf(out, percent < 9.95 ? "%.1f %%" : "%.0f %%", percent);
    }
}

void umig_diff_put_cost(const struct umig_diff *diff,
                        const struct umig_diff_figure *figure,
                        enum umig_change_side side,
                        struct umig_buf *out)
{
    if (diff->options.basis == UMIG_DIFF_REST) {
        umig_label_share(figure->value[side], diff->value[side], out);
    } else {
        const double each = (double)figure->value[side] / diff->options.work[side];
        umig_label_value(UMIG_KIND_CPU, (uint64_t)(each + 0.5), out);
    }
}

void umig_diff_put_basis(const struct umig_diff *diff,
                         const struct umig_diff_wording *wording,
                         struct umig_buf *out)
{
    if (diff->options.basis == UMIG_DIFF_REST) {
        umig_buf_text(out, "beside what did not change");
    } else if (diff->options.basis == UMIG_DIFF_WALL) {
        umig_buf_text(out, "per second");
    } else {
        umig_buf_printf(out, "per %s", wording->work);
    }
}

/* "Load.heavy costs 5.1 % more by itself" */
static void put_named(const struct umig_diff *diff,
                      const struct umig_diff_method *method,
                      struct umig_buf *out)
{
    const double ratio = method->self.ratio;
    umig_label_method(diff->names, method->method, true, out);
    if (ratio >= 2) {
        umig_buf_printf(out, " costs %.1f times as much", fmin(ratio, FACTOR_MAX));
    } else {
        const double percent = fabs(ratio - 1) * 100;
        umig_buf_printf(out, percent < 9.95 ? " costs %.1f %% %s" : " costs %.0f %% %s", percent,
                        ratio > 1 ? "more" : "less");
    }
    umig_buf_text(out, " (");
    umig_diff_put_interval(&method->self, out);
    umig_buf_byte(out, ')');
}

static void put_none(const struct umig_diff *diff, struct umig_buf *out)
{
    if (diff->by_self.tested == 0) {
        umig_buf_text(out, "There are too few samples to tell any change.");
        return;
    }
    umig_buf_printf(out, "Nothing changed by itself: ");
    if (diff->by_self.tested == 1) {
        umig_buf_text(out, "the one method with enough samples differs");
    } else {
        umig_buf_printf(out, "the %zu methods with enough samples differ", diff->by_self.tested);
    }
    umig_buf_text(out, " by no more than two runs of one program do.");
}

void umig_diff_put_answer(const struct umig_diff *diff,
                          const struct umig_diff_wording *wording,
                          struct umig_buf *out)
{
    size_t *list = calloc(diff->method_count + 1, sizeof *list);
    if (list == NULL) {
        out->failed = UMIG_E_NOMEM;
        return;
    }
    const size_t count = umig_diff_list(diff, false, UMIG_DIFF_CHANGED, list);
    if (count == 0) {
        put_none(diff, out);
    } else {
        umig_buf_printf(out, "%zu of %zu methods changed by %s, ", count, diff->by_self.tested,
                        count == 1 ? "itself" : "themselves");
        umig_diff_put_basis(diff, wording, out);
        umig_buf_text(out, ": ");
        for (size_t i = 0; i < count && i < NAMED_MAX; i++) {
            umig_buf_text(out, i == 0 ? "" : ", ");
            put_named(diff, &diff->methods[list[i]], out);
        }
        if (count > NAMED_MAX) {
            umig_buf_printf(out, " and %zu more", count - NAMED_MAX);
        }
        umig_buf_byte(out, '.');
    }
    free(list);
}

static double seconds_of(const struct umig_diff *diff, enum umig_change_side side)
{
    const struct umig_profile *profile = side == UMIG_BEFORE ? diff->before : diff->after;
    const uint64_t start = profile->session.start_unix_ns;
    const uint64_t end = profile->session.end_unix_ns;
    return end > start ? (double)(end - start) / (double)UMIG_NS_PER_S : 0;
}

void umig_diff_put_whole(const struct umig_diff *diff,
                         const struct umig_diff_wording *wording,
                         struct umig_buf *out)
{
    if (diff->options.basis == UMIG_DIFF_REST) {
        for (int side = 0; side < UMIG_SIDES; side++) {
            const double seconds = seconds_of(diff, (enum umig_change_side)side);
            umig_buf_text(out, side == UMIG_BEFORE ? "All CPU was " : ", after it ");
            umig_label_value(UMIG_KIND_CPU, diff->value[side], out);
            if (seconds > 0) {
                umig_buf_text(out, " in ");
                umig_label_value(UMIG_KIND_CPU, (uint64_t)(seconds * (double)UMIG_NS_PER_S), out);
            }
            umig_buf_text(out, side == UMIG_BEFORE ? " before" : "");
        }
        umig_buf_text(out, "; how much work that was is not known here, so shares are compared "
                           "(--per NAME=BEFORE,AFTER compares by work).");
        return;
    }
    umig_buf_text(out, "All CPU ");
    umig_diff_put_basis(diff, wording, out);
    umig_buf_text(out, " changed by ");
    umig_diff_put_change(diff->whole, out);
    umig_buf_text(out, ", from ");
    for (int side = 0; side < UMIG_SIDES; side++) {
        const double each = (double)diff->value[side] / diff->options.work[side];
        umig_buf_text(out, side == UMIG_AFTER ? " to " : "");
        umig_label_value(UMIG_KIND_CPU, (uint64_t)(each + 0.5), out);
    }
    umig_buf_text(out, "; another machine or a busy neighbour does that, too.");
}

static double share_of(const struct umig_diff *diff, const struct umig_diff_figure *figure)
{
    return ((double)figure->value[UMIG_BEFORE] / (double)diff->value[UMIG_BEFORE] +
            (double)figure->value[UMIG_AFTER] / (double)diff->value[UMIG_AFTER]) /
           2;
}

/* The tested method whose share is nearest to one. */
static const struct umig_diff_method *nearest(const struct umig_diff *diff, double share)
{
    const struct umig_diff_method *found = NULL;
    double best = 0;
    for (size_t i = 0; i < diff->method_count; i++) {
        const struct umig_diff_figure *figure = &diff->methods[i].self;
        if (figure->state != UMIG_DIFF_TOO_FEW) {
            const double off = fabs(log(share_of(diff, figure) / share));
            if (found == NULL || off < best) {
                found = &diff->methods[i];
                best = off;
            }
        }
    }
    return found;
}

static void put_blind_one(const struct umig_diff *diff,
                          const struct umig_diff_method *method,
                          struct umig_buf *out)
{
    umig_buf_text(out, "one of ");
    umig_label_method(diff->names, method->method, true, out);
    umig_buf_printf(out, " (%.1f %% of CPU) below ", share_of(diff, &method->self) * 100);
    umig_diff_put_least(method->self.least, out);
}

void umig_diff_put_blind(const struct umig_diff *diff, struct umig_buf *out)
{
    const struct umig_diff_method *large = nearest(diff, 1);
    const struct umig_diff_method *small = nearest(diff, 0.01);
    if (large == NULL) {
        umig_buf_text(out, "Longer sessions, or a shorter interval, bring more samples.");
        return;
    }
    umig_buf_text(out, "Smaller changes may be there unseen: ");
    put_blind_one(diff, large, out);
    if (small != large) {
        umig_buf_text(out, ", ");
        put_blind_one(diff, small, out);
    }
    umig_buf_text(out, "; four times the samples halve that.");
}

static void put_doubt(struct umig_buf *out, const char *what, const char *before, const char *after)
{
    if (strcmp(before, after) != 0) {
        umig_buf_printf(out, "%s%s (%s, %s)", out->len > 0 ? "; " : "", what,
                        *before != '\0' ? before : "none", *after != '\0' ? after : "none");
    }
}

static void put_doubt_number(struct umig_buf *out,
                             const char *what,
                             uint64_t before,
                             uint64_t after)
{
    char texts[2][32];
    snprintf(texts[0], sizeof texts[0], "%" PRIu64, before);
    snprintf(texts[1], sizeof texts[1], "%" PRIu64, after);
    put_doubt(out, what, texts[0], texts[1]);
}

void umig_diff_put_doubts(const struct umig_diff *diff, struct umig_buf *out)
{
    const struct umig_profile *const a = diff->before;
    const struct umig_profile *const b = diff->after;
    struct umig_buf list = UMIG_BUF_INIT(64 << 10);
#define TEXT_DOUBT(what, field)                                 \
 put_doubt(&list, what, umig_profile_text(a, a->session.field), \
           umig_profile_text(b, b->session.field))
    TEXT_DOUBT("services", service);
    TEXT_DOUBT("main classes", main_class);
    TEXT_DOUBT("JVMs", jvm_version);
    TEXT_DOUBT("collectors", collector_name);
    TEXT_DOUBT("walkers of stacks", walker);
#undef TEXT_DOUBT
    put_doubt_number(&list, "processors", a->session.cpu_count, b->session.cpu_count);
    put_doubt_number(&list, "nanoseconds between samples", a->session.interval_ns[UMIG_KIND_CPU],
                     b->session.interval_ns[UMIG_KIND_CPU]);
    put_doubt_number(&list, "levels of native frames", a->session.native, b->session.native);
    if (list.len > 0) {
        umig_buf_printf(out, "The two differ in more than the program: %s.", umig_buf_str(&list));
    }
    if (a->session.lost_files + b->session.lost_files > 0) {
        umig_buf_printf(out, "%sFiles of the store that held a part of them are gone.",
                        out->len > 0 ? " " : "");
    }
    if (list.failed != UMIG_OK && out->failed == UMIG_OK) {
        out->failed = list.failed;
    }
    umig_buf_fini(&list);
}

void umig_diff_put_side(const struct umig_diff *diff,
                        enum umig_change_side side,
                        struct umig_buf *out)
{
    const struct umig_profile *profile = side == UMIG_BEFORE ? diff->before : diff->after;
    const double seconds = seconds_of(diff, side);
    char when[UMIG_TIME_TEXT_BYTES];
    umig_format_time(profile->session.start_unix_ns, when);
    umig_buf_printf(out, "session %s of %s, ", umig_profile_text(profile, profile->session.id),
                    umig_profile_text(profile, profile->session.service));
    if (seconds > 0) {
        umig_label_value(UMIG_KIND_CPU, (uint64_t)(seconds * (double)UMIG_NS_PER_S), out);
        umig_buf_text(out, " from ");
    }
    umig_buf_printf(out, "%s, ", when);
    umig_label_number(diff->count[side], out);
    umig_buf_text(out, " samples");
}

void umig_diff_put_terms(const struct umig_diff *diff, struct umig_buf *out)
{
    umig_buf_printf(out,
                    "Changed: of what is called so, at most %.2g %% is expected to be wrong. "
                    "Intervals hold with %.4g %%. Allowed for are sampling, %.2g %% between two "
                    "runs of one program, and the unevenness of the load over %zu and %zu parts of "
                    "the sessions",
                    diff->options.level * 100, (1 - diff->options.level) * 100,
                    diff->options.noise * 100, diff->blocks[UMIG_BEFORE], diff->blocks[UMIG_AFTER]);
    if (diff->scatter.phi > UNEVEN) {
        umig_buf_printf(out,
                        ", which was great: its variance is %.0f times what sampling does; "
                        "a warm service under steady load is told apart better",
                        diff->scatter.phi);
    }
    umig_buf_byte(out, '.');
}

/* What a list is sorted for. */
struct order {
    const struct umig_diff *diff;
    bool is_total;
};

/* What a figure moved of the bill; of one that moved nothing, what it is of it. */
static double moved_by(const struct order *order, size_t index)
{
    const struct umig_diff_figure *figure =
        umig_diff_figure_of(&order->diff->methods[index], order->is_total);
    const double share = share_of(order->diff, figure);
    return figure->state == UMIG_DIFF_CHANGED ? share * fabs(log(figure->ratio)) : share;
}

static int compare_indexes(const void *a, const void *b, void *context)
{
    const size_t x = *(const size_t *)a;
    const size_t y = *(const size_t *)b;
    const double moved[2] = {moved_by(context, x), moved_by(context, y)};
    if (moved[0] != moved[1]) {
        return moved[0] > moved[1] ? -1 : 1;
    }
    return x < y ? -1 : x > y;
}

size_t umig_diff_list(const struct umig_diff *diff,
                      bool is_total,
                      enum umig_diff_state state,
                      size_t *out)
{
    struct order order = {.diff = diff, .is_total = is_total};
    size_t count = 0;
    for (size_t i = 0; i < diff->method_count; i++) {
        const struct umig_diff_figure *figure = umig_diff_figure_of(&diff->methods[i], is_total);
        if (figure->state == state && figure->value[0] + figure->value[1] > 0) {
            out[count++] = i;
        }
    }
    qsort_r(out, count, sizeof *out, compare_indexes, &order);
    return count;
}
