/*
 * Comparisons of made-up sessions, whose truth is known: 60 s in six blocks, samples drawn one by
 * one from a generator with fixed seeds.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/diff.h"
#include "core/err.h"
#include "tests/support/test.h"

#define METHODS     40
#define BLOCKS      6
#define INTERVAL_NS 10000000u
#define LIMIT_BYTES (16u << 20)

/* A program: what its methods cost, and how it behaves. */
struct program {
    double cost[METHODS];
    double swing;   /* blocks differ: methods cost up to so many times more or less in one */
    double burst;   /* method 1 runs in the third block only, with this part of it */
    size_t samples; /* of a block */
    uint64_t seed;
};

/* xorshift64* (S. Vigna 2016). */
static double draw(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return (double)((*seed * 2685821657736338717ull) >> 11) / 9007199254740992.0;
}

/* Shares of a real program: one method of 60 %, others each 4/5 of the one before. */
static struct program make_program(double heavy, size_t samples, uint64_t seed)
{
    struct program program = {.samples = samples, .seed = seed * 0x9E3779B97F4A7C15ull + 1};
    double cost = (1 - heavy) * 0.2;
    program.cost[0] = heavy;
    for (size_t i = 1; i < METHODS; i++) {
        program.cost[i] = cost;
        cost *= 0.8;
    }
    return program;
}

static double sum_of(const double *cost)
{
    double sum = 0;
    for (size_t i = 0; i < METHODS; i++) {
        sum += cost[i];
    }
    return sum;
}

static void costs_in_block(struct program *program, size_t block, double *cost)
{
    for (size_t i = 0; i < METHODS; i++) {
        const double swing = program->swing * (2 * draw(&program->seed) - 1);
        cost[i] = program->cost[i] * exp(swing);
    }
    if (program->burst > 0) {
        cost[1] = block == 2 ? program->burst * sum_of(cost) : 0;
    }
}

/* The stacks of a program: main calls each method; every third one through a helper. */
static void add_method_stack(struct umig_profile *profile, size_t index, uint32_t *out_stack)
{
    char text[32];
    uint32_t class_name = 0;
    uint32_t file = 0;
    uint32_t stack = 0;
    const char *chain[3] = {"main", index % 3 == 0 ? "helper" : NULL, text};
    snprintf(text, sizeof text, "method%zu", index);
    assert_int_equal(umig_profile_string(profile, "app.Work", 8, &class_name), UMIG_OK);
    if (profile->session.pid == 1) { /* who imports knows no files */
        assert_int_equal(umig_profile_string(profile, "Work.groovy", 11, &file), UMIG_OK);
    }
    for (size_t i = 0; i < 3; i++) {
        if (chain[i] != NULL) {
            struct umig_profile_method method = {.class_name = class_name, .file = file};
            struct umig_profile_frame frame = {.kind = UMIG_FRAME_COMPILED,
                                               .line = (uint32_t)(profile->session.pid + i + 1)};
            uint32_t id = 0;
            assert_int_equal(umig_profile_string(profile, chain[i], strlen(chain[i]), &method.name),
                             UMIG_OK);
            assert_int_equal(umig_profile_method(profile, &method, &frame.method), UMIG_OK);
            assert_int_equal(umig_profile_frame(profile, &frame, &id), UMIG_OK);
            assert_int_equal(umig_profile_stack(profile, stack, id, &stack), UMIG_OK);
        }
    }
    *out_stack = stack;
}

static void add_samples(struct umig_profile *profile,
                        uint32_t stack,
                        uint32_t block,
                        uint64_t count)
{
    const struct umig_profile_sample sample = {.kind = UMIG_KIND_CPU,
                                               .stack = stack,
                                               .block = block,
                                               .count = count,
                                               .value = count * INTERVAL_NS};
    assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_OK);
}

