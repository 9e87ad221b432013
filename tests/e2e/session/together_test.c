/*
 * Three sessions at once, each with its own kinds and interval, against each alone: the shares of
 * the methods come from the same distribution, and the CPU time they stand for is the same part of
 * the threads' own clocks.
 */
#include <math.h>
#include <stdio.h>

#include "tests/e2e/session/planted.h"
#include "tests/support/test.h"

#define MIN_P         0.01
#define COUNT_PERCENT 3.0
#define METHODS_MAX   16

/* Samples a session must have: the finest has them first. */
#define MIN_SAMPLES      2500
#define MIN_SAMPLES_LONG 5000

static const struct {
    const char *name;
    const char *kinds;
} g_sessions[] = {
    {"a", "--cpu 4ms"},
    {"b", "--cpu 6ms --locks 1ms"},
    {"c", "--cpu 8ms --gc --heap 1s"},
};

enum {
    SESSIONS = sizeof g_sessions / sizeof g_sessions[0]
};

/* What one session saw of the burners. */
struct seen {
    double samples[METHODS_MAX]; /* by planted method */
    double all;                  /* samples of all threads of the program */
    double cover;                /* CPU time reported / the threads' clocks */
};

static struct seen look(struct umig_rig *rig, const char *session, const json_t *truth)
{
    struct seen seen = {.all = 0};
    json_t *report = planted_report(rig, session);
    const char *name;
    json_t *spent;
    size_t at = 0;
    json_object_foreach(json_object_get(truth, "methods"), name, spent)
    {
        assert_in_range(at, 0, METHODS_MAX - 1);
        seen.samples[at++] = planted_method(report, name, "total_samples");
    }
    seen.all = planted_threads(report, "samples");
    seen.cover = planted_threads(report, "value_ns") / umig_json_number_at(truth, "threads_ns");
    json_decref(report);
    return seen;
}

/* Runs the program under some of the sessions; the last of them is the coarsest. */
static void run(struct umig_rig *rig,
                size_t first,
                size_t count,
                const char *suffix,
                struct seen *out_seen)
{
    char last[32];
    planted_start(rig, 11);
    for (size_t i = first; i < first + count; i++) {
        assert_int_equal(umig_rig_command(rig, NULL, "start %d %s --name %s-%s", rig->jvm.pid,
                                          g_sessions[i].kinds, g_sessions[i].name, suffix),
                         0);
    }
    snprintf(last, sizeof last, "%s-%s", g_sessions[first + count - 1].name, suffix);
    json_t *truth = planted_burn(rig, last, umig_rig_is_long() ? MIN_SAMPLES_LONG : MIN_SAMPLES);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d", rig->jvm.pid), 0);
    for (size_t i = first; i < first + count; i++) {
        char id[32];
        snprintf(id, sizeof id, "%s-%s", g_sessions[i].name, suffix);
        json_decref(umig_rig_await_session(rig, id, umig_rig_has_ended));
        out_seen[i] = look(rig, id, truth);
    }
    json_decref(truth);
    planted_end(rig);
}

/*
 * Upper tail of the chi-square distribution: the regularised incomplete gamma function Q(k/2, x/2)
 * by its series for P (Abramowitz and Stegun, 6.5.29); k and x are small here.
 */
static double chi_square_p(double x, int degrees)
{
    const double a = degrees / 2.0;
    const double z = x / 2.0;
    double term = 1 / a;
    double sum = term;
    for (int n = 1; n < 1000; n++) {
        term *= z / (a + n);
        sum += term;
    }
    return 1 - sum * exp(-z + a * log(z) - lgamma(a));
}

/* Two samples of counts by method: chi-square test of homogeneity. */
static double homogeneity_p(const struct seen *x, const struct seen *y)
{
    double x_all = 0;
    double y_all = 0;
    for (int i = 0; i < METHODS_MAX; i++) {
        x_all += x->samples[i];
        y_all += y->samples[i];
    }
    double sum = 0;
    int rows = 0;
    for (int i = 0; i < METHODS_MAX; i++) {
        const double both = x->samples[i] + y->samples[i];
        if (both > 0) {
            const double x_expected = both * x_all / (x_all + y_all);
            const double y_expected = both - x_expected;
            sum += pow(x->samples[i] - x_expected, 2) / x_expected +
                   pow(y->samples[i] - y_expected, 2) / y_expected;
            rows++;
        }
    }
    assert_true(rows > 2);
    return sum > 0 ? chi_square_p(sum, rows - 1) : 1;
}

/* Prints the table; true if each session saw together what it saw alone. */
static bool is_alike(const struct seen alone[SESSIONS], const struct seen together[SESSIONS])
{
    bool alike = true;
    print_message("  %-28s %8s %9s %8s %9s %8s\n", "session", "alone", "together", "p", "CPU alone",
                  "together");
    for (size_t i = 0; i < SESSIONS; i++) {
        const double p = homogeneity_p(&alone[i], &together[i]);
        print_message("  %-28s %8.0f %9.0f %8.3f %7.2f %% %6.2f %%\n", g_sessions[i].kinds,
                      alone[i].all, together[i].all, p, 100 * alone[i].cover,
                      100 * together[i].cover);
        alike = alike && p > MIN_P &&
                fabs(together[i].cover / alone[i].cover - 1) <= COUNT_PERCENT / 100;
    }
    return alike;
}

static bool run_all(struct umig_rig *rig, const char *attempt)
{
    struct seen alone[SESSIONS];
    struct seen together[SESSIONS];
    char suffix[24];
    umig_rig_start_collector(rig);
    snprintf(suffix, sizeof suffix, "together-%s", attempt);
    run(rig, 0, SESSIONS, suffix, together);
    snprintf(suffix, sizeof suffix, "alone-%s", attempt);
    for (size_t i = 0; i < SESSIONS; i++) {
        run(rig, i, 1, suffix, alone);
    }
    umig_rig_stop_collector(rig);
    return is_alike(alone, together);
}

/* Of samples that are alike one pair in a hundred is below MIN_P: once more, then it counts. */
static void compare(struct umig_rig *rig)
{
    if (!run_all(rig, "first")) {
        print_message("  once more, with samples of its own\n");
        assert_true(run_all(rig, "second"));
    }
}

static void test_sessions_together_give_what_each_gives_alone(void **state)
{
    (void)state;
    umig_rig_each_jdk(compare);
}

static void test_chi_square_p_has_the_values_of_the_tables(void **state)
{
    (void)state;
    /* Abramowitz and Stegun, table 26.8 */
    assert_float_equal(chi_square_p(18.307, 10), 0.05, 1e-4);
    assert_float_equal(chi_square_p(16.812, 6), 0.01, 1e-4);
    assert_float_equal(chi_square_p(2.706, 1), 0.1, 1e-4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chi_square_p_has_the_values_of_the_tables),
        cmocka_unit_test_teardown(test_sessions_together_give_what_each_gives_alone,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.together", tests, NULL, NULL);
}
