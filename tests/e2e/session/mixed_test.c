/*
 * Planted truth in native code: functions of C with frame pointers and of C++ without, deep and
 * shallow, called by Java, Java called by C, C++ below that, and a thread that never sees Java. The
 * share of each against what it measured of itself; and where C called Java, every function between
 * the two.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/session/planted.h"
#include "tests/support/test.h"

#define MIN_SAMPLES  10000
#define POINTS       2.0
#define ROUND_CPU_MS 11000
#define MIN_RIGHT    99.0 /* % of the CPU of Java that C called: all functions between are there, */
#define MIN_WHOLE    90.0 /* or a mark, where a busy agent left no room for the copy */

/* Prints the table; the largest error in percentage points. */
static double compare(const json_t *truth, const json_t *report, double all_ns)
{
    const double threads_ns = umig_json_number_at(truth, "threads_ns");
    double worst = 0;
    const char *name;
    json_t *spent;
    print_message("  %-32s %9s %9s %8s\n", "function", "planted", "reported", "points");
    json_object_foreach(json_object_get(truth, "methods"), name, spent)
    {
        const double planted = 100 * json_number_value(spent) / threads_ns;
        const double reported = 100 * planted_method(report, name, "total_ns") / all_ns;
        print_message("  %-32s %7.2f %% %7.2f %% %+8.2f\n", name, planted, reported,
                      reported - planted);
        worst = fmax(worst, fabs(reported - planted));
    }
    return worst;
}

/* Java that native code called, and the library's frames that must stand before it in this order;
 * behind them come those of the JVM.
 */
static const struct {
    const char *library;
    const char *java;
} chains[] = {
    {";Mixed.burn;Java_Mixed_burn;call_java;", ";Mixed.called;"},
    {";Mixed.burn;Java_Mixed_burn;call_java_and_down;", ";Mixed.calledAndDown;"},
    {";Mixed.burn;Java_Mixed_burn;call_by_cpp;mixed_cpp_call;planted::Caller::call;",
     ";Mixed.calledByCpp;"},
};

/* CPU in Java that native code called, in the unit of the stacks. */
struct shares {
    double all;
    double whole;
    double marked;
};

/* Is all there from Java, by the library and the JVM, to Java? */
static void judge(const char *stack, size_t chain, double weight, struct shares *shares)
{
    const char *library = chains[chain].library;
    const char *from = strstr(stack, library);
    const char *between = from != NULL ? from + strlen(library) - 1 : NULL; /* at its last ";" */
    const char *to = between != NULL ? strstr(between, chains[chain].java) : NULL;
    shares->all += weight;
    if (strstr(stack, "[truncated]") != NULL) {
        shares->marked += weight;
    } else if (to != NULL && to > between) {
        shares->whole += weight;
    } else {
        print_message("  not whole: %s\n", stack);
    }
}

static struct shares read_shares(const char *text, size_t chain)
{
    struct shares shares = {0};
    char *copy = strdup(text);
    char *rest = NULL;
    for (char *line = strtok_r(copy, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char *value = strrchr(line, ' ');
        if (value == NULL || strstr(line, chains[chain].java) == NULL) {
            continue;
        }
        const double weight = strtod(value + 1, NULL);
        *value = ';'; /* the leaf ends as the others do */
        judge(line, chain, weight, &shares);
    }
    free(copy);
    return shares;
}

static void check_chains(struct umig_rig *rig)
{
    char *text = umig_rig_text(rig, "report mixed --format collapsed --unfold");
    for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++) {
        const struct shares shares = read_shares(text, i);
        const double whole = 100 * shares.whole / shares.all;
        const double marked = 100 * shares.marked / shares.all;
        print_message("  %-24s %8.3f %% with all native frames between, %.3f %% with a mark\n",
                      chains[i].java, whole, marked);
        assert_true(whole + marked >= MIN_RIGHT);
        assert_true(whole >= MIN_WHOLE);
    }
    free(text);
}

/*
 * Does a stack of a Java thread begin in the C library, and go on in the JVM (thread_native_entry
 * and others, or its library where that has no symbols) to the first method?
 */
static bool has_root(const char *stack)
{
    static const char *const firsts[] = {"__GI___clone3;", "__clone3;", "clone3;", "start_thread;",
                                         "libc.so.6;"};
    const char *java = strstr(stack, "Mixed$Burner.run;");
    uint32_t frames = 0;
    bool is_first = false;
    for (const char *at = stack; at != NULL && at < java; at = strchr(at, ';') + 1) {
        frames++;
    }
    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
        is_first = is_first || strncmp(stack, firsts[i], strlen(firsts[i])) == 0;
    }
    return is_first && frames >= 6;
}

/* What threads were begun with stands below all Java, whatever was called since. */
static void check_roots(struct umig_rig *rig)
{
    char *text = umig_rig_text(rig, "report mixed --format collapsed --unfold");
    struct shares shares = {0};
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        const char *value = strrchr(line, ' ');
        const char *stack = strchr(line, ';'); /* behind the thread's name */
        if (value == NULL || stack == NULL || strstr(stack, ";Mixed$Burner.run;") == NULL) {
            continue;
        }
        const double weight = strtod(value + 1, NULL);
        shares.all += weight;
        if (has_root(stack + 1)) {
            shares.whole += weight;
        } else if (strstr(stack, "[truncated]") != NULL) {
            shares.marked += weight;
        } else if (shares.all == shares.whole + shares.marked + weight) {
            print_message("  no root: %s\n", line); /* the first one tells */
        }
    }
    print_message("  %-24s %8.3f %% down to the thread's first function, %.3f %% with a mark\n",
                  "Mixed$Burner.run", 100 * shares.whole / shares.all,
                  100 * shares.marked / shares.all);
    assert_true(100 * (shares.whole + shares.marked) / shares.all >= MIN_RIGHT);
    assert_true(100 * shares.whole / shares.all >= MIN_WHOLE);
    free(text);
}

static void measure(struct umig_rig *rig)
{
    char words[512];
    umig_rig_start_collector(rig);
    snprintf(words, sizeof words, "-cp @java Mixed %s %d 7", UMIG_E2E_MIXED, ROUND_CPU_MS);
    umig_rig_start_jvm(rig, "", words);
    assert_int_equal(
        umig_rig_command(rig, NULL, "start %d --cpu 1ms --native on --name mixed", rig->jvm.pid),
        0);
    json_t *truth = planted_burn(rig, "mixed", umig_rig_is_long() ? 5 * MIN_SAMPLES : MIN_SAMPLES);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name mixed", rig->jvm.pid), 0);
    json_decref(umig_rig_await_session(rig, "mixed", umig_rig_has_ended));
    json_t *report = planted_report(rig, "mixed");

    const double samples = planted_threads(report, "samples");
    const double worst = compare(truth, report, planted_threads(report, "value_ns"));
    print_message("  %.0f samples; worst function %.2f points; failed %.0f of %.0f\n", samples,
                  worst, umig_json_number_at(report, "quality/failed_samples"),
                  umig_json_number_at(report, "quality/java_samples"));
    assert_true(samples >= MIN_SAMPLES);
    assert_true(worst <= POINTS);
    check_chains(rig);
    check_roots(rig);

    json_decref(report);
    json_decref(truth);
    planted_end(rig);
    umig_rig_stop_collector(rig);
}

static void test_cpu_of_native_functions_is_reported_as_measured(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_cpu_of_native_functions_is_reported_as_measured,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.mixed", tests, NULL, NULL);
}