/* Runs a program; the pid only moves the lines, as a recompiled source would. */
static struct umig_profile *run_program(struct program program, uint32_t pid)
{
    struct umig_profile *profile = NULL;
    uint32_t stacks[METHODS];
    assert_int_equal(umig_profile_create(LIMIT_BYTES, &profile, NULL), UMIG_OK);
    profile->session.pid = pid;
    profile->session.start_unix_ns = 1000000000ull;
    profile->session.end_unix_ns = 61000000000ull;
    for (size_t i = 0; i < METHODS; i++) {
        add_method_stack(profile, i, &stacks[i]);
    }
    for (uint32_t block = 0; block < BLOCKS; block++) {
        double cost[METHODS];
        uint64_t counts[METHODS] = {0};
        costs_in_block(&program, block, cost);
        const double sum = sum_of(cost);
        for (size_t i = 0; i < program.samples; i++) {
            double at = draw(&program.seed) * sum;
            size_t method = 0;
            while (method + 1 < METHODS && at >= cost[method]) {
                at -= cost[method++];
            }
            counts[method]++;
        }
        for (size_t i = 0; i < METHODS; i++) {
            if (counts[i] > 0) {
                add_samples(profile, stacks[i], block + 1, counts[i]);
            }
        }
    }
    return profile;
}

static struct umig_diff *compare(struct program before,
                                 struct program after,
                                 const struct umig_diff_options *options)
{
    struct umig_profile *const a = run_program(before, 1);
    struct umig_profile *const b = run_program(after, 2);
    struct umig_diff *diff = NULL;
    assert_int_equal(umig_diff_create(a, b, options, &diff, NULL), UMIG_OK);
    umig_profile_destroy(a);
    umig_profile_destroy(b);
    return diff;
}

static const struct umig_diff_method *find(const struct umig_diff *diff, const char *name)
{
    for (size_t i = 0; i < diff->method_count; i++) {
        const struct umig_profile_method *at = &diff->names->methods.items[diff->methods[i].method];
        if (strcmp(umig_profile_text(diff->names, at->name), name) == 0) {
            return &diff->methods[i];
        }
    }
    fail_msg("no method %s", name);
    return NULL;
}

/* What came of many comparisons. */
struct tally {
    size_t comparisons, with_marks, tested, marked, found;
};

static void count_diff(struct tally *tally, const struct umig_diff *diff, const char *planted)
{
    const bool is_found = planted != NULL && find(diff, planted)->self.state == UMIG_DIFF_CHANGED;
    const size_t others = diff->by_self.changed - (is_found ? 1 : 0);
    tally->comparisons++;
    tally->found += is_found ? 1 : 0;
    tally->with_marks += others > 0 ? 1 : 0;
    tally->tested += diff->by_self.tested + diff->by_node.tested;
    tally->marked += others + (planted == NULL ? diff->by_node.changed : 0);
}

static const struct umig_diff_options rest = {.noise = 0.0};

static struct tally compare_same(double swing, double burst, size_t samples)
{
    struct tally tally = {0};
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct program before = make_program(0.4, samples, seed);
        struct program after = make_program(0.4, samples, seed + 1000);
        before.swing = after.swing = swing;
        before.burst = burst;
        after.burst = burst > 0 ? 1e-9 : 0;
        struct umig_diff *diff = compare(before, after, &rest);
        count_diff(&tally, diff, NULL);
        umig_diff_destroy(diff);
    }
    print_message("swing %.2g: marks in %zu of %zu comparisons, %zu of %zu questions\n", swing,
                  tally.with_marks, tally.comparisons, tally.marked, tally.tested);
    return tally;
}

/* Of 200 comparisons at a level of 0.01, 2 may have a mark; 7 come once in 1,000 times. */
static void test_two_runs_of_one_program_show_no_change(void **state)
{
    (void)state;

    const struct tally tally = compare_same(0, 0, 2000);

    assert_true(tally.tested > 200 * 40);
    assert_true(tally.with_marks <= 6);
    assert_true(tally.marked * 1000 <= tally.tested);
}

/* The load is another one every ten seconds: a binomial test would mark every tenth method. */
static void test_uneven_load_is_no_change(void **state)
{
    (void)state;

    const struct tally tally = compare_same(0.3, 0, 2000);

    assert_true(tally.with_marks <= 6);
}

