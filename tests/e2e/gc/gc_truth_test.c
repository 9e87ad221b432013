/*
 * Runs a program on every collector of every JDK here and compares what agent/vm/gc and
 * agent/vm/heap say with the run's own -Xlog and memory beans. Prints a table.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "include/umig/attr.h"
#include "tests/e2e/gc/gc_truth_events.h"
#include "tests/e2e/gc/gc_truth_log.h"
#include "tests/support/test.h"

#define MAX_JDKS 8

/* The log's clock and ours are read a few microseconds apart. Where the thread lost the processor
 * meanwhile, by so much they may differ; what else holds it up may do so in that many of a hundred
 * pauses. A pause taken for another would differ in most of them, and in kind and heap. */
#define TOLERATED_PERCENT 10

/* Figures that the log rounds and figures of pools: how far off is still right, in percent. */
#define HEAP_PERCENT 1.0

struct jdk {
    int feature;
    char home[256];
};

static struct jdk g_jdks[MAX_JDKS];
static size_t g_jdk_count;
static char g_folder[] = "/tmp/gc_truth.XXXXXX";

#define KIND(name) (1u << UMIG_GC_EVENT_##name)

static const struct {
    const char *name;
    const char *flag;
    unsigned kinds; /* of events that a run must have */
} g_collectors[] = {
    {"Serial", "-XX:+UseSerialGC", KIND(PHASE) | KIND(PROMOTION) | KIND(SAFEPOINT)},
    {"Parallel", "-XX:+UseParallelGC", KIND(PHASE) | KIND(PROMOTION) | KIND(SAFEPOINT)},
    {"G1", "-XX:+UseG1GC -XX:InitiatingHeapOccupancyPercent=20",
     KIND(PHASE) | KIND(CONCURRENT) | KIND(CYCLE) | KIND(PROMOTION) | KIND(HUMONGOUS) |
         KIND(SAFEPOINT)},
    {"ZGC", "-XX:+UseZGC", KIND(CONCURRENT) | KIND(CYCLE) | KIND(SAFEPOINT)},
    {"Shenandoah", "-XX:+UseShenandoahGC", KIND(CONCURRENT) | KIND(SAFEPOINT)},
};

static int run(const char *format, ...) UMIG_PRINTF(1, 2);