static void test_uneven_load_would_deceive_a_test_of_counts(void **state)
{
    size_t deceived = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct program before = make_program(0.4, 2000, seed);
        struct program after = make_program(0.4, 2000, seed + 1000);
        before.swing = after.swing = 0.3;
        struct umig_diff *diff = compare(before, after, &rest);
        const struct umig_diff_figure *f = &find(diff, "method0")->self;
        const double n[2] = {(double)diff->count[0], (double)diff->count[1]};
        const double s[2] = {(double)f->value[0] / (double)diff->value[0],
                             (double)f->value[1] / (double)diff->value[1]};
        const double z = (s[0] - s[1]) / sqrt(s[0] * (1 - s[0]) / n[0] + s[1] * (1 - s[1]) / n[1]);
        deceived += fabs(z) > 2.576 ? 1 : 0;
        umig_diff_destroy(diff);
    }
    assert_true(deceived >= 4); /* of 20; 0.2 would be right */
}

/* What ran once, for a fifth of ten seconds, in the first session and never in the second. */
static void test_a_burst_is_no_change(void **state)
{
    (void)state;

    const struct tally tally = compare_same(0, 0.2, 2000);

    assert_true(tally.with_marks <= 6);
}

static struct tally compare_slowed(double heavy, size_t samples, bool is_by_work, double factor)
{
    struct tally tally = {0};
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct program before = make_program(heavy, samples, seed);
        struct program after = make_program(heavy, samples, seed + 1000);
        struct umig_diff_options options = rest;
        const double cost = sum_of(after.cost);
        after.cost[0] *= factor;
        if (is_by_work) { /* as much CPU does less work */
            options.basis = UMIG_DIFF_WORK;
            options.work[UMIG_BEFORE] = 100000;
            options.work[UMIG_AFTER] = 100000 * cost / sum_of(after.cost);
        }
        struct umig_diff *diff = compare(before, after, &options);
        count_diff(&tally, diff, "method0");
        const struct umig_diff_figure *figure = &find(diff, "method0")->self;
        assert_true(figure->low <= figure->ratio && figure->ratio <= figure->high);
        umig_diff_destroy(diff);
    }
    print_message("%.0f %% of CPU, %zu samples, %s: found %zu of %zu, others in %zu\n", heavy * 100,
                  samples * BLOCKS, is_by_work ? "by work" : "beside the rest", tally.found,
                  tally.comparisons, tally.with_marks);
    return tally;
}

/* 60 s of four threads at 250 samples a second. */
static void test_five_percent_of_a_large_method_are_found_by_work(void **state)
{
    (void)state;

    const struct tally tally = compare_slowed(0.5, 5000, true, 1.05);

    assert_true(tally.found >= 45);
    assert_true(tally.with_marks <= 2);
}

static void test_five_percent_are_found_beside_the_rest_with_more_samples(void **state)
{
    (void)state;

    const struct tally tally = compare_slowed(0.5, 15000, false, 1.05);

    assert_true(tally.found >= 45);
    assert_true(tally.with_marks <= 2);
}

/* Every other method's share falls to two thirds: that is no change of theirs. */
static void test_one_method_that_doubles_is_the_only_change(void **state)
{
    (void)state;

    const struct tally tally = compare_slowed(0.5, 5000, false, 2);

    assert_int_equal(tally.found, 50);
    assert_true(tally.with_marks <= 2);
}

static void test_change_is_measured_beside_what_stayed(void **state)
{
    struct program before = make_program(0.5, 50000, 7);
    struct program after = make_program(0.5, 50000, 8);
    (void)state;
    after.cost[0] *= 1.5;

    struct umig_diff *diff = compare(before, after, &rest);

    const struct umig_diff_figure *figure = &find(diff, "method0")->self;
    assert_true(figure->ratio > 1.45 && figure->ratio < 1.55);
    assert_true(figure->low < 1.5 && figure->high > 1.5);
    assert_int_equal(find(diff, "method1")->self.state, UMIG_DIFF_NOISE_ONLY);
    assert_true(find(diff, "method1")->self.ratio > 0.95);
    assert_int_equal(find(diff, "helper")->total.state, UMIG_DIFF_CHANGED);
    umig_diff_destroy(diff);
}

static void test_least_is_what_is_found_nine_times_of_ten(void **state)
{
    struct program program = make_program(0.4, 3000, 3);
    struct umig_diff *diff = compare(program, make_program(0.4, 3000, 4), &rest);
    const double least = find(diff, "method0")->self.least;
    (void)state;
    umig_diff_destroy(diff);

    const struct tally tally = compare_slowed(0.4, 3000, false, least);

    assert_true(tally.found >= 38); /* of 50; least is itself an estimate */
}

static void test_frames_of_a_slowed_method_change_on_their_path(void **state)
{
    struct program after = make_program(0.3, 20000, 6);
    size_t changed = 0;
    (void)state;
    after.cost[1] *= 3;

    struct umig_diff *diff = compare(make_program(0.3, 20000, 5), after, &rest);

    const uint32_t method = find(diff, "method1")->method;
    for (size_t i = 1; i < diff->names->stacks.count; i++) {
        const uint32_t frame = diff->names->stacks.items[i].frame;
        if (diff->nodes[i].state == UMIG_DIFF_CHANGED) {
            changed++;
            assert_int_equal(diff->names->frames.items[frame].method, method);
        }
    }
    assert_int_equal(changed, 1);
    umig_diff_destroy(diff);
}

static void test_lines_and_files_do_not_tell_frames_apart(void **state)
{
    struct umig_diff *diff = compare(make_program(0.4, 500, 1), make_program(0.4, 500, 2), &rest);
    (void)state;

    for (size_t i = 1; i < diff->names->frames.count; i++) {
        assert_int_equal(diff->names->frames.items[i].line, 0);
    }
    assert_int_equal(diff->names->methods.count - 1, METHODS + 2);
    const struct umig_profile_method *method = &diff->names->methods.items[1];
    assert_string_equal(umig_profile_text(diff->names, method->file), "Work.groovy");
    umig_diff_destroy(diff);
}

static void test_too_few_samples_claim_nothing(void **state)
{
    struct umig_diff *diff = compare(make_program(0.4, 1, 1), make_program(0.4, 1, 2), &rest);
    (void)state;

    assert_int_equal(diff->by_self.tested, 0);
    for (size_t i = 0; i < diff->method_count; i++) {
        assert_int_equal(diff->methods[i].self.state, UMIG_DIFF_TOO_FEW);
    }
    umig_diff_destroy(diff);
}

static void test_sessions_without_samples_are_refused(void **state)
{
    struct umig_profile *const full = run_program(make_program(0.4, 100, 1), 1);
    struct umig_profile *empty = NULL;
    struct umig_diff *diff = NULL;
    struct umig_err err = UMIG_ERR_INIT;
    (void)state;
    assert_int_equal(umig_profile_create(LIMIT_BYTES, &empty, NULL), UMIG_OK);

    assert_int_equal(umig_diff_create(full, empty, &rest, &diff, &err), UMIG_E_ARG);
    assert_non_null(strstr(err.text, "second session has no CPU samples"));
    assert_int_equal(umig_diff_create(empty, full, &rest, &diff, &err), UMIG_E_ARG);
    assert_non_null(strstr(err.text, "first"));
    umig_profile_destroy(empty);
    umig_profile_destroy(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_runs_of_one_program_show_no_change),
        cmocka_unit_test(test_uneven_load_is_no_change),
        cmocka_unit_test(test_uneven_load_would_deceive_a_test_of_counts),
        cmocka_unit_test(test_a_burst_is_no_change),
        cmocka_unit_test(test_five_percent_of_a_large_method_are_found_by_work),
        cmocka_unit_test(test_five_percent_are_found_beside_the_rest_with_more_samples),
        cmocka_unit_test(test_one_method_that_doubles_is_the_only_change),
        cmocka_unit_test(test_change_is_measured_beside_what_stayed),
        cmocka_unit_test(test_least_is_what_is_found_nine_times_of_ten),
        cmocka_unit_test(test_frames_of_a_slowed_method_change_on_their_path),
        cmocka_unit_test(test_lines_and_files_do_not_tell_frames_apart),
        cmocka_unit_test(test_too_few_samples_claim_nothing),
        cmocka_unit_test(test_sessions_without_samples_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