/* Runs a shell command; returns its exit status. */
static int run(const char *format, ...)
{
    char command[2048];
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(command, sizeof command, format, args);
    va_end(args);
    assert_true(len > 0 && (size_t)len < sizeof command);
    const int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void find_jdks(void)
{
    FILE *pipe = popen(SOURCE_DIR "/tests/support/jdks.sh", "r");
    assert_non_null(pipe);
    struct jdk jdk;
    while (g_jdk_count < MAX_JDKS && fscanf(pipe, "%d %255s", &jdk.feature, jdk.home) == 2) {
        if (jdk.feature >= 17) {
            g_jdks[g_jdk_count++] = jdk;
        }
    }
    assert_int_equal(pclose(pipe), 0);
}

static int setup(void **state)
{
    (void)state;
    find_jdks();
    if (g_jdk_count == 0) {
        print_message("skipped: no JDK from 17 on\n");
        skip();
    }
    if (g_jdk_count < 2 && getenv("CI") != NULL) {
        fail_msg("only one JDK version here (%d): CI needs two", g_jdks[0].feature);
    }
    assert_non_null(mkdtemp(g_folder));
    /* The oldest compiles, so that all can run it. */
    assert_int_equal(run("%s/bin/javac -d %s " SOURCE_DIR "/tests/e2e/programs/gc/GcTruth.java",
                         g_jdks[0].home, g_folder),
                     0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return run("rm -rf %s", g_folder);
}

static bool has_collector(const struct jdk *jdk, const char *flag)
{
    return run(UMIG_JAVA_ENV "%s/bin/java %s -version >%s/version 2>&1", jdk->home, flag,
               g_folder) == 0;
}

static void run_program(const struct jdk *jdk,
                        const char *flags,
                        const char *probe_option,
                        const char *argument)
{
    const int status =
        run(UMIG_JAVA_ENV
            "%s/bin/java -agentpath:" GC_PROBE "=%s/probe%s %s -Xmx192m -Xms96m "
            "-Xlog:gc*=info,gc+heap=debug,safepoint=info:file=%s/log:timenanos,tags:filecount=0 "
            "-cp %s GcTruth %s >%s/beans",
            jdk->home, g_folder, probe_option, flags, g_folder, g_folder, argument, g_folder);
    assert_int_equal(status, 0);
}

static struct truth *read_truth(void)
{
    struct truth *truth = calloc(1, sizeof *truth);
    assert_non_null(truth);
    char path[64];
    snprintf(path, sizeof path, "%s/probe", g_folder);
    truth_read_probe(truth, path);
    snprintf(path, sizeof path, "%s/log", g_folder);
    truth_read_log(truth, path);
    snprintf(path, sizeof path, "%s/beans", g_folder);
    truth_read_beans(truth, path);
    truth_match(truth);
    return truth;
}

/* What one run showed. */
struct verdict {
    size_t logged;   /* pauses in the log while the probe was on */
    size_t unmapped; /* of these without a pair of their own */
    size_t pairs;    /* pauses reported */
    size_t unlogged; /* of these without a line in the log */
    size_t late;     /* durations further off than 1 ms and 5 %, and than the thread waited */
    double worst_ms; /* largest difference of a duration */
    size_t wrong_kinds;
    size_t wrong_causes;
    size_t heaps; /* pauses whose heap after the log says */
    size_t wrong_heaps;
    double worst_heap_percent;
    size_t pools; /* beans compared */
    size_t wrong_pools;
    double worst_pool_percent;
};

/* Words of the line up to the first parenthesis or figure, which ours must begin with. */
static bool has_kind(const struct truth_pause *pause)
{
    const char *line = pause->last_line->line;
    size_t len = strcspn(line, "(0123456789");
    while (len > 0 && line[len - 1] == ' ') {
        len--;
    }
    const char *words = line + strlen("Pause ");
    len -= strlen("Pause ");
    return strncmp(pause->kind, "Pause ", 6) == 0 &&
           memmem(pause->kind, strlen(pause->kind), words, len) != NULL &&
           (pause->line_count == 1) == (strstr(pause->kind, " + ") == NULL);
}

static bool has_cause(const struct truth_pause *pause)
{
    const char *line = pause->last_line->line;
    const bool names_cause =
        strstr(line, "Pause Young (") == line || strstr(line, "Pause Full (") == line;
    char expected[80];
    snprintf(expected, sizeof expected, "(%s)", pause->cause);
    return !names_cause || strstr(line, expected) != NULL;
}

static double percent_off(int64_t ours, int64_t theirs)
{
    const double difference = fabs((double)(ours - theirs));
    return theirs == 0 ? difference : difference * 100 / (double)theirs;
}

static void judge_heap(struct verdict *verdict, const struct truth_pause *pause)
{
    if (pause->last_line->after_bytes < 0) {
        return;
    }
    const double off = percent_off(pause->after, pause->last_line->after_bytes);
    verdict->heaps++;
    verdict->wrong_heaps += pause->after < 0 || off > HEAP_PERCENT;
    verdict->worst_heap_percent = fmax(verdict->worst_heap_percent, off);
}

static void judge_pause(struct verdict *verdict, const struct truth_pause *pause)
{
    verdict->pairs++;
    if (pause->line_count == 0) {
        verdict->unlogged++;
        return;
    }
    const double ours_ms = (double)pause->duration_ns / 1e6;
    const double off_ms = fabs(ours_ms - pause->logged_ms);
    verdict->worst_ms = fmax(verdict->worst_ms, off_ms);
    verdict->late += off_ms > fmax(1.0, pause->logged_ms * 0.05) + (double)pause->robbed_ns / 1e6;
    verdict->wrong_kinds += !has_kind(pause);
    verdict->wrong_causes += !has_cause(pause);
    verdict->unmapped += pause->line_count > 1 && strstr(pause->kind, " + ") == NULL;
    judge_heap(verdict, pause);
}

/* ZGC hands out memory by pages: asking a bean may take one that the reading has not seen. */
static int64_t granule(const struct truth_bean *bean)
{
    return strcmp(bean->name, "ZHeap") == 0 ? 2 << 20 : 0;
}

/* Metaspace is known as of the latest collection: anywhere from the floor to the bean is right. */
static int64_t expected(const struct truth_bean *bean, int64_t ours, int64_t floor, int64_t now)
{
    const bool lags =
        strcmp(bean->name, "Metaspace") == 0 || strcmp(bean->name, "Compressed Class Space") == 0;
    if (!lags || ours >= now) {
        return now;
    }
    return ours < floor ? floor : ours;
}

static void judge_bean(struct verdict *verdict,
                       const struct truth *truth,
                       const struct truth_bean *bean)
{
    const struct truth_pool *reading = NULL;
    for (size_t i = 0; i < truth->pool_count; i++) {
        const struct truth_pool *pool = &truth->pools[i];
        if (strcmp(pool->name, bean->name) == 0 && pool->time_ns >= bean->begin_ns &&
            pool->time_ns <= bean->end_ns) {
            reading = pool;
        }
    }
    verdict->pools++;
    if (reading == NULL) {
        verdict->wrong_pools++;
        return;
    }
    const int64_t used = expected(bean, reading->used, bean->floor_used, bean->used);
    const int64_t committed =
        expected(bean, reading->committed, bean->floor_committed, bean->committed);
    const double off =
        fmax(percent_off(reading->used, used), percent_off(reading->committed, committed));
    const bool is_right = off <= HEAP_PERCENT || llabs(reading->used - used) <= granule(bean);
    verdict->wrong_pools += !is_right;
    verdict->worst_pool_percent = fmax(verdict->worst_pool_percent, off);
    if (!is_right) {
        print_message("%s: read %lld of %lld, the bean says %lld of %lld\n", bean->name,
                      (long long)reading->used, (long long)reading->committed,
                      (long long)bean->used, (long long)bean->committed);
    }
}

static struct verdict judge(const struct truth *truth)
{
    struct verdict verdict = {0};
    for (size_t i = 0; i < truth->logged_count; i++) {
        const struct truth_logged *logged = &truth->logged[i];
        if (logged->time_ns >= truth->ready_ns) {
            verdict.logged++;
            verdict.unmapped +=
                truth->pause_count == 0 || logged->time_ns < truth->pauses[0].start_ns;
        }
    }
    for (size_t i = 0; i < truth->pause_count; i++) {
        judge_pause(&verdict, &truth->pauses[i]);
    }
    for (size_t i = 0; i < truth->bean_count; i++) {
        judge_bean(&verdict, truth, &truth->beans[i]);
    }
    return verdict;
}

static void print_head(void)
{
    print_message("%-4s %-11s %7s %7s %6s %9s %6s %12s %7s %12s\n", "JDK", "collector", "logged",
                  "pairs", "late", "worst ms", "heaps", "worst heap", "pools", "worst pool");
}

static void print_row(int feature, const char *collector, const struct verdict *verdict)
{
    print_message("%-4d %-11s %7zu %7zu %6zu %9.3f %6zu %11.3f%% %7zu %11.3f%%\n", feature,
                  collector, verdict->logged, verdict->pairs, verdict->late, verdict->worst_ms,
                  verdict->heaps, verdict->worst_heap_percent, verdict->pools,
                  verdict->worst_pool_percent);
}

static bool is_truth(const struct verdict *verdict, bool has_log)
{
    return verdict->logged > 0 && verdict->unmapped == 0 && verdict->unlogged == 0 &&
           verdict->late * 100 <= verdict->pairs * TOLERATED_PERCENT + 99 &&
           verdict->wrong_kinds == 0 && (!has_log || verdict->wrong_causes == 0) &&
           verdict->wrong_heaps == 0 && verdict->pools > 0 && verdict->wrong_pools == 0;
}

/* All that the log says beside pauses, and nothing else. */
static bool check_events(size_t collector)
{
    char log[64];
    char probe[64];
    struct truth_events events;
    unsigned kinds = 0;
    snprintf(log, sizeof log, "%s/log", g_folder);
    snprintf(probe, sizeof probe, "%s/probe", g_folder);
    truth_compare_events(log, probe, &events);
    for (unsigned kind = 0; kind < UMIG_GC_EVENT_KINDS; kind++) {
        kinds |= events.of[kind] > 0 ? 1u << kind : 0;
    }
    print_message("%-16s %7zu lines beside pauses, missing %zu, wrong %zu, invented %zu\n", "",
                  events.lines, events.missing, events.wrong, events.invented);
    return events.missing == 0 && events.wrong == 0 && events.invented == 0 &&
           (kinds & g_collectors[collector].kinds) == g_collectors[collector].kinds;
}

static bool check_run(const struct jdk *jdk, size_t collector)
{
    run_program(jdk, g_collectors[collector].flag, "", "");
    struct truth *truth = read_truth();
    const struct verdict verdict = judge(truth);
    print_row(jdk->feature, g_collectors[collector].name, &verdict);
    const bool is_good = is_truth(&verdict, true) && truth->lost == 0 && !truth->was_silent;
    if (!is_good) {
        print_message(
            "wrong: %zu unmapped, %zu unlogged, %zu late, %zu kinds, %zu causes, %zu heaps, "
            "%zu pools\n",
            verdict.unmapped, verdict.unlogged, verdict.late, verdict.wrong_kinds,
            verdict.wrong_causes, verdict.wrong_heaps, verdict.wrong_pools);
    }
    free(truth);
    return check_events(collector) && is_good;
}

static void test_every_logged_pause_is_one_reported_pause(void **state)
{
    (void)state;
    size_t wrong = 0;
    print_head();
    for (size_t j = 0; j < g_jdk_count; j++) {
        for (size_t c = 0; c < sizeof g_collectors / sizeof g_collectors[0]; c++) {
            if (!has_collector(&g_jdks[j], g_collectors[c].flag)) {
                print_message("%-4d %-11s skipped: does not run here\n", g_jdks[j].feature,
                              g_collectors[c].name);
                continue;
            }
            wrong += check_run(&g_jdks[j], c) ? 0 : 1;
        }
    }
    assert_int_equal(wrong, 0);
}

/*
 * Parallel's kinds are the same from the counters alone. Causes are not: JDK 17 names the
 * allocation that failed where the log names the ergonomics that made it a full collection.
 */
static void test_without_the_log_times_heap_and_kinds_hold(void **state)
{
    (void)state;
    for (size_t j = 0; j < g_jdk_count; j++) {
        run_program(&g_jdks[j], "-XX:+UseParallelGC", ",nolog", "");
        struct truth *truth = read_truth();
        const struct verdict verdict = judge(truth);
        print_row(g_jdks[j].feature, "no log", &verdict);
        free(truth);
        assert_true(is_truth(&verdict, false));
    }
}

static size_t count_kinds(const struct truth *truth, const char *beginning)
{
    size_t count = 0;
    for (size_t i = 0; i < truth->pause_count; i++) {
        count += strncmp(truth->pauses[i].kind, beginning, strlen(beginning)) == 0;
    }
    return count;
}

static void test_log_switched_off_by_the_application_is_noticed(void **state)
{
    (void)state;
    for (size_t j = 0; j < g_jdk_count; j++) {
        run_program(&g_jdks[j], "-XX:+UseG1GC", "", "disable");
        struct truth *truth = read_truth();
        const bool was_silent = truth->was_silent;
        const size_t from_log = count_kinds(truth, "Pause Young (");
        const size_t from_counters = count_kinds(truth, "Pause Young") - from_log;
        const struct truth_pause last = truth->pauses[truth->pause_count - 1];
        free(truth);

        assert_true(was_silent);
        assert_true(from_log > 0);
        assert_true(from_counters > 0);
        assert_string_equal(last.kind, "Pause Full");
        assert_string_equal(last.cause, "System.gc()");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_logged_pause_is_one_reported_pause),
        cmocka_unit_test(test_without_the_log_times_heap_and_kinds_hold),
        cmocka_unit_test(test_log_switched_off_by_the_application_is_noticed),
    };
    return cmocka_run_group_tests_name("gc_truth_test", tests, setup, teardown);
}
